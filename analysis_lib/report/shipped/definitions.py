"""Cohort definitions by name: of the project, or among those that come with the library; or a file of one's own."""

import os
import re
from importlib.resources import as_file, files
from pathlib import Path

from analysis_lib.cohort import CohortDefinition
from analysis_lib.cohort.files import read_definition_file
from analysis_lib.errors import InvalidDefinitionError

__all__ = ["COHORTS_VARIABLE", "definition_named", "shipped_definitions"]

COHORTS_VARIABLE = "COHORTHUB_COHORTS"
_FOLDER = files("analysis_lib.report.shipped") / "definitions"
_NAME = re.compile("[a-z0-9][a-z0-9_-]{0,62}")


def shipped_definitions() -> list[str]:
    """List the definitions that come with the library.

    Returns
    -------
    list of str
        Their names, sorted.
    """
    return sorted(path.name.removesuffix(".json") for path in _FOLDER.iterdir() if path.name.endswith(".json"))


def definition_named(name: str) -> CohortDefinition:
    """Find a cohort definition: one of the project, one that comes with the library, or a file.

    Parameters
    ----------
    name : str
        Such as ``new_users_of_celecoxib``: the file ``NAME.json`` in the folder ``COHORTHUB_COHORTS``, where a report
        finds the definitions of its project, else one that comes with the library. Or the path of a file that ends
        in ``.json``. Files are as ATLAS exports them or as `CohortDefinition.to_json` writes them.

    Returns
    -------
    CohortDefinition
        What it says.

    Raises
    ------
    InvalidDefinitionError
        If there is neither such a name nor such a file, or the file is no definition.
    """
    if name.endswith(".json"):
        return read_definition_file(Path(name).expanduser())
    own, shipped = _own_definitions(), shipped_definitions()
    if name in own:
        return read_definition_file(own[name])
    if name in shipped:
        with as_file(_FOLDER / f"{name}.json") as path:
            return read_definition_file(path)
    raise InvalidDefinitionError(
        f"there is no cohort definition of that name; those that come with the library are {', '.join(shipped)}, those "
        f"of this project are {', '.join(sorted(own)) or 'none'}. Use one of these, or give the path of a file that "
        "ends in .json."
    )


def _own_definitions() -> dict[str, Path]:
    folder = os.environ.get(COHORTS_VARIABLE)
    if not folder or not Path(folder).is_dir():
        return {}
    return {path.stem: path for path in Path(folder).glob("*.json") if _NAME.fullmatch(path.stem)}
