"""Which notebook a definition means: one that came with CohortHub, or a file that lies in the project's own folder."""

import os
from pathlib import Path

from hub_config.reports.definitions.errors import DefinitionError
from hub_config.reports.definitions.problems import Problem
from hub_config.reports.templates.templates import shipped_templates

__all__ = ["find_in_project", "locate_template", "templates_in", "why_no_path"]

_LONGEST = 400
_LONGEST_PART = 255
_LONGEST_NAME = 80  # of a notebook, without its ending: the queue's column; SQLite would take more, PostgreSQL does not
_DEEPEST, _MOST_LOOKED_AT = 4, 2_000
_NO_TEMPLATES = frozenset({"runs", "secrets"})  # of the project's folder


def why_no_path(word: str, *, suffix: str) -> str | None:
    """Say why a text cannot name a file inside the project's folder, by its looks alone.

    Parameters
    ----------
    word : str
        What was written.
    suffix : str
        How the file's name has to end.

    Returns
    -------
    str or None
        The reason, or None.
    """
    parts = word.split("/")
    if not word.isprintable() or "\\" in word:
        return "a path has no control characters and no backslashes"
    if "{" in word or "}" in word:
        return "a path has no braces; nothing is filled in"
    if word.startswith(("/", "~")):
        return "a path begins in the project's folder, not at the root or in a home"
    if any(part in {"", ".", ".."} or part.startswith(".") for part in parts):
        return "a path has no empty or hidden parts and no .."
    if any(part != part.strip() or len(part.encode()) > _LONGEST_PART for part in parts) or len(word) > _LONGEST:
        return "a path has no spaces around its parts, and none of more than 255 bytes"
    return _why_no_name(parts[-1], suffix=suffix)


def _why_no_name(name: str, *, suffix: str) -> str | None:
    if not name.endswith(suffix) or name == suffix:
        return f"the file's name ends in {suffix}"
    if suffix == ".ipynb" and len(name.removesuffix(suffix)) > _LONGEST_NAME:
        return f"a notebook's name has at most {_LONGEST_NAME} characters before its ending"
    return None


def find_in_project(word: str, *, folder: Path, field: str, suffix: str) -> Path:
    """Find a file of the project, without leaving its folder.

    Parameters
    ----------
    word : str
        A path relative to the project's folder.
    folder : Path
        The project's folder.
    field : str
        Where the path was written, for the message.
    suffix : str
        How the file's name has to end.

    Returns
    -------
    Path
        A file that exists, absolute; no part below the folder is a link.

    Raises
    ------
    DefinitionError
        If there is no such file in the folder.
    """
    reason = why_no_path(word, suffix=suffix)
    path = folder.absolute()
    for part in word.split("/") if reason is None else ():
        path = path / part
        if path.is_symlink():
            reason = "a part of the path is a link, and a link may lead out of the project's folder"
            break
    if reason is None and not path.is_file():
        reason = "there is no such file in the project's folder"
    if reason is not None:
        raise DefinitionError([Problem(field, "path", f"found a path that cannot be used; {reason}")])
    return path


def templates_in(folder: Path) -> list[str]:
    """List the notebooks of a project, as a definition names them.

    Parameters
    ----------
    folder : Path
        The project's folder; it need not exist.

    Returns
    -------
    list of str
        Paths in the folder, by name. Of a folder with very many files, those that are found first.
    """
    found: list[str] = []
    left, looked_at = [("", folder)], 0
    while left and looked_at < _MOST_LOOKED_AT:
        inside, here = left.pop(0)
        for entry in _entries(here)[: _MOST_LOOKED_AT - looked_at]:
            looked_at += 1
            word = f"{inside}{entry.name}"
            if entry.is_dir(follow_symlinks=False) and word not in _NO_TEMPLATES and word.count("/") < _DEEPEST:
                left.append((f"{word}/", here / entry.name))
            elif entry.is_file(follow_symlinks=False) and why_no_path(word, suffix=".ipynb") is None:
                found.append(word)
    return sorted(found)


def _entries(folder: Path) -> list["os.DirEntry[str]"]:
    try:
        with os.scandir(folder) as entries:
            return sorted((one for one in entries if not one.name.startswith(".")), key=lambda one: one.name)
    except OSError:
        return []


def locate_template(template: str, *, folder: Path) -> Path:
    """Find the notebook that a definition names.

    Parameters
    ----------
    template : str
        The name of a shipped report, or a path in the project's folder that ends in ``.ipynb``.
    folder : Path
        The project's folder.

    Returns
    -------
    Path
        A file that exists, absolute.

    Raises
    ------
    DefinitionError
        If there is none; the shipped names are listed.
    """
    if template.endswith(".ipynb"):
        return find_in_project(template, folder=folder, field="template", suffix=".ipynb")
    shipped = {path.stem: path for path in shipped_templates()}
    if template not in shipped:
        raise DefinitionError(
            [Problem("template", "unknown-template", f"is no shipped report; known are {', '.join(shipped) or 'none'}")]
        )
    return shipped[template].absolute()
