"""Cohorts: the people a definition finds in one data release, and how many were left after each step."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis_lib.cohort.extraction import StepCount, cohort_tasks, extract
from analysis_lib.cohort.language.definition import CohortDefinition
from analysis_lib.compute import map_buckets
from analysis_lib.errors import EmptyResultWarning
from analysis_lib.tables import html_table
from analysis_lib.variables import units_of

__all__ = ["Cohort", "build_cohort"]

if TYPE_CHECKING:
    import pandas as pd

    from analysis_lib.catalog import Dataset
    from analysis_lib.compute import Cluster


@dataclass(frozen=True, eq=False, repr=False)
class Cohort:
    """The people of a study.

    Parameters
    ----------
    definition : CohortDefinition
        What was asked.
    dataset : Dataset
        The data release that answered.
    frame : DataFrame
        The OMOP cohort table: ``cohort_definition_id`` and ``subject_id`` (int64), ``cohort_start_date`` (the index
        date) and ``cohort_end_date`` (datetime64, both days included), in order of person and date. Nothing missing.
    attrition : DataFrame
        One row per step in order: ``rule``, ``persons`` and ``records`` left after it, ``persons_removed`` by it.
    """

    definition: CohortDefinition
    dataset: "Dataset"
    frame: "pd.DataFrame"
    attrition: "pd.DataFrame"

    @property
    def name(self) -> str:
        """The definition's name."""
        return self.definition.name

    @property
    def release(self) -> str:
        """Name of the data release that the people come from."""
        return self.dataset.release

    @property
    def definition_sha256(self) -> str:
        """Hash of what the definition means."""
        return self.definition.sha256

    @property
    def n_persons(self) -> int:
        """Distinct persons."""
        return int(self.frame["subject_id"].nunique())

    def __len__(self) -> int:
        return len(self.frame)

    def __repr__(self) -> str:
        return (
            f"Cohort '{self.name}': {self.n_persons:,} persons, {len(self):,} records, from {self.dataset.name} "
            f"{self.release}, definition {self.definition_sha256[:12]}"
        )

    def _repr_html_(self) -> str:
        notes = [
            f"{self.n_persons:,} persons, {len(self):,} records.",
            f"Data: {self.dataset.name}, release {self.release}. Definition: {self.definition_sha256[:12]}.",
        ]
        return attrition_html(f"Cohort: {self.name}", self.attrition, notes=notes)


def build_cohort(definition: CohortDefinition, dataset: "Dataset", *, on: "Cluster | None" = None) -> Cohort:
    """Find the people whom a definition means.

    Every bucket of the release is asked by itself (DuckDB SQL over its Parquet files), in threads of this process or on
    a cluster; the answer is the same.

    Parameters
    ----------
    definition : CohortDefinition
        Who is meant.
    dataset : Dataset
        The data release to look in.
    on : Cluster, optional
        What `analysis_lib.compute.cluster` gave; when left out the cluster that is open, and threads if there is none.

    Returns
    -------
    Cohort
        Held in memory: 32 bytes per record.

    Raises
    ------
    UnknownConceptError
        If a concept is not in the release's vocabulary.
    EmptyConceptSetError
        If a concept set stands for no concept.

    Warns
    -----
    EmptyResultWarning
        If nobody is left; the attrition table is in the message.
    """
    parts = map_buckets(extract, cohort_tasks(definition, dataset), on=on)
    frame = joined([part for part, _ in parts])
    frame.insert(0, "cohort_definition_id", definition.cohort_definition_id)
    frame.attrs["units"] = units_of(frame.columns)
    attrition = attrition_table([counts for _, counts in parts])
    if frame.empty:
        warn_of_nobody(f"cohort '{definition.name}'", attrition)
    return Cohort(definition, dataset, frame, attrition)


def joined(parts: "Sequence[pd.DataFrame]") -> "pd.DataFrame":
    """Put the frames of buckets together, in order of person and index date."""
    import pandas as pd

    filled = [part for part in parts if len(part)] or parts[:1]
    return pd.concat(filled).sort_values(["subject_id", "cohort_start_date"], ignore_index=True)


def attrition_table(parts: Sequence[Sequence[StepCount]]) -> "pd.DataFrame":
    """Add up the counts of buckets: persons lie in one bucket each, so distinct persons may be summed."""
    import pandas as pd

    steps = [
        (same_step[0].rule, sum(step.persons for step in same_step), sum(step.records for step in same_step))
        for same_step in zip(*parts, strict=True)
    ]
    table = pd.DataFrame(steps, columns=["rule", "persons", "records"])
    table["persons_removed"] = (table["persons"].shift(1) - table["persons"]).fillna(0).astype("int64")
    return table


def attrition_html(caption: str, attrition: "pd.DataFrame", *, notes: Sequence[str]) -> str:
    """Show who was left after each step, in a notebook."""
    names = {"arm": "Arm", "rule": "Step", "persons": "Persons", "records": "Records", "persons_removed": "Left out"}
    kept = [column for column in attrition.columns if column in names]
    rows = [
        [f"{value:,}" if isinstance(value, int) else str(value) for value in row]
        for row in attrition[kept].astype(object).itertuples(index=False)
    ]
    left = 2 if "arm" in kept else 1
    return html_table([names[column] for column in kept], rows, caption=caption, notes=notes, left=left)


def warn_of_nobody(what: str, attrition: "pd.DataFrame", *, stacklevel: int = 3) -> None:
    """Say that nobody is left, and at which step they were lost."""
    warnings.warn(
        f"{what} is empty; found 0 persons after the last step. See where they were lost:\n"
        f"{attrition.to_string(index=False)}",
        EmptyResultWarning,
        stacklevel=stacklevel,
    )
