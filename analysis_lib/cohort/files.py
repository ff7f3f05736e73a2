"""Cohort definitions as files: CohortHub's own JSON, or Circe JSON as ATLAS and the Phenotype Library write it."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis_lib.cohort.build import Cohort, FailedCohort, build_cohorts
from analysis_lib.cohort.language.definition import CohortDefinition
from analysis_lib.errors import AnalysisError, InvalidDefinitionError

if TYPE_CHECKING:
    from analysis_lib.catalog import Dataset

__all__ = ["BuiltFile", "DefinitionFile", "build_files", "read_definition_file", "read_definition_files"]

MOST_BYTES = 20 * 2**20  # the largest of the Phenotype Library has less than one MB
_LARGEST_ID = 2**63 - 1


@dataclass(frozen=True)
class DefinitionFile:
    """One file and what it holds: a definition, or the reason why it cannot be read.

    Parameters
    ----------
    path : Path
        The file.
    cohort_definition_id : int
        Its number where its name is one, else its position, counted from 1.
    definition : CohortDefinition or None
        With that number; None where `error` says why.
    error : AnalysisError or None
        What is wrong with the file.
    """

    path: Path
    cohort_definition_id: int
    definition: CohortDefinition | None = None
    error: AnalysisError | None = None


@dataclass(frozen=True)
class BuiltFile:
    """One file and what became of its definition: a cohort, or the reason why there is none.

    Parameters
    ----------
    path : Path
        The file.
    cohort_definition_id : int
        Number of the cohort.
    cohort : Cohort or None
        The people; None where `error` says why.
    error : AnalysisError or None
        What went wrong.
    """

    path: Path
    cohort_definition_id: int
    cohort: Cohort | None = None
    error: AnalysisError | None = None


def build_files(files: Sequence[DefinitionFile], dataset: "Dataset") -> list[BuiltFile]:
    """Build the cohorts of all files that can be read, in one pass.

    Parameters
    ----------
    files : sequence of DefinitionFile
        What `read_definition_files` gave.
    dataset : Dataset
        The data release to look in.

    Returns
    -------
    list of BuiltFile
        In the order of the files. Unknown concepts are noted in `Cohort.warnings` and stop nothing.
    """
    definitions = [file.definition for file in files if file.definition is not None]
    results = iter(build_cohorts(definitions, dataset, unknown_concepts="warn"))
    built = []
    for file in files:
        error = file.error
        cohort = None
        if file.definition is not None:
            result = next(results)
            cohort, error = (None, result.error) if isinstance(result, FailedCohort) else (result, None)
        built.append(BuiltFile(file.path, file.cohort_definition_id, cohort, error))
    return built


def read_definition_files(paths: Sequence[Path]) -> list[DefinitionFile]:
    """Read definitions from files and folders; one that cannot be read does not stop the others.

    Parameters
    ----------
    paths : sequence of Path
        Files, and folders whose ``.json`` files are taken in the order of their numbers, then of their names.

    Returns
    -------
    list of DefinitionFile
        In order. Of two files with one number, the second holds an error. A file without a number whose position is
        the number of another file gets the next free one.

    Raises
    ------
    InvalidDefinitionError
        If there is no file at all.
    """
    found: list[DefinitionFile] = []
    listed = list(_listed(paths))
    if not listed:
        raise InvalidDefinitionError(
            "there is no definition to build; found 0 files that end in .json. Give files, or folders that hold some."
        )
    taken: dict[int, Path] = {}
    for path in listed:
        if number := _number(path):
            taken.setdefault(number, path)
    for position, path in enumerate(listed, start=1):
        number = _number(path) or next(free for free in count(position) if free not in taken)
        first = taken.setdefault(number, path)
        try:
            if first is not path:
                raise InvalidDefinitionError(
                    f"cohort_definition_id {number} is taken; both '{first}' and '{path}' would have it. "
                    "Rename one of the files."
                )
            definition = replace(read_definition_file(path), cohort_definition_id=number)
        except AnalysisError as error:
            found.append(DefinitionFile(path, number, error=error))
        else:
            found.append(DefinitionFile(path, number, definition))
    return found


def read_definition_file(path: Path) -> CohortDefinition:
    """Read one definition.

    Parameters
    ----------
    path : Path
        A file of JSON. A definition without a name gets that of the file.

    Returns
    -------
    CohortDefinition
        What it says.

    Raises
    ------
    InvalidDefinitionError
        If it is no cohort definition.
    """
    try:
        if not path.is_file() and path.exists():  # a device or a pipe may never end
            raise InvalidDefinitionError(f"'{path}' is no file. Give a file of JSON, or a folder of them.")
        if path.stat().st_size > MOST_BYTES:
            raise InvalidDefinitionError(
                f"'{path}' is too large for a cohort definition; found {path.stat().st_size:,} bytes. "
                "Give the definition alone."
            )
        document = json.loads(path.read_text(encoding="utf-8-sig"), object_pairs_hook=_each_key_once)
    except OSError as error:
        raise InvalidDefinitionError(
            f"'{path}' cannot be read; found: {error.strerror or type(error).__name__}. Check the path."
        ) from error
    except InvalidDefinitionError:
        raise
    except RecursionError:
        raise InvalidDefinitionError(f"'{path}' lies too deep to be a cohort definition. Flatten its groups.") from None
    except ValueError as error:
        raise InvalidDefinitionError(
            f"'{path}' is no JSON; found {type(error).__name__}. Give a definition as ATLAS exports it, "
            "or as CohortDefinition.to_json() writes it."
        ) from error
    if not isinstance(document, dict):
        raise InvalidDefinitionError(
            f"'{path}' is no cohort definition; found JSON of type {type(document).__name__}. Give an object."
        )
    if "schema" in document:
        return CohortDefinition.from_json(json.dumps(document))
    return CohortDefinition.from_circe(document, name=document.get("name") or path.stem)


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise InvalidDefinitionError(
            f"a definition says one thing twice; found the key {ascii(twice)[:60]} more than once in one object. "
            "Keep the one that is meant."
        )
    return found


def _listed(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            inside = [file for file in path.iterdir() if file.suffix.lower() == ".json" and file.is_file()]
            yield from sorted(inside, key=lambda file: (_number(file) is None, _number(file) or 0, file.name))
        else:
            yield path


def _number(path: Path) -> int | None:
    """Read the number that a file's name is, such as 100 of ``100.json``; 0 is none, as OMOP uses it for unknown."""
    if not (path.stem.isascii() and path.stem.isdigit()) or len(path.stem) > 19:
        return None
    number = int(path.stem)
    return number if 0 < number <= _LARGEST_ID else None
