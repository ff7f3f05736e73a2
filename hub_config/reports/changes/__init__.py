"""What changed between two runs, and whether somebody should be told.

Pure: it reads the folders of runs, with suspicion, and writes nothing. See docs/reference/alerts.md for the rules.
"""

from hub_config.reports.changes.alerts import check_alerts, parse_alert
from hub_config.reports.changes.comparison_text import comparison_text
from hub_config.reports.changes.declared_outputs import known_outputs
from hub_config.reports.changes.differences import Tolerance, Tolerances
from hub_config.reports.changes.errors import AlertRuleError
from hub_config.reports.changes.notebooks import diff_notebooks, notebook_diff_text
from hub_config.reports.changes.roll_up import roll_up
from hub_config.reports.changes.side_by_side import compare_runs
from hub_config.reports.changes.what_changed import what_changed

__all__ = [
    "AlertRuleError",
    "Tolerance",
    "Tolerances",
    "check_alerts",
    "compare_runs",
    "comparison_text",
    "diff_notebooks",
    "known_outputs",
    "notebook_diff_text",
    "parse_alert",
    "roll_up",
    "what_changed",
]
