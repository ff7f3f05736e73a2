"""What all pages say in English, and the forms of single runs; with the words of all other pages."""

from collections.abc import Mapping
from types import MappingProxyType

from hub_config.reports.service.texts.english_definitions import ENGLISH_DEFINITIONS
from hub_config.reports.service.texts.english_runs import ENGLISH_RUNS
from hub_config.reports.service.texts.english_writing import ENGLISH_WRITING

__all__ = ["ENGLISH", "ENGLISH_STATES"]

ENGLISH: Mapping[str, str] = MappingProxyType(
    {
        # the frame
        "product": "CohortHub",
        "skip": "Skip to the content",
        "nav_label": "CohortHub",
        "language_label": "Language",
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
        "seconds": "{s} s",
        "minutes": "{m} min {s} s",
        "hours": "{h} h {m} min",
        "minutes_whole": "{m} min",
        "hours_whole": "{h} h",
        "value_yes": "yes",
        "value_no": "no",
        "choice_none": "(none)",
        "form_errors": "The run was not started: {n} of the fields need another look.",
        "form_error_one": "The run was not started: one field needs another look.",
        "form_unknown": "The form sent a field that this report does not know. Load the page again.",
        "field_error": "{why}.",
        "field_too_long": "too long; at most {n} characters",
        "field_needed": "a value is needed here",
        # errors
        "error_title": "This did not work",
        "error_back": "Back to the reports",
        "error_404": "There is no such page, or it is not yours to see.",
        "error_400": "The request could not be understood. Go back, load the page again, and try once more.",
        "error_403": "The page did not accept this request. If your sign-in has ended, load the page again.",
        "error_405": "This address does not take that kind of request.",
        "error_500": "Something went wrong on our side. It was written to the service's log.",
        "error_database": "The reports' database does not answer at the moment. Try again shortly.",
        "error_no_room": (
            "There is no room left on the service's disk, so nothing can be written down. Reports that run go on. "
            "Tell the operator, and try again later."
        ),
        "error_502": "The hub does not answer at the moment. Try again shortly.",
        "error_people_only": "These pages are for people who are signed in, not for services.",
        "error_signed_out": "Nobody is signed in, or the page is too old. Load it again.",
        "error_token": (
            "Pages are for people who have signed in with a browser; a token opens none, whatever it may do. "
            "Send it to the API instead."
        ),
        "error_413": "This is too large: a form and its files may have 4 MiB together. Nothing of it was kept.",
        "error_415": "Only forms are taken here. Programs use the API.",
        "error_431": (
            "The browser sent more about itself than is taken here: 32 KiB. Remove old cookies of this site, "
            "and try again."
        ),
        # what has modules of its own
        **ENGLISH_RUNS,
        **ENGLISH_DEFINITIONS,
        **ENGLISH_WRITING,
    }
)

ENGLISH_STATES: Mapping[str, str] = MappingProxyType(
    {
        "queued": "Queued",
        "running": "Running",
        "succeeded": "Succeeded",
        "failed": "Failed",
        "timed_out": "Timed out",
        "cancelled": "Cancelled",
        "interrupted": "Interrupted",
        "skipped": "Skipped",
    }
)
