"""Notices: telling people by mail, chat or webhook how reports went, and never what was found in the data."""

from hub_config.reports.notices.errors import NoticeError
from hub_config.reports.notices.notice import Letter, Notice
from hub_config.reports.notices.outcome import Outcome, State
from hub_config.reports.notices.pacing import Plan, next_attempt, next_letters
from hub_config.reports.notices.sending import send
from hub_config.reports.notices.targets import Target, targets_of

__all__ = [
    "Letter",
    "Notice",
    "NoticeError",
    "Outcome",
    "Plan",
    "State",
    "Target",
    "next_attempt",
    "next_letters",
    "send",
    "targets_of",
]
