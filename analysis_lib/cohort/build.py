"""Cohorts: the people a definition finds in one data release, and how many were left after each step."""

import warnings
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis_lib.cohort.circe.planning import Planned, UnknownConcepts, plan_cohorts
from analysis_lib.cohort.circe.running import CohortPart, run_cohorts
from analysis_lib.cohort.circe.statistics import InclusionStatistics, StepCount, inclusion_statistics
from analysis_lib.cohort.language.compiled import CompiledDefinition, compile_definition
from analysis_lib.cohort.language.definition import CohortDefinition
from analysis_lib.cohort.language.fields import check_choice
from analysis_lib.compute import items_at_once, map_buckets
from analysis_lib.errors import AnalysisError, BucketFailedError, CirceError, ConceptWarning, EmptyResultWarning
from analysis_lib.tables import html_table
from analysis_lib.variables import units_of

__all__ = ["Cohort", "FailedCohort", "build_cohort", "build_cohorts"]

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
    inclusion_statistics : InclusionStatistics
        How many satisfy which inclusion rules, counted as OHDSI's tools do.
    warnings : tuple of str
        What stands for less than it says: concept sets, and tables that the release does not have.
    """

    definition: CohortDefinition
    dataset: "Dataset"
    frame: "pd.DataFrame"
    attrition: "pd.DataFrame"
    inclusion_statistics: InclusionStatistics
    warnings: tuple[str, ...] = ()

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


@dataclass(frozen=True)
class FailedCohort:
    """A definition that could not be built beside others.

    Parameters
    ----------
    definition : CohortDefinition
        What was asked.
    error : AnalysisError
        Why there is no answer.
    """

    definition: CohortDefinition
    error: AnalysisError

    @property
    def name(self) -> str:
        """The definition's name."""
        return self.definition.name


def build_cohort(
    definition: CohortDefinition,
    dataset: "Dataset",
    *,
    on: "Cluster | None" = None,
    unknown_concepts: UnknownConcepts = "refuse",
) -> Cohort:
    """Find the people whom a definition means.

    Every bucket of the release is asked by itself (DuckDB SQL over its Parquet files), in threads of this process or on
    a cluster; the answer is the same, and the same as that of the official Circe SQL on the whole database. Events of
    one person that start on one day, which that SQL leaves unordered, are taken by their record ids, the lowest first.

    Parameters
    ----------
    definition : CohortDefinition
        Who is meant.
    dataset : Dataset
        The data release to look in.
    on : Cluster, optional
        What `analysis_lib.compute.cluster` gave; when left out the cluster that is open, and threads if there is none.
    unknown_concepts : {"refuse", "warn"}, default "refuse"
        What to do where a concept set that is used names concepts that the release's vocabulary does not have, or
        stands for none. The official SQL says nothing, and finds nothing.

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
    CirceError
        If the definition says something that its SQL cannot mean.
    BucketFailedError
        If the engine stops, for lack of memory above all.

    Warns
    -----
    EmptyResultWarning
        If nobody is left; the attrition table is in the message.
    ConceptWarning
        If a concept set stands for less than it says, or a table of the definition is not in the release.
    """
    (built,) = build_cohorts([definition], dataset, on=on, unknown_concepts=unknown_concepts)
    if isinstance(built, FailedCohort):
        raise built.error
    for warning in built.warnings:
        warnings.warn(f"cohort '{built.name}': {warning}", ConceptWarning, stacklevel=2)
    if built.frame.empty:
        warn_of_nobody(f"cohort '{built.name}'", built.attrition)
    return built


def build_cohorts(
    definitions: Iterable[CohortDefinition],
    dataset: "Dataset",
    *,
    on: "Cluster | None" = None,
    unknown_concepts: UnknownConcepts = "refuse",
) -> list[Cohort | FailedCohort]:
    """Find the people of several definitions in one pass, in which they share what they read.

    Parameters
    ----------
    definitions : iterable of CohortDefinition
        Who are meant.
    dataset : Dataset
        The data release to look in.
    on : Cluster, optional
        As for `build_cohort`.
    unknown_concepts : {"refuse", "warn"}, default "refuse"
        As for `build_cohort`.

    Returns
    -------
    list of Cohort or FailedCohort
        In the order of the definitions. One that fails does not stop the others. Nothing is warned of: look at
        `Cohort.warnings`, and at the attrition of a cohort of 0 persons.
    """
    check_choice("unknown_concepts", unknown_concepts, known=("refuse", "warn"))
    asked = list(definitions)
    compiled = [_compiled(definition) for definition in asked]
    running = [one for one in compiled if isinstance(one, CompiledDefinition)]
    plan = plan_cohorts(running, dataset, unknown_concepts=unknown_concepts, at_once=items_at_once(on=on))
    parts = iter(zip(*map_buckets(run_cohorts, plan.tasks, on=on), strict=True))
    planned = iter(plan.cohorts)
    built: list[Cohort | FailedCohort] = []
    for definition, one in zip(asked, compiled, strict=True):
        how = Planned(error=one) if isinstance(one, AnalysisError) else next(planned)
        error = how.error or CirceError("the definition gave no SQL")
        if how.sql is None:
            built.append(FailedCohort(definition, error))
        else:
            built.append(_put_together(definition, how, parts=next(parts), dataset=dataset))
    return built


def _compiled(definition: CohortDefinition) -> CompiledDefinition | AnalysisError:
    try:
        return compile_definition(definition)
    except AnalysisError as error:
        return error


def _put_together(
    definition: CohortDefinition, planned: Planned, *, parts: Sequence[CohortPart], dataset: "Dataset"
) -> Cohort | FailedCohort:
    failures = [part.failure for part in parts if part.failure]
    if failures:
        error = BucketFailedError(
            f"building cohort '{definition.name}' stopped in {len(failures)} of {len(parts)} parts of the data; found "
            f"{failures[0]} from the engine. Build it alone, on a machine with more memory; if it stops again, the "
            "definition asks for what the data cannot give."
        )
        return FailedCohort(definition, error)
    frame = joined([part.frame for part in parts])
    frame.insert(0, "cohort_definition_id", definition.cohort_definition_id)
    frame.attrs["units"] = units_of(frame.columns)
    counts = [sum((part.events for part in parts), Counter()), sum((part.persons for part in parts), Counter())]
    rules = [step.rule for step in planned.sql.rules] if planned.sql else []
    return Cohort(
        definition,
        dataset,
        frame,
        attrition_table([part.counts for part in parts]),
        inclusion_statistics(counts, rules),
        tuple(planned.warnings),
    )


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
