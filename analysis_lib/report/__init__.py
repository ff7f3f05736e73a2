"""What a study gives out: tables and figures as papers print them, declared with the persons behind them."""

from analysis_lib.models.forest import forest_plot
from analysis_lib.report.attrition import AttritionTable, attrition_table
from analysis_lib.report.comparison import HazardComparison, compare_hazards
from analysis_lib.report.reporting import Report
from analysis_lib.report.secret_values import secret
from analysis_lib.report.subgroup_forest import subgroup_forest
from analysis_lib.report.subgroups import SubgroupComparison, compare_subgroups
from analysis_lib.report.table_one import TableOne, table_one

__all__ = [
    "AttritionTable",
    "HazardComparison",
    "Report",
    "SubgroupComparison",
    "TableOne",
    "attrition_table",
    "compare_hazards",
    "compare_subgroups",
    "forest_plot",
    "secret",
    "subgroup_forest",
    "table_one",
]
