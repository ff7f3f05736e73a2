"""From definitions to one task per bucket, all of them in one pass."""

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from analysis_lib.catalog.bucket_groups import count_rows, group_buckets
from analysis_lib.catalog.bucket_reading import BucketFiles
from analysis_lib.cohort.circe.codesets import Codesets, Item, Resolved, concept_ids_of, items_of, resolve
from analysis_lib.cohort.circe.loading import computing_step, loading_sql, missing_tables
from analysis_lib.cohort.circe.query import CohortSql, write_cohort
from analysis_lib.cohort.circe.reads import Reads
from analysis_lib.cohort.circe.running import CohortsTask
from analysis_lib.errors import AnalysisError, CirceError, EmptyConceptSetError, UnknownConceptError

if TYPE_CHECKING:
    from analysis_lib.catalog import Dataset
    from analysis_lib.cohort.language.compiled import CompiledDefinition
    from analysis_lib.cohort.language.concepts import ConceptSet

__all__ = ["Plan", "Planned", "plan_cohorts"]

UnknownConcepts = Literal["refuse", "warn"]
_SHOWN = 5
# What circepy stumbles over in documents that no tool wrote.
_OTHER_ERRORS = (ValueError, TypeError, KeyError, AttributeError, IndexError, RuntimeError)


@dataclass
class Planned:
    """One definition: its SQL, or why there is none.

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
    """What to run for some definitions on a release.

    Parameters
    ----------
    cohorts : tuple of Planned
        In the order of the definitions.
    tasks : tuple of CohortsTask
        One per group of buckets, with the cohorts that have SQL; none if there is no such cohort.
    """

    cohorts: tuple[Planned, ...]
    tasks: tuple[CohortsTask, ...]


def plan_cohorts(
    definitions: "Sequence[CompiledDefinition]",
    dataset: "Dataset",
    *,
    unknown_concepts: UnknownConcepts = "refuse",
    at_once: int = 1,
) -> Plan:
    """Write the SQL of some definitions, look up their concept sets, and split the work by groups of buckets.

    Parameters
    ----------
    definitions : sequence of CompiledDefinition
        What to build.
    dataset : Dataset
        The release.
    unknown_concepts : {"refuse", "warn"}, default "refuse"
        What to do where a concept set names concepts that the vocabulary does not have, or stands for nothing.
    at_once : int, default 1
        How many tasks are worked on at once.

    Returns
    -------
    Plan
        A definition that cannot be run has its error there, and does not stop the others.
    """
    codesets = Codesets()
    planned = [_write(definition, codesets) for definition in definitions]
    vocabulary = _Vocabulary(codesets, resolve(codesets, dataset), dataset)
    for definition, one in zip(definitions, planned, strict=True):
        if one.sql is not None:
            vocabulary.complete(one, definition)
            _judge(one, vocabulary.doubts(one, definition), refuse=unknown_concepts == "refuse")
    reads = Reads()
    running = tuple(one.sql for one in planned if one.sql is not None)
    for sql in running:
        reads.merge(sql.reads)
    computing = {table for definition in definitions for one in definition.computed for table in one.tables}
    tables = tuple(sorted(table for table in computing.union(reads.tables) if table in dataset.tables))
    loading = loading_sql(reads, dataset)
    rows = vocabulary.rows_computed(definitions) + sum(
        _rows_read(dataset, table, reads=reads, concept_ids=vocabulary.concept_ids)
        for table in tables
        if dataset.tables[table].bucketed
    )
    groups = group_buckets(range(dataset.bucket_count if running else 0), rows=rows, at_once=at_once)
    tasks = tuple(
        CohortsTask(
            running, loading, vocabulary.resolved.members, BucketFiles.of(dataset, tables=tables, buckets=buckets)
        )
        for buckets in groups
    )
    return Plan(tuple(planned), tasks)


def _rows_read(dataset: "Dataset", table: str, *, reads: Reads, concept_ids: Mapping[int, tuple[int, ...]]) -> int:
    """Count the rows of a table that are kept in memory, as far as the release's counts of concepts say."""
    read = reads.tables.get(table)
    if read is None:
        return 0  # looked through by a computation, which keeps only what it computes
    column = dataset.spec(table).concept or ""
    if read.whole or set(read.concepts) != {column}:
        return count_rows(dataset, table)
    meant = (concept for codeset in read.concepts[column] for concept in concept_ids.get(codeset, ()))
    return count_rows(dataset, table, concept_ids=meant)


def _write(definition: "CompiledDefinition", codesets: Codesets) -> Planned:
    try:
        numbers = {
            number: codesets.number_computed(definition.computed_codesets[number])
            if number in definition.computed_codesets
            else codesets.number(items)
            for number, items in items_of(definition.expression).items()
        }
        for one in definition.computed:
            for concept_set in one.concept_sets.values():
                codesets.number(_lines_of(concept_set))
        sql = write_cohort(definition.expression, numbers, computed=definition.computed_codesets)
    except AnalysisError as error:
        return Planned(error=error)
    except _OTHER_ERRORS as error:
        return Planned(
            error=CirceError(f"circepy cannot write the SQL; found {type(error).__name__}. Check the document.")
        )
    return Planned(sql=sql, warnings=list(dict.fromkeys(sql.notes)))


def _lines_of(concept_set: "ConceptSet") -> tuple[Item, ...]:
    return tuple(
        sorted(
            Item(item.concept_id, item.is_excluded, item.include_descendants, getattr(item, "include_mapped", False))
            for item in concept_set.items
        )
    )


@dataclass(frozen=True)
class _Vocabulary:
    codesets: Codesets
    resolved: Resolved
    dataset: "Dataset"

    @functools.cached_property
    def concept_ids(self) -> dict[int, tuple[int, ...]]:
        return concept_ids_of(self.resolved)

    def complete(self, planned: Planned, definition: "CompiledDefinition") -> None:
        """Add what can be written only when concept sets are resolved, and note what the release lacks."""
        assert planned.sql is not None  # noqa: S101 - for the type checker; asked by the caller
        lacking = missing_tables(planned.sql.reads, self.dataset)
        planned.warnings += [f"{self._release} has no table '{table}', which was read as empty" for table in lacking]
        if definition.computed:
            step = computing_step(definition, self._members)
            planned.sql = replace(planned.sql, entry=(step, *planned.sql.entry))

    def rows_computed(self, definitions: "Sequence[CompiledDefinition]") -> int:
        """Count the rows from which values are computed: so many at most are kept, definition by definition."""
        counts = [
            sum(
                count_rows(self.dataset, table, concept_ids=self._members(each))
                for one in definition.computed
                for table in one.tables
                for each in one.concept_sets.values()
            )
            for definition in definitions
        ]
        return max(counts, default=0)

    def _members(self, concept_set: "ConceptSet") -> tuple[int, ...]:
        number = self.codesets.numbers.get(_lines_of(concept_set))
        return self.concept_ids.get(number, ()) if number is not None else ()

    @property
    def _release(self) -> str:
        return f"{self.dataset.name} {self.dataset.release}"

    def doubts(self, planned: Planned, definition: "CompiledDefinition") -> Iterator[tuple[AnalysisError, bool]]:
        """Give what is wrong with the concept sets that are used, and whether to refuse the definition for it."""
        used = planned.sql.used if planned.sql else frozenset()
        lines = [
            (_named(definition.expression, number), items)
            for number, items in items_of(definition.expression).items()
            if number in used and number not in definition.computed_codesets
        ]
        lines += [
            (f"'{concept_set.name}'", _lines_of(concept_set))
            for one in definition.computed
            for concept_set in one.concept_sets.values()
        ]
        for name, items in lines:
            yield from self._doubts_of(name, items)

    def _doubts_of(self, name: str, items: tuple[Item, ...]) -> Iterator[tuple[AnalysisError, bool]]:
        where = self.dataset.name
        unknown = sorted({item.concept_id for item in items} & self.resolved.unknown)
        if unknown:
            listed = ", ".join(map(str, unknown[:_SHOWN])) + (", ..." if len(unknown) > _SHOWN else "")
            text = (
                f"concept set {name} names concepts that the vocabulary of '{where}' does not have; "
                f"found {len(unknown)} unknown: {listed}. "
                "Check the ids (athena.ohdsi.org), or take a data release with a fuller vocabulary."
            )
            yield UnknownConceptError(text), True
        elif self.codesets.numbers[items] not in self.concept_ids:
            excluding = sum(item.is_excluded for item in items)
            text = (
                f"concept set {name} stands for no concept in '{where}'; found {len(items) - excluding} lines that "
                f"include, {excluding} that exclude. Take away one of the exclusions."
            )
            yield EmptyConceptSetError(text), len(items) > excluding
        if not self.resolved.has_ancestors and any(item.descendants for item in items):
            text = (
                f"concept set {name} asks for descendants, and '{where}' says of no concept what lies below it; found "
                "0 rows in concept_ancestor. Only the concepts named in the set count."
            )
            yield EmptyConceptSetError(text), False


def _judge(planned: Planned, doubts: Iterable[tuple[AnalysisError, bool]], *, refuse: bool) -> None:
    for error, is_wrong in list(doubts):
        if refuse and is_wrong:
            planned.sql, planned.error = None, planned.error or error
        else:
            planned.warnings.append(str(error))


def _named(document: Mapping[str, Any], number: int) -> str:
    sets = document.get("ConceptSets") or document.get("conceptSets") or []
    return next((f"'{one.get('name')}'" for one in sets if one.get("id") == number), str(number))
