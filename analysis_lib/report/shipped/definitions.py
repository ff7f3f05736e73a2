"""Cohort definitions by name: those that come with the library, or a file of one's own."""

from importlib.resources import as_file, files
from pathlib import Path

from analysis_lib.cohort import CohortDefinition
from analysis_lib.cohort.files import read_definition_file
from analysis_lib.errors import InvalidDefinitionError

__all__ = ["definition_named"]

_FOLDER = files("analysis_lib.report.shipped") / "definitions"


def definition_named(name: str) -> CohortDefinition:
    """Find a cohort definition: one that comes with the library, or a file.

    Parameters
    ----------
    name : str
        Such as ``new_users_of_celecoxib``; or the path of a JSON file, as ATLAS exports it or as
        `CohortDefinition.to_json` writes it.

    Returns
    -------
    CohortDefinition
        What it says.

    Raises
    ------
    InvalidDefinitionError
        If there is neither such a name nor such a file, or the file is no definition.
    """
    shipped = sorted(path.name.removesuffix(".json") for path in _FOLDER.iterdir() if path.name.endswith(".json"))
    if name in shipped:
        with as_file(_FOLDER / f"{name}.json") as path:
            return read_definition_file(path)
    if not name.endswith(".json"):
        raise InvalidDefinitionError(
            f"there is no cohort definition of that name; those that come with the library are {', '.join(shipped)}. "
            "Use one of these, or give the path of a file that ends in .json."
        )
    return read_definition_file(Path(name).expanduser())
