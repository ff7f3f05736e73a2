"""Sentences that are worded in English where they arise, found again by their form and said in Korean."""

import re
import string
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["SentenceForm"]

_COUNTS = frozenset({"n", "m", "most", "more", "low", "high", "line", "column"})
_DIGITS = r"-?\d[\d.,e+]*"


@dataclass(frozen=True)
class SentenceForm:
    """The form of a sentence in English, and how it is said in Korean.

    Parameters
    ----------
    pattern : re.Pattern
        Of the whole English sentence.
    korean : str
        With the same parts in braces.
    """

    pattern: re.Pattern[str]
    korean: str

    @classmethod
    def of(cls, english: str, korean: str) -> "SentenceForm":
        """Read a form from a table.

        Parameters
        ----------
        english : str
            With parts in braces: ``n``, ``m``, ``most``, ``more``, ``low``, ``high``, ``line`` and ``column`` are
            numbers, all others any text. What begins with a capital is itself said in Korean; what begins with an
            underscore is left out there.
        korean : str
            With the same parts.

        Returns
        -------
        SentenceForm
            Ready to use.
        """
        pieces = []
        for text, name, _, _ in string.Formatter().parse(english):
            pieces.append(re.escape(text))
            if name is not None:
                pieces.append(f"(?P<{name}>{_DIGITS if name in _COUNTS else '.+?'})")
        return cls(re.compile("".join(pieces), re.DOTALL), korean)

    def said(self, words: str, *, part_said: Callable[[str, str], str | None]) -> str | None:
        """Say the words in Korean.

        Parameters
        ----------
        words : str
            In English.
        part_said : callable
            Says a part in Korean, by its name and words; None if it cannot.

        Returns
        -------
        str or None
            None if the words are not of this form, or a part of them cannot be said.
        """
        match = self.pattern.fullmatch(words)
        if match is None:
            return None
        parts = {}
        for name, part in match.groupdict().items():
            korean = part_said(name, part) if name[0].isupper() else part
            if korean is None:
                return None
            parts[name] = korean
        return self.korean.format(**parts)
