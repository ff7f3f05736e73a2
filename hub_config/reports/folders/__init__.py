"""Run folders: built out of sight, sealed however a run ended, listed, verified, compared, and removed in time."""

from hub_config.reports.folders.closing import close_folder
from hub_config.reports.folders.failure_lines import failure_lines
from hub_config.reports.folders.reruns import conditions_now, conditions_of_run, rerun_differences
from hub_config.reports.folders.result_comparison import compare_results
from hub_config.reports.folders.retention import RetentionRule, expired, remove_run_folder
from hub_config.reports.folders.runs import list_runs
from hub_config.reports.folders.sealing import folder_sha256
from hub_config.reports.folders.verification import verify_folder

__all__ = [
    "RetentionRule",
    "close_folder",
    "compare_results",
    "conditions_now",
    "conditions_of_run",
    "expired",
    "failure_lines",
    "folder_sha256",
    "list_runs",
    "remove_run_folder",
    "rerun_differences",
    "verify_folder",
]
