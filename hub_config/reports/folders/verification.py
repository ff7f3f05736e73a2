"""Checking a run's folder against the crate that was written when it was closed.

What the check shows: every change by accident, and every change by somebody who does not rewrite the crate as well. Who
may write into the folder can make a new crate that fits; so keep `folder_sha256` where that account cannot write, as
the service's database does, and give it as `expect`.
"""

import json
import os
import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hub_config.reports.folders.contents import Contents, open_regular, read_contents
from hub_config.reports.folders.crate import CRATE, ENVIRONMENT, RUN_ACTION, TEMPLATE
from hub_config.reports.folders.crate_terms import (
    action_error,
    action_status,
    action_time,
    file_path,
    property_value,
)
from hub_config.reports.folders.run_folders import FINAL_STATES
from hub_config.reports.folders.sealing import LARGEST_CRATE, SEAL
from hub_config.reports.templates.notebook_files import STAMP_TAG

__all__ = ["Finding", "Verification", "verify_folder"]

LARGEST_DOCUMENT = 256 * 2**20
# Run ids name folders, states and codes are words of ours: no other text of the folder goes into a finding.
MEANINGS = {
    "missing": "is in the crate, but not in the folder",
    "changed": "is not what was written when the run was closed",
    "added": "was not there when the run was closed",
    "link": "is a link, where the folder of a closed run has none",
    "special": "is a pipe, a socket or a device",
    "unreadable": "cannot be read",
}


@dataclass(frozen=True)
class Finding:
    """Something that is not as it should be.

    Parameters
    ----------
    kind : str
        ``crate`` (the crate itself), ``missing``, ``changed``, ``added``, ``link``, ``special``, ``unreadable``,
        ``record`` (``run.json`` says something else than the crate), ``stamp`` (the notebook says something else than
        the record), ``outputs`` (a declared file is not there).
    path : str
        The file, relative to the folder.
    text : str
        What is wrong, for a person.
    """

    kind: str
    path: str
    text: str


@dataclass(frozen=True)
class Verification:
    """What the check of a folder found.

    Parameters
    ----------
    findings : tuple of Finding
        Empty if all is well.
    files, size : int
        How many files were hashed, and their bytes.
    sha256 : str or None
        Of the crate; None if there is none.
    expected : bool
        Whether that hash was compared with one kept elsewhere.
    """

    findings: tuple[Finding, ...]
    files: int
    size: int
    sha256: str | None
    expected: bool

    @property
    def whole(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    def to_document(self) -> dict[str, Any]:
        """Give the result for machines.

        Returns
        -------
        dict
            Keys whole, findings (list of kind, path, text), files, size, sha256, expected.
        """
        return {
            "whole": self.whole,
            "findings": [{"kind": f.kind, "path": _shown(f.path), "text": f.text} for f in self.findings],
            "files": self.files,
            "size": self.size,
            "sha256": self.sha256,
            "expected": self.expected,
        }

    def text(self) -> str:
        """Give the result for a person.

        Returns
        -------
        str
            One line per finding, then a summary.
        """
        lines = [f"{finding.kind:<10}  {_shown(finding.path)}  {finding.text}" for finding in self.findings]
        if self.findings:
            return "\n".join([*lines, f"{len(lines)} findings in {self.files} files."])
        proof = "and the crate is the expected one" if self.expected else f"by the crate {self.sha256}"
        return f"whole  {self.files} files, {self.size:,} bytes, as they were when the run was closed, {proof}."


def verify_folder(folder: Path, *, expect: str | None = None) -> Verification:
    """Hash every file of a run's folder and compare with what was written when the run was closed.

    Parameters
    ----------
    folder : Path
        Of a run that has ended; nothing in it is changed.
    expect : str, optional
        What `folder_sha256` gave when the run was closed, kept elsewhere.

    Returns
    -------
    Verification
        With all findings, not only the first.

    Raises
    ------
    OSError
        If the folder itself cannot be opened.
    """
    contents = read_contents(folder)
    stored = {file.path: file for file in contents.files}
    crate_file = stored.get(CRATE)
    sha256 = crate_file.sha256 if crate_file else None
    findings = list(_check_seal(folder, sha256, expect=expect))
    entities = _entities(_document(folder, CRATE, largest=LARGEST_CRATE))
    if crate_file is not None and entities is None:
        findings.append(Finding("crate", CRATE, "is no crate that can be read"))
    if entities is not None:
        findings += _check_files(contents, entities)
    findings += [Finding(kind, path, MEANINGS[kind]) for path, kind in contents.strange]
    record = _document(folder, "run.json")
    if isinstance(record, dict):
        findings += _check_record(record, entities or {}, stored={path: f.sha256 for path, f in stored.items()})
        findings += _check_stamp(folder, record)
    else:
        findings.append(Finding("record", "run.json", "is no record that can be read"))
    findings += _check_outputs(folder, set(stored))
    size = sum(file.size for file in contents.files)
    return Verification(tuple(findings), len(stored), size, sha256, expect is not None)


def _check_seal(folder: Path, sha256: str | None, *, expect: str | None) -> Iterator[Finding]:
    if sha256 is None:
        yield Finding("crate", CRATE, "is missing: a folder of an older version, or the file was taken away")
        return
    if expect is not None and expect.strip().lower() != sha256:
        yield Finding("crate", CRATE, "is not the one whose hash was expected")
    seal = _read(folder, SEAL, largest=4096)
    if seal != f"{sha256}  {CRATE}\n".encode():
        yield Finding("crate", SEAL, "does not fit the crate; one of the two was changed or is missing")


def _check_files(contents: Contents, entities: Mapping[str, Mapping[str, Any]]) -> Iterator[Finding]:
    listed = {
        file_path(name): entity for name, entity in entities.items() if "File" in _types(entity) and ":" not in name
    }
    found = {file.path: file for file in contents.files if file.path not in {CRATE, SEAL}}
    for path in sorted(listed.keys() | found.keys()):
        entity, file = listed.get(path), found.get(path)
        if entity is None:
            yield Finding("added", path, MEANINGS["added"])
        elif file is None:
            yield Finding("missing", path, MEANINGS["missing"])
        elif (file.sha256, str(file.size)) != (entity.get("sha256"), entity.get("contentSize")):
            yield Finding("changed", path, MEANINGS["changed"])


def _check_record(
    record: Mapping[str, Any], entities: Mapping[str, Mapping[str, Any]], *, stored: Mapping[str, str]
) -> Iterator[Finding]:
    if record.get("status") not in FINAL_STATES:
        yield Finding("record", "run.json", "does not say how the run ended")
    action = entities.get(RUN_ACTION, {})
    told = {
        "the run's id": (record.get("run_id"), action.get("identifier")),
        "the state": (action_status(record), action.get("actionStatus")),
        "the error": (action_error(record), action.get("error", "")),
        "the start": (action_time(record.get("started_at")), action.get("startTime", "")),
        "the end": (action_time(record.get("ended_at")), action.get("endTime", "")),
        "the parameters": (_parameters_of(record), _parameters_in(entities)),
    }
    if action:
        for what, (ours, theirs) in told.items():
            if ours != theirs:
                yield Finding("record", "run.json", f"says something else than the crate about {what}")
    for name, key in ((TEMPLATE, "template_sha256"), (ENVIRONMENT, "environment_sha256")):
        if name in stored and stored[name] != record.get(key):
            yield Finding("record", name, f"is not what run.json names by its hash in {key}")


def _parameters_of(record: Mapping[str, Any]) -> dict[str, Any]:
    values = record.get("parameters")
    return {name: property_value(value) for name, value in values.items()} if isinstance(values, Mapping) else {}


def _parameters_in(entities: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    return {
        str(entity.get("name")): entity.get("value")
        for entity in entities.values()
        if "PropertyValue" in _types(entity)
    }


def _check_stamp(folder: Path, record: Mapping[str, Any]) -> Iterator[Finding]:
    """Compare the notebook's stamp, which readers see, with the state."""
    notebook = _document(folder, "report.ipynb")
    succeeded = record.get("status") == "succeeded"
    if notebook is None:
        if succeeded:
            yield Finding("stamp", "report.ipynb", "is no notebook that can be read, though the run succeeded")
        return
    mark = _mapping(_mapping(_mapping(notebook).get("metadata")).get("cohorthub"))
    cells = _mapping(notebook).get("cells")
    first = _mapping(cells[0]) if isinstance(cells, list) and cells else {}
    tags = _mapping(first.get("metadata")).get("tags")
    stamped = isinstance(tags, list) and STAMP_TAG in tags
    if succeeded and (stamped or mark.get("incomplete")):
        yield Finding("stamp", "report.ipynb", "is stamped INCOMPLETE, though the run succeeded")
    if not succeeded and not (
        stamped and mark.get("incomplete") is True and mark.get("status") == record.get("status")
    ):
        yield Finding("stamp", "report.ipynb", "is not stamped INCOMPLETE with the state that run.json has")


def _check_outputs(folder: Path, paths: set[str]) -> Iterator[Finding]:
    if "outputs.json" not in paths:
        return
    rows = _mapping(_document(folder, "outputs.json")).get("outputs")
    if not isinstance(rows, list):
        yield Finding("outputs", "outputs.json", "is no list of outputs that can be read")
        return
    for row in rows:
        output = _mapping(row)
        files = output.get("files")
        for name in {output.get("file"), *(files if isinstance(files, list) else [])} - {None}:
            if not isinstance(name, str) or posixpath.normpath(name) not in paths:
                yield Finding("outputs", "outputs.json", "declares a file that is not in the folder")


def _entities(document: Any) -> dict[str, Mapping[str, Any]] | None:
    graph = document.get("@graph") if isinstance(document, dict) else None
    if not isinstance(graph, list):
        return None
    rows = [row for row in graph if isinstance(row, dict) and isinstance(row.get("@id"), str)]
    return {row["@id"]: row for row in rows} if len(rows) == len(graph) else None


def _types(entity: Mapping[str, Any]) -> list[Any]:
    types = entity.get("@type")
    return types if isinstance(types, list) else [types]


def _document(folder: Path, name: str, *, largest: int = LARGEST_DOCUMENT) -> Any:
    content = _read(folder, name, largest=largest)
    try:
        return json.loads(content) if content is not None else None
    except (ValueError, RecursionError):
        return None


def _read(folder: Path, name: str, *, largest: int) -> bytes | None:
    try:
        with open_regular(folder / name) as file:
            content = file.read(largest + 1)
    except OSError:
        return None
    return content if len(content) <= largest else None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _shown(path: str) -> str:
    """Write a file's name so that it can do nothing to a terminal."""
    text = os.fsencode(path).decode("utf-8", "replace")
    return "".join(sign if sign.isprintable() else "�" for sign in text)
