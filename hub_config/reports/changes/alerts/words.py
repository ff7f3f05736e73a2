"""The words of an alert rule, read one by one; nothing is ever evaluated."""

import math
import re
from dataclasses import dataclass
from typing import NoReturn

from hub_config.reports.changes.errors import AlertRuleError

__all__ = ["LONGEST_RULE", "REASONS", "RuleText"]

LONGEST_RULE = 500

#: Every fault that a rule can have; the words are stable.
REASONS = (
    "empty",
    "too-long",
    "control-sign",
    "no-text",
    "output-name",
    "output-unknown",
    "output-kind",
    "column-name",
    "label-expected",
    "too-many-labels",
    "quote-open",
    "quote-kind",
    "escape",
    "bracket-open",
    "condition-missing",
    "condition-unknown",
    "sign-unknown",
    "number-missing",
    "number-form",
    "number-range",
    "amount-negative",
    "amount-zero",
    "percent-misplaced",
    "by-expected",
    "trailing",
)

_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_WORD = re.compile(r"[^\W\d]\w*")
_SIGN = re.compile(r"[<>=!≥≤≠≈~]+")
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d{1,3})?", re.ASCII)
# Signs that look as if they belonged to a number: what is left of it then is a fault, not the next word.
_NEXT = re.compile(r"[\w.,]", re.ASCII)
_LONGEST_LABEL = 200


@dataclass
class RuleText:
    """A rule and the place up to which it was read.

    Parameters
    ----------
    text : str
        The rule.
    at : int
        Signs read so far.
    """

    text: str
    at: int = 0

    def refuse(self, message: str, *, reason: str, at: int | None = None) -> NoReturn:
        """Raise the error of this room.

        Parameters
        ----------
        message : str
            What is wrong and what to do.
        reason : str
            One of `REASONS`.
        at : int, optional
            Signs before the fault; where reading stopped when left out.

        Raises
        ------
        AlertRuleError
            Always.
        """
        place = (self.at if at is None else at) + 1
        raise AlertRuleError(f"{message} (at sign {place} of the rule)", reason=reason, position=place)

    def skip_blanks(self) -> None:
        """Go on to what is not blank."""
        while self.at < len(self.text) and self.text[self.at] == " ":
            self.at += 1

    @property
    def is_done(self) -> bool:
        """Whether nothing but blanks is left."""
        return not self.text[self.at :].strip(" ")

    def take(self, word: str) -> bool:
        """Read a word or a sign, if it comes next.

        Parameters
        ----------
        word : str
            A whole word, or one sign.

        Returns
        -------
        bool
            Whether it was there.
        """
        self.skip_blanks()
        end = self.at + len(word)
        if self.text[self.at : end] != word or (word[-1].isalpha() and self.text[end : end + 1].isalnum()):
            return False
        self.at = end
        return True

    def peek(self) -> str:
        """Give the next sign without reading it.

        Returns
        -------
        str
            One sign; '' at the end.
        """
        self.skip_blanks()
        return self.text[self.at : self.at + 1]

    def _matched(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.text, self.at)
        self.at = found.end() if found else self.at
        return found[0] if found else ""

    def output_id(self) -> str:
        """Read the id of an output.

        Returns
        -------
        str
            The id.

        Raises
        ------
        AlertRuleError
            If there is none.
        """
        self.skip_blanks()
        start, found = self.at, self._matched(_ID)
        after = self.text[self.at : self.at + 1]
        if not found or len(found) > 64 or after.isalnum() or after in {"_", "-"}:
            self.refuse(
                "A rule begins with the id of an output, such as table-1: lower-case letters, digits and single "
                "hyphens, at most 64; found something else. Write the id as the report declares it.",
                reason="output-name",
                at=start,
            )
        return found

    def column(self) -> str:
        """Read the name of a column: a word, or text in quotes.

        Returns
        -------
        str
            The name.

        Raises
        ------
        AlertRuleError
            If there is none.
        """
        if self.text[self.at : self.at + 1] in {'"', "'"}:
            return self.quoted()
        found = self._matched(_WORD)
        if not found:
            self.refuse(
                'A dot is followed by the name of a column, such as cox.hazard_ratio or balance."smd after"; found '
                "something else. Put names with other signs in double quotes.",
                reason="column-name",
            )
        return found

    def labels(self) -> tuple[str, ...]:
        """Read labels in square brackets, from the opening one on.

        Returns
        -------
        tuple of str
            One or more.

        Raises
        ------
        AlertRuleError
            If a bracket, a comma or a quote is missing, or there are too many.
        """
        start = self.at
        self.at += 1
        found = [self._label()]
        while self.take(","):
            found.append(self._label())
        if len(found) > 8:
            self.refuse(
                "A rule names at most 8 labels; found more. Leave out some.", reason="too-many-labels", at=start
            )
        if not self.take("]"):
            self.refuse(
                'A square bracket is not closed; found no ] behind the labels. Write for instance ["Female", "n"].',
                reason="bracket-open",
            )
        return tuple(found)

    def _label(self) -> str:
        if self.peek() not in {'"', "'", "“", "”", "„"}:
            self.refuse(
                'Square brackets hold texts in double quotes, such as ["Female", "n"]; found something else. Put '
                "labels in double quotes, numbers too.",
                reason="label-expected",
            )
        return self.quoted()

    def quoted(self) -> str:
        r"""Read text in double quotes; ``\"`` and ``\\`` stand for a quote and a backslash.

        Returns
        -------
        str
            The text.

        Raises
        ------
        AlertRuleError
            If the quotes are others, or not closed.
        """
        start = self.at
        if self.text[start] != '"':
            self.refuse('Texts stand in straight double quotes; found other ones. Write "Female".', reason="quote-kind")
        signs: list[str] = []
        self.at += 1
        while self.at < len(self.text) and self.text[self.at] != '"':
            if self.text[self.at] == "\\":
                self.at += 1
                if self.text[self.at : self.at + 1] not in {'"', "\\"}:
                    self.refuse(
                        'A backslash stands only before " and \\; found it before something else. Write \\\\ for one '
                        "backslash.",
                        reason="escape",
                        at=self.at - 1,
                    )
            signs.append(self.text[self.at])
            self.at += 1
        if self.at >= len(self.text):
            self.refuse(
                'A quote is not closed; found no second ". Write for instance "Female".', reason="quote-open", at=start
            )
        self.at += 1
        if not "".join(signs).strip() or len(signs) > _LONGEST_LABEL:
            self.refuse(
                f"A text in quotes has 1 to {_LONGEST_LABEL} signs; found none but blanks, or more. Write the label as "
                "the table has it.",
                reason="label-expected",
                at=start,
            )
        return "".join(signs)

    def sign(self) -> str:
        """Read what looks like a comparison.

        Returns
        -------
        str
            Its signs; '' where nothing does.
        """
        self.skip_blanks()
        return self._matched(_SIGN)

    def number(self) -> str:
        """Read a number, as it is written.

        Returns
        -------
        str
            Digits, with a decimal point and an exponent where there are.

        Raises
        ------
        AlertRuleError
            If there is none, or it is written in another way, or too large.
        """
        self.skip_blanks()
        start = self.at
        if self.is_done:
            self.refuse(
                "A number is missing; found the end of the rule. Write one, such as 20.", reason="number-missing"
            )
        found = self._matched(_NUMBER)
        if not found or _NEXT.match(self.text, self.at):
            self.refuse(
                "A number is written with digits, a decimal point and no other signs, such as 1250.5; found something "
                "else. Write it so.",
                reason="number-form",
                at=start,
            )
        if len(found) > 40 or not math.isfinite(float(found)):
            self.refuse(
                "A number is too large; found more than 40 signs, or none that a table could hold. Write a "
                "smaller one.",
                reason="number-range",
                at=start,
            )
        return found
