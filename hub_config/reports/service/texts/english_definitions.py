"""The words of the pages of projects and report definitions in English, but for those that write them."""

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["ENGLISH_DEFINITIONS"]

ENGLISH_DEFINITIONS: Mapping[str, str] = MappingProxyType(
    {
        # report definitions
        "not_approved": "Not approved yet",
        "paused": "Paused",
        "draft_waits": "{who} has written a draft that waits for approval.",
        "draft_look": "Look at what it changes",
        "template_changed": (
            "The file of the notebook or of the sweep has changed since it was approved. What was approved goes on "
            "running until the new one is approved, too."
        ),
        "slot_broken": "The last slot did not run: {why}",
        "newest_success": "Newest success",
        "definition_history": "All its runs",
        "definition_edit": "Edit",
        "definition_remove": "Remove",
        "definition_new": "New report",
        "run_now": "Run now",
        "pause": "Pause the schedule",
        "resume": "Go on with the schedule",
        "remove_sure": "Remove this report? Its runs stay.",
        "when_due": "When it is due",
        "never_due": "It is never due by itself.",
        "next_times": "The next times:",
        "decided_slots": "Slots that were decided",
        "slot_run": "ran",
        "slot_skipped": "skipped",
        "approvals": "Approvals",
        "no_approvals": "None yet.",
        "draft_title": "Waiting for approval",
        "draft_by": "Written by {who},",
        "draft_document": "The definition",
        "draft_new": "It is new: all of it is to be approved.",
        "draft_field": "Field",
        "draft_before": "Approved",
        "draft_after": "Draft",
        "draft_same": "The definition is as it was approved.",
        "draft_notebook": "The notebook",
        "draft_same_notebook": "The notebook is as it was approved.",
        "approve_comment": "A word about it (may be left empty)",
        "approve": "Approve this draft",
        "approve_lead": "A lead of the project approves it.",
        "discard": "Discard the draft",
        "discard_sure": "Discard this draft? What was approved stays.",
        "edit_lead": "A definition says which notebook runs, with which parameters, when, and who is told.",
        "edit_text": "Definition (TOML)",
        "edit_help": (
            "All fields are described in the documentation, under report definitions. Check it as "
            "often as you like: nothing is written until you save."
        ),
        "edit_problems": "Nothing was saved: {n} things are wrong.",
        "edit_good": "It is good.",
        "edit_check": "Check",
        "edit_save": "Save as a draft",
        "edit_approve": "Save and approve",
        # what definitions refuse
        "refused_other": "This was refused: {why}",
        "refused_REPORT-NOT-ALLOWED": "Your role in the project does not allow this. Ask a lead of the project.",
        "refused_REPORT-NOT-APPROVED": (
            "It has not been approved yet. A lead of the project approves it on the draft's page."
        ),
        "refused_REPORT-TEMPLATE-CHANGED": (
            "The draft has changed since you looked at it. Nothing was approved: look at the differences again."
        ),
        "refused_REPORT-DEFINITION-UNKNOWN": (
            "There is nothing that this could be done with any more. It may have been done already."
        ),
        "refused_REPORT-QUEUE-FULL": (
            "The project has as many waiting runs as it may have. Try again when some have ended."
        ),
        # drafts, closely
        "draft_kind": "Change",
        "value_empty": "(empty)",
        "approve_means": "By approving you say that this notebook may run on the project's data as it stands here.",
        "diff_added": "new",
        "diff_removed": "gone",
        "diff_changed": "changed",
        "diff_unreadable": "The notebooks cannot be compared: {why}",
        "line_added": "Added line:",
        "line_removed": "Removed line:",
        "lines_same": "{n} lines that are the same",
        "cells_more": "{n} more cells that differ",
        "cell_long": "Show {n} lines",
        "draft_problems": "As things are now it could not run:",
        "as_toml": "The whole definition as TOML",
        # two people at once
        "edited_meanwhile": (
            "Somebody has changed this report since you opened it. Your text is kept below; open the "
            "page again in another tab to see theirs, then save once more to replace it."
        ),
        # what a definition says
        "draft_changed_template": "Make the changed file a draft",
        "cannot_run_now": "It could not run now:",
        "remove_yes": "Yes, remove it",
        "what_runs": "What runs",
        "label_sweep": "Sweep",
        "n_runs": "{n} runs each time",
        "sweep_labels": "The runs of the sweep",
        "values_legend": "In bold: set by the definition. Behind a value that depends on the day: how it is written.",
        "newest_runs": "Newest runs",
        "why_missed": "nothing could run at that time",
        "why_superseded": "a later missed time was run instead",
        "why_past_the_end": "after the last day",
        "why_over_the_limit": "more missed times than may be run",
        "why_no_project": "the project's file could not be used",
        "why_project_expired": "the project had ended",
        "why_runner_silent": "its runner was not heard",
        "none_set": "none",
        "label_zone": "Time zone",
        "label_until": "Last day",
        "label_holidays": "Holidays",
        "n_days": "{n} days",
        "label_missed": "Missed times",
        "missed_skip": "are left out",
        "missed_once": "run once, for the newest",
        "missed_all": "all run",
        "missed_at_most": "{what}, at most {n}",
        "label_late": "Late after",
        "label_limits": "Time limits",
        "limits": "{cell} for a cell, {run} for a run",
        "label_retries": "Retries",
        "retries_none": "none",
        "retries_some": "{n}, after {delay}, if: {states}",
        "label_priority": "Priority",
        "label_release": "Data release",
        "release_latest": "the latest at the time of the run",
        "release_pinned": "pinned",
        "label_recipients": "Told",
        "recipients_none": "nobody",
        "label_alerts": "Alert rules",
        "alerts_none": "none",
        "label_retention": "Kept",
        "kept_for_ever": "for ever",
        "kept_successes": "the newest {n} successes",
        "kept_days": "runs of the last {n} days",
        "tell_failed": "failed",
        "tell_timed_out": "timed out",
        "tell_interrupted": "interrupted",
        "tell_cancelled": "cancelled",
        "tell_succeeded": "succeeded",
        "tell_late": "late",
        "tell_alert": "alert",
        "tell_approval_needed": "approval needed",
        "tell_skipped": "skipped",
        # a project
        "project_about": "About this project",
        "label_members": "Members",
        "role_lead": "lead",
        "role_analyst": "analyst",
        "role_reader": "reader",
        "label_datasets": "Data sets",
        "datasets_all": "all",
        "label_expires": "Last day of the project",
        "project_over": "This project has ended: nothing can be started any more.",
        "label_account": "Account",
        "label_queue": "Queue",
        "queue_limits": "{running} at once, {queued} waiting",
        "label_targets": "Notification targets",
        "projects_broken": "Project files that cannot be used",
        "project_broken": "Its file cannot be used",
        "project_broken_lead": "Its reports do not run until the file is mended.",
        "problem_in_english": "English explanation: “{why}”",
    }
)
