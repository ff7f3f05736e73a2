"""What a runner tells of a run's end, as far as it can be understood: whoever executes notebooks can speak for it.

A runner speaks of all its runs at once. So what it tells of one end in words that nobody knows is no reason to refuse
the others: that run has failed, with a code of its own.
"""

import json
import math
import re
from collections.abc import Mapping
from typing import Any

from hub_config.reports.runners.errors import VerdictUnclearError
from hub_config.reports.verdicts import error_name

__all__ = ["LARGEST_NUMBER", "UNCLEAR", "clean_facts", "clean_line", "clean_verdict"]

ENDS = ("succeeded", "failed", "cancelled", "timed_out", "interrupted")
LARGEST_NUMBER = 2**31 - 1  # the widest that every column of numbers holds
LONGEST_LINE = 300
LONGEST_TEXT = 2000
LONGEST_S = 10 * 366 * 86_400.0
MOST_ROWS = 1000
MOST_BYTES = 128 * 1024  # of the tables of one run; a request that is too large would tell of none
CODE = re.compile(r"[A-Z]{1,20}(-[A-Z]{1,20}){0,5}")
TEXTS = ("library_version", "cohorthub_version", "environment_sha256", "kernel_start", "title", "folder_sha256")
TABLES = ("data_releases", "cohorts", "stages")

UNCLEAR: Mapping[str, Any] = {
    "status": "failed",
    "error": {
        "code": VerdictUnclearError.code,
        "message": "the runner told an end that cannot be understood. Run it again.",
    },
}
"""The verdict of a run whose runner told none that can be understood."""


def clean_line(text: str) -> str:
    """Make a text one that every database and page can hold.

    Parameters
    ----------
    text : str
        Any.

    Returns
    -------
    str
        One line of at most 300 characters.
    """
    return _storable(text[:LONGEST_LINE]).replace("\n", " ")


def clean_verdict(told: object) -> Mapping[str, Any]:
    """Take a verdict as it was told, if it can be understood.

    Parameters
    ----------
    told : object
        What the runner sent.

    Returns
    -------
    mapping
        ``status``, one of the five ends, and ``error``, None or a code with its message and place; `UNCLEAR` itself
        where the runner's cannot be understood.
    """
    if not isinstance(told, Mapping) or told.get("status") not in ENDS:
        return UNCLEAR
    error = told.get("error")
    if error is None:
        return {"status": told["status"], "error": None}
    if not isinstance(error, Mapping) or told["status"] == "succeeded":
        return UNCLEAR
    code, cell = error.get("code"), error.get("cell")
    texts = {name: error.get(name) or "" for name in ("message", "title", "ename")}
    understood = (
        isinstance(code, str)
        and CODE.fullmatch(code)
        and all(isinstance(text, str) for text in texts.values())
        and (cell is None or _is_whole(cell))
    )
    if not understood:
        return UNCLEAR
    return {
        "status": told["status"],
        "error": {
            "code": code,
            "cell": cell,
            "title": clean_line(texts["title"]),
            "ename": error_name(texts["ename"]) if texts["ename"] else None,
            "message": _storable(texts["message"][:LONGEST_TEXT]),
        },
    }


def clean_facts(told: object) -> Mapping[str, Any]:
    """Take those facts of a run's record that are what they should be.

    Parameters
    ----------
    told : object
        What the runner sent.

    Returns
    -------
    mapping
        Only known names; what is of another type, or too much to be told, is left out: the run's folder has it.
    """
    if not isinstance(told, Mapping):
        return {}
    found: dict[str, Any] = {name: told[name] for name in ("ended_early",) if isinstance(told.get(name), bool)}
    found |= {name: _storable(told[name][:LONGEST_LINE]) for name in TEXTS if isinstance(told.get(name), str)}
    tables = {name: _rows(told[name]) for name in TABLES if isinstance(told.get(name), list)}
    found |= tables if len(json.dumps(tables)) <= MOST_BYTES else {}
    if _is_whole(told.get("outputs")):
        found["outputs"] = told["outputs"]
    seconds = told.get("duration_s")
    if isinstance(seconds, int | float) and not isinstance(seconds, bool) and 0 <= seconds <= LONGEST_S:
        found["duration_s"] = seconds
    return found


def _rows(rows: list[Any]) -> list[dict[str, Any]]:
    return [
        {name: _plain(value) for name, value in row.items() if isinstance(name, str) and len(name) <= 40}
        for row in rows[:MOST_ROWS]
        if isinstance(row, Mapping)
    ]


def _plain(value: object) -> str | int | float | None:
    """Keep a value of one cell; nothing nested, and no number that JSON or a column cannot hold."""
    if isinstance(value, str):
        return _storable(value[:LONGEST_LINE])
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) < 2**63 else None
    return value if isinstance(value, float) and math.isfinite(value) else None


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST_NUMBER


def _storable(text: str) -> str:
    """Replace what no database takes: the sign 0, and halves of a sign."""
    return text.replace("\0", " ").encode("utf-8", "replace").decode("utf-8")
