"""From a formula and rows of any kind to the numbers of a regression, a block of rows at a time.

A design is planned once: one pass finds the complete cases, the levels of categories and, where an expression such as
a spline needs it, its state over all rows. Then each part of the rows can be turned into numbers anywhere, in any
order, and gives the same.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.compute import map_buckets
from analysis_lib.errors import ModelInputError
from analysis_lib.models.rows.column_facts import (
    PartFacts,
    facts_of_part,
    is_plain,
    joined_facts,
    plain_column,
    refuse_unusable,
)
from analysis_lib.models.rows.encoding import Encoding, Recipe, encoding_of
from analysis_lib.models.rows.expression import response_values
from analysis_lib.models.rows.source import Rows, joined_frames

if TYPE_CHECKING:
    from analysis_lib.compute import Cluster

__all__ = ["DesignPlan", "Prepared", "columns_inside_c", "design_plan"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

INTERCEPT = "Intercept"
#: Rows of a part in files that are kept aside while it is looked at, for a fit to start from without reading again.
SAMPLED = 1_000
#: Such rows of all parts together, about.
SAMPLE = 40_000
_COLUMN_IN_C = re.compile(r"\bC\s*\(\s*(`[^`]+`|[^\W\d]\w*)")


@dataclass(frozen=True)
class Prepared:
    """The rows of one part, ready to be copied into blocks.

    Attributes
    ----------
    size : int
        Complete cases.
    sources : tuple of ndarray
        One per design column: numbers of any type, codes of levels, or an empty array for the intercept.
    recipes : tuple of Recipe
        What to make of each.
    response : ndarray of float64, shape (size,)
        The left side; empty where the formula has none.
    extra : dict of str to Series
        The other columns asked for, complete cases.
    """

    size: int
    sources: tuple[npt.NDArray[Any], ...]
    recipes: tuple[Recipe, ...]
    response: FloatArray
    extra: Mapping[str, pd.Series]

    def fill(self, out: FloatArray, first: int, *, shift: FloatArray) -> FloatArray:
        """Copy rows into a block.

        Parameters
        ----------
        out : ndarray of float64, shape (p, at least the rows wanted)
            Memory to use; as many rows as it is wide are copied, fewer at the end of the part.
        first : int
            The first row.
        shift : ndarray of float64, shape (p,)
            Taken off each column of numbers: sums of centred columns lose no digits.

        Returns
        -------
        ndarray of float64, shape (p, rows)
            A view of `out`.
        """
        last = min(first + out.shape[1], self.size)
        block = out[:, : last - first]
        for row, source, recipe, centre in zip(block, self.sources, self.recipes, shift, strict=True):
            if recipe.kind == "one":
                row[:] = 1.0
            elif recipe.kind == "level":
                np.equal(source[first:last], recipe.level, out=row)
            else:
                np.subtract(source[first:last], centre, out=row, casting="unsafe")
        return block

    def matrix(self) -> FloatArray:
        """Make the whole design of the part.

        Returns
        -------
        ndarray of float64, shape (p, size)
            Covariate-major, not centred.
        """
        return self.fill(np.empty((len(self.recipes), self.size)), 0, shift=np.zeros(len(self.recipes)))


@dataclass(frozen=True, eq=False)
class DesignPlan:
    """How to turn rows into the numbers of a regression; small, and but for `sample` without any person's values.

    Attributes
    ----------
    encoding : Encoding
        The right side: terms, words, levels, recipes.
    response : str
        The left side; empty for none.
    response_columns : tuple of str
        Columns in it.
    columns : tuple of str
        Columns whose missing values leave a row out.
    extra : tuple of str
        Columns that come along unchanged, such as weights.
    facts : PartFacts
        What the columns hold in the complete cases.
    has_missing : tuple of bool
        Part by part, whether rows are left out.
    sample : DataFrame or None
        A few complete rows of every part of files, taken while they were looked at; None for frames in memory.
    """

    encoding: Encoding
    response: str
    response_columns: tuple[str, ...]
    columns: tuple[str, ...]
    extra: tuple[str, ...]
    facts: PartFacts
    has_missing: tuple[bool, ...]
    sample: pd.DataFrame | None = None

    @property
    def terms(self) -> tuple[str, ...]:
        """Design columns as formulaic names them: ``Intercept``, ``age``, ``C(sex)[T.male]``."""
        return self.encoding.terms

    @property
    def words(self) -> tuple[str, ...]:
        """The same for readers: ``Age (years)``, ``Sex: male vs female``."""
        return self.encoding.words

    @property
    def levels(self) -> Mapping[str, tuple[str, ...]]:
        """Levels of each category, the reference first."""
        return self.encoding.levels

    @property
    def n(self) -> int:
        """Complete cases."""
        return self.facts.n_complete

    @property
    def n_excluded(self) -> int:
        """Rows left out, each counted once."""
        return self.facts.n_rows - self.facts.n_complete

    @property
    def exclusions(self) -> dict[str, int]:
        """Rows left out by reason; a row that lacks two values is counted under both."""
        return {f"{name} missing": count for name, count in self.facts.missing.items()}

    @property
    def shift(self) -> FloatArray:
        """Means of the columns of numbers where there is an intercept to take them up, else zeros; shape (p,)."""
        means = np.zeros(len(self.terms))
        if INTERCEPT in self.terms:
            for index, recipe in enumerate(self.encoding.recipes):
                if recipe.kind == "number":
                    means[index] = self.facts.columns[recipe.column].total / max(self.n, 1)
        return means if np.isfinite(means).all() else np.zeros(len(self.terms))

    @property
    def outcome_columns(self) -> tuple[str, ...]:
        """Columns that are read where the design is not looked at: those of the left side, and the extra ones."""
        return tuple(dict.fromkeys([*self.response_columns, *self.extra]))

    def prepare(
        self, frame: pd.DataFrame, *, complete: bool = False, response: bool = True, design: bool = True
    ) -> Prepared:
        """Turn rows into what blocks are copied from.

        Parameters
        ----------
        frame : DataFrame
            Rows with the columns of the plan.
        complete : bool, default False
            Whether it is known that nothing is missing.
        response : bool, default True
            Whether the left side is wanted; new data to predict for have none.
        design : bool, default True
            Whether the right side is wanted; without it `sources` is empty.

        Returns
        -------
        Prepared
            The complete cases.

        Raises
        ------
        ModelInputError
            If a category has a level that the plan does not know, or an expression gives no number.
        """
        frame = _plain(frame)
        if not complete:
            present = frame.notna().all(axis=1).to_numpy()
            frame = frame if present.all() else frame.loc[present]
        found = response_values(self.response, frame) if response and self.response else np.empty(0)
        if not np.isfinite(found).all():
            raise ModelInputError(
                f"the outcome must be finite; '{self.response}' is not in {int((~np.isfinite(found)).sum()):,} rows. "
                "Look at logarithms and divisions, or set these missing."
            )
        return Prepared(
            size=len(frame),
            sources=self.encoding.sources(frame) if design else (),
            recipes=self.encoding.recipes,
            response=found,
            extra={name: frame[name] for name in self.extra if name in frame.columns},
        )


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    if all(map(is_plain, frame.dtypes)):  # each access to a column costs as much as thousands of its numbers
        return frame
    return pd.DataFrame({name: plain_column(frame[name]) for name in frame}, index=frame.index, copy=False)


def design_plan(
    right: str,
    rows: Rows,
    *,
    response: str = "",
    response_columns: Sequence[str] = (),
    columns: Sequence[str],
    extra: Sequence[str] = (),
    on: "Cluster | None" = None,
) -> DesignPlan:
    """Plan the design of a regression: one pass over the rows, two where an expression has a state.

    Parameters
    ----------
    right : str
        The right side of a formula that `parse_formula` has let pass.
    rows : Rows
        The data.
    response : str, optional
        The left side.
    response_columns : sequence of str, optional
        Columns in it.
    columns : sequence of str
        Columns in the right side.
    extra : sequence of str, optional
        Columns that come along, such as weights; rows that lack one are left out too.
    on : Cluster, optional
        Where the rows are read, as for `map_buckets`.

    Returns
    -------
    DesignPlan
        With at least one complete case.

    Raises
    ------
    ModelInputError
        If no row is complete, a covariate cannot be used, is constant, is infinite, or a level has no rows.
    """
    names = tuple(dict.fromkeys([*response_columns, *columns, *extra]))
    counted = columns_inside_c(right, columns)
    look = _Look(rows, names, counted=counted, uncounted=tuple({*response_columns, *extra} - set(columns)))
    looked = mapped(look, rows, on=on)
    seen = [facts for facts, _ in looked]
    facts = joined_facts(seen)
    if facts.n_complete == 0:
        raise ModelInputError(
            f"no row is left to analyse; found {facts.n_rows:,} rows, all of them with a missing value. "
            "Check the attrition of the cohort and how the columns were made."
        )
    has_missing = tuple(part.n_complete < part.n_rows for part in seen)
    encoding = encoding_of(right, rows, facts=facts, columns=names, units=rows.units)
    refuse_unusable(facts, columns, owners=encoding.owners)
    return DesignPlan(
        encoding=encoding,
        response=response,
        response_columns=tuple(response_columns),
        columns=names,
        extra=tuple(extra),
        facts=facts,
        has_missing=has_missing,
        sample=joined_frames([few for _, few in looked if few is not None], names),
    )


def mapped(work: Any, rows: Rows, *, on: "Cluster | None" = None) -> list[Any]:
    """Do work on every part of the rows: in threads for a frame in memory, else wherever `map_buckets` goes.

    Parameters
    ----------
    work : callable
        Called with the number of the part.
    rows : Rows
        The data.
    on : Cluster, optional
        As for `map_buckets`.

    Returns
    -------
    list
        One result per part, in order.
    """
    from analysis_lib.compute.buckets import map_in_threads

    numbers = range(len(rows.parts))
    return map_in_threads(work, numbers) if rows.place == "memory" else map_buckets(work, numbers, on=on)


@dataclass(frozen=True)
class _Look:
    """Looks at one part of the rows."""

    rows: Rows
    names: tuple[str, ...]
    counted: tuple[str, ...]
    uncounted: tuple[str, ...]

    def __call__(self, number: int) -> tuple[PartFacts, pd.DataFrame | None]:
        frame = _plain(self.rows.parts[number](self.names))
        described = set(self.names) - set(self.uncounted)
        facts, complete = facts_of_part(frame, counted=self.counted, described=described)
        if self.rows.place == "memory":
            return facts, None
        kept = np.arange(len(frame)) if complete is None else np.flatnonzero(complete)
        size = min(SAMPLED, max(SAMPLE // len(self.rows.parts), 1), kept.size)
        few = np.sort(np.random.default_rng(number).choice(kept, size, replace=False))
        return facts, frame.iloc[few].copy()


def columns_inside_c(right: str, columns: Sequence[str]) -> tuple[str, ...]:
    """List the columns that stand inside ``C()``.

    Parameters
    ----------
    right : str
        Right side of a formula.
    columns : sequence of str
        Columns that it names.

    Returns
    -------
    tuple of str
        Those whose values are levels, although they may be numbers.
    """
    inside = {name.strip("`") for name in _COLUMN_IN_C.findall(right)}
    return tuple(name for name in columns if name in inside)
