"""Errors of the talk with runners."""

from hub_config.errors import HubError

__all__ = ["VerdictUnclearError"]


class VerdictUnclearError(HubError):
    """A runner told how a run ended in words that nobody can understand."""

    code = "REPORT-VERDICT-UNCLEAR"
    exit_code = 119
