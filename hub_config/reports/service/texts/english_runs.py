"""The words of the pages of runs in English: one run, the history, comparisons."""

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["ENGLISH_RUNS"]

ENGLISH_RUNS: Mapping[str, str] = MappingProxyType(
    {
        # one run
        "queued_next": "Waiting for a free place: next in line.",
        "queued_behind": "Waiting for a free place: {n} before it.",
        "stopping": "Stopping the run and everything it has started.",
        "starting": "Starting the kernel.",
        "cell_of": "Cell {cell} of {cells}",
        "cell_titled": "Cell {cell} of {cells}: {title}",
        "progress_label": "Progress of the run",
        "cancel_run": "Cancel the run",
        "cancel_sure": "Cancel this run? What it has computed so far is not kept as a result.",
        "open_alone": "Open on its own page",
        "open_incomplete": "Open what there is of the report",
        "download": "Download the run's folder (.zip)",
        "run_again": "Run again with these parameters",
        "result": "Result",
        "result_frame": "The report {title}",
        "result_missing": "The run wrote no page to read. Its folder has what there is.",
        "parameters": "Parameters",
        "provenance": "Where it comes from",
        "requested_by": "Asked for by",
        "asked_at": "Asked for",
        "started_at": "Began",
        "ended_at": "Ended",
        "duration": "Took",
        "run_id": "Run",
        "template": "Template",
        "template_hash": "Template's hash",
        "library_version": "Library version",
        "data_releases": "Data",
        "cohorts": "Cohorts",
        "cohort_persons": "{name} ({n} persons)",
        "failed_in_cell": "The run failed in cell {cell} of {cells}.",
        "failed_in_titled_cell": "The run failed in cell {cell} of {cells}, “{title}”.",
        "failed": "The run failed.",
        "failed_error": "Kind of error: {name}.",
        "failed_next": (
            "The error's text can hold data, so it is not shown here. It is in the notebook in the run's folder: "
            "download it, open report.ipynb, and look at that cell."
        ),
        "failed_next_nothing": "It left no folder. An operator finds more in the logs of the reports service.",
        "left_open": (
            "Its runner fell silent, and what the run wrote is not closed yet: it lies in {folder} on the machine "
            "{host}. The next runner on that machine closes it. If the machine is gone, an operator finds it there."
        ),
        "left_unseen": (
            "Its runner fell silent. What the run wrote is not found from here: it lies in {folder} on the machine on "
            "which it ran, and the next runner there closes it."
        ),
        "skipped": "This slot of the schedule was skipped: {why}.",
        "error_code": "Code: {code}",
        "cancelled": "The run was cancelled. It has no result.",
        "interrupted": "The run was interrupted: its process or the service was stopped before it was done. "
        "It has no result. Run it again.",
        "timed_out": "The run took longer than it may, and was stopped.",
        "project": "Project",
        "definition": "Report definition",
        "attempt": "Attempt",
        "rerun_of": "Repeats run",
        "stages_kept": "Stages kept from an earlier run",
        "kernel_start": "Kernel",
        "kernel_warm": "warm",
        "kernel_cold": "started anew",
        "environment": "Environment's hash",
        "folder_hash": "Folder's hash",
        "by_schedule": "its schedule",
        "slot": "Scheduled for",
        "happened": "What happened",
        "event_stop": "{who} asked to stop it",
        "event_late": "Late: not done in time",
        "event_retry": "Tried again as run {text}",
        "event_alert": "An alert rule was met",
        "event_removed": "Its folder was removed, as it need not be kept",
        "event_lost": "Its runner was not heard",
        "alerts": "Alerts",
        "failure_lines": "Where it failed",
        "tables": "Tables",
        "table_of_figure": "data behind a figure",
        "download_notebook": "Notebook",
        "download_pdf": "PDF",
        "run_exactly": "Run exactly again",
        "again_title": "Run exactly again",
        "again_lead": "The same notebook, values and data releases are used again.",
        "again_same": "Nothing differs: library, environment and data are as they were.",
        "again_differs": "These differ from how it ran:",
        "again_what": "What",
        "again_then": "Then",
        "again_now": "Now",
        "again_do": "Run it again",
        "again_back": "Back to the run",
        "differs_template": "Notebook",
        "differs_library": "Library",
        "differs_cohorthub": "CohortHub",
        "differs_package": "Package",
        "differs_environment": "Environment",
        "differs_kernel": "Kernel",
        "differs_python": "Python",
        "differs_system": "System",
        "differs_machine": "Machine",
        "differs_release": "Data release",
        "differs_unknown": "not known",
        "pdf_missing": "PDFs need Chromium, which is not installed here. Ask an operator.",
        "pdf_failed": "The PDF could not be made just now. Try again in a minute.",
        "error_429": "Too many requests at once. Close some pages, or wait a moment.",
        "error_501": "This is not possible here.",
        "error_503": "The service is busy. Try again shortly.",
        # keeping and removing it
        "event_kept": "Kept for ever by {who}",
        "event_let_go": "No longer kept for ever, by {who}",
        "event_remove": "{who} asked to remove it",
        "event_removed_by": "Removed by {who}: what it wrote is gone",
        "keeping": "Keeping",
        "kept_ever": "Kept for ever, however old it gets.",
        "kept_ever_by": "Kept for ever, however old it gets: {who} said so on {at}.",
        "kept_until": "Kept until {at} at least, by the rules of its report and project.",
        "kept_newest": "Its report keeps the newest {n} successes and what ran since; what is older is taken away.",
        "kept_until_newest": (
            "Kept until {at} at least; after that, as long as it is among the newest {n} successes of its report or "
            "ran since."
        ),
        "kept_over": "By the rules of its report and project it need not be kept since {at}: it may be taken away.",
        "kept_no_rule": "Kept: no rule of its report or project takes it away.",
        "keep_do": "Keep for ever",
        "keep_no_longer": "No longer keep for ever",
        "run_remove": "Remove this run",
        "run_remove_sure": (
            "Remove this run? What it wrote is deleted for good and cannot be brought back: report, notebook, tables, "
            "log and PDF. If it is the newest success, that address leads to the one before."
        ),
        "run_remove_stays": (
            "What ran, with which parameters, when and for whom stays in the history, with your name beside it. What "
            "others have downloaded or been sent stays with them, and results of stages stay for later runs."
        ),
        "run_remove_kept": "It is kept, so it cannot be removed. A lead of the project lets it go first.",
        "run_removed_by": (
            "{who} removed this run on {at}. What it wrote is gone; what ran, when and for whom stays here."
        ),
        "run_removed_old": (
            "What this run wrote was removed on {at}, as it need not be kept; what ran, when and for whom stays here."
        ),
        "run_removing_old": (
            "What this run wrote need not be kept any longer, and is being removed: nobody can read it any more."
        ),
        "run_removing": (
            "{who} has removed this run: nobody can read any more what it wrote. Its folder cannot be deleted yet; "
            "that is done as soon as it can be."
        ),
        "refused_REPORT-RUN-STAYS": (
            "This cannot be done as the run is now. One that goes on is cancelled before it is removed, one that is "
            "kept is let go first, and one that was removed cannot be kept."
        ),
        # reading and comparing
        "compare_title": "Two runs side by side",
        "compare_before": "Before",
        "compare_after": "After",
        "compare_turned": "Exchange the two",
        "compare_link": "Compare side by side",
        "compare_missing": "These runs cannot be compared: one has not ended, or its folder is not kept any more.",
        "what_changed": "What changed",
        "changed_since": "Compared with the last success before it, of",
        "removed": "Removed",
        "nothing_changed": "No output changed.",
        "nothing_to_compare": "The two runs have no number and no table in common that could be compared.",
        "nothing_changed_compared": "No change in what could be compared; some of it could not be.",
        "batch_title": "All runs of this request",
        "batch_lead": "{n} runs, asked for",
        "batch_csv": "Table as CSV",
        "column_label": "Run",
        "no_success_yet": "There is no success of this report yet.",
        "history": "History of runs",
        "project_reports": "Reports of your projects",
        "column_schedule": "Schedule",
        "column_next": "Next time",
        "column_newest": "Newest run",
        "column_success": "Newest success",
        "on_request": "when somebody asks",
        "never_ran": "has not run yet",
        "more_reports": "and {n} more",
        "no_reports": "This project has no report definitions yet.",
        "mark_approval": "needs approval",
        "mark_paused": "paused",
        "mark_broken": "cannot be scheduled",
        "mark_late": "late",
        "run_for": "Run for the project",
        "run_for_help": "Members of the project will see the run and its result.",
        "search_any": "Any",
        "search_do": "Filter",
        "search_all": "Show all",
        "search_nothing": "No run fits these filters.",
        "search_state": "There is no such state. Choose one of the list.",
        "search_day": "A day is written as 2026-11-27.",
        "search_since_day": "From day ({zone})",
        "search_until_day": "To day ({zone})",
        "search_release": "A data release is written as NAME@RELEASE. Choose one of the list.",
        "no_runs_yet": "There are no runs yet that you may see.",
        "skipped_one": "A slot was skipped:",
        "skipped_many": "{n} slots were skipped:",
        "skipped_others": "More slots that were skipped before, not listed one by one: {n}",
        "skipped_all": "See all that were skipped",
        # two runs
        "compare_with": "Compare with another run",
        "compare_choose": "With which run?",
        "compare_other": "Choose another run",
        "compare_this": "Compare with this run",
        "compare_gone": "its folder is not kept",
        "compare_none": "There is no other run of this report that could be compared with it.",
        "compare_by_id": "Or the id of any other run",
        "compare_do": "Compare",
        "changed_since_repeated": "Compared with the run that it repeats, of",
        "exact_same": (
            "Exactly the same as in the run that it repeats, without any tolerance. All declared outputs "
            "({outputs}) are the same, and files ({files}) byte by byte."
        ),
        "exact_differs": "Not exactly the same as in the run that it repeats:",
        "exact_gone": (
            "Whether it gave exactly the same as the run that it repeats cannot be told: what that run wrote is gone."
        ),
        "exact_nothing": "Whether it is exactly the same cannot be told: a run declared no outputs.",
        "exact_missing": "{output} is missing",
        "exact_added": "{output} is new",
        "exact_content": "{output}: the file {file} is not the same",
        "exact_field": "{output}: {field} is not the same",
        "exact_data_releases": "the data releases are not the same",
        "exact_cohorts": "the cohorts are not the same",
        "exact_more": "and {n} more",
    }
)
