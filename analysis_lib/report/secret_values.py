"""Secrets by their name: the value comes from a private file at run time, and shows itself nowhere.

A report's parameter holds the *name* of a secret; what lies behind it is never in the notebook, the record or the log.
"""

import os
import re
import stat
from pathlib import Path
from typing import Any, NoReturn

from analysis_lib.errors import OutputError

__all__ = ["Secret", "secret"]

SECRETS_VARIABLE = "COHORTHUB_SECRETS"
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}")
_MOST_BYTES = 65_536


class Secret:
    """A password, token or key that shows only its name.

    Parameters
    ----------
    name : str
        What it is called.
    value : str
        What `reveal` gives.
    """

    __slots__ = ("__value", "_name")

    def __init__(self, name: str, value: str) -> None:
        self._name = name
        self.__value = value

    @property
    def name(self) -> str:
        """What it is called."""
        return self._name

    def reveal(self) -> str:
        """Give the value.

        Returns
        -------
        str
            Hand it straight to what needs it; the runner blots it out of outputs, but not in other shapes of it.
        """
        return self.__value

    def __repr__(self) -> str:
        return f"<Secret {self._name}>"

    def __format__(self, _spec: str) -> str:
        return repr(self)

    def _repr_html_(self) -> str:
        return f"<code>&lt;Secret {self._name}&gt;</code>"

    def __copy__(self) -> "Secret":
        return self

    def __deepcopy__(self, _memo: dict[int, Any]) -> "Secret":
        return self

    def __reduce_ex__(self, _protocol: Any) -> NoReturn:
        raise OutputError(
            f"secret '{self._name}' cannot be saved or sent to another process; found an attempt to pickle it. Use it "
            "here, or let the other process read it by its name."
        )


def secret(name: str) -> Secret:
    """Find a secret by its name.

    Parameters
    ----------
    name : str
        Of a file in the folder ``COHORTHUB_SECRETS``, which a run is given for the secrets of its project.

    Returns
    -------
    Secret
        Call ``reveal()`` where the value is needed, and only there.

    Raises
    ------
    OutputError
        If there are no secrets here, none of that name, or its file is open to others.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise OutputError(
            "a secret's name is up to 64 of letters, digits and '._-', and begins with none of '.-'; found something "
            "else. Give the name, never the value."
        )
    folder = os.environ.get(SECRETS_VARIABLE)
    if not folder:
        raise OutputError(
            f"there are no secrets here; found no {SECRETS_VARIABLE}. Run the report in a project that has it, or "
            f"set {SECRETS_VARIABLE} to a private folder with a file '{name}'."
        )
    return Secret(name, _read(Path(folder) / name, name=name))


def _read(file: Path, *, name: str) -> str:
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise OutputError(
            f"there is no secret '{name}' to be read; found: {error.strerror}. Known: {_known(file.parent)}. Use one "
            "of these, or ask the project's lead to add it."
        ) from None
    try:
        told = os.fstat(descriptor)
        if not stat.S_ISREG(told.st_mode) or told.st_mode & 0o077 or told.st_uid not in {os.geteuid(), 0}:
            raise OutputError(
                f"secret '{name}' is not kept in private; found no plain file of this account's with mode 0600. "
                "Mend its owner and mode."
            )
        content = os.read(descriptor, _MOST_BYTES + 1)
    finally:
        os.close(descriptor)
    try:
        value = content.decode("utf-8").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        value = ""
    if not value or len(content) > _MOST_BYTES:
        raise OutputError(
            f"secret '{name}' is no text of 1 to {_MOST_BYTES:,} bytes; found {min(len(content), _MOST_BYTES + 1):,} "
            "bytes. Write it again, as UTF-8."
        )
    return value


def _known(folder: Path) -> str:
    try:
        return ", ".join(sorted(path.name for path in folder.iterdir() if _NAME.fullmatch(path.name))) or "none"
    except OSError:
        return "none that can be listed"
