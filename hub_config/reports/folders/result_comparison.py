"""Whether two runs of a report gave the same results, number by number and table by table, without any tolerance."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hub_config.reports.folders.contents import open_regular

__all__ = ["ResultComparison", "ResultDifference", "compare_results"]

LARGEST = 256 * 2**20
MOST_NAMED = 10
# What an output says about itself and must say again; titles and methods are words, compared as well.
FIELDS = ("kind", "title", "method", "value", "persons", "n", "events", "exclusions", "estimates", "file", "files")
# Pictures hold the time at which they were drawn and names made by chance; the data behind them lie beside them.
PICTURES = (".svg", ".pdf", ".png")


@dataclass(frozen=True)
class ResultDifference:
    """Something that one run says and the other does not.

    Parameters
    ----------
    output : str
        Id of the output; '' for what concerns the run.
    what : str
        ``missing`` (the first run has it), ``added`` (the second has it), a field of ``outputs.json``, or ``content``
        of a file.
    file : str
        The file, for ``content``; else ''.
    """

    output: str
    what: str
    file: str = ""


@dataclass(frozen=True)
class ResultComparison:
    """What the comparison of two runs gave.

    Parameters
    ----------
    outputs : int
        How many outputs both runs declared under the same id.
    files : int
        How many files were compared byte by byte, by their hashes.
    differences : tuple of ResultDifference
        Empty if there are none.
    comparable : bool
        Whether both runs declared anything; a run without declared outputs shows nothing.
    """

    outputs: int
    files: int
    differences: tuple[ResultDifference, ...]
    comparable: bool

    @property
    def identical(self) -> bool:
        """Whether something was compared, and all of it is the same."""
        return self.comparable and not self.differences

    @property
    def sentence(self) -> str:
        """What was found, in a line for a terminal."""
        if not self.comparable:
            return "Without any tolerance: nothing can be compared, as a run declared no outputs."
        if not self.differences:
            return (
                f"Without any tolerance: all that both declared is the same (outputs: {self.outputs}, "
                f"files by their bytes: {self.files})."
            )
        named = dict.fromkeys(one.output or one.what for one in self.differences)
        shown = ", ".join(list(named)[:MOST_NAMED]) + (", …" if len(named) > MOST_NAMED else "")
        return f"Without any tolerance: not the same; found differences in {shown}."

    def to_document(self) -> dict[str, Any]:
        """Give the result for machines.

        Returns
        -------
        dict
            Keys identical, comparable, outputs, files, differences (list of output, what, file).
        """
        return {
            "identical": self.identical,
            "comparable": self.comparable,
            "outputs": self.outputs,
            "files": self.files,
            "differences": [{"output": d.output, "what": d.what, "file": d.file} for d in self.differences],
        }


def compare_results(old_folder: Path, new_folder: Path) -> ResultComparison:
    """Compare what two runs of a report declared: every number, and every file by its hash.

    Parameters
    ----------
    old_folder, new_folder : Path
        Folders of two runs that have ended.

    Returns
    -------
    ResultComparison
        It names outputs and fields, never their values. Pictures are not compared by their bytes; the table of data
        behind each is.
    """
    old, new = _outputs(old_folder), _outputs(new_folder)
    if old is None or new is None:
        return ResultComparison(0, 0, (), comparable=False)
    found: list[ResultDifference] = []
    compared: set[str] = set()
    for name in [*old.rows, *(name for name in new.rows if name not in old.rows)]:
        one, other = old.rows.get(name), new.rows.get(name)
        if one is None or other is None:
            found.append(ResultDifference(name, "added" if one is None else "missing"))
            continue
        found += [ResultDifference(name, key) for key in FIELDS if not _same(one.get(key), other.get(key))]
        for file in _files(one):
            compared.add(file)
            if (first := _hash(old_folder, file)) is None or first != _hash(new_folder, file):
                found.append(ResultDifference(name, "content", file))
    found += [
        ResultDifference("", key) for key in ("data_releases", "cohorts") if not _same(old.head[key], new.head[key])
    ]
    both = len(old.rows.keys() & new.rows.keys())
    return ResultComparison(both, len(compared), tuple(found), comparable=bool(old.rows or new.rows))


@dataclass(frozen=True)
class _Declared:
    rows: Mapping[str, Mapping[str, Any]]
    head: dict[str, Any]


def _outputs(folder: Path) -> _Declared | None:
    try:
        with open_regular(folder / "outputs.json") as file:
            document = json.loads(file.read(LARGEST))
    except (OSError, ValueError, RecursionError):
        return None
    rows = document.get("outputs") if isinstance(document, dict) else None
    if not isinstance(rows, list):
        return None
    named = {str(row.get("id")): row for row in rows if isinstance(row, dict)}
    return _Declared(named, {key: document.get(key) for key in ("data_releases", "cohorts")})


def _files(output: Mapping[str, Any]) -> Iterator[str]:
    files = output.get("files")
    for name in files if isinstance(files, list) else []:
        if isinstance(name, str) and not name.lower().endswith(PICTURES):
            yield name


def _hash(folder: Path, file: str) -> str | None:
    """Hash a declared file; None if there is none, or its path leads elsewhere."""
    place = Path(file)
    if place.is_absolute() or ".." in place.parts or any((folder / part).is_symlink() for part in place.parents):
        return None
    try:
        with open_regular(folder / place) as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except (OSError, ValueError):
        return None


def _same(one: Any, other: Any) -> bool:
    """Compare as JSON, so that 1 is not true and 1 is not 1.0."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
