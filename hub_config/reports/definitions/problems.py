"""One thing that is wrong with a definition: where, which rule, and what kind of value was found."""

from dataclasses import dataclass
from typing import Any

__all__ = ["Problem"]


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
