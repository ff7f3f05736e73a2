"""Where the data lie."""

import os
from pathlib import Path


def data_folder(path: str | os.PathLike[str] | None = None) -> Path:
    """Find the data folder.

    Parameters
    ----------
    path : path, optional
        A folder; when left out, ``COHORTHUB_DATA``, else ``data`` in ``COHORTHUB_HOME``, else ``.cohorthub/data``.

    Returns
    -------
    Path
        Absolute; it need not exist.
    """
    if path is None:
        home = os.environ.get("COHORTHUB_HOME") or ".cohorthub"
        path = os.environ.get("COHORTHUB_DATA") or Path(home) / "data"
    return Path(path).expanduser().absolute()
