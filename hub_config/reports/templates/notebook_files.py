"""Notebook files, read with suspicion: what cannot be a report is refused before anything is started."""

import json
import os
import stat
from pathlib import Path
from types import ModuleType
from typing import Any

from hub_config.errors import TemplateUnreadableError
from hub_config.lean_imports import leave_out_slow_imports

__all__ = [
    "INJECTED_TAG",
    "PARAMETERS_TAG",
    "STAMP_TAG",
    "code_cells",
    "load_nbformat",
    "parse_notebook",
    "read_bytes",
    "titles",
]

LARGEST = 200 * 2**20  # bytes; a notebook with more than this in its outputs is not a template
PARAMETERS_TAG = "parameters"
INJECTED_TAG = "injected-parameters"  # papermill's word
STAMP_TAG = "cohorthub-incomplete"


def load_nbformat() -> ModuleType:
    """Import nbformat without the two seconds that one of its dependencies takes.

    See `hub_config.lean_imports`: 2.2 s of the 2.5 s that ``import nbformat`` takes.

    Returns
    -------
    module
        nbformat.
    """
    leave_out_slow_imports()
    import nbformat

    return nbformat


def read_bytes(path: Path) -> bytes:
    """Read a template once, so that what is checked, hashed and executed is the same.

    Parameters
    ----------
    path : Path
        A notebook file.

    Returns
    -------
    bytes
        Its content.

    Raises
    ------
    TemplateUnreadableError
        If it is no regular file, too large, or may not be read.
    """
    try:
        # O_NONBLOCK: opening a pipe that nobody writes to would wait for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise TemplateUnreadableError(
                    f"The template cannot be read; {path} is not a regular file. Give the path of a notebook (.ipynb)."
                )
            if found.st_size > LARGEST:
                raise TemplateUnreadableError(
                    f"The template is too large; {path} has {found.st_size / 2**20:.0f} MiB, the limit is "
                    f"{LARGEST // 2**20}. Clear its outputs."
                )
            return file.read(LARGEST + 1)
    except OSError as refused:
        raise TemplateUnreadableError(
            f"The template cannot be read; {path}: {refused.strerror}. Check the path and its permissions."
        ) from refused


def parse_notebook(content: bytes, *, name: str) -> Any:
    """Make a checked notebook of nbformat 4 from the content of a file.

    Parameters
    ----------
    content : bytes
        What the file holds.
    name : str
        How to call it in messages.

    Returns
    -------
    nbformat.NotebookNode
        Valid, of the newest minor version, every cell with a list of tags.

    Raises
    ------
    TemplateUnreadableError
        If it is not JSON, not a notebook, or of a newer format than nbformat here knows.
    """
    nbformat = load_nbformat()
    document = _parse_json(content, name=name)
    major, minor = document.get("nbformat"), document.get("nbformat_minor", 0)
    if not isinstance(major, int) or not isinstance(minor, int) or not isinstance(document.get("metadata", {}), dict):
        raise TemplateUnreadableError(
            f"{name} is not a notebook; it is JSON without a notebook's nbformat number. Give an .ipynb file."
        )
    known = (nbformat.current_nbformat, nbformat.current_nbformat_minor)
    if (major, minor) > known:
        raise TemplateUnreadableError(
            f"{name} was saved by a newer Jupyter than this one; found notebook format {major}.{minor}, known up to "
            f"{known[0]}.{known[1]}. Save it in the older format, or update CohortHub."
        )
    try:
        notebook = nbformat.reads(json.dumps(document), as_version=4)
        notebook = nbformat.v4.upgrade(notebook)
        nbformat.validate(notebook)
    except (nbformat.ValidationError, nbformat.reader.NotJSONError) as invalid:
        raise _no_notebook(name) from invalid
    except (AttributeError, KeyError, TypeError, ValueError, IndexError, RecursionError) as invalid:
        raise _no_notebook(name) from invalid  # converting formats 1 to 3 trusts its input
    for cell in notebook.cells:
        cell.metadata.setdefault("tags", [])
    return notebook


def _no_notebook(name: str) -> TemplateUnreadableError:
    return TemplateUnreadableError(
        f"{name} is not a valid notebook; its cells do not follow the notebook format. "
        "Open it in Jupyter and save it again."
    )


def _parse_json(content: bytes, *, name: str) -> dict[str, Any]:
    try:
        document = json.loads(content.decode("utf-8-sig"))
    except (UnicodeDecodeError, ValueError, RecursionError) as broken:
        raise TemplateUnreadableError(
            f"{name} is not a notebook; it is not JSON in UTF-8. Give an .ipynb file."
        ) from broken
    if not isinstance(document, dict):
        raise TemplateUnreadableError(f"{name} is not a notebook; it is JSON of another kind. Give an .ipynb file.")
    return document


def code_cells(notebook: Any) -> list[int]:
    """Find the cells that count: code with something in it, papermill's own cell left out.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        Any notebook.

    Returns
    -------
    list of int
        Positions in ``notebook.cells``; the first is cell 1 of the report, as ``[1]`` is in a Lab that ran all.
    """
    return [
        position
        for position, cell in enumerate(notebook.cells)
        if cell.cell_type == "code" and cell.source.strip() and INJECTED_TAG not in cell.metadata.get("tags", [])
    ]


def titles(notebook: Any) -> list[str]:
    """Give each cell the heading it stands under.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        Any notebook.

    Returns
    -------
    list of str
        One per cell, at most 80 characters; '' above the first heading.
    """
    current, found = "", []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            current = _last_heading(cell.source) or current
        found.append(current)
    return found


def _last_heading(source: str) -> str:
    last, fenced = "", False
    for line in source.splitlines():
        if line.lstrip().startswith(("```", "~~~")):
            fenced = not fenced
        elif not fenced and line.startswith("#") and line.lstrip("#").startswith(" "):
            last = plain_text(line.lstrip("#"))
    return last


def plain_text(markdown: str, *, longest: int = 80) -> str:
    """Take the marks out of one line of Markdown.

    Parameters
    ----------
    markdown : str
        One line.
    longest : int, default 80
        Characters kept.

    Returns
    -------
    str
        Printable text without ``*``, backticks and control characters.
    """
    text = "".join(sign for sign in markdown if sign.isprintable() and sign not in "*`")
    text = " ".join(text.split()).rstrip("# ")
    return text if len(text) <= longest else text[: longest - 1] + "…"
