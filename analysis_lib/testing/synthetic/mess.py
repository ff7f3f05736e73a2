"""Mess on purpose: a known number of rows is spoilt, each by one rule, so that what looks for mess can be checked."""

from collections import Counter
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from analysis_lib.catalog.quality.plausible import plausible_ranges
from analysis_lib.errors import SyntheticDataError
from analysis_lib.testing.synthetic.blocks import MISSING, Columns
from analysis_lib.testing.synthetic.lives import NEVER, Lives

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Planned = Counter[tuple[str, str]]
"""Rows spoilt, by rule (as `analysis_lib.catalog.RULES` names it) and table."""

_DAY_US = 86_400_000_000
_TOO_EARLY, _TOO_LATE = -62_091, 376_200  # 1800-01-01 and 2999-12-31
_NOBODY, _NO_VISIT = 9_000_000_000_000_000_000, 8_000_000_000_000_000_000
_CONCEPTS = {
    "condition_occurrence": "condition_concept_id",
    "drug_exposure": "drug_concept_id",
    "procedure_occurrence": "procedure_concept_id",
    "measurement": "measurement_concept_id",
}
_DAYS = {
    "measurement": "measurement_date",
    "observation": "observation_date",
    "procedure_occurrence": "procedure_date",
}
_SPANS = {
    "condition_occurrence": ("condition_start_date", "condition_end_date"),
    "drug_exposure": ("drug_exposure_start_date", "drug_exposure_end_date"),
}


@dataclass(frozen=True)
class Mess:
    """How much of what is wrong, as shares in [0, 1] of the rows that can be spoilt in that way.

    A row is spoilt once at most, so large shares take from one another.
    """

    missing_units: float = 0.0
    """Measurements whose unit is missing."""
    values_out_of_range: float = 0.0
    """Measurements beyond what a living person has, of those that the quality report judges."""
    concept_zero: float = 0.0
    """Conditions, drugs, procedures and measurements without a concept."""
    orphan_persons: float = 0.0
    """Conditions and measurements of people who are not in the person table."""
    orphan_visits: float = 0.0
    """Conditions, measurements and procedures at a visit that there was not."""
    impossible_dates: float = 0.0
    """Measurements and observations in 1800 or 2999."""
    events_before_birth: float = 0.0
    """Measurements and procedures up to three years before birth."""
    events_after_death: float = 0.0
    """Measurements and observations after death, of those of people who die."""
    outside_observation: float = 0.0
    """Measurements and procedures after observation, of those of people who do not die."""
    end_before_start: float = 0.0
    """Conditions and drugs that end the day before they start."""
    duplicates: float = 0.0
    """Conditions, drugs and measurements that are there twice."""
    overlapping_periods: float = 0.0
    """People with a second observation period inside the first."""
    unobserved_persons: float = 0.0
    """People without any record, observation period included."""
    header_rows: bool = False
    """Whether tables without rows hold their header as a row of text."""

    def __post_init__(self) -> None:
        """Refuse shares that are none."""
        for known in fields(self):
            share = float(getattr(self, known.name))
            if not 0 <= share <= 1:
                raise SyntheticDataError(f"Mess.{known.name} must be a share in [0, 1]; got {share:g}.")


class Spoiler:
    """Spoils the rows of one block.

    Parameters
    ----------
    mess : Mess
        How much.
    lives : Lives
        The block's people.
    planned : Counter
        Where to count.
    rng : Generator
        Where chance comes from.
    """

    def __init__(self, mess: Mess, *, lives: Lives, planned: Planned, rng: "np.random.Generator") -> None:
        self._mess = mess
        self._lives = lives
        self._planned = planned
        self._rng = rng

    def unobserved(self) -> "NDArray[np.bool_]":
        """Choose the people without records.

        Returns
        -------
        ndarray of bool
            By person.
        """
        chosen = self._rng.random(len(self._lives)) < self._mess.unobserved_persons
        if chosen.any():
            self._planned["person-unobserved", "person"] += int(chosen.sum())
        return chosen

    def spoil(self, columns: Columns) -> Columns:
        """Spoil rows of one table.

        Parameters
        ----------
        columns : Columns
            The rows, changed in place.

        Returns
        -------
        Columns
            With copies behind, where rows are doubled.
        """
        import numpy as np

        if columns.table == "observation_period":
            return self._overlap(columns)
        clean = np.ones(len(columns), bool)
        self._owners(columns, clean)
        self._days(columns, clean)
        self._content(columns, clean)
        if columns.table in {*_SPANS, "measurement"}:
            rows = self._choose(columns, clean=clean, share=self._mess.duplicates)
            self._count(columns, "row-duplicate", n=len(rows))
            return columns.take(rows).stacked_on(columns) if len(rows) else columns
        return columns

    def _choose(
        self, columns: Columns, *, clean: "NDArray[np.bool_]", share: float, among: "NDArray[np.bool_] | None" = None
    ) -> "NDArray[np.int64]":
        import numpy as np

        if not share:
            return np.zeros(0, np.int64)
        chosen = clean & (self._rng.random(len(columns)) < share)
        rows = np.flatnonzero(chosen if among is None else chosen & among)
        clean[rows] = False
        return rows

    def _count(self, columns: Columns, rule: str, *, n: int) -> None:
        if n:
            self._planned[rule, columns.table] += n

    def _owners(self, columns: Columns, clean: "NDArray[np.bool_]") -> None:
        import numpy as np

        if columns.table in {"condition_occurrence", "measurement"}:
            rows = self._choose(columns, clean=clean, share=self._mess.orphan_persons)
            columns.values["person_id"][rows] = _NOBODY + columns.values["person"][rows]
            columns.values["visit_occurrence_id"][rows] = MISSING
            self._count(columns, "owner-unknown", n=len(rows))
        if columns.table in {"condition_occurrence", "measurement", "procedure_occurrence"}:
            rows = self._choose(columns, clean=clean, share=self._mess.orphan_visits)
            columns.values["visit_occurrence_id"][rows] = _NO_VISIT + np.arange(len(rows))
            self._count(columns, "visit-unknown", n=len(rows))

    def _days(self, columns: Columns, clean: "NDArray[np.bool_]") -> None:
        """Move events out of history, of life, of observation; lay ends before starts."""
        mess, lives = self._mess, self._lives
        if columns.table in _SPANS:
            start, end = _SPANS[columns.table]
            rows = self._choose(columns, clean=clean, share=mess.end_before_start)
            columns.values[end][rows] = columns.values[start][rows] - 1
            self._count(columns, "end-before-start", n=len(rows))
        if columns.table not in _DAYS:
            return
        person = columns.values["person"]
        if columns.table != "procedure_occurrence":
            self._impossible(columns, self._choose(columns, clean=clean, share=mess.impossible_dates))
            rows = self._choose(columns, clean=clean, share=mess.events_after_death, among=lives.died[person])
            self._move(columns, rows, days=lives.end[person[rows]] + self._rng.integers(1, 61, len(rows)))
            self._count(columns, "after-death", n=len(rows))
        if columns.table != "observation":
            rows = self._choose(columns, clean=clean, share=mess.events_before_birth)
            self._move(columns, rows, days=lives.birth[person[rows]] - self._rng.integers(1, 1000, len(rows)))
            self._count(columns, "before-birth", n=len(rows))
            rows = self._choose(columns, clean=clean, share=mess.outside_observation, among=~lives.died[person])
            self._move(columns, rows, days=lives.end[person[rows]] + self._rng.integers(1, 31, len(rows)))

    def _impossible(self, columns: Columns, rows: "NDArray[np.int64]") -> None:
        """Half lie too early, which is before birth too; half in the future, which is after death for the dead."""
        import numpy as np

        late = np.arange(len(rows)) % 2 == 1
        self._move(columns, rows, days=np.where(late, _TOO_LATE, _TOO_EARLY))
        self._count(columns, "date-too-early", n=int((~late).sum()))
        self._count(columns, "before-birth", n=int((~late).sum()))
        self._count(columns, "date-in-future", n=int(late.sum()))
        self._count(columns, "after-death", n=int((late & self._lives.died[columns.values["person"][rows]]).sum()))

    def _move(self, columns: Columns, rows: "NDArray[np.int64]", *, days: "NDArray[np.int64]") -> None:
        """Set another day, outside observation, and keep the time of day."""
        name = _DAYS[columns.table]
        when = name.replace("_date", "_datetime")
        columns.values[name][rows] = days
        columns.values[when][rows] = columns.values[when][rows] % _DAY_US + days * _DAY_US
        self._count(columns, "outside-observation", n=len(rows))

    def _content(self, columns: Columns, clean: "NDArray[np.bool_]") -> None:
        import numpy as np

        if columns.table in _CONCEPTS:
            rows = self._choose(columns, clean=clean, share=self._mess.concept_zero)
            columns.values[_CONCEPTS[columns.table]][rows] = 0
            self._count(columns, "concept-zero", n=len(rows))
        if columns.table != "measurement":
            return
        rows = self._choose(columns, clean=clean, share=self._mess.missing_units)
        columns.values["unit_concept_id"][rows] = MISSING
        self._count(columns, "unit-missing", n=len(rows))
        if not self._mess.values_out_of_range:
            return
        limit = np.full(len(columns), np.nan)
        for known in plausible_ranges():
            judged = np.isin(columns.values["measurement_concept_id"], known.concept_ids)
            limit[judged & np.isin(columns.values["unit_concept_id"], known.unit_concept_ids)] = known.high
        rows = self._choose(columns, clean=clean, share=self._mess.values_out_of_range, among=~np.isnan(limit))
        columns.values["value_as_number"][rows] = limit[rows] * 10
        self._count(columns, "value-out-of-range", n=len(rows))

    def _overlap(self, periods: Columns) -> Columns:
        import numpy as np

        start, end = "observation_period_start_date", "observation_period_end_date"
        single = self._lives.gap_start[periods.values["person"]] == NEVER
        rows = self._choose(
            periods, clean=np.ones(len(periods), bool), share=self._mess.overlapping_periods, among=single
        )
        self._count(periods, "period-overlap", n=len(rows))
        if not len(rows):
            return periods
        second = periods.take(rows)
        second.values[start] = (second.values[start] + second.values[end]) // 2
        return second.stacked_on(periods)
