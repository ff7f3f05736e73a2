"""Secrets of a run: given to its kernel in files of its own, and taken out of whatever it writes.

A parameter of type ``Secret`` holds a secret's name. Its value lies in one file of the project's folder; the kernel
gets a copy of just those that it names, and the value is looked for in everything that the run leaves.
"""

import html
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

from hub_config.reports.execution.errors import SecretUnusableError
from hub_config.reports.folders.archive import open_inside
from hub_config.reports.parameters.declarations import Parameter
from hub_config.reports.parameters.values import NAME_PATTERNS

__all__ = ["MASK", "SecretValues", "clean_left", "named_secrets", "read_secrets"]

MASK = "•••"
SHORTEST = 6  # a shorter one stands by chance in many texts, and is guessed
SHORTEST_BEGINNING = 4  # of a value, at the very end of what a killed process wrote
LARGEST = 64 * 1024
PIECE = 2**20
_NAME = re.compile(NAME_PATTERNS["Secret"])


def named_secrets(parameters: Sequence[Parameter], values: Mapping[str, Any]) -> list[str]:
    """List the secrets that a run names.

    Parameters
    ----------
    parameters : sequence of Parameter
        Of its template.
    values : mapping
        The value of every parameter.

    Returns
    -------
    list of str
        Each once.
    """
    given = [values.get(one.name) for one in parameters if "Secret" in {one.type.kind, one.type.item}]
    names = [name for value in given for name in (value if isinstance(value, list) else [value])]
    return sorted({name for name in names if isinstance(name, str)})


def read_secrets(names: Sequence[str], *, folder: Path | None) -> "SecretValues":
    """Read the secrets that a run names.

    Parameters
    ----------
    names : sequence of str
        As `named_secrets` gives them.
    folder : Path or None
        Where they lie, one file each.

    Returns
    -------
    SecretValues
        Empty if no name is given.

    Raises
    ------
    SecretUnusableError
        If one is not there, or could not be kept secret.
    """
    if names and folder is None:
        raise SecretUnusableError(
            f"The report names {len(names)} secrets; found no folder of secrets for this run. Run it for a project, "
            "or set COHORTHUB_SECRETS to a folder with one file for each."
        )
    read = {name: _read(Path(str(folder)), name) for name in names}
    return SecretValues(
        {name: value for name, (value, _) in read.items()}, {name: of for name, (_, of) in read.items()}
    )


def clean_left(building: Path, record: Mapping[str, Any], *, folder: Path | None) -> bool:
    """Look for the secrets of a run in what it left when it was killed, as its own process would have done.

    Parameters
    ----------
    building : Path
        The folder of a run whose processes are gone.
    record : mapping
        Its record.
    folder : Path or None
        Where the secrets lie.

    Returns
    -------
    bool
        False if a secret cannot be read, or has changed since the run began: nothing was looked at then.
    """
    try:
        secrets = read_secrets(record["secrets"], folder=folder)
    except (SecretUnusableError, OSError, TypeError):
        return False
    if secrets.files != record.get("secret_files"):
        return False
    gone = secrets.clean_folder(building, was_cut_short=True)
    log = os.open(building / "log.txt", os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(log, "ab") as told:
        told.write(f"the run was cut short; files taken out because they held a secret: {len(gone)}\n".encode())
    return True


def _read(folder: Path, name: str) -> tuple[str, str]:
    """Read a secret, and what changes when its file is written or replaced."""
    file = open_inside(folder, name=name) if _NAME.fullmatch(name) else None
    if file is None:
        raise SecretUnusableError(
            "A secret that the report names is not there; found no file of its name among the project's secrets. "
            "Ask a project lead to put it there."
        )
    with file:
        state = os.fstat(file.fileno())
        if state.st_mode & 0o077:
            raise SecretUnusableError(
                "A secret may be read by other accounts; found a file that is not closed to them. Use chmod 600 on it."
            )
        content = file.read(LARGEST + 1)
    try:
        value = content.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError as binary:
        raise SecretUnusableError("A secret is no text in UTF-8; found other bytes. Write it as text.") from binary
    if not SHORTEST <= len(value) <= LARGEST:
        raise SecretUnusableError(
            f"A secret cannot be kept out of what the report writes; found one of {len(value)} characters, wanted "
            f"{SHORTEST} to {LARGEST}. Use a longer one."
        )
    return value, f"{state.st_ino}-{state.st_mtime_ns}"


@dataclass(frozen=True)
class SecretValues:
    """The secrets of one run.

    Parameters
    ----------
    values : mapping of str to str
        By name; not shown by `repr`.
    files : mapping of str to str
        By name: which state of its file was read; says nothing of the value.
    """

    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    files: Mapping[str, str] = field(default_factory=dict)

    def lay_out(self, scratch: Path) -> dict[str, str]:
        """Write them where only the kernel's account reads, in a folder that goes with the run.

        Parameters
        ----------
        scratch : Path
            The run's private folder.

        Returns
        -------
        dict of str to str
            What the kernel is told; empty if there are none.
        """
        if not self.values:
            return {}
        folder = scratch / "secrets"
        folder.mkdir(mode=0o700)
        for name, value in self.values.items():
            descriptor = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(value)
        return {"COHORTHUB_SECRETS": str(folder)}

    def mask(self, text: str) -> str:
        """Take the values out of a text.

        Parameters
        ----------
        text : str
            Plain, or JSON.

        Returns
        -------
        str
            With a mask in the place of each.
        """
        for form in self._forms():
            text = text.replace(form, MASK)
        return text

    def mask_outputs(self, outputs: Sequence[Any]) -> None:
        """Take the values out of what a cell printed and drew, whatever form it has.

        Parameters
        ----------
        outputs : sequence of NotebookNode
            Changed in place.
        """
        if self.values:
            for output in outputs:
                for key, value in list(output.items()):
                    output[key] = self._masked(value)

    def _masked(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.mask(value)
        if isinstance(value, dict):
            for key, inner in list(value.items()):
                value[key] = self._masked(inner)
            return value
        return [self._masked(inner) for inner in value] if isinstance(value, list) else value

    def clean_folder(self, folder: Path, *, was_cut_short: bool = False) -> list[str]:
        """Take out of a run's folder the files that hold a value; the log is masked instead.

        Parameters
        ----------
        folder : Path
            The run's.
        was_cut_short : bool, default False
            Whether it was killed as it wrote: a file may end with the beginning of a value.

        Returns
        -------
        list of str
            Names of the files that were taken out, relative to the folder.
        """
        if not self.values:
            return []
        log = folder / "log.txt"
        if log.is_file() and not log.is_symlink():
            text = self.mask(log.read_bytes().decode("utf-8", "surrogateescape"))
            if was_cut_short and (n := self._beginning_at_end(text.encode("utf-8", "surrogateescape"))):
                text = text.encode("utf-8", "surrogateescape")[:-n].decode("utf-8", "surrogateescape") + MASK
            log.write_bytes(text.encode("utf-8", "surrogateescape"))
        gone = []
        for file in _files(folder):
            if self._holds(file, was_cut_short=was_cut_short):
                file.unlink()
                gone.append(str(file.relative_to(folder)))
        return gone

    def _beginning_at_end(self, content: bytes) -> int:
        """Say how many bytes at the end of a content are the beginning of a value."""
        forms = [form.encode() for form in self._forms()]
        longest = max(map(len, forms))
        lengths = range(longest - 1, SHORTEST_BEGINNING - 1, -1)
        return next((n for n in lengths if any(len(form) > n and content.endswith(form[:n]) for form in forms)), 0)

    def _holds(self, file: Path, *, was_cut_short: bool) -> bool:
        forms = [form.encode() for form in self._forms()]
        overlap = max(map(len, forms))
        with file.open("rb") as content:
            tail = b""
            while piece := content.read(PIECE):
                seen = tail + piece
                if any(form in seen for form in forms):
                    return True
                tail = seen[-overlap:]
        return was_cut_short and self._beginning_at_end(tail) > 0

    def _forms(self) -> Iterator[str]:
        """Each value as it stands and as others write it, alone and within JSON, the longest first."""
        forms = {
            form
            for value in self.values.values()
            for written in _written(value)
            for form in (written, json.dumps(written, ensure_ascii=False)[1:-1], json.dumps(written)[1:-1])
        }
        return iter(sorted(forms, key=len, reverse=True))


def _written(value: str) -> Iterator[str]:
    """Write a value as tables and pages do, as addresses do, and as Python does."""
    yield value
    escaped = html.escape(value)
    yield from (escaped, html.escape(value, quote=False), escaped.replace("&quot;", "&#34;").replace("&#x27;", "&#39;"))
    yield from (quote(value), quote(value, safe=""), quote_plus(value))
    yield from (repr(value)[1:-1], ascii(value)[1:-1])


def _files(folder: Path) -> Iterator[Path]:
    for parent, _, names in os.walk(folder):
        for name in names:
            file = Path(parent, name)
            if file.is_file() and not file.is_symlink():
                yield file
