"""Report templates: finding them by name or path, and telling what they can be told."""

import difflib
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hub_config.errors import ParametersCellError, TemplateNotFoundError
from hub_config.reports.parameters.declarations import Parameter, read_parameters
from hub_config.reports.templates.notebook_files import (
    PARAMETERS_TAG,
    code_cells,
    parse_notebook,
    plain_text,
    read_bytes,
)
from hub_config.shipped import notebooks_dir

__all__ = ["Template", "find_template", "inspect_template", "shipped_templates", "template_from_content"]


@dataclass(frozen=True)
class Template:
    """A notebook that can be run as a report.

    Parameters
    ----------
    name : str
        The file's name without ``.ipynb``.
    path : Path
        Where it lies, absolute.
    title : str
        Its first heading, else its name.
    description : str
        The first paragraph below that heading, or ''.
    parameters : tuple of Parameter
        What it can be told, in the order written.
    kernel_name : str or None
        The kernel its metadata name.
    n_cells : int
        Code cells, the parameters cell included.
    sha256 : str
        Of the file, in hexadecimal.
    content : bytes
        The file as it was read: what is checked is what runs.
    """

    name: str
    path: Path
    title: str
    description: str
    parameters: tuple[Parameter, ...]
    kernel_name: str | None
    n_cells: int
    sha256: str
    content: bytes

    def to_dict(self) -> dict[str, Any]:
        """Give the template as types that JSON knows.

        Returns
        -------
        dict
            Keys name, path, title, description, kernel, cells, sha256, parameters.
        """
        return {
            "name": self.name,
            "path": str(self.path),
            "title": self.title,
            "description": self.description,
            "kernel": self.kernel_name,
            "cells": self.n_cells,
            "sha256": self.sha256,
            "parameters": [parameter.to_dict() for parameter in self.parameters],
        }


def shipped_templates() -> list[Path]:
    """List the report templates that came with CohortHub.

    Returns
    -------
    list of Path
        Notebook files, sorted by name; empty if none are there.
    """
    return sorted((notebooks_dir() / "reports").glob("*.ipynb"))


def find_template(word: str) -> Path:
    """Find the template that a person means.

    Parameters
    ----------
    word : str
        A path, the name of a shipped report (``comparative_safety``), or a notebook in the current folder with or
        without ``.ipynb``. A path that exists wins.

    Returns
    -------
    Path
        An existing file, absolute.

    Raises
    ------
    TemplateNotFoundError
        If there is none; the shipped names are listed.
    """
    given = Path(word).expanduser()
    shipped = {path.stem: path for path in shipped_templates()}
    try:
        for candidate in (given, given.with_name(given.name + ".ipynb") if given.name else given):
            if candidate.exists() and not candidate.is_dir():
                return candidate.absolute()
    except (OSError, ValueError):
        # A name too long for the file system, or with a NUL in it, is the name of nothing.
        pass
    if word.removesuffix(".ipynb") in shipped:
        return shipped[word.removesuffix(".ipynb")].absolute()
    near = difflib.get_close_matches(word, shipped, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    raise TemplateNotFoundError(
        f"There is no report template {plain_text(word)!r}; shipped are: {', '.join(shipped) or 'none'}.{hint} "
        "Give one of these names, or the path of a notebook."
    )


def inspect_template(path: Path) -> Template:
    """Read a template and its parameters, without executing anything.

    Parameters
    ----------
    path : Path
        A notebook file.

    Returns
    -------
    Template
        Checked: one parameters cell, typed literals only.

    Raises
    ------
    TemplateUnreadableError
        If the file is no notebook that can be read.
    ParametersCellError
        If the cell tagged ``parameters`` is missing, doubled, or holds more than typed literals.
    """
    path = Path(path).absolute()
    return _inspected(read_bytes(path), path=path, name=path.stem)


def template_from_content(content: bytes, *, name: str) -> Template:
    """Read a template that was kept, such as the one that was approved.

    Parameters
    ----------
    content : bytes
        The notebook file.
    name : str
        The template's name.

    Returns
    -------
    Template
        As `inspect_template` gives it; its path is only a name.

    Raises
    ------
    TemplateUnreadableError
        If it is no notebook that can be read.
    ParametersCellError
        If the cell tagged ``parameters`` is missing, doubled, or holds more than typed literals.
    """
    return _inspected(content, path=Path(f"{name}.ipynb"), name=name)


def _inspected(content: bytes, *, path: Path, name: str) -> Template:
    notebook = parse_notebook(content, name=path.name)
    parameters = read_parameters(_parameters_cell(notebook, name=path.name).source)
    title, description = _title_and_description(notebook)
    return Template(
        name=name,
        path=path,
        title=title or name,
        description=description,
        parameters=parameters,
        kernel_name=notebook.metadata.get("kernelspec", {}).get("name") or None,
        n_cells=len(code_cells(notebook)),
        sha256=hashlib.sha256(content).hexdigest(),
        content=content,
    )


def _parameters_cell(notebook: Any, *, name: str) -> Any:
    tagged = [cell for cell in notebook.cells if PARAMETERS_TAG in cell.metadata.get("tags", [])]
    if len(tagged) != 1:
        count = "no cell" if not tagged else f"{len(tagged)} cells"
        raise ParametersCellError(
            f"{name} cannot be run as a report; {count} tagged 'parameters', wanted one. In Lab: property inspector "
            "(the cogs) > Cell Tags > add 'parameters' to the cell that declares them."
        )
    if tagged[0].cell_type != "code":
        raise ParametersCellError(
            f"{name} cannot be run as a report; the cell tagged 'parameters' is {tagged[0].cell_type}. "
            "Make it a code cell."
        )
    return tagged[0]


def _title_and_description(notebook: Any) -> tuple[str, str]:
    """Take the first heading and the first paragraph of text after it."""
    title = ""
    paragraph: list[str] = []
    for cell in notebook.cells:
        if cell.cell_type != "markdown":
            if title:
                break
            continue
        for line in cell.source.splitlines():
            if line.startswith("#"):
                if title:
                    return title, plain_text(" ".join(paragraph), longest=400)
                title = plain_text(line.lstrip("#"), longest=120)
            elif line.strip():
                paragraph.append(line.strip())
            elif paragraph and title:
                return title, plain_text(" ".join(paragraph), longest=400)
    return title, plain_text(" ".join(paragraph), longest=400)
