"""Executing one report to its one final state: papermill, time limits, kernels, and who has the last word."""
