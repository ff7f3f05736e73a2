"""The arguments that a penalised fit takes whatever the form of its data, checked."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import checked_choice, checked_number
from analysis_lib.models.regression.penalised.families import FAMILIES, Family

__all__ = ["FEWEST_FOLDS", "Choices", "choices_of"]

FEWEST_FOLDS = 3


@dataclass(frozen=True)
class Choices:
    """The arguments that both forms share.

    Attributes
    ----------
    family : {"gaussian", "binomial", "poisson", "cox"}
        Model of the outcome.
    alpha : float
        Share of the lasso.
    lambdas : tuple of float or None
        Penalties, falling; chosen when None.
    n_lambdas : int
        How many to choose at most.
    smallest_share : float or None
        The smallest chosen penalty divided by the largest.
    standardise : bool
        Whether coefficients are penalised per standard deviation.
    folds : int or None
        Folds of the cross-validation.
    seed : int
        Their seed.
    tolerance : float
        By how much the conditions of the optimum may be missed.
    workers : int
        Threads.
    """

    family: Family
    alpha: float
    lambdas: tuple[float, ...] | None
    n_lambdas: int
    smallest_share: float | None
    standardise: bool
    folds: int | None
    seed: int
    tolerance: float
    workers: int

    def __post_init__(self) -> None:
        checked_choice(self.family, "family", known=FAMILIES)
        _in_range(self.alpha, "alpha", low=0, high=1, hint="1 is the lasso, 0 is ridge")
        _in_range(self.tolerance, "tolerance", low=1e-14, high=1e-2, hint="the default is 1e-6")
        if self.smallest_share is not None:
            _in_range(self.smallest_share, "smallest_share", low=1e-10, high=0.999, hint="such as 1e-3")
        if not (isinstance(self.n_lambdas, int) and self.n_lambdas >= 2):
            raise ModelInputError(f"n_lambdas must be 2 or more; found {self.n_lambdas}. The default is 100.")
        if self.lambdas is not None and not (self.lambdas and all(0 <= x < np.inf for x in self.lambdas)):
            raise ModelInputError(
                f"lambdas must be numbers, 0 or more; found {len(self.lambdas)} of which some are not. Leave them out "
                "to have them chosen."
            )
        if self.folds is not None and self.folds < FEWEST_FOLDS:
            raise ModelInputError(
                f"cross-validation needs {FEWEST_FOLDS} folds or more; found {self.folds}. Use 10, or None for none."
            )
        if self.workers < 1:
            raise ModelInputError(f"workers must be 1 or more; found {self.workers}. Leave it out for all cores.")


def choices_of(
    family: Family,
    alpha: float,
    *,
    lambdas: Sequence[float] | None,
    workers: int | None,
    **others: Any,
) -> Choices:
    """Check the arguments.

    Parameters
    ----------
    family, alpha
        As in `Choices`.
    lambdas : sequence of float or None
        Penalties in any order.
    workers : int or None
        Threads; all usable cores when None.
    **others : object
        The rest of `Choices`.

    Returns
    -------
    Choices
        Checked.

    Raises
    ------
    ModelInputError
        If an argument cannot be used.
    """
    falling = None if lambdas is None else tuple(sorted((float(x) for x in lambdas), reverse=True))
    return Choices(
        family=family,
        alpha=checked_number(alpha, "alpha"),
        lambdas=falling,
        workers=len(os.sched_getaffinity(0)) if workers is None else workers,
        **others,
    )


def _in_range(value: float, name: str, *, low: float, high: float, hint: str) -> None:
    if not low <= value <= high:
        raise ModelInputError(f"{name} must lie between {low:g} and {high:g}; found {value:g}. {hint.capitalize()}.")
