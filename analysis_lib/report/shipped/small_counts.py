"""Which outputs of a report hold counts of few persons: what to look at before it is passed on."""

from dataclasses import dataclass
from html import escape

from analysis_lib.report.reporting import Report

__all__ = ["SmallCounts", "small_counts"]


@dataclass(frozen=True, repr=False)
class SmallCounts:
    """Outputs with counts of few persons.

    Attributes
    ----------
    fewest : int
        Counts from 1 to one less than this are small.
    outputs : dict of str to int
        How many small counts each output was declared with, by its title; those without any are not in it.
    """

    fewest: int
    outputs: dict[str, int]

    def describe(self) -> str:
        """Say which they are, and not how large.

        Returns
        -------
        str
            A sentence.
        """
        if self.fewest < 2:
            return "No count was looked at for being small: the report was told that every count may be shown."
        if not self.outputs:
            return f"No output was declared with a count of fewer than {self.fewest} persons, other than 0."
        listed = "; ".join(f"{title}: {count:,}" for title, count in self.outputs.items())
        return (
            f"Counts of fewer than {self.fewest} persons, other than 0, are behind these outputs, so many each: "
            f"{listed}. Look at them before the report leaves the room in which the data may be seen."
        )

    def __repr__(self) -> str:
        return self.describe()

    def _repr_html_(self) -> str:
        return f"<p>{escape(self.describe())}</p>"


def small_counts(report: Report, *, fewest: int = 5) -> SmallCounts:
    """Find the outputs that were declared with counts of few persons.

    A count that can be worked out from two others is not found; that is for the check before release.

    Parameters
    ----------
    report : Report
        With all its outputs.
    fewest : int, default 5
        Counts from 1 to one less than this are small.

    Returns
    -------
    SmallCounts
        Says itself in a sentence.
    """
    found: dict[str, int] = {}
    for record in report.manifest.outputs:
        small = sum(0 < count < fewest for count in record.persons.values())
        if small:
            found[record.title] = max(small, found.get(record.title, 0))
    return SmallCounts(fewest, found)
