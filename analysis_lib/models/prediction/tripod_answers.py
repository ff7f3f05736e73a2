"""What the objects of a run say to each item of TRIPOD+AI."""

from collections.abc import Sequence

import pandas as pd

from analysis_lib.cohort import Cohort
from analysis_lib.features.feature_set import Features
from analysis_lib.features.outcome import Outcomes
from analysis_lib.features.variable import Feature
from analysis_lib.models.arguments import in_percent
from analysis_lib.models.prediction.estimators import PenalisedEstimator
from analysis_lib.models.prediction.leakage import LeakageReport
from analysis_lib.models.prediction.performance import WORDS, PerformanceResult
from analysis_lib.models.prediction.survival_performance import WORDS as SURVIVAL_WORDS
from analysis_lib.models.prediction.survival_performance import SurvivalPerformanceResult
from analysis_lib.models.prediction.trained_model import RiskModel
from analysis_lib.models.prediction.training import right_side
from analysis_lib.printed_numbers import format_estimate

__all__ = ["TO_BE_WRITTEN", "answers_of"]

Performance = PerformanceResult | SurvivalPerformanceResult
#: Coefficients are written out up to so many; trees and longer models are in `RiskModel.specification`.
MOST_TERMS = 60
TO_BE_WRITTEN = "To be written by the authors."
#: LightGBM's settings that weigh the classes.
BALANCING = {"is_unbalance", "unbalance", "unbalanced_sets", "scale_pos_weight", "class_weight"}


def answers_of(
    model: RiskModel,
    *,
    cohort: Cohort | None,
    outcome: Outcomes | None,
    features: Features | None,
    performance: Performance | None,
    internal: Performance | None,
    leakage: LeakageReport | None,
    has_characteristics: bool,
) -> dict[str, str]:
    """Gather what is known.

    Parameters
    ----------
    model : RiskModel
        The model.
    cohort : Cohort or None
        Whom it is about.
    outcome : Outcomes or None
        What was predicted.
    features : Features or None
        What the predictors were made by.
    performance : PerformanceResult, SurvivalPerformanceResult or None
        On held-out rows.
    internal : PerformanceResult, SurvivalPerformanceResult or None
        By cross-validation.
    leakage : LeakageReport or None
        What a check for leaks found.
    has_characteristics : bool
        Whether there is a table of the participants.

    Returns
    -------
    dict of str to str
        Text by item number.
    """
    found = _of_model(model)
    if cohort is not None:
        found |= _of_cohort(cohort)
    if outcome is not None:
        found |= _of_outcome(outcome, model)
    if features is not None:
        found["9b"] = "\n".join(f"{feature.column}: {feature.meaning}" for feature in _used(features, model))
    if performance is not None:
        found |= _of_performance(performance)
    if internal is not None:
        found["12c"] += f"\nInternal validation: cross-validation by person. {_sentence(internal)}"
    if leakage is not None:
        found["7"] = f"{found['7']}\n{_of_leakage(leakage)}"
    if has_characteristics:
        found["20b"] = "See Table 1 of the report."
    found["20a"] = "\n".join(_flow(model, cohort=cohort, outcome=outcome))
    found["10"] = _sample_size(model, performance)
    found["21"] = _counts(model, performance, internal=internal)
    return {number: text for number, text in found.items() if text.strip()}


def _of_model(model: RiskModel) -> dict[str, str]:
    preparation = model.preparation
    numbers = [column for column in preparation.columns if column.n_missing]
    shares = "; ".join(
        f"{column.name} {column.n_missing:,} ({100 * column.n_missing / max(preparation.n_training, 1):.1f}%)"
        for column in numbers
    )
    until = "" if model.horizon is None else f" until {model.horizon:g} (unit of {model.request.targets[0]})"
    return {
        "7": f"On the training rows alone: {preparation.describe()}.",
        "8a": f"Column '{model.request.targets[-1]}'{until}.",
        "9a": f"Candidate predictors: {', '.join(model.predictors)}.",
        "11": f"Training rows with missing values: {shares or 'none'}. Treatment: {preparation.describe()}."
        + (f" Rows without an outcome were left out: {_reasons(model)}." if model.exclusions else ""),
        "12a": f"Split {model.split.method}. {_parts(model)}" if model.split else "",
        "12b": f"Right side of the formula: {right_side(model.request, preparation)}."
        if model.kind != "boosting"
        else "",
        "12c": f"{model.title}: {model.learned.method}. Source: {model.source}.",
        "13": _balance(model),
        "15": f"A probability{until}; no threshold is part of the model.",
        "22": _specification(model),
    }


def _balance(model: RiskModel) -> str:
    weighing = sorted(BALANCING & set(getattr(model.estimator, "settings", {})))
    said = f"Settings: {', '.join(weighing)}" if weighing else "No resampling or weighting of classes"
    share = 100 * model.events_until_horizon / max(model.n, 1)
    if model.horizon is None:
        return f"{said}. {share:.1f}% of the training rows have the outcome."
    return f"{said}. {share:.1f}% of the training rows are known to have the outcome until {model.horizon:g}."


def _sample_size(model: RiskModel, performance: Performance | None) -> str:
    said = f"Development: {_rows_and_events(model)}, for {len(model.predictors):,} candidate predictors."
    if performance is not None:
        said += f" Evaluation: {_rows_and_events(performance)}."
    return f"{said} Why this is enough: {TO_BE_WRITTEN.lower()}"


def _rows_and_events(result: RiskModel | Performance) -> str:
    """Count what a risk is about: events until its horizon; those after it are told apart."""
    if isinstance(result, RiskModel):
        until, horizon = result.events_until_horizon, result.horizon
    else:
        until = int(result.table["events"].iloc[0])
        horizon = result.horizon if isinstance(result, SurvivalPerformanceResult) else None
    said = f"{result.n:,} rows of {result.persons['all']:,} persons, {until:,} events"
    return said if horizon is None else f"{said} until {horizon:g} ({result.events:,} in the whole follow-up)"


def _of_cohort(cohort: Cohort) -> dict[str, str]:
    dates = cohort.frame["cohort_start_date"]
    span = f" Index dates from {dates.min():%Y-%m} to {dates.max():%Y-%m}." if len(dates) else ""
    return {
        "5a": f"OMOP data release '{cohort.dataset.name}' {cohort.release}.",
        "5b": span.strip(),
        "6b": f"{cohort.definition}\nDefinition hash (SHA-256): {cohort.definition_sha256}.",
    }


def _of_outcome(outcome: Outcomes, model: RiskModel) -> dict[str, str]:
    until = "" if model.horizon is None else f", until {model.horizon:g} days"
    return {"8a": f"First record of '{outcome.name}' during the time at risk{until}."}


def _of_performance(performance: Performance) -> dict[str, str]:
    groups = [str(group) for group in performance.table["group"].unique()]
    by = performance.settings.get("by")
    lines = [
        f"{group}: {_sentence(performance, group=group)}" if len(groups) > 1 else _sentence(performance)
        for group in groups
    ]
    found = {
        "12e": f"{performance.method}.",
        "12g": "By RiskModel.predict: predictors prepared as learned on the training rows (item 7), then item 22.",
        "23a": "\n".join(lines),
    }
    if by is not None:
        found["14"] = f"Performance was assessed in subgroups by {by}."
    return found


def _of_leakage(leakage: LeakageReport) -> str:
    many = len(leakage.findings)
    said = "nothing" if not many else f"{len(leakage.errors)} errors and {many - len(leakage.errors)} warnings"
    named = "".join(f"\n{finding.severity}: {finding.column} {finding.found}." for finding in leakage.findings)
    return f"A check for leakage of {len(leakage.predictors)} predictors found {said}.{named}"


def _used(features: Features, model: RiskModel) -> Sequence[Feature]:
    return [feature for feature in features.features if feature.column in model.predictors]


def _sentence(performance: Performance, *, group: str = "all") -> str:
    words = SURVIVAL_WORDS if isinstance(performance, SurvivalPerformanceResult) else WORDS
    table = performance.table[performance.table["group"] == group]
    said = []
    for row in table.to_dict("records"):
        value = format_estimate(float(row["estimate"]), digits=3)
        if not pd.isna(row["ci_low"]):
            limits = [format_estimate(float(row[name]), digits=3) for name in ("ci_low", "ci_high")]
            value += f" ({in_percent(performance.level)} CI {limits[0]} to {limits[1]})"
        said.append(f"{words[row['measure']]} {value}")
    first = table.iloc[0]
    until = f" until {performance.horizon:g}" if isinstance(performance, SurvivalPerformanceResult) else ""
    return f"{int(first['n']):,} rows, {int(first['events']):,} events{until}. {'; '.join(said)}."


def _flow(model: RiskModel, *, cohort: Cohort | None, outcome: Outcomes | None) -> list[str]:
    lines = []
    for name, source in (("Cohort", cohort), ("Outcome", outcome)):
        if source is not None:
            steps = source.attrition.to_dict("records")
            lines += [
                f"{name}: {step['rule']}: {int(step['persons']):,} persons, {int(step['records']):,} rows"
                for step in steps
            ]
    if model.split is not None:
        lines.append(f"Split: {_parts(model)}")
    return lines


def _parts(model: RiskModel) -> str:
    if model.split is None:
        return ""
    rows = model.split.table.to_dict("records")
    return (
        "; ".join(f"{row['part']} {int(row['rows']):,} rows of {int(row['persons']):,} persons" for row in rows) + "."
    )


def _counts(model: RiskModel, performance: Performance | None, *, internal: Performance | None) -> str:
    lines = [f"Development: {_rows_and_events(model)}."]
    if isinstance(model.estimator, PenalisedEstimator):
        lines.append(f"Choice of the penalty: {model.estimator.folds} folds of the persons of the same rows.")
    if model.kind == "boosting" and model.split is not None:
        table = model.split.table
        if rows := int(table.loc[table["part"] == "validation", "rows"].sum()):
            lines.append(f"Choice of the number of trees: {rows:,} validation rows.")
    if internal is not None:
        lines.append(f"Internal validation: {_rows_and_events(internal)}.")
    if performance is not None:
        lines.append(f"Evaluation: {_rows_and_events(performance)}.")
    return "\n".join(lines)


def _reasons(model: RiskModel) -> str:
    return "; ".join(f"{reason}: {count:,}" for reason, count in model.exclusions.items())


def _specification(model: RiskModel) -> str:
    terms = model.to_frame()
    if model.kind == "boosting":
        shares = "; ".join(f"{row.term} {row.importance:.4f}" for row in terms.head(MOST_TERMS).itertuples())
        return (
            f"{len(terms):,} predictors; the trees are in RiskModel.specification(), in LightGBM's text format. "
            f"Importance: {shares}."
        )
    kept = "; ".join(f"{row.term} {row.coef:.6g}" for row in terms.head(MOST_TERMS).itertuples())
    rest = f"; and {len(terms) - MOST_TERMS:,} more in RiskModel.specification()" if len(terms) > MOST_TERMS else ""
    specification = model.specification()
    hazard = specification.get("baseline_cumulative_hazard")
    base = "" if hazard is None else f" Cumulative baseline hazard at {model.horizon:g}: {hazard:.6g}."
    filled = "; ".join(f"{column.name} {column.fill}" for column in model.preparation.columns if column.n_missing)
    values = f" Missing values are filled with: {filled}." if filled and model.preparation.missing == "impute" else ""
    return f"Link: {specification['link']}. Coefficients: {kept}{rest}.{base}{values}"
