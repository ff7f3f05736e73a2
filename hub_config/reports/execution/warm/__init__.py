"""Kernels forked from a process that has imported what reports import, instead of started anew for every run."""

__all__ = []
