"""What this room refuses, in one form: the field, the kind of value that was found, the rule, and what to write.

No message repeats what was typed: a schedule may come from a stranger's form, and a parameter's text may hold a
person's date. `rule` is the stable name of the rule that was broken, for forms, tests and translations.
"""

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from hub_config.errors import HubError

__all__ = ["RelativeDateError", "ScheduleError"]


class _RuleBrokenError(HubError):
    """A text that breaks one named rule."""

    def __init__(self, wrong: str, *, field: str, found: str, rule: str, advice: str) -> None:
        super().__init__(f"{field}: {wrong}; found {found}. {advice}")
        self.field = field
        self.rule = rule

    def __reduce__(self) -> tuple[Callable[..., "_RuleBrokenError"], tuple[object, ...]]:
        """Let the error pass from one process to another, which keeps the message alone otherwise."""
        return _again, (type(self), {**self.__dict__, "args": self.args})


_Broken = TypeVar("_Broken", bound=_RuleBrokenError)


def _again(kind: type[_Broken], marks: dict[str, Any]) -> _Broken:
    error = kind.__new__(kind)
    for name, value in marks.items():
        setattr(error, name, value)
    return error


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
    exit_code: ClassVar[int] = 102


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
    exit_code: ClassVar[int] = 103
