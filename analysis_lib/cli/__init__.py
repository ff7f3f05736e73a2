"""The command groups that the library adds to `cohorthub`; each imports its engines when a command needs them."""

from analysis_lib.cli.cohort import cohort
from analysis_lib.cli.data import data

__all__ = ["cohort", "data"]
