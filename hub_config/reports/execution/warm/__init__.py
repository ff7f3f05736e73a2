"""Kernels forked from a process that has imported what reports import, instead of started anew for every run.

A runner calls `preloading.preload` once, keeps a `kernels.WarmKernels`, and starts runs with `forks.fork_run`.
"""

__all__: list[str] = []
