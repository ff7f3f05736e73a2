"""Whether the files that a process was made of are still the same: a fork would run old code beside new files.

Standard library only: it is imported by kernels' interpreters.
"""

import os
import pathlib
import sys
import time

__all__ = ["LoadedFiles"]

PACKAGES = ("site-packages", "dist-packages")


class LoadedFiles:
    """The files and folders behind what this process has imported, as they were then.

    Parameters
    ----------
    since : float
        When the imports began, in seconds since 1970. What was written after that may not be what was imported.
    """

    def __init__(self, *, since: float) -> None:
        paths = {str(file) for module in list(sys.modules.values()) if (file := getattr(module, "__file__", None))}
        paths |= {sys.executable, os.path.realpath(sys.executable), f"{sys.prefix}/pyvenv.cfg"}
        # A package that is installed or removed may be one that another looks for when it is imported.
        paths |= {folder for folder in sys.path if folder.endswith(PACKAGES)}
        self._seen = {path: _look(path) for path in paths}
        unsure = range(int(since * 1e9), time.time_ns() + 1)  # a date to come says nothing
        self._changed = next((path for path, seen in self._seen.items() if seen and seen[0] in unsure), None)

    def changed(self) -> str | None:
        """Look at all of them again.

        Returns
        -------
        str or None
            One that is not as it was; None if there is none.
        """
        if self._changed is None:
            self._changed = next((path for path, seen in self._seen.items() if _look(path) != seen), None)
        return self._changed


def _look(path: str) -> tuple[int, int, int] | None:
    try:
        found = pathlib.Path(path).stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
