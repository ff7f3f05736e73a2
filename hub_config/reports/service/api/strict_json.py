"""JSON as the API takes it: small, shallow, every key once, and nothing that a database or a file cannot hold."""

import json
from collections.abc import Iterator
from typing import Any, NoReturn

from hub_config.reports.definitions import Problem
from hub_config.reports.service.errors import ApiError

__all__ = ["DEEPEST", "LARGEST", "read_json"]

LARGEST = 256 * 1024
DEEPEST = 12
MOST_DIGITS = 40
LARGEST_INT = 2**63
UNREADABLE, UNFIT = 400, 422  # no JSON at all; or JSON with something in it that nothing here can hold


def read_json(content: bytes) -> Any:
    """Read a request's body.

    Parameters
    ----------
    content : bytes
        As it was sent.

    Returns
    -------
    object
        What it says.

    Raises
    ------
    ApiError
        If it is no such JSON; the rule is named, and no value repeated.
    """
    if len(content) > LARGEST:
        _refuse("size", f"has {len(content)} bytes; at most {LARGEST} are taken", status=413)
    try:
        document = json.loads(
            content.decode("utf-8"),
            parse_constant=lambda _: _refuse("number", "has a number that is not finite"),
            parse_int=_whole,
            parse_float=_fraction,
            object_pairs_hook=_each_once,
        )
    except json.JSONDecodeError as broken:
        _refuse(
            "syntax", f"is not JSON; reading stopped at line {broken.lineno}, column {broken.colno}", status=UNREADABLE
        )
    except UnicodeDecodeError:
        _refuse("encoding", "is not text in UTF-8", status=UNREADABLE)
    except RecursionError:
        _refuse("depth", f"is nested deeper than {DEEPEST} levels")
    _check(document)
    return document


def _refuse(rule: str, text: str, *, status: int = UNFIT) -> NoReturn:
    raise ApiError(
        f"The request's body {text}. Send one JSON document.", status=status, problems=[Problem("body", rule, text)]
    )


def _whole(digits: str) -> int:
    if len(digits) > MOST_DIGITS or not -LARGEST_INT <= int(digits) < LARGEST_INT:
        _refuse("number", "has a whole number of more than 64 bits")
    return int(digits)


def _fraction(digits: str) -> float:
    number = float(digits)
    if number in {float("inf"), float("-inf")}:
        _refuse("number", "has a number that is too large")
    return number


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        _refuse("duplicate-key", "names a key twice in one object", status=UNREADABLE)
    return table


def _check(document: Any) -> None:
    level = [document]
    for _ in range(DEEPEST + 1):
        for value in level:
            if isinstance(value, str):
                _check_text(value)
            elif isinstance(value, dict):
                for key in value:
                    _check_text(key)
        level = [inner for outer in level for inner in _inner(outer)]
        if not level:
            return
    _refuse("depth", f"is nested deeper than {DEEPEST} levels")


def _check_text(text: str) -> None:
    if "\0" in text:
        _refuse("nul", "has a text with a NUL in it")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        _refuse("surrogate", "has a text with half of a surrogate pair")


def _inner(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value
