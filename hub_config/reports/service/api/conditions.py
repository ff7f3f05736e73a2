"""Conditions of a request, as RFC 9110 words them: ``If-Match`` and ``If-None-Match: *``, and the tags that they name.

A tag is ``"VERSION"`` or ``"VERSION.CONTENT"``. The version is that of what people have saved, and all that a condition
asks for; the content, of which caches ask, also changes with what time changes, such as when a report is due next.
"""

import re
from collections.abc import Sequence

from tornado.httputil import HTTPHeaders

from hub_config.reports.definitions import Problem
from hub_config.reports.desk.versions import Condition
from hub_config.reports.service.errors import ApiError

__all__ = ["IF_MATCH", "IF_NONE_MATCH", "condition_of", "tag"]

_TAG = r'(W/)?"[!#-~]{0,200}"'
IF_MATCH = rf"^(\*|{_TAG}( *, *{_TAG}){{0,19}})$"
IF_NONE_MATCH = r"^\*$"


def tag(version: str, content: str = "") -> str:
    """Write a tag.

    Parameters
    ----------
    version : str
        Of what is saved.
    content : str, optional
        Of the whole answer.

    Returns
    -------
    str
        For the header ``ETag``.
    """
    return f'"{version}.{content}"' if content else f'"{version}"'


def condition_of(headers: HTTPHeaders, *, takes_version: bool, takes_new: bool) -> Condition:
    """Read the conditions of a request.

    Parameters
    ----------
    headers : HTTPHeaders
        Of the request.
    takes_version : bool
        Whether ``If-Match`` is looked at.
    takes_new : bool
        Whether ``If-None-Match`` is looked at.

    Returns
    -------
    Condition
        One that asks for nothing where no header is.

    Raises
    ------
    ApiError
        If a header that is looked at cannot be read; with 412, as a condition that cannot be read does not hold.
    """
    match = headers.get_list("If-Match") if takes_version else []
    none_match = headers.get_list("If-None-Match") if takes_new else []
    if match and re.fullmatch(IF_MATCH, _joined(match)) is None:
        raise _unfit("If-Match", 'must be * or tags in quotes, as in ETag: "…"')
    if none_match and re.fullmatch(IF_NONE_MATCH, _joined(none_match)) is None:
        raise _unfit("If-None-Match", "must be *: only what is not there yet is written then")
    if not match or _joined(match) == "*":
        return Condition(must_exist=bool(match), must_be_new=bool(none_match))
    # Proxies that compress make tags weak (W/); they still name the version that was read.
    tags = re.findall(r'"([^"]*)"', _joined(match))
    return Condition(versions=frozenset(one.partition(".")[0] for one in tags), must_be_new=bool(none_match))


def _joined(values: Sequence[str]) -> str:
    return ",".join(value.strip() for value in values)


def _unfit(name: str, text: str) -> ApiError:
    return ApiError(
        f"The request's header {name} cannot be used; it {text}. See openapi.json.",
        status=412,
        problems=[Problem(f"headers.{name}", "pattern", text)],
    )
