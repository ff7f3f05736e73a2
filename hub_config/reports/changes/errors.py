"""What this room refuses."""

from hub_config.errors import HubError

__all__ = ["AlertRuleError", "ToleranceError"]


class AlertRuleError(HubError):
    """An alert rule cannot be understood, or names an output that the report does not declare.

    Parameters
    ----------
    message : str
        What is wrong, what was found, what to do.
    reason : str
        Stable word for the kind of fault, such as ``number-missing``; `REASONS` in `alerts.words` lists them.
    position : int
        Which sign of the rule it is about; 1 is the first.
    """

    code = "REPORT-ALERT-RULE"
    exit_code = 104

    def __init__(self, message: str, *, reason: str, position: int) -> None:
        super().__init__(message)
        self.reason = reason
        self.position = position


class ToleranceError(HubError):
    """A tolerance for comparing numbers is not made of finite numbers from 0 on."""

    code = "REPORT-TOLERANCE"
    exit_code = 105
