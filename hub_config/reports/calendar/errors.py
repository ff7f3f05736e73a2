"""What this room refuses, in one form: the field, the kind of value that was found, the rule, and what to write.

No message repeats what was typed: a schedule may come from a stranger's form, and a parameter's text may hold a
person's date. `rule` is the stable name of the rule that was broken, for forms, tests and translations.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import ClassVar

from hub_config.errors import HubError

__all__ = ["RelativeDateError", "ScheduleError", "kind_of"]


_KINDS = (
    (type(None), "nothing"),
    (bool, "true or false"),  # before int, which it is
    (int | float, "a number"),
    (date, "a date"),
    (Mapping, "a table"),
)


class _RuleBrokenError(HubError):
    """A text that breaks one named rule."""

    def __init__(self, wrong: str, *, field: str, found: str, rule: str, advice: str) -> None:
        super().__init__(f"{field}: {wrong}; found {found}. {advice}")
        self.field = field
        self.rule = rule


class ScheduleError(_RuleBrokenError):
    """A schedule says something that cannot be meant.

    Parameters
    ----------
    wrong : str
        What is wrong, without the value.
    field : str
        The key of the schedule: ``cron``, ``rule``, ``zone``, ``first_at``, ``until``, ``holidays``.
    found : str
        The kind of value that was found.
    rule : str
        Stable name of the rule that was broken.
    advice : str
        What to write instead, as a sentence.
    """

    code: ClassVar[str] = "REPORT-SCHEDULE"
    exit_code: ClassVar[int] = 90


class RelativeDateError(_RuleBrokenError):
    """A relative date, such as ``{month:-1}``, cannot be read or does not fit its parameter.

    Parameters
    ----------
    wrong : str
        What is wrong, without the value.
    field : str
        Always ``text``.
    found : str
        The kind of value that was found.
    rule : str
        Stable name of the rule that was broken.
    advice : str
        What to write instead, as a sentence.
    """

    code: ClassVar[str] = "REPORT-RELATIVE-DATE"
    exit_code: ClassVar[int] = 91


def kind_of(value: object) -> str:
    """Say what kind of value was found, never which.

    Parameters
    ----------
    value : object
        Anything that TOML, JSON, a form or a caller may give.

    Returns
    -------
    str
        Such as ``text of 12 characters``.
    """
    if isinstance(value, str):
        return f"text of {len(value)} characters" if value.strip() else "empty text"
    if isinstance(value, list | tuple | set | frozenset):
        return f"a list of {len(value)}"
    if isinstance(value, datetime):
        return "a date-time" if value.tzinfo is None else "a date-time with an offset"
    known = (kind for type_, kind in _KINDS if isinstance(value, type_))
    return next(known, f"a value of type {type(value).__name__}")
