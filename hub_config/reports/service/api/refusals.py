"""From what goes wrong to an answer: a status, a stable code, a sentence, and each field that is at fault."""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from pydantic import ValidationError
from tornado.web import HTTPError

from hub_config.errors import HubError
from hub_config.reports.definitions import Problem
from hub_config.reports.definitions.plain_values import found_kind
from hub_config.reports.service.errors import ApiError
from hub_config.reports.service.scopes import Scope
from hub_config.reports.service.statuses import status_of

__all__ = ["as_refusal", "document_of", "lacks_scope", "nothing_here", "problems_in"]

FIELDS: Mapping[str, str] = {
    "REPORT-UNKNOWN-PARAMETER": "parameters",
    "REPORT-PARAMETER-VALUE": "parameters",
    "REPORT-PARAMETER-NAME": "parameters",
    "REPORT-TEMPLATE-NOT-FOUND": "template",
}
OTHERS = 422  # the request can be read, and what it asks for does not fit
WORDS: Mapping[int, str] = {
    400: "The request cannot be read; it is not as HTTP or this API want it. See openapi.json.",
    403: "The request was refused; it carries the cookie of a page without the page's token. Send a hub token instead.",
    404: "There is nothing at this address; found no such endpoint. See openapi.json.",
    405: "This address does not take this method. See openapi.json.",
    413: "The request is too large; found a body of more than is read. Send at most 256 KiB at once.",
    431: "The request's headers are too large; at most 32 KiB are taken. Send fewer and shorter ones.",
    503: "The hub does not say who asks; it may be restarting. Try again in a few seconds.",
}
PLACES: Mapping[int, Problem] = {
    413: Problem("body", "size", "is too large"),
    431: Problem("headers", "size", "are too large"),
}
INTERNAL = "Something went wrong on the service's side; it is in the service's log. Try again, or tell an operator."
SECONDS_TO_WAIT = 5


def as_refusal(failure: BaseException | None, *, status: int = 500) -> ApiError:
    """Turn a failure into what the sender is told.

    Parameters
    ----------
    failure : BaseException or None
        Anything; of what is not foreseen no word is told.
    status : int, default 500
        HTTP's, where the failure has none.

    Returns
    -------
    ApiError
        Without a value.
    """
    if isinstance(failure, ApiError):
        return failure
    if isinstance(failure, HubError):
        known = status_of(failure) or OTHERS
        wait = SECONDS_TO_WAIT if known in {429, 503} else None
        problems = tuple(getattr(failure, "problems", ())) or tuple(_problem_of(failure))
        return ApiError(
            str(failure), status=known, code=failure.code, exit_code=failure.exit_code, problems=problems,
            retry_after_s=wait,
        )  # fmt: skip
    if isinstance(failure, HTTPError) and failure.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
        known = failure.status_code
        return ApiError(WORDS.get(known, WORDS[400]), status=known, problems=[PLACES[known]] if known in PLACES else ())
    if status in WORDS:
        return ApiError(WORDS[status], status=status, retry_after_s=SECONDS_TO_WAIT if status == 503 else None)
    return ApiError(INTERNAL, status=500, code="INTERNAL")


def lacks_scope(scope: Scope) -> ApiError:
    """Say that a token was not made for this.

    Parameters
    ----------
    scope : Scope
        What it lacks.

    Returns
    -------
    ApiError
        With status 403.
    """
    return ApiError(
        f"The token does not allow this; it lacks the scope {scope.value}. Make one with it on the hub's token page.",
        status=403,
        problems=[Problem("authorization", "scope", f"lacks {scope.value}")],
    )


def nothing_here(what: str) -> ApiError:
    """Say that a name in the address is that of nothing this person may see.

    Parameters
    ----------
    what : str
        Such as ``run``.

    Returns
    -------
    ApiError
        With status 404.
    """
    return ApiError(f"There is no such {what}; found none of this name that you may see. List them first.", status=404)


def document_of(refused: ApiError) -> dict[str, Any]:
    """Write a refusal in the one shape that all have.

    Parameters
    ----------
    refused : ApiError
        Any.

    Returns
    -------
    dict
        ``error`` with ``code``, ``message`` and ``problems``.
    """
    problems = [problem.to_dict() for problem in refused.problems]
    return {"error": {"code": refused.code, "message": str(refused), "problems": problems}}


def problems_in(faults: ValidationError, *, place: str) -> list[Problem]:
    """Reword what pydantic found: where, what kind of value, which rule; never the value.

    Parameters
    ----------
    faults : ValidationError
        Of a request.
    place : str
        ``query`` or ``body``.

    Returns
    -------
    list of Problem
        One for each fault.
    """
    return [_reworded(fault, place) for fault in faults.errors(include_url=False, include_context=False)]


def _reworded(fault: Any, place: str) -> Problem:
    path = [part for part in fault["loc"] if part != "[key]"]
    field = ".".join([place, *(str(part) if _is_showable(part) else "(a name)" for part in path)])
    if fault["type"] == "extra_forbidden":
        return Problem(field, "unknown-field", "is not known here")
    if fault["type"] == "missing":
        return Problem(field, "missing-field", "is missing")
    rule = (
        str(fault["msg"]).removeprefix("Value error, ").replace("Input should", "must").replace("String should", "must")
    )
    return Problem(field, str(fault["type"]).replace("_", "-"), f"found {found_kind(fault.get('input'))}, {rule}")


def _is_showable(part: Any) -> bool:
    return isinstance(part, int) or (
        len(part) <= 60 and part.isascii() and part.replace("_", "").replace("-", "").isalnum()
    )


def _problem_of(failure: HubError) -> Iterator[Problem]:
    """Say what the refusal is about: codes name it."""
    about = FIELDS.get(failure.code)
    if about is not None:
        yield Problem(f"body.{about}", failure.code.removeprefix("REPORT-").lower(), str(failure))
