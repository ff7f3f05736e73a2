"""Releases as folders: names, the pointer to the newest, building one so that it appears whole or not at all.

``DATA/NAME/RELEASE/`` is written under ``DATA/.incoming/`` and renamed when every byte is on the disk. The rename is
the only moment at which anything becomes visible. ``DATA/NAME/latest`` names the newest release and moves after it.
"""

import contextlib
import errno
import fcntl
import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from analysis_lib.catalog.manifest import Manifest
from analysis_lib.catalog.parquet import sha256_of
from analysis_lib.compute.machine import usable_cores
from analysis_lib.errors import DamagedReleaseError, DatasetNameError, ImportRunningError, StorageError
from analysis_lib.whole_files import sync_folder, write_whole

MANIFEST = "manifest.json"
SUMS = "SHA256SUMS"
LATEST = "latest"
_INCOMING = ".incoming"
_LOCKS = ".locks"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
KEY_DIGITS = 10
"""So many digits of the import's key end the name of a release."""
_RELEASE = re.compile(rf"\d{{4}}-\d{{2}}-\d{{2}}-[0-9a-f]{{{KEY_DIGITS}}}")


def check_name(name: str) -> str:
    """Refuse a data set's name that could not be a folder everywhere, or would lead out of the data folder.

    Parameters
    ----------
    name : str
        The name a person chose.

    Returns
    -------
    str
        The same name.

    Raises
    ------
    DatasetNameError
        If it has other characters than a-z, 0-9, ``-`` and ``_``, begins with a sign, or is longer than 63.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        shown = ascii(name)[:40]
        raise DatasetNameError(
            f"a data set may not be called {shown}; names have 1 to 63 of a-z, 0-9, '-' and '_', "
            "and begin with a letter or digit. Choose such a name."
        )
    return name


def names_in(data: Path) -> list[str]:
    """List the data sets that have a release.

    Parameters
    ----------
    data : Path
        The data folder; it need not exist.

    Returns
    -------
    list of str
        Sorted; without those that this account may not read.
    """
    return sorted(path.name for path in _listed(data) if _NAME.fullmatch(path.name) and releases_in(path))


def releases_in(folder: Path) -> list[str]:
    """List the releases of one data set.

    Parameters
    ----------
    folder : Path
        ``DATA/NAME``.

    Returns
    -------
    list of str
        Sorted by date, then by content. One that has lost its manifest is there, so that opening it says so.
    """
    return sorted(path.name for path in _listed(folder) if _RELEASE.fullmatch(path.name) and _may_open(path))


def _may_open(release: Path) -> bool:
    if not os.access(release, os.R_OK | os.X_OK):
        return False
    if os.path.lexists(release / MANIFEST):
        return os.access(release / MANIFEST, os.R_OK)
    return bool(_listed(release))  # what lies there was a release


def may_not_read(folder: Path) -> bool:
    """Tell whether a data set or a file is there, but not for this account.

    Parameters
    ----------
    folder : Path
        ``DATA/NAME``, or a file.

    Returns
    -------
    bool
        False for what is not there at all.
    """
    try:
        return folder.exists() and not os.access(folder, os.R_OK | os.X_OK if folder.is_dir() else os.R_OK)
    except PermissionError:
        return True


def _listed(folder: Path) -> list[Path]:
    """List a folder; one that is not there, or not for this account, is empty."""
    try:
        return list(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return []


def latest_release(folder: Path) -> str | None:
    """Read which release is the newest.

    Parameters
    ----------
    folder : Path
        ``DATA/NAME``.

    Returns
    -------
    str or None
        None when there is none. Where the pointer was never written, or names one that is not for this account, the
        last release by date.

    Raises
    ------
    DamagedReleaseError
        If the pointer names no release: another one would be taken for the newest.
    """
    releases = releases_in(folder)
    try:
        pointed = (folder / LATEST).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        pointed = ""
    if pointed in releases:
        return pointed
    if releases and pointed and not os.path.lexists(folder / pointed):
        raise DamagedReleaseError(
            f"which release of {folder.name} is the newest cannot be told; its pointer '{LATEST}' names none of its "
            f"{len(releases)}. Name a release, or import the newest source again, which mends the pointer."
        )
    return releases[-1] if releases else None


def read_manifest(folder: Path) -> tuple[Manifest, str]:
    """Read a release's manifest, after comparing its bytes with the list of sums.

    Parameters
    ----------
    folder : Path
        ``DATA/NAME/RELEASE``.

    Returns
    -------
    manifest : Manifest
        What the release holds.
    sha256 : str
        Of the manifest's bytes.

    Raises
    ------
    DamagedReleaseError
        If the manifest is not the one that was written.
    """
    try:
        text = (folder / MANIFEST).read_bytes()
        sums = (folder / SUMS).read_bytes()
    except OSError as error:
        raise DamagedReleaseError(
            f"release {folder.name} of {folder.parent.name} cannot be read; {error.strerror}: its manifest. {_REPAIR}"
        ) from error
    sha256 = hashlib.sha256(text).hexdigest()
    if f"{sha256}  {MANIFEST}\n".encode() not in sums:
        raise DamagedReleaseError(
            f"release {folder.name} of {folder.parent.name} is damaged; "
            f"{MANIFEST} or {SUMS} is not as written. {_REPAIR}"
        )
    try:
        return Manifest.from_json(text.decode("utf-8")), sha256
    except (ValueError, KeyError, TypeError) as error:
        raise DamagedReleaseError(
            f"release {folder.name} of {folder.parent.name} has a manifest this version cannot read. "
            "Use the version of CohortHub that wrote it, or a newer one."
        ) from error


_REPAIR = "Run 'cohorthub data check' for the list; restore it from a backup, or remove its folder and import again."


def sums_text(manifest_text: str, manifest: Manifest) -> str:
    """Write the list of sums that ``sha256sum --check`` understands.

    Parameters
    ----------
    manifest_text : str
        The manifest's bytes as text.
    manifest : Manifest
        The same, read.

    Returns
    -------
    str
        One line for the manifest and each table's file.
    """
    lines = [f"{hashlib.sha256(manifest_text.encode()).hexdigest()}  {MANIFEST}\n"]
    lines += [f"{file.sha256}  {file.path}\n" for file in manifest.files.values()]
    return "".join(lines)


def check_release(folder: str | os.PathLike[str]) -> dict[str, str]:
    """Compare every byte of a release with what was written.

    Nothing is remembered from an earlier check: bits that rot on a disk change neither a file's size nor its times, so
    only reading finds them.

    Parameters
    ----------
    folder : path
        ``DATA/NAME/RELEASE``.

    Returns
    -------
    dict of str to str
        ``changed``, ``missing`` or ``unexpected`` by file, relative to `folder`; empty when all is as written.
    """
    root = Path(folder)
    try:
        manifest, _ = read_manifest(root)
        sums = sums_text((root / MANIFEST).read_text(encoding="utf-8"), manifest)
        expected = {path: file.sha256 for path, file in manifest.files.items()}
        expected[SUMS] = hashlib.sha256(sums.encode()).hexdigest()
    except DamagedReleaseError:
        # One of the two lists is damaged. What can still be said of the other files, the sums say.
        expected = _read_sums(root / SUMS)
    # Hashing lets go of the interpreter, so threads use every core; a file is read once, in order.
    with ThreadPoolExecutor(usable_cores()) as threads:
        states = threads.map(lambda path: _state(root / path, expected[path]), expected)
        found = {path: state for path, state in zip(expected, states, strict=True) if state}
    if MANIFEST not in expected and SUMS not in expected:
        found |= {SUMS: "changed"}
    present = {path.relative_to(root).as_posix() for path in root.rglob("*") if not path.is_dir()}
    found |= dict.fromkeys(present - set(expected) - {MANIFEST, SUMS}, "unexpected")
    return dict(sorted(found.items()))


def _read_sums(path: Path) -> dict[str, str]:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    return {name: sha256 for sha256, _, name in (line.partition("  ") for line in lines) if name}


def _state(path: Path, sha256: str) -> str | None:
    try:
        if path.is_symlink() or not path.is_file():
            return "missing"
        return None if sha256_of(path) == sha256 else "changed"
    except OSError:
        return "unreadable"


@contextlib.contextmanager
def import_lock(data: Path, name: str) -> Iterator[None]:
    """Hold the right to write to one data set; a killed holder loses it with its life.

    Parameters
    ----------
    data : Path
        The data folder; it is made.
    name : str
        The data set.

    Yields
    ------
    None
        While the lock is held.

    Raises
    ------
    ImportRunningError
        If another process holds it.
    """
    with _storage_errors(data):
        (data / _LOCKS).mkdir(parents=True, exist_ok=True)
        descriptor = os.open(data / _LOCKS / f"{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ImportRunningError(
                f"another import into '{name}' is running; nothing was changed. Wait for it, then look at 'data list'."
            ) from error
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def incoming_folder(data: Path, name: str) -> Iterator[Path]:
    """Give a folder to build in, and remove it again whatever happens; also what dead imports left.

    Parameters
    ----------
    data : Path
        The data folder; its lock for `name` is held.
    name : str
        The data set.

    Yields
    ------
    Path
        An empty folder on the file system of the releases.
    """
    with _storage_errors(data):
        parent = data / _INCOMING
        parent.mkdir(parents=True, exist_ok=True)
        for leftover in parent.glob(f"{name}.*"):
            shutil.rmtree(leftover)
        # Not mkdtemp, whose 0700 would shut out the kernels of other accounts: here the umask decides.
        folder = parent / f"{name}.{os.getpid()}"
        folder.mkdir()
    try:
        with _storage_errors(data):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def publish(built: Path, *, data: Path, manifest: Manifest) -> Path:
    """Make a built release visible, whole, and point to it.

    Parameters
    ----------
    built : Path
        The folder made in `incoming_folder`, its tables written and synced.
    data : Path
        The data folder.
    manifest : Manifest
        What was built.

    Returns
    -------
    Path
        ``DATA/NAME/RELEASE``.

    Raises
    ------
    StorageError
        If all is written but the pointer.
    """
    text = manifest.to_json()
    for name, content in ((MANIFEST, text), (SUMS, sums_text(text, manifest))):
        with (built / name).open("x", encoding="utf-8") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    # A release never changes: no accident of its owner's may write to it.
    for path in built.rglob("*"):
        if path.is_file():
            path.chmod(path.stat().st_mode & ~0o222)
    for folder in (*(path for path in built.iterdir() if path.is_dir()), built):
        sync_folder(folder)
    target = data / manifest.name / manifest.release
    target.parent.mkdir(exist_ok=True)
    built.rename(target)
    sync_folder(target.parent)
    sync_folder(data)
    try:
        point_to(target.parent, manifest.release)
    except OSError as error:
        raise StorageError(
            f"release {manifest.release} of {manifest.name} is complete, and was not made the newest; "
            f"{error.strerror or type(error).__name__} when its pointer was written. "
            "Free space, then import the same source again: that only moves the pointer."
        ) from error
    return target


def point_to(folder: Path, release: str) -> None:
    """Move the pointer to the newest release.

    Parameters
    ----------
    folder : Path
        ``DATA/NAME``.
    release : str
        A release in it.
    """
    write_whole(folder / LATEST, release + "\n")


@contextlib.contextmanager
def _storage_errors(data: Path) -> Iterator[None]:
    """Say what the operating system refused, in words, for everything written to the data folder."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            free = shutil.disk_usage(data).free if data.exists() else 0
            raise StorageError(
                f"the data folder is full; {free / 2**20:,.0f} MiB are free in {data}. "
                "Free space or choose another folder; nothing was changed."
            ) from error
        raise StorageError(
            f"the data folder cannot be written; {error.strerror or type(error).__name__}: {data}. "
            "Check the folder and its permissions; nothing was changed."
        ) from error
