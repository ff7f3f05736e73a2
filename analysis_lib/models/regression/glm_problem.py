"""A generalised linear model with its data: planned, looked at, and ready to be fitted."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import checked_columns
from analysis_lib.models.regression.families import Family, Link
from analysis_lib.models.regression.glm_sums import OutcomeSums, Weighting
from analysis_lib.models.rows import Data, design_plan, open_rows, parse_formula
from analysis_lib.models.sums import DesignRows

if TYPE_CHECKING:
    from analysis_lib.compute import Cluster

__all__ = ["GlmProblem", "glm_problem"]

#: A design of fewer numbers is solved by QR: it fits memory, costs a moment, and loses half as many digits.
SMALL_DESIGN = 3_000_000


@dataclass(frozen=True)
class GlmProblem:
    """A model with its data, ready to be fitted.

    Attributes
    ----------
    design : DesignRows
        Rows.
    family : Family
        Distribution.
    link : Link
        Link.
    weighting : Weighting
        Weights and offsets.
    outcome : tuple
        Sums of `OutcomeSums`.
    """

    design: DesignRows
    family: Family
    link: Link
    weighting: Weighting
    outcome: tuple[Any, ...]

    @property
    def n_obs(self) -> float:
        """Rows by their frequency weights."""
        return float(self.outcome[1])

    @property
    def centre(self) -> float:
        """Weighted mean of the outcome."""
        return float(self.outcome[2] / self.outcome[3])

    @property
    def weight_sums(self) -> dict[str, float]:
        """Sum of the weights by kind and column."""
        kind = "sampling" if self.weighting.sampling else "analytic"
        found = {}
        if self.weighting.weights:
            found[f"{kind} weights {self.weighting.weights}"] = float(self.outcome[14]) * self.weighting.unit
        if self.weighting.frequency:
            found[f"frequency weights {self.weighting.frequency}"] = self.n_obs
        return found

    @property
    def fits_memory(self) -> bool:
        """Whether the whole design is small."""
        return self.design.plan.n * self.design.p <= SMALL_DESIGN

    @property
    def canonical(self) -> bool:
        """Whether the link is the family's canonical one."""
        return self.link.name == self.family.canonical and self.family.theta is None

    @property
    def fixed_scale(self) -> float | None:
        """1 for families without a scale."""
        return None if self.family.has_scale else 1.0


def glm_problem(
    formula: str,
    data: Data,
    *,
    family: Family,
    link: Link,
    weighting: Weighting,
    cluster: str | None,
    also_complete: Sequence[str] = (),
    on: "Cluster | None",
) -> GlmProblem:
    """Plan the design, look at the outcome, and refuse what no fit could use.

    Parameters
    ----------
    formula : str
        The model.
    data : DataFrame, Dask frame, Features or path
        Rows.
    family : Family
        Distribution.
    link : Link
        Link.
    weighting : Weighting
        Weights and offsets.
    cluster : str or None
        Column of clusters.
    also_complete : sequence of str, optional
        Columns that leave a row out where they are missing, though the model does without them.
    on : Cluster or None
        Where parts are worked on.

    Returns
    -------
    GlmProblem
        Ready to be fitted.

    Raises
    ------
    ModelInputError
        If something cannot be used.
    """
    rows = open_rows(data)
    parsed = parse_formula(formula, rows.columns)
    wanted = [*weighting.columns, *([cluster] if cluster else []), *also_complete]
    extra = checked_columns(wanted, rows.columns)
    plan = design_plan(
        parsed.right,
        rows,
        response=parsed.response,
        response_columns=parsed.response_columns,
        columns=parsed.columns,
        extra=tuple(dict.fromkeys(extra)),
        on=on,
    )
    if plan.n < len(plan.terms) + family.has_scale:
        raise ModelInputError(
            f"a model needs more rows than coefficients; found {plan.n:,} rows for {len(plan.terms):,}. Use fewer "
            "covariates, or elastic_net."
        )
    design = DesignRows(plan, rows, on=on)
    by_level = not family.has_scale and any(recipe.kind == "level" for recipe in plan.encoding.recipes)
    outcome = design.add_up(OutcomeSums(family, weighting, needs_design=by_level))
    return _checked_outcome(GlmProblem(design, family, link, weighting, outcome))


def _checked_outcome(problem: GlmProblem) -> GlmProblem:
    outcome, family = problem.outcome, problem.family
    response = problem.design.plan.response
    if outcome[4]:
        raise ModelInputError(
            f"the outcome of family {family.name} must be {family.outcome}; '{response}' is not in "
            f"{int(outcome[4]):,} rows. Look at its coding, or choose another family."
        )
    if outcome[6]:
        raise ModelInputError(
            f"weights must be > 0 and finite, frequency weights whole numbers >= 0; found {int(outcome[6]):,} "
            "rows with others. Leave rows out instead of giving them no weight."
        )
    if outcome[7]:
        raise ModelInputError(
            f"exposures must be > 0 and offsets finite; found {int(outcome[7]):,} rows with others. Leave out rows "
            "without person-time."
        )
    if not problem.n_obs > 0:
        raise ModelInputError("no row counts; found frequency weights that are all 0. Look at how they were made.")
    if family.name in {"binomial", "poisson", "negative binomial"}:
        total = float(outcome[8])
        if total <= 0 or (family.name == "binomial" and total >= outcome[1]):
            raise ModelInputError(
                f"an outcome must vary; '{response}' is {'0' if total <= 0 else '1'} in all {int(outcome[0]):,} rows "
                "analysed. Look at how it was made and how the rows were selected."
            )
    return _of_mean_weight_one(problem) if problem.weighting.sampling else problem


def _of_mean_weight_one(problem: GlmProblem) -> GlmProblem:
    """Divide sampling weights by their mean, as R's svyglm does, so that no number and no tolerance depends on it."""
    unit = float(problem.outcome[3] / problem.outcome[1])
    outcome = list(problem.outcome)
    for place in (2, 3, 14):
        outcome[place] /= unit
    return replace(problem, weighting=replace(problem.weighting, unit=unit), outcome=tuple(outcome))
