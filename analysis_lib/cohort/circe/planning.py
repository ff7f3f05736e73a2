"""From Circe documents to one task per bucket, all documents in one pass."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from analysis_lib.catalog.bucket_reading import BucketFiles
from analysis_lib.cohort.circe.codesets import Codesets, Item, Resolved, items_of, resolve
from analysis_lib.cohort.circe.loading import loading_sql, missing_tables
from analysis_lib.cohort.circe.query import CohortSql, write_cohort
from analysis_lib.cohort.circe.reads import Reads
from analysis_lib.cohort.circe.running import CohortsTask
from analysis_lib.errors import AnalysisError, EmptyConceptSetError, UnknownConceptError

if TYPE_CHECKING:
    from analysis_lib.catalog import Dataset

__all__ = ["Plan", "Planned", "plan_cohorts"]

UnknownConcepts = Literal["refuse", "warn"]
_SHOWN = 5


@dataclass
class Planned:
    """One document: its SQL, or why there is none.

    Parameters
    ----------
    sql : CohortSql, optional
        What to run.
    error : AnalysisError, optional
        Why it cannot be run.
    warnings : list of str
        What a reader of the result should know.
    """

    sql: CohortSql | None = None
    error: AnalysisError | None = None
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Plan:
    """What to run for some documents on a release.

    Parameters
    ----------
    cohorts : tuple of Planned
        In the order of the documents.
    tasks : tuple of CohortsTask
        One per bucket, with the cohorts that have SQL; none if there is no such cohort.
    """

    cohorts: tuple[Planned, ...]
    tasks: tuple[CohortsTask, ...]


def plan_cohorts(
    documents: Sequence[Mapping[str, Any]], dataset: "Dataset", *, unknown_concepts: UnknownConcepts = "refuse"
) -> Plan:
    """Write the SQL of some documents, look up their concept sets, and split the work by buckets.

    Parameters
    ----------
    documents : sequence of mapping
        The JSON of ATLAS.
    dataset : Dataset
        The release.
    unknown_concepts : {"refuse", "warn"}, default "refuse"
        What to do where a concept set names concepts that the vocabulary does not have, or stands for nothing.

    Returns
    -------
    Plan
        A document that cannot be run has its error there, and does not stop the others.
    """
    codesets = Codesets()
    planned = [_write(document, codesets) for document in documents]
    resolved = resolve(codesets, dataset)
    filled = set(resolved.members.column("codeset_id").to_pylist())
    vocabulary = _Vocabulary(codesets, resolved, filled, dataset.name)
    for document, one in zip(documents, planned, strict=True):
        if one.sql is not None:
            one.warnings += [
                f"table '{table}' is not in {dataset.name} {dataset.release}, and was read as empty"
                for table in missing_tables(one.sql.reads, dataset)
            ]
            _judge(one, vocabulary.doubts(document), refuse=unknown_concepts == "refuse")
    reads = Reads()
    running = [one.sql for one in planned if one.sql is not None]
    for sql in running:
        reads.merge(sql.reads)
    tables = tuple(sorted(table for table in reads.tables if table in dataset.tables))
    loading = loading_sql(reads, dataset)
    tasks = tuple(
        CohortsTask(tuple(running), loading, resolved.members, BucketFiles.of(dataset, tables=tables, bucket=bucket))
        for bucket in range(dataset.bucket_count if running else 0)
    )
    return Plan(tuple(planned), tasks)


def _write(document: Mapping[str, Any], codesets: Codesets) -> Planned:
    try:
        numbers = {number: codesets.number(items) for number, items in items_of(document).items()}
        sql = write_cohort(document, numbers)
    except AnalysisError as error:
        return Planned(error=error)
    return Planned(sql=sql, warnings=list(dict.fromkeys(sql.notes)))


@dataclass(frozen=True)
class _Vocabulary:
    codesets: Codesets
    resolved: Resolved
    filled: set[int]
    where: str

    def doubts(self, document: Mapping[str, Any]) -> Iterator[tuple[AnalysisError, bool]]:
        """Give what is wrong with a document's concept sets, and whether it may be refused for it."""
        for number, items in items_of(document).items():
            unknown = sorted({item.concept_id for item in items} & self.resolved.unknown)
            if unknown:
                listed = ", ".join(map(str, unknown[:_SHOWN])) + (", ..." if len(unknown) > _SHOWN else "")
                yield (
                    UnknownConceptError(
                        f"concept set {_named(document, number)} names concepts that the vocabulary of '{self.where}' "
                        f"does not have; found {len(unknown)} unknown: {listed}. "
                        "Check the ids (athena.ohdsi.org), or take a data release with a fuller vocabulary."
                    ),
                    True,
                )
            elif self.codesets.numbers[items] not in self.filled:
                yield (
                    EmptyConceptSetError(
                        f"concept set {_named(document, number)} stands for no concept in '{self.where}'; "
                        f"found {_lines(items)}. Take away one of the exclusions."
                    ),
                    any(not item.is_excluded for item in items),
                )


def _judge(planned: Planned, doubts: Iterable[tuple[AnalysisError, bool]], *, refuse: bool) -> None:
    for error, is_wrong in doubts:
        if refuse and is_wrong:
            planned.sql, planned.error = None, planned.error or error
        else:
            planned.warnings.append(str(error))


def _lines(items: tuple[Item, ...]) -> str:
    excluded = sum(item.is_excluded for item in items)
    return f"{len(items) - excluded} lines that include, {excluded} that exclude"


def _named(document: Mapping[str, Any], number: int) -> str:
    sets = document.get("ConceptSets") or document.get("conceptSets") or []
    return next((f"'{one.get('name')}'" for one in sets if one.get("id") == number), str(number))
