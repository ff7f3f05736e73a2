"""The CSV file of a sweep as it was looked at: kept by its hash like the notebook, and approved with the definition."""

import difflib
import hashlib
from typing import Any

from sqlalchemy.engine import Connection, Row

from hub_config.reports.database.history import template_content
from hub_config.reports.definitions import Definition
from hub_config.reports.definitions.differences import Change
from hub_config.reports.desk.errors import NotApprovedError

__all__ = ["SWEEP_CONTENT", "kept_sweep", "pinned_sha256", "sweep_change"]

SWEEP_CONTENT = "sweep.csv.content"
MOST_LINES = 40  # of a difference


def pinned_sha256(document_sha256: str, sweep: bytes | None) -> str:
    """Give the hash of a definition together with the file that its sweep names: either changes it.

    Parameters
    ----------
    document_sha256 : str
        Of the document.
    sweep : bytes or None
        The file's content; None where the definition names none.

    Returns
    -------
    str
        That of the document itself where there is no file.
    """
    if sweep is None:
        return document_sha256
    return hashlib.sha256(f"{document_sha256} {hashlib.sha256(sweep).hexdigest()}".encode()).hexdigest()


def kept_sweep(connection: Connection, definition: Definition, *, sha256: str | None) -> bytes | None:
    """Read the file of a definition's sweep as it was looked at, whatever lies in the project's folder now.

    Parameters
    ----------
    connection : Connection
        Of the database.
    definition : Definition
        Which.
    sha256 : str or None
        Of the file, as it stands beside the definition.

    Returns
    -------
    bytes or None
        None if the definition names no file.

    Raises
    ------
    NotApprovedError
        If nobody has looked at the file: the definition was approved by a version that did not keep it.
    """
    if definition.sweep is None or definition.sweep.csv is None:
        return None
    kept = template_content(connection, sha256) if sha256 is not None else None
    if kept is None:
        raise NotApprovedError(
            "The file of the sweep has not been approved; found none that is kept. Save the definition again, and have "
            "a lead of the project approve it."
        )
    return bytes(kept.content)


def sweep_change(connection: Connection, row: Row[Any]) -> Change | None:
    """Say what the draft of a definition changes in the file of its sweep.

    Parameters
    ----------
    connection : Connection
        Of the database.
    row : Row
        The definition.

    Returns
    -------
    Change or None
        With the lines that are gone, and those that are new; None if the file is the same, or there is none.
    """
    if row.draft is None or row.sweep_sha256 == row.draft_sweep_sha256:
        return None
    before, after = _lines(connection, row.sweep_sha256), _lines(connection, row.draft_sweep_sha256)
    differing = [line for line in difflib.unified_diff(before, after, n=0, lineterm="") if line[:2] not in {"--", "++"}]
    gone, new = ([line[1:] for line in differing if line[0] == sign][:MOST_LINES] for sign in "-+")
    kind = "added" if row.sweep_sha256 is None else "removed" if row.draft_sweep_sha256 is None else "changed"
    return Change(SWEEP_CONTENT, gone or None, new or None, kind)


def _lines(connection: Connection, sha256: str | None) -> list[str]:
    kept = template_content(connection, sha256) if sha256 is not None else None
    return bytes(kept.content).decode("utf-8-sig", "replace").splitlines() if kept is not None else []
