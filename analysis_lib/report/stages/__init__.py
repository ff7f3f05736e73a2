"""Stages: parts of a report whose results are kept by the hash of all they were made from, and found again by it."""

from analysis_lib.report.stages.stage import Stage

__all__ = ["Stage"]
