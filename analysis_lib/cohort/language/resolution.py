"""What concept sets stand for in one data release, by Circe's rules, and what is wrong with them there."""

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from analysis_lib.cohort.language.concepts import ConceptSet
from analysis_lib.cohort.language.fields import check_choice
from analysis_lib.errors import ConceptWarning, EmptyConceptSetError, UnknownConceptError
from analysis_lib.tables import html_table

if TYPE_CHECKING:
    import pandas as pd

    from analysis_lib.catalog import Dataset

__all__ = ["ConceptResolution", "resolution_of", "resolve_all"]

SHOWN = 25
"""Concepts listed in a notebook and in a message."""


@dataclass(frozen=True, eq=False, repr=False)
class ConceptResolution:
    """What a concept set stands for in one data release.

    Parameters
    ----------
    concept_set : ConceptSet
        What was asked.
    concepts : DataFrame
        One row per concept, those with most records first: ``concept_id``, ``concept_name``, ``domain_id``,
        ``vocabulary_id``, ``standard_concept``, ``invalid_reason``, ``records`` and ``persons`` (0 if none; of the
        table that has most of them).
    unknown : tuple of int
        Concepts named in the set that the vocabulary does not have.
    deprecated : tuple of int
        Concepts named in the set that the vocabulary calls invalid.
    non_standard : tuple of int
        Concepts named in the set that are no standard concepts; records hold them as source concepts only.
    notes : tuple of str
        What should be known before the set is used, in words.
    """

    concept_set: ConceptSet
    concepts: "pd.DataFrame"
    unknown: tuple[int, ...]
    deprecated: tuple[int, ...]
    non_standard: tuple[int, ...]
    notes: tuple[str, ...]

    @property
    def concept_ids(self) -> tuple[int, ...]:
        """The concepts, ascending."""
        return tuple(sorted(int(concept_id) for concept_id in self.concepts["concept_id"]))

    def __len__(self) -> int:
        return len(self.concepts)

    def __repr__(self) -> str:
        return f"ConceptResolution '{self.concept_set.name}': {len(self):,} concepts" + "".join(
            f"\n  {note}" for note in self.notes
        )

    def _repr_html_(self) -> str:
        columns = ["concept_name", "concept_id", "vocabulary_id", "records", "persons"]
        rows = [
            [str(name), str(concept_id), str(vocabulary), f"{records:,}", f"{persons:,}"]
            for name, concept_id, vocabulary, records, persons in self.concepts[columns].head(SHOWN).values.tolist()
        ]
        more = [f"The {SHOWN} of {len(self):,} concepts with most records."] if len(self) > SHOWN else []
        return html_table(
            ["Concept", "concept_id", "Vocabulary", "Records", "Persons"],
            rows,
            caption=f"Concept set: {self.concept_set.name}, {len(self):,} concepts",
            notes=[*more, *self.notes],
        )


def resolve_all(
    concept_sets: Iterable[ConceptSet],
    dataset: "Dataset",
    *,
    unknown_concepts: Literal["refuse", "warn"] = "refuse",
) -> dict[ConceptSet, tuple[int, ...]]:
    """Resolve several concept sets with one look at the vocabulary.

    Parameters
    ----------
    concept_sets : iterable of ConceptSet
        The sets.
    dataset : Dataset
        The release whose vocabulary is asked.
    unknown_concepts : {"refuse", "warn"}, default "refuse"
        What to do if the vocabulary lacks a concept, or nothing is left of a set: raise, or warn and go on.

    Returns
    -------
    dict of ConceptSet to tuple of int
        Concept ids, ascending, by set.

    Raises
    ------
    UnknownConceptError
        If the vocabulary lacks a concept.
    EmptyConceptSetError
        If a set stands for nothing.

    Warns
    -----
    ConceptWarning
        With ``"warn"``: what is unknown, deprecated or empty, and that ``concept_ancestor`` has no rows.
    """
    check_choice("unknown_concepts", unknown_concepts, known=("refuse", "warn"))
    wanted = list(dict.fromkeys(concept_sets))
    if not wanted:
        return {}
    members, unknown = _members(wanted, dataset)
    if unknown_concepts == "warn":
        for note in _notes(wanted, dataset, members=members, unknown=unknown):
            warnings.warn(note, ConceptWarning, stacklevel=2)
        return members
    for concept_set in wanted:
        _refuse(concept_set, where=dataset.name, unknown=unknown, members=members[concept_set])
    return members


def _members(
    concept_sets: Sequence[ConceptSet], dataset: "Dataset"
) -> tuple[dict[ConceptSet, tuple[int, ...]], frozenset[int]]:
    from analysis_lib.cohort.circe.codesets import Codesets, Item, resolve

    codesets = Codesets()
    numbers = {}
    for concept_set in concept_sets:
        items = sorted(
            Item(item.concept_id, item.is_excluded, item.include_descendants, item.include_mapped)
            for item in concept_set.items
        )
        numbers[concept_set] = codesets.number(tuple(items))
    resolved = resolve(codesets, dataset)
    found: dict[int, list[int]] = {}
    columns = (resolved.members.column(name).to_pylist() for name in ("codeset_id", "concept_id"))
    for number, concept_id in zip(*columns, strict=True):
        found.setdefault(number, []).append(concept_id)
    return {concept_set: tuple(found.get(number, ())) for concept_set, number in numbers.items()}, resolved.unknown


def _refuse(concept_set: ConceptSet, *, where: str, unknown: frozenset[int], members: tuple[int, ...]) -> None:
    missing = _named(concept_set, unknown)
    if missing:
        raise UnknownConceptError(
            f"concept set '{concept_set.name}' names concepts that the vocabulary of '{where}' does not have; "
            f"found {len(missing)} unknown: {_listed(missing)}. "
            "Check the ids (athena.ohdsi.org), or take a data release with a fuller vocabulary."
        )
    if not members:
        included = sum(not item.is_excluded for item in concept_set.items)
        raise EmptyConceptSetError(
            f"concept set '{concept_set.name}' stands for no concept in '{where}'; "
            f"found {included} included, all of them excluded again. Take away one of the exclusions."
        )


def resolution_of(concept_set: ConceptSet, dataset: "Dataset") -> ConceptResolution:
    """Show what a concept set stands for.

    Parameters
    ----------
    concept_set : ConceptSet
        The set.
    dataset : Dataset
        The release.

    Returns
    -------
    ConceptResolution
        As `ConceptSet.resolution` says.
    """
    members, unknown = _members([concept_set], dataset)
    named = sorted({item.concept_id for item in concept_set.items} - unknown)
    known = _look_up(dataset, named)
    return ConceptResolution(
        concept_set,
        _look_up(dataset, members[concept_set]),
        unknown=_named(concept_set, unknown),
        deprecated=_ids(known[known["invalid_reason"].fillna("").isin(["D", "U"])]),
        non_standard=_ids(known[~known["standard_concept"].fillna("").isin(["S", "C"])]),
        notes=tuple(_notes([concept_set], dataset, members=members, unknown=unknown)),
    )


def _look_up(dataset: "Dataset", concept_ids: Iterable[int]) -> "pd.DataFrame":
    # The counts of records were taken at import; `search_concepts` reads the same table.
    from analysis_lib.catalog.bucket_reading import BucketFiles, open_bucket
    from analysis_lib.catalog.frames import to_frame
    from analysis_lib.catalog.vocabulary.concept_tables import COUNTS

    files = BucketFiles.of(dataset, tables=("concept", COUNTS))
    listed = ", ".join(str(int(concept_id)) for concept_id in concept_ids) or "NULL"
    with open_bucket(files) as connection:
        return to_frame(
            connection.sql(
                "SELECT concept_id, concept_name, domain_id, vocabulary_id, standard_concept, invalid_reason, "  # noqa: S608 - integers
                "CAST(coalesce(max(records), 0) AS BIGINT) AS records, "
                "CAST(coalesce(max(persons), 0) AS BIGINT) AS persons "
                f"FROM concept LEFT JOIN {COUNTS} USING (concept_id) WHERE concept_id IN ({listed}) "
                "GROUP BY ALL ORDER BY records DESC, concept_id"
            ).to_arrow_table()
        )


def _notes(
    concept_sets: Sequence[ConceptSet],
    dataset: "Dataset",
    *,
    members: dict[ConceptSet, tuple[int, ...]],
    unknown: frozenset[int],
) -> Iterable[str]:
    asks_below = any(item.include_descendants for each in concept_sets for item in each.items)
    entry = dataset.tables.get("concept_ancestor")
    if asks_below and (entry is None or not entry.rows):
        yield (
            f"the vocabulary of '{dataset.name}' has no concept_ancestor rows, so no concept has descendants; "
            "each stands for itself alone. List the descendants yourself, or import a whole vocabulary."
        )
    named = {item.concept_id for each in concept_sets for item in each.items} - unknown
    known = _look_up(dataset, named)
    deprecated = set(_ids(known[known["invalid_reason"].fillna("").isin(["D", "U"])]))
    for each in concept_sets:
        missing, invalid = _named(each, unknown), _named(each, deprecated)
        if missing:
            yield f"concept set '{each.name}': {_so_many(missing)} not in the vocabulary: {_listed(missing)}."
        if invalid:
            yield f"concept set '{each.name}': {_so_many(invalid)} deprecated: {_listed(invalid)}."
        if not members[each]:
            yield f"concept set '{each.name}' stands for no concept in '{dataset.name}'; no record will match it."


def _so_many(concept_ids: Sequence[int]) -> str:
    return "1 concept is" if len(concept_ids) == 1 else f"{len(concept_ids):,} concepts are"


def _named(concept_set: ConceptSet, among: Iterable[int]) -> tuple[int, ...]:
    return tuple(sorted({item.concept_id for item in concept_set.items} & set(among)))


def _ids(frame: "pd.DataFrame") -> tuple[int, ...]:
    return tuple(sorted(int(concept_id) for concept_id in frame["concept_id"]))


def _listed(concept_ids: Sequence[int]) -> str:
    words = [str(concept_id) for concept_id in concept_ids[:SHOWN]]
    if len(concept_ids) > SHOWN:
        return f"{', '.join(words)} and {len(concept_ids) - SHOWN:,} more"
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]
