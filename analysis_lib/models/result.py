"""What every fitted model and every estimate of this room has in common: its facts, its words, its precision."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis_lib.models.arguments import in_percent
from analysis_lib.printed_numbers import format_coefficient, format_exponential, format_number, format_p
from analysis_lib.tables import html_table, text_table

if TYPE_CHECKING:
    from analysis_lib.figures import StudyFigure

__all__ = [
    "ModelResult",
    "ModelSummary",
    "coefficient_cells",
    "coefficient_header",
    "columns_used",
    "labels_of",
    "left_out",
    "overflow_note",
]

#: What columns beside outcome and covariates are to a model, by the argument that names them.
_PARTS = {
    "offset": "offset",
    "exposure": "exposure",
    "start": "beginning of follow-up",
    "entry": "entry",
    "fold": "folds",
}


@dataclass(frozen=True)
class ModelSummary:
    """A result written for reading: prints as text, shows as a table in a notebook.

    Attributes
    ----------
    title : str
        What was estimated.
    header : tuple of str
        Column names.
    rows : tuple of tuple of str
        Formatted cells.
    notes : tuple of str
        Method, counts and exclusions.
    """

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]

    def as_text(self) -> str:
        """Write the summary in plain text.

        Returns
        -------
        str
            Several lines.
        """
        return "\n".join([self.title, "", text_table(self.header, self.rows), "", *self.notes])

    def as_html(self) -> str:
        """Write the summary in HTML.

        Returns
        -------
        str
            One ``<div>``.
        """
        return html_table(self.header, self.rows, caption=self.title, notes=self.notes)

    def __str__(self) -> str:
        return self.as_text()

    def __repr__(self) -> str:
        return self.as_text()

    def _repr_html_(self) -> str:
        return self.as_html()


def left_out(n_excluded: int, exclusions: Mapping[str, int]) -> str:
    """Say how many rows a result does without, and why.

    Parameters
    ----------
    n_excluded : int
        Rows left out, each counted once.
    exclusions : mapping of str to int
        Rows by reason; a row may have several.

    Returns
    -------
    str
        One sentence.
    """
    reasons = "; ".join(f"{reason}: {count:,}" for reason, count in exclusions.items())
    return f"Left out: {n_excluded:,} rows ({reasons})."


def columns_used(settings: Mapping[str, Any], weights: Mapping[str, float]) -> tuple[str, ...]:
    """Name the columns that weigh, move or place rows.

    Parameters
    ----------
    settings : mapping of str to object
        The arguments of a call.
    weights : mapping of str to float
        Sum of the weights, by their kind and column.

    Returns
    -------
    tuple of str
        One sentence; none where there are no such columns.
    """
    named = [f"{label} (sum {format_number(total)})" for label, total in weights.items()]
    named += [f"{words} {settings[name]}" for name, words in _PARTS.items() if isinstance(settings.get(name), str)]
    return (f"Columns: {'; '.join(named)}.",) if named else ()


def labels_of(terms: Iterable[str], *, words: Mapping[str, str], labels: Mapping[str, str]) -> list[str]:
    """Write terms for readers: as the caller labelled them, else in words, else as the formula has them.

    Parameters
    ----------
    terms : iterable of str
        As formulas write them.
    words : mapping of str to str
        In words, where known: "sex: male vs female".
    labels : mapping of str to str
        What the caller gave.

    Returns
    -------
    list of str
        One for each term.
    """
    return [labels.get(term, words.get(term, term)) for term in terms]


def coefficient_header(measure: str, *, estimate: str, level: float) -> tuple[str, ...]:
    """Name the columns of a table of coefficients.

    Parameters
    ----------
    measure : str
        What the exponential of a coefficient is; empty where it means nothing.
    estimate : str
        What a coefficient is.
    level : float
        Coverage of the intervals.

    Returns
    -------
    tuple of str
        As `coefficient_cells` fills them.
    """
    interval = f"{in_percent(level)} CI"
    return ("Term", *((measure, interval, estimate) if measure else (estimate, interval)), "SE", "p")


def coefficient_cells(labels: Sequence[str], table: pd.DataFrame, *, ratios: bool) -> tuple[tuple[str, ...], ...]:
    """Write the rows of a table of coefficients.

    Parameters
    ----------
    labels : sequence of str
        What to call the terms.
    table : DataFrame
        ``coef``, ``se``, ``p_value``, ``ci_low``, ``ci_high``, all on the scale of the coefficients.
    ratios : bool
        Whether their exponentials are written too.

    Returns
    -------
    tuple of tuple of str
        One for each term.
    """
    write = format_exponential if ratios else format_coefficient
    rows = []
    for label, row in zip(labels, table.to_dict("records"), strict=True):
        interval = f"{write(row['ci_low'])} to {write(row['ci_high'])}"
        coefficient = format_coefficient(row["coef"])
        estimate = (write(row["coef"]), interval, coefficient) if ratios else (coefficient, interval)
        rows.append((label, *estimate, format_coefficient(row["se"]), format_p(row["p_value"])))
    return tuple(rows)


def overflow_note(table: pd.DataFrame) -> tuple[str, ...]:
    """Say where an exponential is no number that a computer holds.

    Parameters
    ----------
    table : DataFrame
        Coefficients and limits, on their own scale.

    Returns
    -------
    tuple of str
        One sentence; none where all exponentials are numbers.
    """
    sizes = table[["coef", "ci_low", "ci_high"]].abs().to_numpy(dtype=np.float64)
    if not (np.isfinite(sizes) & (sizes > np.log(1e308))).any():
        return ()
    what = "A ratio beyond 1e308, or its inverse, is no number that a computer holds"
    return (f"{what}: centre the covariates, or choose larger units for them.",)


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class ModelResult(ABC):
    """An estimate together with all that a reader needs to judge it.

    Attributes
    ----------
    method : str
        The method with every choice that changes the numbers, such as the handling of ties.
    source : str
        The publication the formula is from.
    n : int
        Rows used.
    events : int
        Events among them.
    exclusions : mapping of str to int
        Rows left out, by reason; empty when none were. A row that lacks two values is counted under both.
    n_excluded : int
        Rows left out, each counted once.
    persons : mapping of str to int
        Distinct persons behind the result, in total and by group; what `Report` declares.
    settings : mapping of str to object
        The arguments of the call that made the result.
    weight_sums : mapping of str to float
        Sum of the weights of the rows used, by kind and column, such as "sampling weights w"; empty without weights.
    """

    method: str
    source: str
    n: int
    events: int
    exclusions: Mapping[str, int]
    n_excluded: int
    persons: Mapping[str, int]
    settings: Mapping[str, Any] = field(default_factory=dict)
    weight_sums: Mapping[str, float] = field(default_factory=dict)

    @abstractmethod
    def to_frame(self) -> pd.DataFrame:
        """Return the estimates as a table, one row per estimate, unrounded."""

    @abstractmethod
    def summary(self) -> ModelSummary:
        """Write the result for reading."""

    @abstractmethod
    def plot(self) -> "StudyFigure":
        """Draw the result as a journal prints it."""

    def _notes(self) -> tuple[str, ...]:
        notes = [f"Method: {self.method}.", f"{self.n:,} rows, {self.events:,} events."]
        if (persons := self.persons.get("all", self.n)) < self.n:
            notes.append(f"They come from {persons:,} persons; the standard errors take rows for independent.")
        if self.exclusions:
            notes.append(left_out(self.n_excluded, self.exclusions))
        return (*notes, *columns_used(self.settings, self.weight_sums))

    def __repr__(self) -> str:
        return self.summary().as_text()

    def _repr_html_(self) -> str:
        return self.summary().as_html()
