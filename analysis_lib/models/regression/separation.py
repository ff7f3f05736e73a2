"""Outcomes that a covariate tells apart without error: the likelihood then has no maximum, and the reason is named.

Albert A. and Anderson J. A. (1984). On the existence of maximum likelihood estimates in logistic regression models.
Biometrika 71(1), 1-10.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis_lib.errors import SeparationError
from analysis_lib.models.arguments import listed
from analysis_lib.models.rows import DesignPlan
from analysis_lib.models.sums import Block, DesignRows

__all__ = ["refuse_separated_levels", "refuse_separation"]

FloatArray = npt.NDArray[np.float64]

_FIRTH = "; for a logistic model Firth's penalised likelihood has a maximum all the same: glm(..., firth=True)."
WITH_LEVEL = f"Merge it with another level or leave it out{_FIRTH}"
WITH_TERM = f"Leave it out or make it coarser{_FIRTH}"


def refuse_separated_levels(
    plan: DesignPlan, *, with_y: FloatArray, with_one: FloatArray, total_y: float, total: float, binary: bool
) -> None:
    """Refuse levels in which nobody, or everybody, has the outcome.

    Parameters
    ----------
    plan : DesignPlan
        The design.
    with_y, with_one : ndarray of float64, shape (p,)
        Totals of column times outcome, and of the column, by design column; columns of levels are not centred.
    total_y, total : float
        Of the outcome, and of the rows.
    binary : bool
        Whether the outcome has an upper end too (binomial).

    Raises
    ------
    SeparationError
        Naming column and level.
    """
    recipes = plan.encoding.recipes
    crossed = any(recipe.kind == "derived" for recipe in recipes)
    by_column: dict[str, dict[int, int]] = {}
    for index, recipe in enumerate(recipes):
        if recipe.kind == "level":
            by_column.setdefault(recipe.column, {})[recipe.level] = index
    for column, places in by_column.items():
        names = [str(level) for level in plan.facts.columns[column].levels]
        for level, name in enumerate(names):
            if level in places:
                events, rows = with_y[places[level]], with_one[places[level]]
            elif crossed:
                continue  # a product may hold what the reference's column lacks
            else:
                events = total_y - sum(with_y[index] for index in places.values())
                rows = total - sum(with_one[index] for index in places.values())
            slack = 1e-9 * max(rows, 1.0)
            if events <= slack or (binary and events >= rows - slack):
                said = "nobody" if events <= slack else "everybody"
                raise SeparationError(
                    f"the outcome is separated; in column '{column}' {said} at level '{name}' has it. {WITH_LEVEL}"
                )


@dataclass(frozen=True)
class _Ranges:
    """The range of a combination and of each column among those with and without the outcome."""

    direction: FloatArray

    def start(self, p: int) -> list[Any]:
        return [[(np.full(p + 1, np.inf), np.full(p + 1, -np.inf), np.full(p + 1, np.inf), np.full(p + 1, -np.inf))]]

    def add(self, sums: list[Any], block: Block) -> None:
        values = np.vstack([self.direction @ block.x, block.x])
        low0, high0, low1, high1 = sums[0][0]
        for chosen, low, high in ((block.y < 0.5, low0, high0), (block.y >= 0.5, low1, high1)):
            if chosen.any():
                np.minimum(low, values[:, chosen].min(axis=1), out=low)
                np.maximum(high, values[:, chosen].max(axis=1), out=high)


def refuse_separation(design: DesignRows, direction: FloatArray, *, binary: bool) -> None:
    """Say of a fit that ran away whether, and by what, the outcome is separated.

    The likelihood rises for ever along a direction in which no row without the outcome goes up and no row with it goes
    down (for counts: none with any stays behind), and some row moves.

    Parameters
    ----------
    design : DesignRows
        Rows.
    direction : ndarray of float64, shape (p,)
        Where the fit was going, of the design less its shift.
    binary : bool
        Whether rows with the outcome may go up too (binomial), or have to stay (counts).

    Raises
    ------
    SeparationError
        If it is; single columns that do it alone are named, else those that go farthest.
    """
    found = design.add_up(_Ranges(direction))[0]
    low0, high0 = (np.min([part[0] for part in found], axis=0), np.max([part[1] for part in found], axis=0))
    low1, high1 = (np.min([part[2] for part in found], axis=0), np.max([part[3] for part in found], axis=0))
    spread = np.maximum(high0, high1) - np.minimum(low0, low1)
    if not _runs_away(low0[0], high0[0], low1=low1[0], high1=high1[0], binary=binary):
        return
    terms = design.plan.terms
    apart = (high0 <= low1 + 1e-9 * spread) | (high1 <= low0 + 1e-9 * spread)
    alone = [
        term
        for term, is_apart, width in zip(terms, apart[1:], spread[1:], strict=True)
        if is_apart and width > 0 and term != "Intercept"
    ]
    if alone:
        raise SeparationError(
            f"the outcome is separated; {listed(alone)} alone tells those with it from those without. {WITH_TERM}"
        )
    reach = np.abs(direction) * spread[1:]
    largest = [terms[index] for index in np.argsort(-reach)[:3] if reach[index] > 1e-3 * reach.max()]
    raise SeparationError(
        f"the outcome is separated; {'a combination of ' * (len(largest) > 1)}{listed(largest)} tells some of those "
        f"with it, or without it, from all others. {WITH_TERM}"
    )


def _runs_away(low0: float, high0: float, *, low1: float, high1: float, binary: bool) -> bool:
    slack = 1e-3 * max(abs(low0), abs(high0), abs(low1), abs(high1))
    if slack == 0 or high0 > slack:
        return False
    return low1 >= -slack if binary else (low1 >= -slack and high1 <= slack and low0 < -slack)
