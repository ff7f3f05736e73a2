"""Progress of a run for a person at a terminal, or one plain line per cell for a log."""

import shutil
from collections.abc import Callable
from typing import TextIO

from hub_config.reports.verdicts import Place

__all__ = ["progress_on"]

WIDTH = 24


def progress_on(stream: TextIO) -> Callable[[Place], None]:
    """Make the function that shows progress on `stream`.

    Parameters
    ----------
    stream : TextIO
        Usually stderr; a bar is drawn if it is a terminal.

    Returns
    -------
    callable
        Takes the place of the cell that begins.
    """
    return _bar(stream) if stream.isatty() else _lines(stream)


def _lines(stream: TextIO) -> Callable[[Place], None]:
    def show(place: Place) -> None:
        stream.write(f"cell {place.cell}/{place.cells}  {place.title}".rstrip() + "\n")
        stream.flush()

    return show


def _bar(stream: TextIO) -> Callable[[Place], None]:
    def show(place: Place) -> None:
        done = round(WIDTH * (place.cell - 1) / place.cells)
        line = f"[{'█' * done}{'·' * (WIDTH - done)}] cell {place.cell}/{place.cells}  {place.title}"
        room = max(20, shutil.get_terminal_size().columns - 1)
        stream.write(f"\r\x1b[2K{line[:room]}")
        stream.flush()

    return show
