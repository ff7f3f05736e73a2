"""A folder of Parquet files that is there whole, or not at all."""

import os
import shutil
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from analysis_lib.errors import FeatureInputError, StorageError
from analysis_lib.features.bucket_task import BaselineTask, answer_bucket, warn_of_unknown
from analysis_lib.features.bucket_values import LeftOut


@dataclass(frozen=True)
class WritesBucket:
    """Writes one bucket's part; picklable, so that it can run elsewhere.

    Parameters
    ----------
    folder : str
        Where to.
    attrs : mapping
        Units, meanings and types, kept in each file.
    """

    folder: str
    attrs: dict[str, dict[str, str]]

    def __call__(self, numbered: tuple[int, BaselineTask]) -> Counter[LeftOut]:
        """Read one bucket and write it.

        Parameters
        ----------
        numbered : tuple of int and BaselineTask
            The file's number, and the bucket.

        Returns
        -------
        Counter of LeftOut
            Numbers that were not taken.
        """
        number, task = numbered
        answer = answer_bucket(task)
        answer.frame.attrs.update(self.attrs)
        with _said_plainly():
            answer.frame.to_parquet(Path(self.folder) / f"part-{number:05d}.parquet", index=False)
        warn_of_unknown(answer.unknown)
        return answer.left_out


@contextmanager
def written_whole(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a folder to write into that takes its name when all went well.

    Parameters
    ----------
    path : path
        The folder's name; must not exist.

    Yields
    ------
    Path
        A folder beside it, removed again if anything fails.
    """
    target = Path(path).absolute()
    if target.exists():
        raise FeatureInputError("the folder to write exists already; nothing was written. Remove it, or name another.")
    waiting = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
    with _said_plainly():
        waiting.mkdir(parents=True)
    try:
        yield waiting
        with _said_plainly():
            waiting.rename(target)
    except BaseException:
        shutil.rmtree(waiting, ignore_errors=True)
        raise


@contextmanager
def _said_plainly() -> Iterator[None]:
    """Turn what the system says of a folder into an error of ours."""
    try:
        yield
    except OSError as error:
        reason = os.strerror(error.errno).lower() if error.errno else type(error).__name__
        raise StorageError(
            f"the features cannot be written; the system said: {reason}. Nothing is left behind; make room, or name "
            "another folder."
        ) from None
