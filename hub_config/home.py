"""The home: the one folder where CohortHub keeps its state, its layout, and who may read what.

Everything lies below it, owned by the account that runs the hub and closed to others (0700). A home carries its layout
version in ``home.json``; a home that a newer version made is refused, not touched.
"""

import json
import os
import secrets
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hub_config.errors import HomeCorruptError, HomeInUseByOthersError, HomeTooNewError, HomeUnwritableError

__all__ = ["LAYOUT_VERSION", "Home", "check_room", "make_home", "read_record", "write_private"]

LAYOUT_VERSION = 1
FOLDERS = ("data", "runs", "projects", "users", "logs", "run", "jupyter", "secrets", "hub")
PRIVATE_FOLDER = 0o700
PRIVATE_FILE = 0o600


@dataclass(frozen=True)
class Home:
    """Where each kind of state lies below one home.

    Parameters
    ----------
    path : Path
        The home itself, absolute.
    """

    path: Path

    @property
    def record(self) -> Path:
        """The file that makes a folder a home: its layout version, and whether it holds the demo."""
        return self.path / "home.json"

    @property
    def settings_file(self) -> Path:
        """The operator's settings, if there are any."""
        return self.path / "cohorthub.toml"

    @property
    def users(self) -> Path:
        """One folder for each person who has signed in."""
        return self.path / "users"

    @property
    def logs(self) -> Path:
        """What the processes wrote, one file each."""
        return self.path / "logs"

    @property
    def run(self) -> Path:
        """Lock, process list and addresses of the running hub."""
        return self.path / "run"

    @property
    def jupyter(self) -> Path:
        """Jupyter data dir with the kernel, and the configuration of personal servers."""
        return self.path / "jupyter"

    @property
    def secrets(self) -> Path:
        """Accounts, cookie secret and tokens, each readable by the hub's account alone."""
        return self.path / "secrets"

    @property
    def hub(self) -> Path:
        """The hub's own database."""
        return self.path / "hub"

    def secret(self, name: str) -> str:
        """Return the secret called `name`, made at random on first use and kept.

        Parameters
        ----------
        name : str
            File name below ``secrets/``.

        Returns
        -------
        str
            32 random bytes in hexadecimal.
        """
        file = self.secrets / name
        if not file.exists():
            write_private(file, secrets.token_hex(32) + "\n")
        return file.read_text(encoding="ascii").strip()


def write_private(file: Path, text: str) -> None:
    """Replace `file` by `text` in one step, readable by its owner alone.

    Parameters
    ----------
    file : Path
        Where to; its folder exists.
    text : str
        The whole new content.
    """
    descriptor, draft = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)  # mkstemp makes it 0600
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        Path(draft).replace(file)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


def read_record(home: Home) -> dict[str, Any] | None:
    """Read ``home.json``.

    Parameters
    ----------
    home : Home
        The home to look at.

    Returns
    -------
    dict or None
        The record; None where there is no home yet.

    Raises
    ------
    HomeCorruptError
        If the file cannot be understood.
    HomeTooNewError
        If a newer CohortHub made the home.
    """
    try:
        text = home.record.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as unreadable:
        raise HomeUnwritableError(
            f"the home cannot be read; {home.record}: {unreadable.strerror}. "
            "Run as the account that made it, or give --home a folder of your own."
        ) from unreadable
    try:
        record = json.loads(text)
        layout = record["layout"]
        if not isinstance(layout, int):
            raise TypeError(type(layout).__name__)
    except (ValueError, KeyError, TypeError) as broken:
        raise HomeCorruptError(
            f"the home's record is not what CohortHub writes; found {type(broken).__name__} in {home.record}. "
            'Restore the file from a backup, or write {"layout": 1} into it if nothing else is damaged.'
        ) from broken
    if layout > LAYOUT_VERSION:
        raise HomeTooNewError(
            f"a newer CohortHub made this home; found layout {layout} in {home.record}, this version knows "
            f"{LAYOUT_VERSION}. Use that version, or give --home another folder."
        )
    return dict(record)


def make_home(home: Home) -> bool:
    """Make the folders of `home` that are not there yet, closed to other accounts.

    Parameters
    ----------
    home : Home
        Where.

    Returns
    -------
    bool
        Whether the home's own folder was made by this call, so that a failed first start may remove it again.

    Raises
    ------
    HomeInUseByOthersError
        If the folder holds things that no CohortHub put there.
    HomeUnwritableError
        If it cannot be made or written.
    """
    made = _make_own_folder(home)
    if not made and read_record(home) is None:
        _refuse_foreign_folder(home)
    try:
        for folder in (home.path, *(home.path / name for name in FOLDERS)):
            folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
            if stat.S_IMODE(folder.stat().st_mode) != PRIVATE_FOLDER:
                folder.chmod(PRIVATE_FOLDER)
        with tempfile.TemporaryFile(dir=home.run):
            pass
    except OSError as refused:
        if made:
            shutil.rmtree(home.path, ignore_errors=True)
        raise _unwritable(home, refused) from refused
    return made


def _make_own_folder(home: Home) -> bool:
    """Make the home's own folder; of two who try together, one alone is told that it made it."""
    try:
        home.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            home.path.mkdir(mode=PRIVATE_FOLDER)
        except FileExistsError:
            return False
    except OSError as refused:
        raise _unwritable(home, refused) from refused
    return True


def _unwritable(home: Home, refused: OSError) -> HomeUnwritableError:
    return HomeUnwritableError(
        f"the home cannot be written; {refused.filename or home.path}: {refused.strerror}. "
        "Free some space or rights there, or give --home a folder of your own."
    )


def check_room(home: Home, *, needed: int) -> None:
    """Make sure that there is room for a start, before anything is made.

    Parameters
    ----------
    home : Home
        Where.
    needed : int
        Bytes.

    Raises
    ------
    HomeUnwritableError
        If there is less.
    """
    place = next((folder for folder in (home.path, *home.path.parents) if folder.is_dir()), home.path)
    free = shutil.disk_usage(place).free
    if free < needed:
        raise HomeUnwritableError(
            f"the home cannot be written; no space: {free / 2**20:.0f} MiB are free at {place}, a start needs "
            f"{needed / 2**20:.0f}. Free some space there, or give --home another place."
        )


def _refuse_foreign_folder(home: Home) -> None:
    """Keep a slip of --home (say, `--home ~`) from closing and filling a folder that is in use for other things."""
    if not home.path.is_dir():
        raise HomeUnwritableError(
            f"the home must be a folder; {home.path} is something else. Give --home another place."
        )
    try:
        foreign = sorted({entry.name for entry in home.path.iterdir()} - {*FOLDERS, home.settings_file.name})
    except OSError as refused:
        raise HomeUnwritableError(
            f"the home cannot be read; {home.path}: {refused.strerror}. Give --home a folder of your own."
        ) from refused
    if foreign:
        raise HomeInUseByOthersError(
            f"{home.path} is in use for other things; found {len(foreign)} entries that CohortHub did not make. "
            "Give --home a new or empty folder."
        )
