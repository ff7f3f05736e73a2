"""What can be refused about warm runs."""

from hub_config.errors import HubError

__all__ = ["ForkUnsafeError"]


class ForkUnsafeError(HubError):
    """A process with threads was to be forked."""

    code = "REPORT-FORK-UNSAFE"
    exit_code = 99
