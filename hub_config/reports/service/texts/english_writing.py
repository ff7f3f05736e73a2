"""What the pages on which report definitions are written say in English."""

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["ENGLISH_WRITING"]

ENGLISH_WRITING: Mapping[str, str] = MappingProxyType(
    {
        # definitions of another version
        "unreadable_title": "This version of CohortHub cannot read this report.",
        "unreadable_what": (
            "An older or a newer version wrote it, in a way that is not known here. Nothing of it was changed."
        ),
        "unreadable_next": (
            "Its runs and results stay where they are. To use it again, ask an operator for the version that wrote "
            "it, or write it anew under another name with what is shown below."
        ),
        "unreadable_document": "What stands there",
        "draft_approved_unreadable": (
            "What was approved was written by another version of CohortHub and cannot be compared: all of the "
            "draft is to be approved."
        ),
        # secrets of a project
        "secrets": "Secrets",
        "secrets_lead": (
            "Passwords and keys that reports of this project use by name. They are written and replaced here; nobody "
            "can read one back."
        ),
        "secrets_none": "There are no secrets yet, and no report needs one.",
        "secret_name": "Name",
        "secret_value": "Secret",
        "secret_set_last": "Last set",
        "secret_needed_by": "Needed by",
        "secret_needed_by_none": "no report",
        "secret_of_target": "Notices: {name}",
        "secret_actions": "What can be done",
        "secret_missing": "not set",
        "secret_unusable": (
            "No run can use it: its file is open to other accounts, or belongs to another. Set it again."
        ),
        "secret_unread": "What these reports need cannot be said now: {names}.",
        "secret_set": "Set or replace a secret",
        "secret_set_one": "Set",
        "secret_set_button": "Set this secret",
        "secret_replace": "Replace",
        "secret_name_help": (
            "Letters A to Z, digits, dots, hyphens and underscores, at most 64. One of this name is replaced."
        ),
        "secret_value_help": (
            "{n} characters or more, one line, at most {kib} KiB. It is not shown again, here or anywhere. One of "
            "several lines is sent through the API, or set by an operator."
        ),
        "secret_name_wrong": "Use letters A to Z, digits, dots, hyphens and underscores, at most 64 of them.",
        "secret_value_wrong": "A secret is text of {n} characters or more, and of {kib} KiB at most.",
        "secret_not_done": "Nothing was changed.",
        "secret_again": "Type the secret again: it was not kept.",
        "secret_remove": "Remove",
        "secret_remove_sure": "Remove the secret {name}? It cannot be brought back.",
        "secret_remove_needed": "These reports need it, and fail without it:",
        "secret_remove_told": "These notification targets need it, and are told nothing without it:",
        "secret_remove_unneeded": "No report of this project needs it.",
        "secret_remove_yes": "Yes, remove it",
        "secret_changes": "Who changed what",
        "secret_changes_none": "Nothing was changed here yet.",
        "secret_changes_lead": "What an operator changes on the server is not in this list.",
        "secret_change_set": "{who} set {name}",
        "secret_change_removed": "{who} removed {name}",
        # the form of a definition
        "form_lead_definition": (
            "Fill in what is needed; all else can stay as it is. Check as often as you like: nothing is written "
            "until you save."
        ),
        "form_as_text": "Show as TOML",
        "text_as_form": "Show as a form",
        "form_problem": "Nothing was saved: one thing is wrong.",
        "form_now_template": "These are the fields of the chosen template. Look at them, then check or save.",
        "form_template_unreadable": "The template cannot be read: {why}",
        "form_template_show": "Show its fields",
        "form_add_row": "Add a row",
        "form_remove_row": "Remove this row",
        "form_no_times": "No next time comes.",
        "form_times_of": "Next times, by the clock of {zone}",
        "form_time_values": "At the next time these values are meant:",
        "form_dated_hint": "A day that depends on the run is written in braces, such as {{month:-1.start}}.",
        "form_monthly_hint": "A month that depends on the run is written in braces, such as {{month:-1}}.",
        "option_not_there": "{value} (not there any more)",
        "choice_unset": "(no value)",
        "field_ticks_hint": "Tick what you want; none of them has to be ticked.",
        "field_ticks_unset_hint": "With none ticked it is an empty list, which is not the same as “no value”.",
        "option_choose": "(choose)",
        # sections of the form
        "section_about": "What it is called",
        "section_what": "What runs",
        "section_sweep": "Several runs at once",
        "section_sweep_lead": (
            "One report, one run for each set of values: twelve wards, for instance. The values stand over the "
            "parameters above."
        ),
        "section_when": "When it is due",
        "section_limits": "Limits, retries, priority",
        "section_data": "Data release",
        "section_told": "Who is told",
        "section_told_lead": "Choose from the notification targets of the project. No data stands in a notice.",
        "section_told_nobody": "This project has no notification targets. An operator writes them into its file.",
        "section_alerts": "Alert rules",
        "section_alerts_lead": (
            "Somebody is told when a number of the report meets a rule, such as “events > 20” or “rate changed by "
            "more than 10 %”."
        ),
        "section_compare": "What is compared, and how closely",
        "section_compare_lead": (
            "Every result is compared with the last success. A row here says how far two numbers of one metric or "
            "table may lie apart and still count as the same."
        ),
        "section_kept": "How long runs are kept",
        # fields of the form, and what helps to fill them in
        "label_of_name": "Name",
        "help_of_name": "For addresses: 1 to 40 lower-case letters, digits and hyphens. It cannot be changed later.",
        "label_of_title": "Title",
        "help_of_title": "What readers see.",
        "label_of_title_ko": "Title in Korean",
        "help_of_title_ko": "For readers of the Korean pages. May be left empty.",
        "label_of_purpose": "What it is for",
        "help_of_purpose": "A few lines for those who read and approve it. May be left empty.",
        "label_of_template": "Template",
        "help_of_template": "The notebook that runs: one that came with CohortHub, or one from the project's folder.",
        "label_of_kept_parameters": "Values for which the template has no parameter",
        "help_of_kept_parameters": "They keep the report from running. Take the ticks away to drop them.",
        "label_of_kept_lists": "Lists for which the template has no parameter",
        "help_of_kept_lists": "They keep the report from running. Take the ticks away to drop them.",
        "label_of_sweep_how": "How many runs",
        "sweep_how_none": "One run",
        "sweep_how_grid": "One for each combination of the lists below",
        "sweep_how_zip": "The first of each list together, then the second, and so on",
        "sweep_how_sets": "One for each row of a table",
        "sweep_how_csv": "One for each row of a CSV file in the project's folder",
        "sweep_how_kept": "The sets that it has (they can only be changed as TOML)",
        "sweep_lists": "Lists of values",
        "label_of_sweep_sets": "Table of values",
        "help_of_sweep_sets": "As CSV: the first line names parameters, each further line is a run.",
        "label_of_sweep_upload": "Or a CSV file",
        "help_of_sweep_upload": "UTF-8, at most 1 MiB and 1,000 rows. Check, and its rows stand in the table above.",
        "label_of_sweep_csv": "Path of the file",
        "help_of_sweep_csv": "In the project's folder, such as sweeps/wards.csv. It is read anew for each run.",
        "label_of_schedule_how": "It runs",
        "schedule_how_never": "only when somebody asks for it",
        "schedule_how_day": "every day",
        "schedule_how_workday": "every working day (Monday to Friday, without holidays)",
        "schedule_how_week": "every week",
        "schedule_how_period": "every month, quarter or year",
        "schedule_how_own": "as I write it",
        "label_of_schedule_days": "Days of the week",
        "label_of_schedule_nth": "Which",
        "label_of_schedule_what": "Day",
        "label_of_schedule_period": "Of",
        "schedule_period_month": "each month",
        "schedule_period_quarter": "each quarter",
        "schedule_period_year": "each year",
        "label_of_schedule_shift": "If that is no working day",
        "schedule_shift_none": "on that day all the same",
        "schedule_shift_next": "on the next working day",
        "schedule_shift_previous": "on the working day before",
        "label_of_schedule_lines": "Lines of the schedule",
        "help_of_schedule_lines": (
            "One on each line: a cron expression such as `0 7 * * 1-5`, or a sentence such as "
            "`first working day of the month at 07:00`."
        ),
        "label_of_schedule_time": "Time of day",
        "help_of_schedule_time": "By the clock of the time zone below. Lines that you write yourself have their own.",
        "label_of_timezone": "Time zone",
        "help_zone": "Such as Asia/Seoul. Left empty, it is that of the project: {zone}.",
        "label_of_until": "Last day",
        "help_of_until": "Nothing is due after it. May be left empty.",
        "label_of_holidays": "Holidays",
        "help_of_holidays": "Days such as 2027-01-01, one on each line. Nothing is due on them.",
        "label_of_missed": "Times that were missed",
        "help_of_missed": "What happens when nothing could run at a time.",
        "label_of_missed_limit": "How many missed times run at most",
        "help_of_missed_limit": "Only where all of them run.",
        "label_of_late_after_seconds": "Late after",
        "help_of_late_after_seconds": "A run that has not ended so long after its time is late. May be left empty.",
        "label_of_enabled": "The schedule is followed",
        "help_of_enabled": "Without the tick it waits until somebody lets it go on.",
        "label_of_limits_cell_seconds": "Longest time for a cell",
        "label_of_limits_run_seconds": "Longest time for a run",
        "help_project_limit": "The project allows {most}; that holds where this is empty.",
        "label_of_safe_to_retry": "Running twice does no harm",
        "help_of_safe_to_retry": "Runs are tried again only where this is said.",
        "label_of_retries": "Tries after the first",
        "help_of_retries": "0 to 5.",
        "label_of_retry_after": "Tried again when a run was",
        "label_of_retry_delay_seconds": "Time between two tries",
        "label_of_priority": "Priority",
        "help_priority": "-10 to {most}; what is higher runs first within the project.",
        "label_of_release_policy": "The data are",
        "help_of_release_policy": "With releases pinned, say below which.",
        "label_of_pin": "Release of {name}",
        "pin_none": "(not pinned)",
        "target_none": "(nobody)",
        "row_recipient": "Target {n}",
        "label_of_recipient_target": "Who",
        "label_of_recipient_events": "Is told of",
        "label_of_alert": "Rule {n}",
        "row_compare": "Metric or table {n}",
        "label_of_compare_id": "Its id in the report",
        "help_of_compare_id": "As the notebook names it, such as median-stay. An empty row is none.",
        "label_of_compare_absolute": "May differ by",
        "label_of_compare_relative": "Or by this share of the number",
        "label_of_compare_exact_integers": "Whole numbers must be equal",
        "label_of_retention_successes": "Newest successes kept",
        "help_of_retention_successes": "They are kept however old they are.",
        "label_of_retention_days": "Days that runs are kept",
        "help_of_retention_days": "What neither rule keeps is taken away. Both empty: for ever.",
        "help_keep_days": (
            "What neither rule keeps is taken away. At most {n} days, which the project says and which hold where "
            "this is empty."
        ),
        "label_of_unit": "Unit",
        "unit_s": "seconds",
        "unit_min": "minutes",
        "unit_h": "hours",
        "unit_d": "days",
        # relative dates that are suggested
        "dated_month_before_start": "first day of the month before",
        "dated_month_before_end": "last day of the month before",
        "dated_year_before_start": "first day of the year before",
        "dated_today": "the day of the run",
        "dated_day_before": "the day before",
        "dated_week_before_start": "Monday of the week before",
        "dated_month_before": "the month before, as 2026-10",
        "dated_month": "this month, as 2026-11",
        "dated_quarter_before": "the quarter before, as 2026-Q3",
        "dated_year_before": "the year before, as 2025",
    }
)
