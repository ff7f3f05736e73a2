"""From any kind of data to checked blocks of numbers: sources, formulas, design columns, missing values."""

from analysis_lib.models.rows.design import DesignPlan, Prepared, design_plan
from analysis_lib.models.rows.follow_up import SurvivalRows, person_counts, survival_rows
from analysis_lib.models.rows.formula import Formula, SurvivalFormula, parse_formula, survival_formula
from analysis_lib.models.rows.source import Data, Rows, open_rows

__all__ = [
    "Data",
    "DesignPlan",
    "Formula",
    "Prepared",
    "Rows",
    "SurvivalFormula",
    "SurvivalRows",
    "design_plan",
    "open_rows",
    "parse_formula",
    "person_counts",
    "survival_formula",
    "survival_rows",
]
