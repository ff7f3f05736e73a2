"""Looking for what a prediction must not know: the future, the outcome itself, the people it is judged by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from analysis_lib.catalog import Dataset
from analysis_lib.cohort import ConceptSet
from analysis_lib.errors import ModelInputError
from analysis_lib.features.feature_set import Features
from analysis_lib.models.arguments import checked_columns, checked_kind, checked_number, columns_by_name
from analysis_lib.models.prediction.checked_values import binary_column
from analysis_lib.models.prediction.person_split import PARTS, PersonSplit
from analysis_lib.models.result import ModelSummary
from analysis_lib.models.rows.source import PERSON_COLUMNS, Data, Rows, open_rows

__all__ = ["Finding", "LeakageReport", "Severity", "check_leakage"]

Severity = Literal["error", "warning"]

CHECKS = (
    "Features that look at days after the prediction, or at that day",
    "Concepts that define the outcome among the concepts of predictors, descendants included",
    "Columns that are made after the index date, ids and dates among the predictors",
    "Predictors with a name near the outcome's",
    "Single predictors, or their being missing, that foretell the outcome nearly perfectly",
    "Predictors that are constant in one class",
    "Persons in more than one part of the split",
)


@dataclass(frozen=True)
class Finding:
    """Something that may leak.

    Attributes
    ----------
    severity : {"error", "warning"}
        Whether it must be mended, or looked at.
    check : str
        What was looked for.
    column : str
        The predictor; empty where it is about all.
    found : str
        What was found, in counts.
    advice : str
        What to do.
    """

    severity: Severity
    check: str
    column: str
    found: str
    advice: str


@dataclass(frozen=True, repr=False, eq=False)
class LeakageReport:
    """What a leakage check found.

    Attributes
    ----------
    findings : tuple of Finding
        Errors first.
    predictors : tuple of str
        Columns looked at.
    checks : tuple of str
        What was looked for.
    skipped : tuple of str
        What could not be looked for, and why.
    persons : mapping of str to int
        Distinct persons looked at.
    """

    findings: tuple[Finding, ...]
    predictors: tuple[str, ...]
    checks: tuple[str, ...]
    skipped: tuple[str, ...]
    persons: Mapping[str, int]

    @property
    def errors(self) -> tuple[Finding, ...]:
        """What must be mended."""
        return tuple(finding for finding in self.findings if finding.severity == "error")

    @property
    def clean(self) -> bool:
        """Whether nothing was found; what was skipped was not looked for."""
        return not self.findings

    def to_frame(self) -> pd.DataFrame:
        """Return the findings as a table.

        Returns
        -------
        DataFrame
            ``severity``, ``check``, ``column``, ``found``, ``advice``.
        """
        return pd.DataFrame(
            [(f.severity, f.check, f.column, f.found, f.advice) for f in self.findings],
            columns=["severity", "check", "column", "found", "advice"],
        )

    def summary(self) -> ModelSummary:
        """Write the findings for reading.

        Returns
        -------
        ModelSummary
            Prints as text, shows as a table in a notebook.
        """
        rows = tuple((f.severity, f.column or "–", f.found, f.advice) for f in self.findings)
        many = len(self.findings)
        found = "nothing" if not many else f"{len(self.errors):,} errors and {many - len(self.errors):,} warnings"
        notes = [f"Found {found} in {len(self.predictors):,} predictors.", f"Looked for: {'; '.join(self.checks)}."]
        if self.skipped:
            notes.append(f"Not looked for: {'; '.join(self.skipped)}.")
        header = ("Severity", "Predictor", "Found", "What to do")
        return ModelSummary(title="Leakage check", header=header, rows=rows, notes=tuple(notes))

    def __repr__(self) -> str:
        lines = [
            f"{finding.severity}: {finding.column + ': ' if finding.column else ''}{finding.found}. {finding.advice}"
            for finding in self.findings
        ]
        return "\n".join(["Leakage check", "", *lines, *([""] if lines else []), *self.summary().notes])

    def _repr_html_(self) -> str:
        from analysis_lib.tables import html_table

        said = self.summary()
        return html_table(said.header, said.rows, caption=said.title, notes=said.notes, left=4)


@columns_by_name
def check_leakage(
    data: Data,
    *,
    outcome: str,
    predictors: Sequence[str] | None = None,
    features: Features | None = None,
    outcome_concepts: ConceptSet | Sequence[ConceptSet] = (),
    dataset: Dataset | None = None,
    split: PersonSplit | str | None = None,
    prediction_day: int = 0,
    suspicious_auroc: float = 0.95,
) -> LeakageReport:
    """Look for leaks in the data of a prediction model, before it is fitted.

    Nothing is changed. A check that finds nothing is no proof: it does not know how the records came about.

    Parameters
    ----------
    data : DataFrame, Dask frame or path
        One row per prediction: outcome and predictors.
    outcome : str
        Column that says who had the outcome: bool or 0/1.
    predictors : sequence of str, optional
        Columns the model would use; the columns of `features`, or all but the outcome, the keys and the index date,
        when left out.
    features : Features, optional
        What the predictors were made by; it knows their windows and concepts.
    outcome_concepts : ConceptSet or sequence of ConceptSet, optional
        What the outcome was made of.
    dataset : Dataset, optional
        The release whose vocabulary says what lies below a concept; that of `features` when left out.
    split : PersonSplit or str, optional
        From `split_persons`, or a column that names the part of each row.
    prediction_day : int, default 0
        Day of the prediction, counted from the index date.
    suspicious_auroc : float, default 0.95
        A single predictor with this AUROC or a higher one is reported; from 0.99 on as an error.

    Returns
    -------
    LeakageReport
        Findings with severity and what to do; shows itself.

    Raises
    ------
    ModelInputError
        If the data or an argument cannot be used, or nothing could be checked: no row, no predictor, no value of any
        predictor, or an outcome that is missing everywhere or the same for all.
    """
    from analysis_lib.models.prediction.leakage_in_features import look_at_codes, look_at_windows
    from analysis_lib.models.prediction.leakage_in_values import look_at_names, look_at_values

    checked_kind(features, "features", kind=Features, hint="Columns are named by predictors=")
    checked_number(suspicious_auroc, "suspicious_auroc")
    if isinstance(prediction_day, bool) or not isinstance(prediction_day, int):
        raise ModelInputError(f"prediction_day must be a whole number; found {type(prediction_day).__name__}. Use 0.")
    if not 0.5 < suspicious_auroc <= 1:
        raise ModelInputError(f"suspicious_auroc must lie in (0.5, 1]; found {suspicious_auroc:g}. 0.95 is usual.")
    ways = (ConceptSet, Sequence)
    checked_kind(outcome_concepts, "outcome_concepts", kind=ways, hint="Write ConceptSet(name, [concept_id])")
    rows = open_rows(data)
    checked_columns([outcome], rows.columns)
    chosen = _predictors(rows, outcome=outcome, predictors=predictors, features=features, split=split)
    if not chosen:
        raise ModelInputError("nothing could be checked; found no predictor. Name the predictors.")
    meant = [outcome_concepts] if isinstance(outcome_concepts, ConceptSet) else list(outcome_concepts)
    for each in meant:
        checked_kind(each, "outcome_concepts", kind=ConceptSet, hint="Write ConceptSet(name, [concept_id])")
    used = [each for each in (features.features if features else ()) if each.column in chosen]
    findings, skipped = [], []
    if features is None:
        skipped.append("windows and concepts of the predictors (give features=)")
    else:
        findings += look_at_windows(used, prediction_day=prediction_day)
        if meant:
            release = dataset or features.members.dataset
            findings += look_at_codes(used, meant, dataset=release, prediction_day=prediction_day)
        else:
            skipped.append("concepts of the outcome among the predictors (give outcome_concepts=)")
    findings += look_at_names(chosen, outcome=outcome)
    of_values, unseen = look_at_values(rows, chosen, outcome=outcome, suspicious=suspicious_auroc)
    findings += of_values
    skipped += unseen
    if split is None:
        skipped.append("persons in more than one part (give split=)")
    else:
        findings += _look_at_split(rows, split)
    return LeakageReport(
        findings=tuple(sorted(findings, key=lambda finding: finding.severity)),
        predictors=tuple(chosen),
        checks=CHECKS,
        skipped=tuple(skipped),
        persons=_persons(rows, outcome),
    )


def _predictors(
    rows: Rows,
    *,
    outcome: str,
    predictors: Sequence[str] | None,
    features: Features | None,
    split: PersonSplit | str | None,
) -> list[str]:
    if predictors is not None:
        chosen = checked_columns(list(predictors), rows.columns)
        if outcome in chosen:
            raise ModelInputError(f"the outcome is among the predictors; found '{outcome}' as both. Take it out.")
        return chosen
    if features is not None:
        return [feature.column for feature in features.features if feature.column in rows.columns]
    keys = {outcome, "cohort_start_date", *PERSON_COLUMNS, *([split] if isinstance(split, str) else [])}
    return [name for name in rows.columns if name not in keys]


def _look_at_split(rows: Rows, split: PersonSplit | str) -> list[Finding]:
    person = rows.person_column
    check = "Persons in more than one part of the split"
    if person is None:
        raise ModelInputError(
            "a split is checked by whose the rows are; found neither subject_id nor person_id. Add the column."
        )
    ids = rows.frame([person])[person]
    if isinstance(split, str):
        parts = rows.frame(checked_columns([split], rows.columns))[split].astype(str).to_numpy(dtype=object)
    else:
        parts = split.part
        if parts.size != len(ids):
            raise ModelInputError(
                f"a split belongs to the rows it was made of; found {len(ids):,} rows, it was made of {parts.size:,}. "
                "Split these rows anew."
            )
    inside = parts != PARTS[-1]
    in_parts = pd.DataFrame({"person": ids[inside], "part": parts[inside]}).drop_duplicates()["person"].value_counts()
    twice = int((in_parts > 1).sum())
    if not twice:
        return []
    advice = "Split by person, with split_persons: what is learned of a person must not be judged on the same person"
    return [Finding("error", check, "", f"{twice:,} of {in_parts.size:,} persons are in more than one part", advice)]


def _persons(rows: Rows, outcome: str) -> dict[str, int]:
    person = rows.person_column
    read = rows.frame([outcome, *([person] if person else [])])
    kept = read[read[outcome].notna()]
    had = binary_column(kept[outcome], name=outcome)
    if person is None:
        return {"all": len(kept), "events": int(had.sum())}
    return {"all": int(kept[person].nunique()), "events": int(kept.loc[had, person].nunique())}
