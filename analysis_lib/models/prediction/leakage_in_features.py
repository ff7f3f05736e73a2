"""Leaks that the variables themselves tell: which days they look at, and for which concepts."""

from collections.abc import Iterator, Sequence

from analysis_lib.catalog import Dataset
from analysis_lib.cohort import ConceptSet
from analysis_lib.cohort.language.resolution import resolve_all
from analysis_lib.features.requests import CoverRequest, PersonRequest, RecordRequest, RiseRequest, ValueRequest
from analysis_lib.features.variable import Feature
from analysis_lib.models.prediction.leakage import CHECKS, Finding
from analysis_lib.windows import Window

__all__ = ["look_at_codes", "look_at_windows"]

EVENTS = (RecordRequest, ValueRequest, RiseRequest, CoverRequest)
FOLLOW_UP = "days_observed_after"


def look_at_windows(features: Sequence[Feature], *, prediction_day: int) -> list[Finding]:
    """Find variables that look at days after the prediction, or at that day.

    Parameters
    ----------
    features : sequence of Feature
        The predictors.
    prediction_day : int
        Counted from the index date.

    Returns
    -------
    list of Finding
        At most one per variable.
    """
    findings = []
    for feature in features:
        if any(isinstance(asked, PersonRequest) and asked.field == FOLLOW_UP for asked in feature.requests):
            found = "it counts the days that the person was followed after the index date"
            findings.append(Finding("error", CHECKS[0], feature.column, found, "Leave it out: nobody knows it yet"))
            continue
        last = max((window.last_day for window in _windows(feature)), default=prediction_day - 1)
        when = "the index date" if prediction_day == 0 else f"day {prediction_day}"
        if last > prediction_day:
            found = f"it looks at days after the prediction ({_said(feature)})"
            advice = f"End its window the day before {when}"
            findings.append(Finding("error", CHECKS[0], feature.column, found, advice))
        elif last == prediction_day:
            found = f"it looks at the very day of the prediction ({_said(feature)})"
            advice = (
                "End its window the day before, or make sure that what is recorded on that day is known when the risk "
                "is computed"
            )
            findings.append(Finding("warning", CHECKS[0], feature.column, found, advice))
    return findings


def look_at_codes(
    features: Sequence[Feature], outcome: Sequence[ConceptSet], *, dataset: Dataset, prediction_day: int
) -> list[Finding]:
    """Find concepts that define the outcome among those of a predictor.

    Parameters
    ----------
    features : sequence of Feature
        The predictors.
    outcome : sequence of ConceptSet
        What the outcome was made of.
    dataset : Dataset
        The release whose vocabulary says what lies below a concept.
    prediction_day : int
        Counted from the index date.

    Returns
    -------
    list of Finding
        An error where records from the day of the prediction on are looked at, else a warning.
    """
    sets = {feature.column: list(dict.fromkeys(_concept_sets(feature))) for feature in features}
    asked = [*outcome, *(each for of_feature in sets.values() for each in of_feature)]
    resolved = resolve_all(dict.fromkeys(asked), dataset, unknown_concepts="warn")
    defining = {concept for each in outcome for concept in resolved[each]}
    findings = []
    for feature in features:
        shared = {concept for each in sets[feature.column] for concept in resolved[each]} & defining
        if not shared:
            continue
        count = "1 concept" if len(shared) == 1 else f"{len(shared):,} concepts"
        found = f"it counts records of {count} that define the outcome"
        if max(window.last_day for window in _windows(feature)) >= prediction_day:
            advice = "Leave it out, or end its window the day before the prediction: it may be the outcome itself"
            findings.append(Finding("error", CHECKS[1], feature.column, found, advice))
        else:
            advice = (
                "Keep it only where an earlier outcome may be known; where those who had the outcome before were left "
                "out, it should be constant"
            )
            findings.append(Finding("warning", CHECKS[1], feature.column, found, advice))
    return findings


def _windows(feature: Feature) -> Iterator[Window]:
    if feature.looks_at is not None:
        yield feature.looks_at
    for asked in feature.requests:
        if isinstance(asked, EVENTS):
            yield asked.window


def _concept_sets(feature: Feature) -> Iterator[ConceptSet]:
    for asked in feature.requests:
        if isinstance(asked, EVENTS):
            yield asked.concept_set


def _said(feature: Feature) -> str:
    latest = max(_windows(feature), key=lambda window: window.last_day)
    return latest.describe()
