"""The notebooks that a person finds in their folder: each copied once, and theirs from then on."""

import contextlib
import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from hub_config.home import write_private
from hub_config.shipped import notebooks_dir

__all__ = ["give_notebooks"]

logger = logging.getLogger(__name__)

# Folder of the shipped notebooks -> what it is called in a person's folder.
GIVEN = {"tutorials": "tutorials", "reports": "report-templates"}


def give_notebooks(folder: Path, record: Path) -> None:
    """Copy the shipped notebooks that this person was not given before.

    What was given once is never written again: not when the person has changed or deleted it, and not when a later
    version ships another text. New notebooks of a later version do arrive.

    Parameters
    ----------
    folder : Path
        The person's folder. Its content is theirs, so it is not trusted: nothing is written through a link.
    record : Path
        A file outside of it that lists what was given.
    """
    given = _read(record)
    new = {place: source for source, place in _shipped() if str(place) not in given}
    for place, source in new.items():
        try:
            _copy(source, folder=folder, place=place)
        except OSError as refused:
            # A full disk must not keep a person from their own work; the next start tries again.
            logger.warning("the notebook %s could not be given: %s", place, refused.strerror)
        else:
            given.add(str(place))
    if new:
        write_private(record, json.dumps(sorted(given), indent=1) + "\n")


def _shipped() -> Iterator[tuple[Path, PurePosixPath]]:
    for name, called in GIVEN.items():
        root = notebooks_dir() / name
        for source in sorted(root.rglob("*")):
            inside = source.relative_to(root)
            if source.is_file() and not any(part.startswith((".", "__pycache__")) for part in inside.parts):
                yield source, PurePosixPath(called, *inside.parts)


def _read(record: Path) -> set[str]:
    try:
        return set(json.loads(record.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return set()
    except (ValueError, TypeError):
        # Unreadable: what exists is still never overwritten, only what was deleted may come back.
        logger.warning("the list of given notebooks cannot be read: %s", record)
        return set()


def _copy(source: Path, *, folder: Path, place: PurePosixPath) -> None:
    """Write a copy without following any link below `folder`, and without touching what is there."""
    parent = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in place.parent.parts:
            with contextlib.suppress(FileExistsError):
                os.mkdir(part, 0o755, dir_fd=parent)
            deeper = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=parent)
            os.close(parent)
            parent = deeper
        try:
            target = os.open(place.name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644, dir_fd=parent)
        except FileExistsError:
            return
        try:
            with os.fdopen(target, "wb") as out:
                out.write(source.read_bytes())
        except OSError:
            os.unlink(place.name, dir_fd=parent)
            raise
    finally:
        os.close(parent)
