"""What can go wrong with the database of the reports service."""

from hub_config.errors import HubError

__all__ = [
    "DatabaseAddressError",
    "DatabaseTooNewError",
    "DatabaseUnreachableError",
    "IdempotencyError",
    "QueueFullError",
    "RunUnknownError",
]


class DatabaseAddressError(HubError):
    """The address of the reports' database cannot be used."""

    code = "REPORTS-DATABASE-ADDRESS"
    exit_code = 90


class DatabaseUnreachableError(HubError):
    """The reports' database does not answer, or has no room.

    Parameters
    ----------
    message : str
        What is wrong, what was found, what to do.
    is_full : bool, default False
        Whether it has no room.
    """

    code = "REPORTS-DATABASE"
    exit_code = 91

    def __init__(self, message: str, *, is_full: bool = False) -> None:
        super().__init__(message)
        self.is_full = is_full


class DatabaseTooNewError(HubError):
    """A newer version has changed the tables of the reports' database."""

    code = "REPORTS-DATABASE-TOO-NEW"
    exit_code = 92


class IdempotencyError(HubError):
    """The same key was sent with another request."""

    code = "REPORT-IDEMPOTENCY"
    exit_code = 93


class QueueFullError(HubError):
    """So many runs of the project wait that no more are taken."""

    code = "REPORT-QUEUE-FULL"
    exit_code = 94


class RunUnknownError(HubError):
    """There is no such run, or not for this person."""

    code = "REPORT-RUN-UNKNOWN"
    exit_code = 95
