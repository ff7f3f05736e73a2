"""Acute kidney injury by KDIGO 2012 [1]_, from serum creatinine: a worked example of variables made of others.

KDIGO gives its limits in two units: a rise of 0.3 mg/dL or 26.5 µmol/L, a value of 4.0 mg/dL or 353.6 µmol/L. The
second are a trace lower, so the limits here are these, and a value that meets either meets them. The numbers were read
in [2]_, adapted from KDIGO's table 2. It speaks of an increase to 4.0 mg/dL; we read that so that the value counts only
where there is injury otherwise.

References
----------
.. [1] KDIGO Acute Kidney Injury Work Group (2012). KDIGO clinical practice guideline for acute kidney injury. Kidney
   Int. Suppl. 2, 1-138.
.. [2] Table 1 of doi 10.1186/s13019-015-0265-2 (its µmol/L are misprinted as mmol/L).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from analysis_lib.features.baseline import baseline
from analysis_lib.features.events import Flag
from analysis_lib.features.feature_set import Features
from analysis_lib.features.requests import Request, RiseRequest
from analysis_lib.features.values import Value
from analysis_lib.features.variable import Answers, Feature, whole_numbers
from analysis_lib.windows import Window

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from analysis_lib.catalog import Dataset
    from analysis_lib.cohort import Cohort, ConceptSet
    from analysis_lib.compute import Cluster

UMOL_PER_MG = 1e4 / 113.120  # µmol/L in 1 mg/dL of creatinine
RISE_IN_48_HOURS = 26.5 / UMOL_PER_MG
HIGH = 353.6 / UMOL_PER_MG
RATIOS = ((1.5, 1), (2.0, 2), (3.0, 3))
ROUNDING = 1e-9
BEFORE, AFTER = Window(-365, -1), Window(0, 7)


@dataclass(frozen=True)
class Rise(Feature):
    """The largest rise of creatinine within 48 hours.

    Parameters
    ----------
    value : Value
        Which measurements; its window holds the later one of each pair.
    """

    value: Value
    column: ClassVar[str] = "creatinine_rise_48h"
    dtype: ClassVar[str] = "float64"

    @property
    def unit(self) -> str:
        """That of the value."""
        return self.value.unit

    @property
    def meaning(self) -> str:
        """What a value says."""
        return (
            f"Largest rise from one measurement to another at most 48 hours later, the later one {self.value.window}; "
            "negative if it only fell. Missing without such a pair."
        )

    @property
    def looks_at(self) -> Window | None:
        """The days of the later measurement."""
        return self.value.window

    @property
    def requests(self) -> tuple[RiseRequest, ...]:
        """The rise."""
        asked = self.value.requests[0]
        return (
            RiseRequest(
                asked.domain,
                asked.concept_set,
                asked.window,
                unit=asked.unit,
                missing_unit=asked.missing_unit,
                substance=asked.substance,
                within_hours=48,
            ),
        )

    def combine(self, answers: Answers) -> "np.ndarray[Any, Any]":
        """Give the rise.

        Parameters
        ----------
        answers : mapping of Request to ndarray
            Those of `requests`.

        Returns
        -------
        ndarray of float64
            NaN without two measurements.
        """
        return answers[self.requests[0]]


@dataclass(frozen=True)
class Ratio(Feature):
    """The highest value after the index date by the one before.

    Parameters
    ----------
    before, after : Value
        The two values.
    """

    before: Value
    after: Value
    column: ClassVar[str] = "creatinine_ratio"
    unit: ClassVar[str] = "1"
    dtype: ClassVar[str] = "float64"
    meaning: ClassVar[str] = "Highest creatinine after by the one before. Missing if either is, or if that before is 0."

    @property
    def requests(self) -> tuple[Request, ...]:
        """The two values."""
        return (*self.before.requests, *self.after.requests)

    def combine(self, answers: Answers) -> "np.ndarray[Any, Any]":
        """Divide.

        Parameters
        ----------
        answers : mapping of Request to ndarray
            Those of `requests`.

        Returns
        -------
        ndarray of float64
            NaN where not known.
        """
        import numpy as np

        before, after = (answers[request] for request in self.requests)
        return after / np.where(before > 0, before, np.nan)


@dataclass(frozen=True)
class KdigoStage(Feature):
    """The stage of acute kidney injury.

    Parameters
    ----------
    ratio : Ratio
        The highest value by the one before.
    rise : Rise
        The rise within 48 hours.
    replacement : Flag or None
        Kidney replacement therapy.
    """

    ratio: Ratio
    rise: Rise
    replacement: Flag | None
    column: ClassVar[str] = "aki_stage"
    unit: ClassVar[str] = "1"
    dtype: ClassVar[str] = "Int64"
    meaning: ClassVar[str] = (
        "KDIGO stage, 0 for no acute kidney injury. Missing where nothing was measured after the index date, or where "
        "nothing was measured before and no rise within 48 hours shows."
    )

    @property
    def requests(self) -> tuple[Request, ...]:
        """All that the stage is made of."""
        replacement = self.replacement.requests if self.replacement else ()
        return (*self.ratio.requests, *self.rise.requests, *replacement)

    def combine(self, answers: Answers) -> "pd.api.extensions.ExtensionArray":
        """Find the stage.

        Parameters
        ----------
        answers : mapping of Request to ndarray
            Those of `requests`.

        Returns
        -------
        array of Int64
            0 to 3.
        """
        import numpy as np

        highest = answers[self.ratio.after.requests[0]]
        ratio, rise = self.ratio.combine(answers), self.rise.combine(answers)
        stage = np.where(np.isnan(ratio), np.nan, 0.0)
        stage[rise >= RISE_IN_48_HOURS - ROUNDING] = 1
        for least, reached in RATIOS:
            stage[ratio >= least - ROUNDING] = reached
        # A high value alone is no acute injury: the definition has to be met first, as we read the table.
        stage[(stage >= 1) & (highest >= HIGH - ROUNDING)] = 3
        if self.replacement:
            stage[self.replacement.combine(answers)] = 3
        return whole_numbers(stage)


def kdigo_aki(
    cohort: "Cohort | pd.DataFrame",
    creatinine: "ConceptSet",
    *,
    before: Window = BEFORE,
    after: Window = AFTER,
    replacement: "ConceptSet | None" = None,
    missing_unit: str = "refuse",
    dataset: "Dataset | None" = None,
    on: "Cluster | None" = None,
) -> Features:
    """Stage acute kidney injury after the index date by serum creatinine, as KDIGO 2012 does [1]_.

    The baseline creatinine is the last one of the window `before`. Injury is a highest value after of 1.5 times the
    baseline or more, or a rise of 0.3 mg/dL or more within 48 hours (the earlier value may lie before the index date).
    Stage 2 begins at 2.0 times, stage 3 at 3.0 times, at 4.0 mg/dL once there is injury, or with kidney replacement
    therapy. Without times of day, 48 hours are two days. Urine output is not looked at; people on chronic dialysis
    have to be left out by the cohort.

    Parameters
    ----------
    cohort : Cohort or DataFrame
        Whom to stage.
    creatinine : ConceptSet
        Creatinine in serum or plasma.
    before : Window, default the 365 days before the index date
        Where the baseline is looked for.
    after : Window, default the index date and the 7 days after
        Where injury is looked for.
    replacement : ConceptSet, optional
        Procedures of kidney replacement therapy; a record in `after` is stage 3.
    missing_unit : str, default "refuse"
        As in `Value`.
    dataset : Dataset, optional
        The release to look in; needed with a frame.
    on : Cluster, optional
        Where buckets are read, as in `baseline`.

    Returns
    -------
    Features
        ``baseline_creatinine``, ``highest_creatinine`` and ``creatinine_rise_48h`` (mg/dL), ``creatinine_ratio``,
        ``aki_stage`` (0 to 3); not read yet.

    References
    ----------
    .. [1] KDIGO Acute Kidney Injury Work Group (2012). Kidney Int. Suppl. 2, 1-138.
    """

    def value(window: Window, *, take: Literal["last", "max"], name: str) -> Value:
        return Value(
            creatinine,
            window,
            take=take,
            unit="mg/dL",
            substance="creatinine",
            missing_unit=missing_unit,
            name=name,
        )

    first = value(before, take="last", name="baseline_creatinine")
    highest = value(after, take="max", name="highest_creatinine")
    therapy = (
        Flag(replacement, after, domain="procedure_occurrence", name="kidney_replacement") if replacement else None
    )
    ratio, rise = Ratio(first, highest), Rise(highest)
    columns = [first, highest, rise, ratio, *([therapy] if therapy else []), KdigoStage(ratio, rise, therapy)]
    return baseline(cohort, *columns, dataset=dataset, on=on)
