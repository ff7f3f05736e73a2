"""What a risk model is asked to learn: predictors, outcome and horizon, read from a formula, columns or features."""

from collections.abc import Sequence
from dataclasses import dataclass

from analysis_lib.errors import ModelInputError
from analysis_lib.features.feature_set import Features
from analysis_lib.models.arguments import checked_columns, listed
from analysis_lib.models.prediction.checked_values import checked_number
from analysis_lib.models.prediction.preparation import Missing
from analysis_lib.models.rows.formula import parse_formula, survival_formula
from analysis_lib.models.rows.source import PERSON_COLUMNS

__all__ = ["Request", "request_of"]


@dataclass(frozen=True)
class Request:
    """What is to be learned.

    Attributes
    ----------
    predictors : tuple of str
        Columns.
    targets : tuple of str
        The outcome; or time and event.
    right : str
        Right side of the formula.
    is_formula : bool
        Whether the user wrote it.
    horizon : float or None
        Until when, where the outcome has a time.
    missing : {"impute", "keep", "complete"}
        What to do with missing predictors.
    """

    predictors: tuple[str, ...]
    targets: tuple[str, ...]
    right: str
    is_formula: bool
    horizon: float | None
    missing: Missing


def request_of(
    predictors: str | Sequence[str] | Features,
    columns: Sequence[str],
    *,
    survival: bool,
    targets: tuple[str | None, ...],
    horizon: float | None,
    missing: Missing,
) -> Request:
    """Read what is asked: a formula, columns, or features.

    Parameters
    ----------
    predictors : str, sequence of str, or Features
        As for `risk_model`.
    columns : sequence of str
        Columns of the data.
    survival : bool
        Whether the outcome has a time.
    targets : tuple of str or None
        Columns of the outcome, where there is no formula.
    horizon : float or None
        Until when.
    missing : {"impute", "keep", "complete"}
        What to do with missing predictors.

    Returns
    -------
    Request
        Its columns are all known.

    Raises
    ------
    ModelInputError
        If something is missing, or named twice.
    """
    if survival != (horizon is not None):
        raise ModelInputError(
            "a model of a time predicts until a horizon, other models have none; found "
            f"{'none' if horizon is None else 'one'}. {'Give horizon=365.' if survival else 'Leave horizon= out.'}"
        )
    until = None if horizon is None else checked_number(horizon, "horizon", low=0.0, high=float("inf"))
    if isinstance(predictors, str):
        if any(name is not None for name in targets):
            raise ModelInputError("the formula names the outcome; found it as an argument too. Leave the argument out.")
        return _of_formula(predictors, columns, survival=survival, horizon=until, missing=missing)
    if isinstance(predictors, Features):
        names = [feature.column for feature in predictors.features]
    else:
        names = list(predictors)
    own = [name for name in targets if name is not None]
    if len(own) < len(targets):
        wanted = "time= and event=" if survival else "outcome="
        raise ModelInputError(f"the outcome is not named; found predictors without a formula. Give {wanted}.")
    checked_columns([*own, *names], columns)
    _check_parts(names, own)
    right = " + ".join(f"`{name}`" for name in names)
    return Request(tuple(names), tuple(own), right, is_formula=False, horizon=until, missing=missing)


def _of_formula(
    text: str, columns: Sequence[str], *, survival: bool, horizon: float | None, missing: Missing
) -> Request:
    if not survival:
        parsed = parse_formula(text, columns)
        if parsed.response_columns != (parsed.response.strip().strip("`"),):
            raise ModelInputError(
                f"the outcome must be a column of 0 and 1; found the expression '{parsed.response}'. Make it a column."
            )
        own, names, right = list(parsed.response_columns), list(parsed.columns), parsed.right
    else:
        split = survival_formula(text, columns)
        if split.start is not None or split.strata or split.cluster:
            raise ModelInputError(
                "a risk until a horizon needs one baseline hazard from time 0; found start times, strata or clusters. "
                "Use analysis_lib.models.cox for these."
            )
        own, names, right = [split.stop, split.event], list(split.columns), split.right
    _check_parts(names, own)
    return Request(tuple(names), tuple(own), right, is_formula=True, horizon=horizon, missing=missing)


def _check_parts(names: Sequence[str], own: Sequence[str]) -> None:
    if not names:
        raise ModelInputError("a model of risk needs a predictor; found none. Name some columns.")
    every = [*names, *own]
    if twice := sorted({name for name in every if every.count(name) > 1}):
        raise ModelInputError(f"a column has two parts to play; found {listed(twice)} more than once. Name each once.")
    if ids := sorted(set(PERSON_COLUMNS) & set(names)):
        raise ModelInputError(f"an id is no predictor; found {listed(ids)}. Leave it out.")
