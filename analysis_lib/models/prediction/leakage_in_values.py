"""Leaks that names and values betray."""

import difflib
import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.prediction.checked_values import binary_column
from analysis_lib.models.prediction.leakage import CHECKS, Finding, Severity
from analysis_lib.models.rows.source import PERSON_COLUMNS, Rows

__all__ = ["look_at_names", "look_at_values"]

BoolArray = npt.NDArray[np.bool_]

#: What `analysis_lib.features.outcome` and the cohort table say of the time after the index date.
AFTER_INDEX = (
    "cohort_end_date",
    "risk_start_date",
    "risk_end_date",
    "time_at_risk_days",
    "event",
    "event_date",
    "end_reason",
    "death_date",
    "days_observed_after",
)
IDS = (*PERSON_COLUMNS, "visit_occurrence_id", "cohort_definition_id", "row_id")
WORDS_OF_LATER = frozenset(
    ("after", "death", "died", "discharge", "discharged", "followup", "follow", "future", "later", "outcome", "post")
)
#: Shorter names are near one another by chance.
SHORTEST_NAME = 4
NEAR = 0.85
CERTAIN = 0.99
MOST_LEVELS = 50
#: In a class of fewer rows a rare predictor is constant by chance.
FEWEST_ROWS = 20
#: So many of the other class must differ before a constant is worth a word.
OTHER_SHARE = 0.05
_REST = "Look how it is recorded; leave it out if it is known only after the outcome, or because of it"


def look_at_names(predictors: Sequence[str], *, outcome: str) -> list[Finding]:
    """Find predictors that by their name or type are no predictors.

    Parameters
    ----------
    predictors : sequence of str
        Columns.
    outcome : str
        Column of the outcome.

    Returns
    -------
    list of Finding
        At most one per column.
    """
    findings = []
    for name in predictors:
        if name in AFTER_INDEX:
            said = "its values are made after the index date"
            findings.append(Finding("error", CHECKS[2], name, said, "Leave it out: nobody knows it yet"))
        elif name in IDS:
            said = "it is an id"
            advice = "Leave it out: a model may learn from it who came when"
            findings.append(Finding("error", CHECKS[2], name, said, advice))
        elif _near(name, outcome):
            advice = f"Make sure that it is no copy of '{outcome}', and was recorded before"
            findings.append(
                Finding("warning", CHECKS[3], name, f"its name is near that of the outcome '{outcome}'", advice)
            )
        elif words := sorted(_words(name) & WORDS_OF_LATER):
            said = f"its name speaks of later ('{words[0]}')"
            findings.append(Finding("warning", CHECKS[2], name, said, "Make sure that it is known at the prediction"))
    return findings


def look_at_values(
    rows: Rows, predictors: Sequence[str], *, outcome: str, suspicious: float
) -> tuple[list[Finding], list[str]]:
    """Find predictors whose values tell too much.

    Parameters
    ----------
    rows : Rows
        The data.
    predictors : sequence of str
        Columns.
    outcome : str
        Column of the outcome.
    suspicious : float
        AUROC of a single predictor from which on it is reported.

    Returns
    -------
    findings : list of Finding
        At most one per column.
    unseen : list of str
        Columns whose values could not be looked at, each with the reason.

    Raises
    ------
    ModelInputError
        If there is nothing that the values could be compared with.
    """
    had = rows.frame([outcome])[outcome]
    known = had.notna().to_numpy()
    event = _both_classes(had, known, name=outcome)
    index_date = rows.frame(["cohort_start_date"])["cohort_start_date"] if "cohort_start_date" in rows.columns else None
    findings, unseen, empty = [], [], 0
    for name in predictors:
        column = rows.frame([name])[name]
        if not column[known].notna().any():
            empty += 1
            unseen.append(f"values of '{name}' (missing wherever the outcome is known)")
            continue
        if name in AFTER_INDEX or name in IDS:
            continue
        if pd.api.types.is_datetime64_any_dtype(column.dtype):
            findings.append(_date(column, name, index_date=index_date))
            continue
        if reason := _unreadable(column[known]):
            unseen.append(f"values of '{name}' ({reason})")
        if found := _telling(column[known], event, name=name, suspicious=suspicious):
            findings.append(found)
    if empty == len(predictors):
        raise ModelInputError(
            f"nothing could be checked; found all {empty:,} predictors without a value wherever the outcome is known. "
            "Look how they were joined to the outcome."
        )
    return findings, unseen


def _both_classes(had: pd.Series, known: BoolArray, *, name: str) -> BoolArray:
    """Read the outcome where it is known; without both classes there is nothing that it could betray itself to."""
    if not known.any():
        found = f"the outcome '{name}' missing in all {len(had):,} rows" if len(had) else "no row"
        raise ModelInputError(f"nothing could be checked; found {found}. Look how the data were made.")
    event = binary_column(had[known], name=name)
    if not 0 < event.sum() < event.size:
        raise ModelInputError(
            f"nothing could be checked: a leak is found by comparing those with and those without the outcome; found "
            f"{int(event.sum()):,} with '{name}' in {event.size:,} rows. Look how the outcome was made."
        )
    return event


def _words(name: str) -> set[str]:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return set(re.split(r"[\W_]+", spaced.casefold()))


def _near(name: str, outcome: str) -> bool:
    first, second = (re.sub(r"[\W_]+", "", each.casefold()) for each in (name, outcome))
    if min(len(first), len(second)) < SHORTEST_NAME:
        return first == second
    return first in second or second in first or difflib.SequenceMatcher(None, first, second).ratio() >= NEAR


def _date(column: pd.Series, name: str, *, index_date: pd.Series | None) -> Finding:
    if index_date is not None and pd.api.types.is_datetime64_any_dtype(index_date.dtype):
        later = int((_without_zone(column) > _without_zone(index_date)).sum())
        if later:
            said = f"it is a date, later than the index date in {later:,} rows"
            return Finding("error", CHECKS[2], name, said, "Leave it out: nobody knows it yet")
    advice = "Turn it into days before the index date: the calendar itself will not come again"
    return Finding("warning", CHECKS[2], name, "it is a date", advice)


def _without_zone(column: pd.Series) -> pd.Series:
    return column.dt.tz_localize(None) if column.dt.tz is not None else column


def _telling(column: pd.Series, event: BoolArray, *, name: str, suspicious: float) -> Finding | None:
    missing = column.isna().to_numpy()
    scores = {"it": _score(column[~missing], event[~missing])}
    if missing.any():
        scores["whether it is missing"] = _area(missing.astype(np.float64), event)
    for what, area in scores.items():
        if area >= suspicious:
            severity: Severity = "error" if area >= CERTAIN else "warning"
            return Finding(severity, CHECKS[4], name, f"{what} alone has an AUROC of {area:.3f}", _REST)
    return _constant(column, event, name=name)


def _score(column: pd.Series, event: BoolArray) -> float:
    """AUROC of a column, whichever way it points; 0.5 where it has none."""
    if not 0 < event.sum() < event.size:
        return 0.5
    if _is_number(column):
        return _area(column.to_numpy(dtype=np.float64), event)
    codes, levels = pd.factorize(column.astype(str))
    if not 1 < len(levels) <= MOST_LEVELS:
        return 0.5
    share = np.bincount(codes, event, minlength=len(levels)) / np.bincount(codes, minlength=len(levels))
    return _area(share[codes], event)


def _is_number(column: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_complex_dtype(column.dtype)


def _unreadable(column: pd.Series) -> str:
    """Tell why values cannot be compared with the outcome; empty where they can."""
    if _is_number(column):
        finite = np.isfinite(column.dropna().to_numpy(dtype=np.float64))
        return "" if finite.any() else "no finite number"
    if column.astype(str).nunique() > MOST_LEVELS:
        return f"a category of more than {MOST_LEVELS} levels"
    return ""


def _area(values: npt.NDArray[np.float64], event: BoolArray) -> float:
    from scipy.stats import rankdata

    finite = np.isfinite(values)
    values, event = values[finite], event[finite]
    n_events = int(event.sum())
    if not 0 < n_events < event.size:
        return 0.5
    above = float(rankdata(values)[event].sum()) - n_events * (n_events + 1) / 2
    area = above / (n_events * (event.size - n_events))
    return max(area, 1 - area)


def _constant(column: pd.Series, event: BoolArray, *, name: str) -> Finding | None:
    if column.dtype == object:
        column = column.astype(str).where(column.notna())  # lists and the like are compared as they are written
    for inside, words in ((event, "with"), (~event, "without")):
        own, other = column[inside], column[~inside]
        if len(own) < FEWEST_ROWS or own.nunique(dropna=False) != 1:
            continue
        value = own.iloc[0]
        differ = float((other.notna() if pd.isna(value) else other.ne(value)).mean())
        if differ >= OTHER_SHARE:
            said = (
                f"it is constant among the {len(own):,} {words} the outcome, and differs in {100 * differ:.0f}% of the "
                "others"
            )
            return Finding("warning", CHECKS[5], name, said, _REST)
    return None
