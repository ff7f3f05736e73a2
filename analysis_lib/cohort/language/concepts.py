"""Concept sets: which codes of the vocabulary are meant, and what they stand for in one data release."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from analysis_lib.cohort.language.fields import check_count, check_text
from analysis_lib.errors import EmptyConceptSetError, InvalidDefinitionError, UnknownConceptError

if TYPE_CHECKING:
    from analysis_lib.catalog import Dataset


class ConceptSetItem(NamedTuple):
    """One line of a concept set.

    Parameters
    ----------
    concept_id : int
        A standard concept of the OMOP vocabulary.
    include_descendants : bool
        Whether everything below the concept is meant too.
    is_excluded : bool
        Whether the line takes concepts away instead of adding them.
    """

    concept_id: int
    include_descendants: bool = True
    is_excluded: bool = False


@dataclass(frozen=True)
class ConceptSet:
    """A named set of concepts, written as a few concepts and everything below them.

    What is excluded wins over what is included, as in ATLAS. Order and repetition carry no meaning, nor does the name:
    two sets with the same lines have the same hash in a definition.

    Parameters
    ----------
    name : str
        What people call it; used in sentences and tables.
    items : iterable of int or ConceptSetItem
        A bare concept id means that concept and its descendants.

    Examples
    --------
    >>> ConceptSet("celecoxib", [1118084])
    >>> ConceptSet("new heart attack", [4329847]).excluding(314666)
    """

    name: str
    items: tuple[ConceptSetItem, ...]

    def __init__(self, name: str, items: Iterable[int | ConceptSetItem]) -> None:
        check_text("name of a concept set", name)
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "items", tuple(sorted({_as_item(item) for item in items})))
        if not any(not item.is_excluded for item in self.items):
            raise InvalidDefinitionError(
                f"concept set '{name}' includes no concept; found {len(self.items)} lines, none of them including. "
                "Give at least one concept id to include."
            )

    @classmethod
    def of_concept(cls, concept_id: int, dataset: "Dataset") -> "ConceptSet":
        """Take one concept and its descendants, under the name that the vocabulary gives it.

        Parameters
        ----------
        concept_id : int
            The concept.
        dataset : Dataset
            The release whose vocabulary is asked.

        Returns
        -------
        ConceptSet
            Named in lower case, as it stands in sentences.

        Raises
        ------
        UnknownConceptError
            If the vocabulary does not have it.
        """
        unnamed = cls(f"concept {concept_id}", [concept_id])
        found = dataset.query(f"SELECT concept_name FROM concept WHERE concept_id = {int(concept_id)}")  # noqa: S608
        if found.empty:
            unnamed.resolve(dataset)  # refuses, and says what is unknown
        return cls(" ".join(str(found["concept_name"].iloc[0]).split()).lower(), unnamed.items)

    def including(self, *concept_ids: int, descendants: bool = True) -> "ConceptSet":
        """Add concepts.

        Parameters
        ----------
        *concept_ids : int
            The concepts.
        descendants : bool, default True
            Whether everything below them is meant too.

        Returns
        -------
        ConceptSet
            A new set; this one stays as it is.
        """
        return self._with(concept_ids, descendants=descendants, is_excluded=False)

    def excluding(self, *concept_ids: int, descendants: bool = True) -> "ConceptSet":
        """Take concepts away.

        Parameters
        ----------
        *concept_ids : int
            The concepts.
        descendants : bool, default True
            Whether everything below them goes too.

        Returns
        -------
        ConceptSet
            A new set; this one stays as it is.
        """
        return self._with(concept_ids, descendants=descendants, is_excluded=True)

    def _with(self, concept_ids: Iterable[int], *, descendants: bool, is_excluded: bool) -> "ConceptSet":
        added = [ConceptSetItem(concept_id, descendants, is_excluded) for concept_id in concept_ids]
        return ConceptSet(self.name, [*self.items, *added])

    def describe(self) -> str:
        """Say in words which concepts are meant.

        Returns
        -------
        str
            Such as ``celecoxib (concept 1118084 and its descendants)``.
        """
        included = [_in_words(item) for item in self.items if not item.is_excluded]
        excluded = [_in_words(item) for item in self.items if item.is_excluded]
        without = f", without {_joined(excluded)}" if excluded else ""
        return f"{self.name} ({_joined(included)}{without})"

    def __str__(self) -> str:
        return self.describe()

    def resolve(self, dataset: "Dataset") -> tuple[int, ...]:
        """List the concepts that the set stands for in one data release, through ``concept_ancestor``.

        Parameters
        ----------
        dataset : Dataset
            The release whose vocabulary is asked.

        Returns
        -------
        tuple of int
            Concept ids, ascending, without repetition.

        Raises
        ------
        UnknownConceptError
            If a concept named in the set is not in the release's vocabulary.
        EmptyConceptSetError
            If the exclusions leave nothing.
        """
        return resolve_all([self], dataset)[self]


def resolve_all(concept_sets: Iterable[ConceptSet], dataset: "Dataset") -> dict[ConceptSet, tuple[int, ...]]:
    """Resolve several concept sets with one look at the vocabulary.

    Parameters
    ----------
    concept_sets : iterable of ConceptSet
        The sets.
    dataset : Dataset
        The release whose vocabulary is asked.

    Returns
    -------
    dict of ConceptSet to tuple of int
        Concept ids, ascending, by set.
    """
    wanted = list(dict.fromkeys(concept_sets))
    named = sorted({item.concept_id for concept_set in wanted for item in concept_set.items})
    if not named:
        return {}
    listed = ", ".join(map(str, named))
    found = dataset.query(
        "SELECT c.concept_id, a.descendant_concept_id FROM concept AS c "  # noqa: S608 - integers
        "LEFT JOIN concept_ancestor AS a ON a.ancestor_concept_id = c.concept_id "
        f"WHERE c.concept_id IN ({listed})"
    )
    known = {int(concept_id) for concept_id in found["concept_id"]}
    # A vocabulary export may lack the line of a concept with itself (GiBleed lacks seven), so it is always added.
    descendants = {concept_id: {concept_id} for concept_id in named}
    for ancestor, descendant in found.dropna().itertuples(index=False):
        descendants[int(ancestor)].add(int(descendant))
    return {
        concept_set: _resolved(concept_set, known=known, descendants=descendants, where=dataset.name)
        for concept_set in wanted
    }


def _resolved(
    concept_set: ConceptSet, *, known: set[int], descendants: dict[int, set[int]], where: str
) -> tuple[int, ...]:
    unknown = [item.concept_id for item in concept_set.items if item.concept_id not in known]
    if unknown:
        raise UnknownConceptError(
            f"concept set '{concept_set.name}' names concepts that the vocabulary of '{where}' does not have; "
            f"found {len(unknown)} unknown: {_joined([str(concept_id) for concept_id in unknown])}. "
            "Check the ids (athena.ohdsi.org), or take a data release with a fuller vocabulary."
        )
    included, excluded = set[int](), set[int]()
    for item in concept_set.items:
        meant = descendants[item.concept_id] if item.include_descendants else {item.concept_id}
        (excluded if item.is_excluded else included).update(meant)
    if not included - excluded:
        raise EmptyConceptSetError(
            f"concept set '{concept_set.name}' stands for no concept in '{where}'; "
            f"found {len(included)} included, all of them excluded again. Take away one of the exclusions."
        )
    return tuple(sorted(included - excluded))


def _as_item(item: int | ConceptSetItem) -> ConceptSetItem:
    if isinstance(item, ConceptSetItem):
        check_count("concept_id", item.concept_id)
        return ConceptSetItem(item.concept_id, bool(item.include_descendants), bool(item.is_excluded))
    check_count("concept_id", item)
    return ConceptSetItem(int(item))


def _in_words(item: ConceptSetItem) -> str:
    return f"concept {item.concept_id}" + (" and its descendants" if item.include_descendants else "")


def _joined(words: list[str]) -> str:
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]
