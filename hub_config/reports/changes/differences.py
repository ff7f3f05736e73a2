"""The difference of two numbers, and when it counts as one."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from hub_config.reports.changes.cells import Number
from hub_config.reports.changes.errors import ToleranceError

__all__ = ["EXACT", "Difference", "Tolerance", "Tolerances", "compute_difference", "jsonable"]

Verdict = Literal["same", "within", "changed", "appeared", "vanished"]


@dataclass(frozen=True)
class Tolerance:
    """How far two numbers may lie apart and still count as the same.

    They do if they differ by no more than `absolute`, or by no more than `relative` times the larger of the two.

    Parameters
    ----------
    absolute : float, default 0
        In the unit of the number.
    relative : float, default 1e-9
        As a share; the default hides what the order of a sum does, and nothing that a person would see.
    exact_integers : bool, default True
        Whether two whole numbers are the same only if they are equal.

    Raises
    ------
    ToleranceError
        If one is no finite number >= 0.
    """

    absolute: float = 0.0
    relative: float = 1e-9
    exact_integers: bool = True

    def __post_init__(self) -> None:
        for name, value in (("absolute", self.absolute), ("relative", self.relative)):
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if not number or not math.isfinite(value) or value < 0:
                raise ToleranceError(
                    f"The {name} tolerance must be a finite number >= 0; found {type(value).__name__} that is none. "
                    "Write for instance 0.01."
                )


EXACT = Tolerance(absolute=0.0, relative=0.0)


@dataclass(frozen=True)
class Tolerances:
    """The tolerance of each output. Counts of persons, rows and events are always compared exactly.

    Parameters
    ----------
    default : Tolerance
        Of outputs that are not named.
    by_output : mapping of str to Tolerance
        By the id of an output.
    """

    default: Tolerance = Tolerance()
    by_output: Mapping[str, Tolerance] = field(default_factory=dict)

    def of(self, output_id: str) -> Tolerance:
        """Give the tolerance of one output.

        Parameters
        ----------
        output_id : str
            Its id.

        Returns
        -------
        Tolerance
            Its own, else the default.
        """
        return self.by_output.get(output_id, self.default)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Tolerances":
        """Read tolerances as a report definition has them.

        Parameters
        ----------
        document : mapping of str to mapping
            By the id of an output: keys ``absolute``, ``relative``, ``exact_integers``; what is left out is usual.

        Returns
        -------
        Tolerances
            Checked.

        Raises
        ------
        ToleranceError
            If there is another key, or a value is no finite number >= 0.
        """
        found = {name: _from_document(name, entry) for name, entry in document.items()}
        return cls(by_output=MappingProxyType(found))


def _from_document(name: str, entry: Any) -> Tolerance:
    known = ("absolute", "relative", "exact_integers")
    if not isinstance(entry, Mapping) or not set(entry) <= set(known):
        raise ToleranceError(
            f"A tolerance is given by {', '.join(known)}; found something else in the one of {name[:64]!r}. "
            "Write for instance {absolute: 0.5}."
        )
    exact = entry.get("exact_integers", True)
    if not isinstance(exact, bool):
        raise ToleranceError(f"exact_integers must be true or false; found {type(exact).__name__}. Write one of these.")
    default = Tolerance()
    return Tolerance(entry.get("absolute", default.absolute), entry.get("relative", default.relative), exact)


@dataclass(frozen=True)
class Difference:
    """Two numbers of one thing.

    Parameters
    ----------
    before, after : int, float or None
        None where it is missing.
    difference : int, float or None
        `after` less `before`; None where one is missing.
    relative : float or None
        The difference as a share of the size of `before`; None where that is 0, infinite or missing.
    verdict : {"same", "within", "changed", "appeared", "vanished"}
        ``within`` is other, but by no more than the tolerance.
    """

    before: Number | None
    after: Number | None
    difference: Number | None
    relative: float | None
    verdict: Verdict

    @property
    def is_within(self) -> bool:
        """Whether it counts as no change."""
        return self.verdict in {"same", "within"}

    @property
    def from_zero(self) -> bool:
        """Whether it is a change from 0, which has no relative change."""
        return self.before == 0 and self.after is not None and self.after != 0

    def to_dict(self) -> dict[str, Any]:
        """Give the difference as types that JSON knows.

        Returns
        -------
        dict
            The attributes, ``within_tolerance`` and ``from_zero``; infinite numbers as ``inf`` and ``-inf``.
        """
        return {
            "before": jsonable(self.before),
            "after": jsonable(self.after),
            "difference": jsonable(self.difference),
            "relative": jsonable(self.relative),
            "verdict": self.verdict,
            "within_tolerance": self.is_within,
            "from_zero": self.from_zero,
        }


def compute_difference(before: Number | None, after: Number | None, *, tolerance: Tolerance) -> Difference:
    """Compare two numbers.

    Parameters
    ----------
    before, after : int, float or None
        None where it is missing; not NaN.
    tolerance : Tolerance
        When they count as the same.

    Returns
    -------
    Difference
        With its verdict. Changing the sides changes the sign of the difference and not the verdict.
    """
    if before is None or after is None:
        verdict: Verdict = "same" if before is after else "appeared" if before is None else "vanished"
        return Difference(before, after, None, None, verdict)
    if before == after:
        return Difference(before, after, 0, None if before == 0 or math.isinf(before) else 0.0, "same")
    difference = after - before
    relative = None if before == 0 or math.isinf(before) else difference / abs(before)
    return Difference(before, after, difference, relative, _judge(before, after, tolerance=tolerance))


def _judge(before: Number, after: Number, *, tolerance: Tolerance) -> Verdict:
    whole = isinstance(before, int) and isinstance(after, int)
    apart = abs(after - before)
    if math.isinf(before) or math.isinf(after) or (whole and tolerance.exact_integers):
        return "changed"
    # Divided before they are compared, as the product of a large number may be infinite.
    larger = max(abs(before), abs(after))
    return "within" if apart <= tolerance.absolute or apart / larger <= tolerance.relative else "changed"


def jsonable(number: Number | None) -> Number | str | None:
    """Give a number as JSON can hold it.

    Parameters
    ----------
    number : int, float or None
        Not NaN.

    Returns
    -------
    int, float, str or None
        Infinite numbers as the texts ``inf`` and ``-inf``, as in `outputs.json`.
    """
    return repr(number) if isinstance(number, float) and math.isinf(number) else number
