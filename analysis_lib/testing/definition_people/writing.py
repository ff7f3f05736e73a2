"""A database of people who do, nearly do and do not qualify for given cohort definitions."""

import json
import os
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from analysis_lib.errors import SyntheticDataError
from analysis_lib.testing.definition_people.cdm_rows import CdmRows
from analysis_lib.testing.definition_people.definition_plan import DefinitionPlan
from analysis_lib.testing.definition_people.person_plan import PersonPlan
from analysis_lib.testing.definition_people.vocabulary import CirceVocabulary, concept_set_items

Role = Literal["qualifies", "near miss", "untidy", "noise"]
_ROLES: tuple[Role, ...] = (
    "qualifies",
    "near miss",
    "untidy",
    "near miss",
    "qualifies",
    "near miss",
    "qualifies",
    "near miss",
    "untidy",
    "noise",
)


@dataclass(frozen=True)
class PlannedPerson:
    """Why a person was made: a wish of the planner, not a promise; rules can contradict one another."""

    person_id: int
    definition: str
    role: Role
    broken: str | None = None
    """The rule that a near miss breaks, by its path in the document."""


@dataclass(frozen=True)
class DefinitionPeople:
    """What was written."""

    path: Path
    persons: tuple[PlannedPerson, ...]
    rows: Mapping[str, int]
    """Rows by table."""


def people_for_definitions(
    definitions: Mapping[str, Mapping[str, Any]] | Iterable[str | os.PathLike[str]],
    *,
    path: str | os.PathLike[str],
    seed: int = 0,
    persons_per_definition: int = 30,
    wide_ids: bool = False,
) -> DefinitionPeople:
    """Write a CDM 5.4 database whose people hit the given Circe documents, nearly hit them, and miss them.

    The vocabulary is made from the documents' own concept sets, with invented descendants, source codes and
    deprecated concepts. Same arguments, same rows.

    Parameters
    ----------
    definitions : mapping of str to mapping, or iterable of path
        Circe documents by name, or their JSON files.
    path : path
        The DuckDB file to write; it may not exist.
    seed : int, default 0
        Where chance begins.
    persons_per_definition : int, default 30
        Persons made for each document.
    wide_ids : bool, default False
        Whether the ids of persons and events are spread over 64 bits: negative ones, and neighbours beyond 2^53 that
        a float could not tell apart.

    Returns
    -------
    DefinitionPeople
        The file, its rows, and what each person was made for.

    Raises
    ------
    SyntheticDataError
        If there is no document, a file is no Circe document, or the target exists.
    """
    target = Path(path)
    documents = _read(definitions)
    if target.exists():
        raise SyntheticDataError(f"the file to write exists already: {target.name}. Name another one.")
    vocabulary = CirceVocabulary(documents.values())
    rows = CdmRows(seed=seed, wide_ids=wide_ids)
    persons: list[PlannedPerson] = []
    for name, document in documents.items():
        items = concept_set_items(document)
        definition = DefinitionPlan(
            document,
            {number: vocabulary.resolve(listed) for number, listed in items.items()},
            {number: vocabulary.beside(listed) for number, listed in items.items()},
        )
        knobs: list[str] = []
        for number in range(persons_per_definition):
            role = _ROLES[number % len(_ROLES)]
            broken = (
                _next_knob(definition, knobs, number=number, seed=f"{seed}/{name}") if role == "near miss" else None
            )
            plan = _plan(definition, role, number=number, seed=f"{seed}/{name}", broken=broken)
            person_id = rows.add_person(plan.draft, rng=random.Random(f"{seed}/{name}/{number}/rows"))
            persons.append(PlannedPerson(person_id, name, role, broken))
    counts = rows.write(target, vocabulary=vocabulary)
    return DefinitionPeople(target, tuple(persons), counts)


def _plan(definition: DefinitionPlan, role: Role, *, number: int, seed: str, broken: str | None) -> PersonPlan:
    if role == "noise":
        return definition.noise(rng=random.Random(f"{seed}/{number}"))
    # A near miss is the twin of the person before: the same choices, but for the rule that is broken.
    twin = number - 1 if role == "near miss" else number
    rng = random.Random(f"{seed}/{twin}")
    return definition.plan(entry=twin // 2, rng=rng, broken=broken, untidy=role == "untidy")


def _next_knob(definition: DefinitionPlan, knobs: list[str], *, number: int, seed: str) -> str | None:
    """Choose the rule to break: of those the twin follows, the one broken least so far."""
    plan = _plan(definition, "near miss", number=number, seed=seed, broken=None)
    candidates = list(dict.fromkeys(knob for knob in plan.knobs if not knob.startswith("Censoring")))
    if not candidates:
        return None
    chosen = min(candidates, key=lambda knob: (knobs.count(knob), candidates.index(knob)))
    knobs.append(chosen)
    return chosen


def _read(
    definitions: Mapping[str, Mapping[str, Any]] | Iterable[str | os.PathLike[str]],
) -> dict[str, Mapping[str, Any]]:
    if isinstance(definitions, Mapping):
        documents = {str(name): document for name, document in definitions.items()}
    else:
        documents = {}
        for file in map(Path, definitions):
            try:
                documents[file.stem] = json.loads(file.read_text(encoding="utf-8"))
            except (OSError, ValueError):
                raise SyntheticDataError(
                    f"not a JSON file that can be read: {file.name}. Give Circe documents."
                ) from None
    if not documents:
        raise SyntheticDataError("no definition was given; found 0. Give at least one Circe document.")
    for name, document in documents.items():
        if not isinstance(document, Mapping) or "PrimaryCriteria" not in document:
            raise SyntheticDataError(
                f"definition {name} is no Circe document; it has no PrimaryCriteria. Leave it out."
            )
    return documents
