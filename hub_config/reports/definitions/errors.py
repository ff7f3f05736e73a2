"""What can be wrong with a report definition. Every problem is told at once, none with a value in it."""

from collections.abc import Iterable, Sequence
from functools import partial

from hub_config.errors import HubError
from hub_config.reports.definitions.problems import Problem

__all__ = ["DefinitionError", "DefinitionUnreadableError"]

_MOST_SAID = 10


class DefinitionError(HubError):
    """A report definition says something that cannot be followed.

    Parameters
    ----------
    problems : iterable of Problem
        All that is wrong, at least one.
    """

    code = "REPORT-DEFINITION"
    exit_code = 96

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
    exit_code = 97

    def __init__(self, text: str, *, rule: str) -> None:
        super().__init__(text)
        self.rule = rule
        self.problems: Sequence[Problem] = (Problem("", rule, text),)

    def __reduce__(self) -> tuple[partial["DefinitionUnreadableError"], tuple[str]]:
        """Let the error pass from one process to another."""
        return partial(type(self), rule=self.rule), (str(self),)
