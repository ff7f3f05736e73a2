"""Making a project: its file as text, and its folder in one step."""

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hub_config.home import PRIVATE_FOLDER, write_private
from hub_config.projects.document import Project
from hub_config.projects.errors import ProjectError
from hub_config.projects.loading import FILE, load_project
from hub_config.projects.parsing import parse_project

__all__ = ["make_project", "project_text"]

FOLDERS = ("runs", "secrets")


def project_text(name: str, *, fields: Mapping[str, Any], members: Mapping[str, str]) -> str:
    """Write a project's file as text.

    Parameters
    ----------
    name : str
        The project's name.
    fields : mapping
        Fields of the outermost table; those that are None or empty are left out.
    members : mapping of str to str
        Each member's role.

    Returns
    -------
    str
        TOML that `parse_project` takes.

    Raises
    ------
    ProjectError
        If the fields are not valid.
    """
    lines = [f"{key} = {_quoted(value)}" for key, value in fields.items() if value]
    lines += ["", "[members]", *(f"{_quoted(person)} = {_quoted(role)}" for person, role in members.items())]
    text = "\n".join(lines) + "\n"
    parse_project(text, name=name)
    return text


def make_project(home: Path, *, name: str, text: str) -> Project:
    """Make a project's folder with its file, whole or not at all.

    Parameters
    ----------
    home : Path
        The home.
    name : str
        A name that no project has.
    text : str
        What its file shall say.

    Returns
    -------
    Project
        The project, as it is read back.

    Raises
    ------
    ProjectError
        If there is one of this name, its account is somebody else's, or the folder cannot be written.
    """
    parse_project(text, name=name)
    folder = home / "projects" / name
    try:
        folder.parent.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{name}.", dir=folder.parent))  # mkdtemp makes it 0700
        try:
            for inner in FOLDERS:
                (draft / inner).mkdir(mode=PRIVATE_FOLDER)
            write_private(draft / FILE, text)
            if os.path.lexists(folder):
                raise ProjectError("there is a project of this name; found its folder. Choose another name.")
            draft.rename(folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    except OSError as refused:
        raise ProjectError(
            f"the project's folder cannot be written; {refused.strerror}. Free some space or rights in the home."
        ) from refused
    try:
        return load_project(folder)
    except ProjectError:
        # Only its account can be wrong, which is known when all projects are.
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _quoted(value: Any) -> str:
    """Write text or a list of texts as TOML, whose basic strings are those of JSON."""
    return json.dumps(value, ensure_ascii=False)
