"""What a run declared, read from its folder with suspicion.

The notebook could write anything into its folder: links, pipes, files without end, JSON that is deep or wrong. So files
are opened through folders that are no links, read up to a limit, and every value is taken for what it is or not at all.
"""

import json
import os
import re
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from hub_config.reports.changes.cells import Number, Raw, as_raw
from hub_config.reports.changes.run_facts import RunFacts, facts_of

__all__ = ["DeclaredOutput", "DeclaredRun", "Remark", "known_outputs", "open_beneath", "read_declared", "read_up_to"]

OUTPUTS_SCHEMA = "cohorthub.outputs/1"
LARGEST_OUTPUTS = 50 * 2**20
LARGEST_RECORD = 1 << 20
MOST_OUTPUTS = 1_000
MOST_LABELS = 10_000
MOST_ESTIMATES = 2_000
MOST_COLUMNS = 200
LONGEST_TITLE = 500
KINDS = ("number", "table", "figure")
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")

# O_NONBLOCK: opening a pipe that a notebook left there must not wait for a writer.
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_FOLDER = os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY | os.O_CLOEXEC


@dataclass(frozen=True)
class Remark:
    """Something that could not be compared, or only in part.

    Parameters
    ----------
    code : str
        Stable word, such as ``table-too-large``.
    output : str
        The output it is about, or ''.
    side : str
        ``before``, ``after``, or '' where it is about both.
    """

    code: str
    output: str = ""
    side: str = ""

    def to_dict(self) -> dict[str, str]:
        """Give the remark as types that JSON knows.

        Returns
        -------
        dict
            Keys code, output, side.
        """
        return {"code": self.code, "output": self.output, "side": self.side}


@dataclass(frozen=True)
class DeclaredOutput:
    """One output of a run.

    Parameters
    ----------
    id : str
        Lower-case letters, digits and single hyphens.
    kind : str
        ``number``, ``table`` or ``figure``.
    title : str
        What it shows.
    value : int, float or None
        Of a number.
    file : str or None
        Of a table: its CSV file, relative to the run's folder.
    counts : mapping of str to (mapping of str to int)
        ``persons`` and ``exclusions`` by label, ``n`` and ``events`` under the label ''.
    estimates : tuple of mapping
        Rows of unrounded numbers.
    """

    id: str
    kind: str
    title: str
    value: Number | None
    file: str | None
    counts: Mapping[str, Mapping[str, int]]
    estimates: tuple[Mapping[str, Raw], ...]


@dataclass(frozen=True)
class DeclaredRun:
    """What one run declared.

    Parameters
    ----------
    folder : Path
        Where it was read.
    outputs : mapping of str to DeclaredOutput
        By id, in the order of declaration.
    facts : RunFacts
        What it was made from.
    remarks : tuple of Remark
        What could not be read.
    """

    folder: Path
    outputs: Mapping[str, DeclaredOutput]
    facts: RunFacts
    remarks: tuple[Remark, ...]

    @property
    def is_readable(self) -> bool:
        """Whether there was an ``outputs.json`` that could be read."""
        return not any(remark.code.startswith("outputs-") for remark in self.remarks)


def open_beneath(folder: Path, path: str) -> BinaryIO | None:
    """Open a regular file that lies in a run's folder or below it.

    Parameters
    ----------
    folder : Path
        The run's folder; the folder itself must not be a link.
    path : str
        Relative to it.

    Returns
    -------
    BinaryIO or None
        The open file; None where it is not there, leads out of the folder, or a part of the way is a link.
    """
    parts = PurePosixPath(path).parts
    if not parts or len(parts) > 8 or any(part in {"/", "..", "."} or "\0" in part for part in parts):
        return None
    try:
        inside = os.open(folder, _FOLDER)
    except (OSError, ValueError):
        return None
    try:
        for part in parts[:-1]:
            below = os.open(part, _FOLDER, dir_fd=inside)
            os.close(inside)
            inside = below
        descriptor = os.open(parts[-1], _READ, dir_fd=inside)
    except (OSError, ValueError):  # ValueError: a name that no file system takes
        return None
    finally:
        os.close(inside)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return None
    return os.fdopen(descriptor, "rb")


def read_up_to(folder: Path, path: str, *, limit: int) -> bytes | None:
    """Read a file of a run's folder, unless it is too large.

    Parameters
    ----------
    folder : Path
        The run's folder.
    path : str
        Relative to it.
    limit : int
        Bytes.

    Returns
    -------
    bytes or None
        None where there is no such file; one byte more than `limit` where it is larger.
    """
    file = open_beneath(folder, path)
    if file is None:
        return None
    try:
        with file:
            return file.read(limit + 1)
    except OSError:
        return None


def read_declared(folder: Path) -> DeclaredRun:
    """Read what a run declared.

    Parameters
    ----------
    folder : Path
        The run's folder.

    Returns
    -------
    DeclaredRun
        Without outputs, and with a remark, where there is no ``outputs.json`` that can be read.
    """
    document, problem = _document(folder, "outputs.json", limit=LARGEST_OUTPUTS)
    if not problem and document.get("schema") != OUTPUTS_SCHEMA:
        document, problem = {}, "unreadable"
    record, _ = _document(folder, "run.json", limit=LARGEST_RECORD)
    remarks = [Remark(f"outputs-{problem}")] if problem else []
    listed = document.get("outputs")
    rows = listed if isinstance(listed, list) else []
    if len(rows) > MOST_OUTPUTS:
        remarks.append(Remark("too-many-outputs"))
    outputs: dict[str, DeclaredOutput] = {}
    for row in rows[:MOST_OUTPUTS]:
        output = _output(row)
        if output is None:
            remarks.append(Remark("output-unreadable"))
        elif output.id in outputs:
            remarks.append(Remark("output-twice", output.id))
        else:
            outputs[output.id] = output
    return DeclaredRun(folder, outputs, facts_of(record, document, name=folder.name), tuple(dict.fromkeys(remarks)))


def known_outputs(folder: Path) -> dict[str, str]:
    """Tell which outputs a run declared, to check alert rules against.

    Parameters
    ----------
    folder : Path
        A run's folder.

    Returns
    -------
    dict of str to str
        The kind of each output, by id.
    """
    return {output.id: output.kind for output in read_declared(folder).outputs.values()}


def _document(folder: Path, name: str, *, limit: int) -> tuple[dict[str, Any], str]:
    content = read_up_to(folder, name, limit=limit)
    if content is None:
        return {}, "missing"
    if len(content) > limit:
        return {}, "too-large"
    try:
        document = json.loads(content.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError, MemoryError):
        return {}, "unreadable"
    return (document, "") if isinstance(document, dict) else ({}, "unreadable")


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _output(row: Any) -> DeclaredOutput | None:
    if not isinstance(row, dict) or row.get("kind") not in KINDS:
        return None
    output_id, title, file = row.get("id"), as_raw(row.get("title"), longest=LONGEST_TITLE), row.get("file")
    if not isinstance(output_id, str) or len(output_id) > 64 or not _ID.fullmatch(output_id):
        return None
    value = as_raw(row.get("value")) if row["kind"] == "number" else None
    whole = {name: _counts({"": row.get(name)}) for name in ("n", "events")}
    estimates = row.get("estimates")
    return DeclaredOutput(
        id=output_id,
        kind=row["kind"],
        title=title if isinstance(title, str) else "",
        value=None if isinstance(value, str) or isinstance(row.get("value"), bool) else value,
        file=file if isinstance(file, str) and file.endswith(".csv") and row["kind"] == "table" else None,
        counts={"persons": _counts(row.get("persons")), "exclusions": _counts(row.get("exclusions")), **whole},
        estimates=tuple(map(_estimate, estimates[:MOST_ESTIMATES])) if isinstance(estimates, list) else (),
    )


def _counts(found: Any) -> dict[str, int]:
    pairs = list(found.items())[:MOST_LABELS] if isinstance(found, dict) else []
    clean: Callable[[str], str] = lambda label: str(as_raw(label))  # noqa: E731
    return {clean(label): count for label, count in pairs if type(count) is int and 0 <= count < 2**63}


def _estimate(row: Any) -> dict[str, Raw]:
    pairs = list(row.items())[:MOST_COLUMNS] if isinstance(row, dict) else []
    return {str(as_raw(name)): as_raw(value) for name, value in pairs}
