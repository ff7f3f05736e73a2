"""Every word that the pages say, in one place, so that a second language is a second mapping."""

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["STATES", "TEXTS", "text"]

LANGUAGE = "en"

TEXTS: Mapping[str, str] = MappingProxyType(
    {
        # the frame
        "product": "CohortHub",
        "skip": "Skip to the content",
        "nav_label": "CohortHub",
        "nav_home": "Home",
        "nav_lab": "Lab",
        "nav_reports": "Reports",
        "sign_out": "Sign out",
        "signed_in_as": "Signed in as {name}",
        # the list of templates and runs
        "reports": "Reports",
        "reports_lead": "Choose a report, set its parameters, run it, and read the result here.",
        "choose": "Set up a run",
        "n_parameters": "{n} parameters",
        "one_parameter": "1 parameter",
        "no_templates": "No report templates are installed.",
        "template_broken": "This template cannot be run: {why}",
        "runs": "Runs",
        "your_runs": "Your runs",
        "all_runs": "Everybody's runs",
        "no_runs": "No runs yet. The first one you start will be listed here.",
        "column_report": "Report",
        "column_state": "State",
        "column_parameters": "Parameters",
        "column_asked": "Asked for",
        "column_duration": "Took",
        "column_who": "By",
        "more_parameters": "and {n} more",
        "all_template_values": "template's values",
        "given_legend": "In bold: set for this run. The others are the template's own.",
        "older": "Older runs",
        "newer": "Newer runs",
        "pages_label": "Pages of runs",
        "command_line": "command line",
        # the form
        "form_lead": "Every field begins with the template's own value.",
        "no_parameters": "This report has no parameters.",
        "run_it": "Run the report",
        "cancel_form": "Back to the reports",
        "field_list_hint": "Several values, separated by commas.",
        "field_range_hint": "Allowed: {range}.",
        "field_optional_hint": "May be left empty.",
        "field_default": "Template's value: {value}",
        "field_default_empty": "Template's value: empty",
        "value_yes": "yes",
        "value_no": "no",
        "choice_none": "(none)",
        "form_errors": "The run was not started: {n} of the fields need another look.",
        "form_error_one": "The run was not started: one field needs another look.",
        "form_unknown": "The form sent a field that this report does not know. Load the page again.",
        "field_error": "{why}.",
        "field_too_long": "too long; at most {n} characters",
        "field_needed": "a value is needed here",
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
        "failed_error": "The error is a {name}.",
        "failed_next": (
            "The error's text can hold data, so it is not shown here. It is in the notebook in the run's folder: "
            "download it, open report.ipynb, and look at that cell."
        ),
        "failed_next_nothing": "It left no folder. An operator finds more in the logs of the reports service.",
        "refused": "The run was refused before it began.",
        "refused_code": "Code: {code}",
        "cancelled": "The run was cancelled. It has no result.",
        "interrupted": "The run was interrupted: its process or the service was stopped before it was done. "
        "It has no result. Run it again.",
        "timed_out": "The run took longer than it may, and was stopped.",
        # errors
        "error_title": "This did not work",
        "error_back": "Back to the reports",
        "error_404": "There is no such page, or it is not yours to see.",
        "error_400": "The request could not be understood. Go back, load the page again, and try once more.",
        "error_403": "The page did not accept this request. If your sign-in has ended, load the page again.",
        "error_405": "This address does not take that kind of request.",
        "error_500": "Something went wrong on our side. It was written to the service's log.",
        "error_502": "The hub does not answer at the moment. Try again shortly.",
        "error_people_only": "These pages are for people who are signed in, not for services.",
        "error_signed_out": "Nobody is signed in, or the page is too old. Load it again.",
    }
)

STATES: Mapping[str, str] = MappingProxyType(
    {
        "queued": "Queued",
        "running": "Running",
        "succeeded": "Succeeded",
        "failed": "Failed",
        "timed_out": "Timed out",
        "cancelled": "Cancelled",
        "interrupted": "Interrupted",
        "refused": "Refused",
    }
)


def text(key: str, **values: object) -> str:
    """Return a text with its values put in.

    Parameters
    ----------
    key : str
        A key of `TEXTS`.
    **values : object
        What stands in its braces. Not escaped here: the template escapes the whole.

    Returns
    -------
    str
        Plain text, never markup.
    """
    return TEXTS[key].format(**values)
