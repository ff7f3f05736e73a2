"""From any kind of data to checked blocks of numbers: sources, formulas, design columns, missing values."""

from analysis_lib.models.rows.follow_up import SurvivalRows, person_counts, survival_rows
from analysis_lib.models.rows.source import Data, Rows, open_rows

__all__ = ["Data", "Rows", "SurvivalRows", "open_rows", "person_counts", "survival_rows"]
