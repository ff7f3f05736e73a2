"""Whether the files that a process was made of are still the same: a fork would run old code beside new files.

Standard library only: it is imported by kernels' interpreters.
"""

import os
import pathlib
import sys

__all__ = ["LoadedFiles"]

PACKAGES = ("site-packages", "dist-packages")


class LoadedFiles:
    """The files and folders behind what this process has imported, as they are now."""

    def __init__(self) -> None:
        paths = {str(file) for module in list(sys.modules.values()) if (file := getattr(module, "__file__", None))}
        paths |= {sys.executable, os.path.realpath(sys.executable), f"{sys.prefix}/pyvenv.cfg"}
        # A package that is installed or removed may be one that another looks for when it is imported.
        paths |= {folder for folder in sys.path if folder.endswith(PACKAGES)}
        self._seen = {path: _look(path) for path in paths}

    def changed(self) -> str | None:
        """Look at all of them again.

        Returns
        -------
        str or None
            One that is not as it was; None if there is none.
        """
        return next((path for path, seen in self._seen.items() if _look(path) != seen), None)


def _look(path: str) -> tuple[int, int, int] | None:
    try:
        found = pathlib.Path(path).stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
