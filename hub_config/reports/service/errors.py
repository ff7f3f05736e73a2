"""What the API of the reports service refuses, for the service and for the command line alike."""

from typing import TYPE_CHECKING

from hub_config.errors import HubError

if TYPE_CHECKING:  # the command line imports this, and begins fast
    from collections.abc import Sequence

    from hub_config.reports.definitions import Problem

__all__ = ["ApiError"]


class ApiError(HubError):
    """The API of the reports service refuses a request, or cannot be reached.

    Parameters
    ----------
    message : str
        What is wrong, what was found, what to do; no value.
    status : int, default 400
        HTTP's.
    code : str, optional
        Stable code, if the reason has one of its own.
    exit_code : int, optional
        Of that reason.
    problems : sequence of Problem, optional
        Field by field.
    retry_after_s : int, optional
        When it is worth trying again.
    """

    code = "REPORTS-API"
    exit_code = 125

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        code: str | None = None,
        exit_code: int | None = None,
        problems: "Sequence[Problem]" = (),
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.problems = tuple(problems)
        self.retry_after_s = retry_after_s
        # A refusal keeps the code of its reason, as whoever asks without the API would see it.
        vars(self).update(code=code or self.code, exit_code=exit_code or self.exit_code)
