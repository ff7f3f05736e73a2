"""Kernels forked from a process that has imported what reports import, instead of started anew for every run.

A runner calls `preloading.preload` once and keeps a `kernels.WarmKernels`; each run that it forks is handed what
`WarmKernels.offer` gives, and asks there for its kernel.
"""

__all__: list[str] = []
