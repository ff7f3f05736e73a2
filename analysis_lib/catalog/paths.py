"""Where the data lie."""

import os
import tomllib
from pathlib import Path

from analysis_lib.errors import StorageError

SETTINGS = "cohorthub.toml"
"""The operator's settings, in the home; this room reads one line of it: ``path`` in section ``data``."""


def data_folder(path: str | os.PathLike[str] | None = None, *, home: str | os.PathLike[str] | None = None) -> Path:
    """Find the data folder.

    Parameters
    ----------
    path : path, optional
        A folder, which is then the answer.
    home : path, optional
        The home to look in. When left out, ``COHORTHUB_DATA`` is the answer where it is set, and else the home is
        ``COHORTHUB_HOME`` or ``.cohorthub``.

    Returns
    -------
    Path
        Absolute; it need not exist. In a home: what its settings say, else ``data``.

    Raises
    ------
    StorageError
        If the home's settings cannot be read, or name a folder that is not absolute; or if the folder's path holds
        ``*``, ``?`` or ``[``, which the engine reads as a pattern.
    """
    if path is None and home is None:
        path = os.environ.get("COHORTHUB_DATA") or None
    if path is None:
        place = Path(home or os.environ.get("COHORTHUB_HOME") or ".cohorthub").expanduser()
        path = _folder_of_settings(place / SETTINGS) or place / "data"
    folder = Path(path).expanduser().absolute()
    if set("*?[") & set(str(folder)):
        raise StorageError(
            f"a data folder's path may not hold '*', '?' or '[', since the engine reads patterns; found {folder}. "
            "Rename the folder, or choose another."
        )
    return folder


def _folder_of_settings(file: Path) -> Path | None:
    try:
        section = tomllib.loads(file.read_text(encoding="utf-8")).get("data", {})
        named = section.get("path") if isinstance(section, dict) else None
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise StorageError(
            f"the settings that may name the data folder cannot be read; {type(error).__name__}: {file}. "
            "Try 'cohorthub settings check'."
        ) from error
    if named is None:
        return None
    if not isinstance(named, str) or not Path(named).expanduser().is_absolute():
        raise StorageError(f"data.path in {file} is not an absolute path. Try 'cohorthub settings check'.")
    return Path(named)
