"""Concept sets of Circe documents, resolved once for a release and numbered for its buckets."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from analysis_lib.catalog.bucket_reading import BucketFiles, open_bucket
from analysis_lib.errors import CirceError

if TYPE_CHECKING:
    import pyarrow as pa

    from analysis_lib.catalog import Dataset

__all__ = ["Codesets", "Item", "Resolved", "concept_ids_of", "items_of", "resolve"]


class Item(NamedTuple):
    """One line of a concept set."""

    concept_id: int
    is_excluded: bool
    descendants: bool
    mapped: bool


def items_of(document: Mapping[str, Any]) -> dict[int, tuple[Item, ...]]:
    """Read the concept sets of a Circe document.

    Parameters
    ----------
    document : mapping of str to Any
        The JSON of ATLAS.

    Returns
    -------
    dict of int to tuple of Item
        Lines by the set's number in the document.

    Raises
    ------
    CirceError
        If a set has no number, or a line no concept.
    """
    from analysis_lib.cohort.circe.query import read_expression

    expression = read_expression(document)
    found: dict[int, tuple[Item, ...]] = {}
    for concept_set in expression.concept_sets:
        if concept_set.id is None or concept_set.id in found:
            raise CirceError("concept sets need numbers of their own; found one twice or missing. Mend the definition.")
        lines = concept_set.expression.items if concept_set.expression else []
        found[concept_set.id] = tuple(sorted({_item(concept_set.name, line) for line in lines or []}))
    return found


def _item(name: str | None, line: Any) -> Item:
    if line.concept is None or line.concept.concept_id is None:
        raise CirceError(f"concept set '{name}' has a line without a concept. Mend the definition.")
    return Item(
        int(line.concept.concept_id), bool(line.is_excluded), bool(line.include_descendants), bool(line.include_mapped)
    )


@dataclass
class Codesets:
    """All concept sets of a run, each distinct one once.

    Parameters
    ----------
    numbers : dict of tuple of Item to int
        Number of each set in the bucket's table ``codesets``.
    computed : dict of int to int
        Number of each set that stands for computed measurements, by its only concept, which no vocabulary has.
    """

    numbers: dict[tuple[Item, ...], int] = field(default_factory=dict)
    computed: dict[int, int] = field(default_factory=dict)

    def number(self, items: tuple[Item, ...]) -> int:
        """Give the number of a set, a new one if it was not seen before.

        Parameters
        ----------
        items : tuple of Item
            Its lines.

        Returns
        -------
        int
            The number.
        """
        return self.numbers.setdefault(items, len(self.numbers) + len(self.computed))

    def number_computed(self, concept_id: int) -> int:
        """Give the number of a set that stands for a computed measurement.

        Parameters
        ----------
        concept_id : int
            The concept that the engine gives to the computed rows.

        Returns
        -------
        int
            The number.
        """
        return self.computed.setdefault(concept_id, len(self.numbers) + len(self.computed))


class Resolved(NamedTuple):
    """What concept sets stand for in one release.

    Parameters
    ----------
    members : pyarrow.Table
        ``codeset_id`` and ``concept_id``, both int64, sorted, each pair once.
    unknown : frozenset of int
        Concepts that the vocabulary does not have.
    has_ancestors : bool
        Whether the vocabulary says which concept lies below which; real data sets come without.
    """

    members: "pa.Table"
    unknown: frozenset[int]
    has_ancestors: bool


def resolve(codesets: Codesets, dataset: "Dataset") -> Resolved:
    """Look up all concept sets with one query on the vocabulary.

    The rules are Circe's: a concept counts if the vocabulary has it; its descendants if they are valid; with "mapped",
    whatever maps to these; and what excluded lines mean so is taken away again.

    Parameters
    ----------
    codesets : Codesets
        The sets.
    dataset : Dataset
        The release.

    Returns
    -------
    Resolved
        Members by set.
    """
    import pyarrow as pa

    lines = [(number, *item) for items, number in codesets.numbers.items() for item in items]
    columns: Iterable[Any] = zip(*lines, strict=True) if lines else ((), (), (), (), ())
    names = ("codeset_id", "concept_id", "is_excluded", "descendants", "mapped")
    kinds = (pa.int64(), pa.int64(), pa.bool_(), pa.bool_(), pa.bool_())
    table = pa.table({name: pa.array(values, kind) for name, values, kind in zip(names, columns, kinds, strict=True)})
    tables = tuple(name for name in _EMPTY if name in dataset.tables)
    with open_bucket(BucketFiles.of(dataset, tables=tables)) as connection:
        for name, columns_sql in _EMPTY.items():
            if name not in tables:
                connection.execute(f"CREATE VIEW {name} AS SELECT {columns_sql} WHERE false")
        connection.register("lines", table)
        members = connection.sql(_RESOLVE_SQL).to_arrow_table()
        unknown = connection.execute(
            "SELECT DISTINCT concept_id FROM lines WHERE concept_id NOT IN (SELECT concept_id FROM concept)"
        ).fetchall()
        (ancestors,) = connection.execute("SELECT count(*) FROM (FROM concept_ancestor LIMIT 1)").fetchall()
    computed = {"codeset_id": list(codesets.computed.values()), "concept_id": list(codesets.computed)}
    members = pa.concat_tables([members, pa.table(computed, schema=members.schema)])
    return Resolved(members, frozenset(int(row[0]) for row in unknown), bool(ancestors[0]))


def concept_ids_of(resolved: Resolved) -> dict[int, tuple[int, ...]]:
    """List the members of each set.

    Parameters
    ----------
    resolved : Resolved
        From `resolve`.

    Returns
    -------
    dict of int to tuple of int
        Concepts by the set's number; a set without any is not there.
    """
    found: dict[int, list[int]] = {}
    for number, concept_id in zip(*(column.to_pylist() for column in resolved.members.columns), strict=True):
        found.setdefault(number, []).append(concept_id)
    return {number: tuple(concept_ids) for number, concept_ids in found.items()}


_EMPTY = {
    "concept": "NULL::BIGINT AS concept_id, NULL::VARCHAR AS invalid_reason",
    "concept_ancestor": "NULL::BIGINT AS ancestor_concept_id, NULL::BIGINT AS descendant_concept_id",
    "concept_relationship": "NULL::BIGINT AS concept_id_1, NULL::BIGINT AS concept_id_2, "
    "NULL::VARCHAR AS relationship_id, NULL::VARCHAR AS invalid_reason",
}
# An export may write "valid" as an empty text; the model's word for it is null.
_RESOLVE_SQL = """
    WITH named AS (
        SELECT l.* FROM lines AS l SEMI JOIN concept AS c ON c.concept_id = l.concept_id
    ),
    below AS (
        SELECT l.codeset_id, l.is_excluded, l.mapped, a.descendant_concept_id AS concept_id
        FROM lines AS l JOIN concept_ancestor AS a ON a.ancestor_concept_id = l.concept_id
        WHERE l.descendants
    ),
    valid AS (
        SELECT b.* FROM below AS b
        SEMI JOIN (SELECT concept_id FROM concept WHERE coalesce(invalid_reason, '') = '') AS c
          ON c.concept_id = b.concept_id
    ),
    meant AS (
        SELECT codeset_id, is_excluded, mapped, concept_id FROM named
        UNION SELECT codeset_id, is_excluded, mapped, concept_id FROM valid
    ),
    with_mapped AS (
        SELECT codeset_id, is_excluded, concept_id FROM meant
        UNION
        SELECT m.codeset_id, m.is_excluded, r.concept_id_1
        FROM meant AS m JOIN concept_relationship AS r ON r.concept_id_2 = m.concept_id
        WHERE m.mapped AND r.relationship_id = 'Maps to' AND coalesce(r.invalid_reason, '') = ''
    )
    SELECT codeset_id, concept_id FROM with_mapped WHERE NOT is_excluded
    EXCEPT SELECT codeset_id, concept_id FROM with_mapped WHERE is_excluded
    ORDER BY ALL
"""
