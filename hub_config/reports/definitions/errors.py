"""What can be wrong with a report definition. Every problem is told at once, none with a value in it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from hub_config.errors import HubError

__all__ = ["DefinitionError", "DefinitionUnreadableError", "Problem"]

_MOST_SAID = 10


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    Parameters
    ----------
    field : str
        Where, such as ``limits.cell_seconds`` or ``sweep line 3 column ward``.
    rule : str
        Stable name of the rule that is broken, such as ``unknown-field``.
    text : str
        What was found there, as a kind of value, and what the rule wants.
    """

    field: str
    rule: str
    text: str

    def __str__(self) -> str:
        """Say it in one part of a sentence."""
        return f"{self.field}: {self.text}" if self.field else self.text

    def to_dict(self) -> dict[str, Any]:
        """Give the problem as types that JSON knows.

        Returns
        -------
        dict
            Keys field, rule, text.
        """
        return {"field": self.field, "rule": self.rule, "text": self.text}


class DefinitionError(HubError):
    """A report definition says something that cannot be followed.

    Parameters
    ----------
    problems : iterable of Problem
        All that is wrong, at least one.
    """

    code = "REPORT-DEFINITION"
    exit_code = 76

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: Sequence[Problem] = tuple(problems)
        said = "; ".join(str(problem) for problem in self.problems[:_MOST_SAID])
        more = len(self.problems) - _MOST_SAID
        super().__init__(
            f"The report definition is not valid; {said}{f'; and {more} more' if more > 0 else ''}. "
            "See docs/reference/report-definitions.md."
        )

    def __reduce__(self) -> tuple[type["DefinitionError"], tuple[Sequence[Problem]]]:
        """Let the error pass from one process to another."""
        return type(self), (self.problems,)


class DefinitionUnreadableError(HubError):
    """A report definition is no document that can be read: not TOML or JSON, too large, or nested too deep.

    Parameters
    ----------
    text : str
        What is wrong and what to do.
    rule : str
        Stable name of the rule that is broken.
    """

    code = "REPORT-DEFINITION-UNREADABLE"
    exit_code = 77

    def __init__(self, text: str, *, rule: str) -> None:
        super().__init__(text)
        self.rule = rule
        self.problems: Sequence[Problem] = (Problem("", rule, text),)

    def __reduce__(self) -> tuple[partial["DefinitionUnreadableError"], tuple[str]]:
        """Let the error pass from one process to another."""
        return partial(type(self), rule=self.rule), (str(self),)
