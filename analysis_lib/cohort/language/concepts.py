"""Concept sets: which codes of the vocabulary are meant, and what they stand for in one data release."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from analysis_lib.cohort.language.fields import check_count, check_flag, check_text
from analysis_lib.errors import InvalidDefinitionError
from analysis_lib.tables import html_table

if TYPE_CHECKING:
    import os

    from analysis_lib.catalog import Dataset
    from analysis_lib.cohort.language.resolution import ConceptResolution

__all__ = ["Concept", "ConceptSet", "ConceptSetItem", "as_concepts"]

MOST_LISTED = 6
MOST_SHOWN = 25


@dataclass(frozen=True, order=True)
class Concept:
    """One concept of the vocabulary.

    Parameters
    ----------
    concept_id : int
        Its number.
    concept_name : str, default ""
        Its name, for people; it carries no meaning.
    """

    concept_id: int
    concept_name: str = ""

    def __post_init__(self) -> None:
        check_count("concept_id", self.concept_id)


def as_concepts(field: str, values: Iterable[int | Concept]) -> tuple[Concept, ...]:
    """Read concepts.

    Parameters
    ----------
    field : str
        What they are, for the message.
    values : iterable of int or Concept
        The concepts.

    Returns
    -------
    tuple of Concept
        In their order.
    """
    concepts = []
    for number, value in enumerate(values):
        if not isinstance(value, Concept):
            check_count(f"{field}[{number}]", value)
        concepts.append(value if isinstance(value, Concept) else Concept(int(value)))
    return tuple(concepts)


@dataclass(frozen=True, order=True)
class ConceptSetItem:
    """One line of a concept set.

    Parameters
    ----------
    concept_id : int
        A concept of the OMOP vocabulary.
    include_descendants : bool, default True
        Whether everything below the concept is meant too, as far as it is valid.
    is_excluded : bool, default False
        Whether the line takes concepts away instead of adding them.
    include_mapped : bool, default False
        Whether everything is meant too that maps to one of these concepts: the source codes.
    concept_name : str, default ""
        The concept's name, for people; it carries no meaning.
    """

    concept_id: int
    include_descendants: bool = True
    is_excluded: bool = False
    include_mapped: bool = False
    concept_name: str = ""

    def __post_init__(self) -> None:
        check_count("concept_id", self.concept_id)
        for name in ("include_descendants", "is_excluded", "include_mapped"):
            check_flag(name, getattr(self, name))

    @property
    def meaning(self) -> tuple[int, bool, bool, bool]:
        """The line without its name."""
        return self.concept_id, self.include_descendants, self.is_excluded, self.include_mapped


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
    may_be_empty : bool, default False
        Whether a set is accepted that includes nothing, as ATLAS does; it matches no record.

    Examples
    --------
    >>> ConceptSet("celecoxib", [1118084])
    >>> ConceptSet("new heart attack", [4329847]).excluding(314666)
    """

    name: str
    items: tuple[ConceptSetItem, ...]

    def __init__(self, name: str, items: Iterable[int | ConceptSetItem], *, may_be_empty: bool = False) -> None:
        check_text("name of a concept set", name)
        kept: dict[Any, ConceptSetItem] = {}
        for item in map(_as_item, items):
            if not kept.get(item.meaning, item).concept_name:
                kept[item.meaning] = item
            kept.setdefault(item.meaning, item)
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "items", tuple(sorted(kept.values())))
        if not may_be_empty and not any(not item.is_excluded for item in self.items):
            raise InvalidDefinitionError(
                f"concept set '{name}' includes no concept; found {len(self.items)} lines, none of them including. "
                "Give at least one concept id to include."
            )

    @classmethod
    def from_csv(cls, path: "str | os.PathLike[str]", *, name: str | None = None) -> "ConceptSet":
        """Read a concept set from a CSV file with a header.

        Parameters
        ----------
        path : path-like
            The file. Its column ``concept_id`` is needed; ``is_excluded``, ``include_descendants``, ``include_mapped``
            and ``concept_name`` may be there, in any case and with spaces or none, as ATLAS exports them. Yes and no
            may be written true or false, yes or no, 1 or 0. Without a column, descendants are meant, the rest is not.
        name : str, optional
            What to call it; the file's name when left out.

        Returns
        -------
        ConceptSet
            The set.

        Raises
        ------
        InvalidDefinitionError
            If the file cannot be read so; the line is named.
        """
        from analysis_lib.cohort.language.concept_files import read_csv

        return read_csv(path, name=name)

    @classmethod
    def from_atlas(cls, document: "str | dict[str, Any]", *, name: str | None = None) -> "ConceptSet":
        """Read a concept set that ATLAS exported as JSON.

        Parameters
        ----------
        document : str or dict
            The JSON: a concept set expression, or a concept set with its name.
        name : str, optional
            What to call it; the name in the document, else ``"concept set"``, when left out.

        Returns
        -------
        ConceptSet
            The set; an empty one is accepted.

        Raises
        ------
        CirceError
            If the document is none, or has a part that is not known.
        """
        from analysis_lib.cohort.language.concept_files import read_atlas

        return read_atlas(document, name=name)

    def to_atlas(self) -> "dict[str, Any]":
        """Write the set as ATLAS imports it.

        Returns
        -------
        dict
            A concept set expression, ready for ``json.dump``.
        """
        from analysis_lib.cohort.language.concept_files import expression_of

        return expression_of(self)

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

    def including(self, *concept_ids: int, descendants: bool = True, mapped: bool = False) -> "ConceptSet":
        """Add concepts.

        Parameters
        ----------
        *concept_ids : int
            The concepts.
        descendants : bool, default True
            Whether everything below them is meant too.
        mapped : bool, default False
            Whether the source codes that map to them are meant too.

        Returns
        -------
        ConceptSet
            A new set; this one stays as it is.
        """
        return self._with(concept_ids, descendants=descendants, mapped=mapped, is_excluded=False)

    def excluding(self, *concept_ids: int, descendants: bool = True, mapped: bool = False) -> "ConceptSet":
        """Take concepts away.

        Parameters
        ----------
        *concept_ids : int
            The concepts.
        descendants : bool, default True
            Whether everything below them goes too.
        mapped : bool, default False
            Whether the source codes that map to them go too.

        Returns
        -------
        ConceptSet
            A new set; this one stays as it is.
        """
        return self._with(concept_ids, descendants=descendants, mapped=mapped, is_excluded=True)

    def _with(self, concept_ids: Iterable[int], *, descendants: bool, mapped: bool, is_excluded: bool) -> "ConceptSet":
        added = [ConceptSetItem(concept_id, descendants, is_excluded, mapped) for concept_id in concept_ids]
        return ConceptSet(self.name, [*self.items, *added])

    def describe(self) -> str:
        """Say in words which concepts are meant.

        Returns
        -------
        str
            Such as ``celecoxib (concept 1118084 and its descendants)``; of long lists the number of lines.
        """
        if not self.items:
            return f"{self.name} (no concept)"
        included = [_in_words(item) for item in self.items if not item.is_excluded]
        excluded = [_in_words(item) for item in self.items if item.is_excluded]
        if len(self.items) > MOST_LISTED:
            return f"{self.name} ({len(included):,} concepts included, {len(excluded):,} excluded)"
        without = f", without {_joined(excluded)}" if excluded else ""
        return f"{self.name} ({_joined(included) if included else 'nothing'}{without})"

    def __str__(self) -> str:
        return self.describe()

    def _repr_html_(self) -> str:
        rows = [[_in_words(item), "excluded" if item.is_excluded else ""] for item in self.items[:MOST_SHOWN]]
        more = [f"The first {MOST_SHOWN} of {len(self.items):,} lines."] if len(self.items) > MOST_SHOWN else []
        notes = [*more, "resolution(dataset) says what it stands for in a data set."]
        return html_table(["Concept", ""], rows, caption=f"Concept set: {self.name}", notes=notes, left=2)

    def resolve(self, dataset: "Dataset", *, unknown_concepts: Literal["refuse", "warn"] = "refuse") -> tuple[int, ...]:
        """List the concepts that the set stands for in one data release, as Circe's SQL does.

        A concept that is named counts if the vocabulary has it; what lies below it in ``concept_ancestor`` counts if
        it is valid; with "mapped", so does whatever maps to these. What excluded lines mean so is taken away again.

        Parameters
        ----------
        dataset : Dataset
            The release whose vocabulary is asked.
        unknown_concepts : {"refuse", "warn"}, default "refuse"
            What to do if the vocabulary lacks a concept, or nothing is left: raise, or warn and go on.

        Returns
        -------
        tuple of int
            Concept ids, ascending, without repetition.

        Raises
        ------
        UnknownConceptError
            If a concept named in the set is not in the release's vocabulary.
        EmptyConceptSetError
            If the set stands for nothing.

        Warns
        -----
        ConceptWarning
            With ``"warn"``: what is missing.
        """
        from analysis_lib.cohort.language.resolution import resolve_all

        return resolve_all([self], dataset, unknown_concepts=unknown_concepts)[self]

    def resolution(self, dataset: "Dataset") -> "ConceptResolution":
        """Show what the set stands for in one data release, and what is wrong with it there.

        Parameters
        ----------
        dataset : Dataset
            The release whose vocabulary and records are asked.

        Returns
        -------
        ConceptResolution
            Concepts with counts of records; unknown, deprecated and non-standard ones; notes in words.
        """
        from analysis_lib.cohort.language.resolution import resolution_of

        return resolution_of(self, dataset)


def _as_item(item: int | ConceptSetItem) -> ConceptSetItem:
    if isinstance(item, ConceptSetItem):
        return item
    check_count("concept_id", item)
    return ConceptSetItem(int(item))


def _in_words(item: ConceptSetItem) -> str:
    name = f" {item.concept_name}" if item.concept_name else ""
    below = " and its descendants" if item.include_descendants else ""
    return f"concept {item.concept_id}{name}{below}" + (" with the codes that map to it" * item.include_mapped)


def _joined(words: list[str]) -> str:
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]
