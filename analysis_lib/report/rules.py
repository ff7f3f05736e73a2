"""What an output must say of itself before it is declared: a name, a title, the persons behind it."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from analysis_lib.errors import OutputError
from analysis_lib.report.declared import plain_number

__all__ = ["Better", "check_better", "check_id", "check_persons", "check_title", "tolerance_of"]

Better = Literal["higher", "lower"]

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LONGEST_ID = 64
_PERCENT = re.compile(r"(\d{1,6}(?:\.\d{1,12})?) ?%")


def check_id(output_id: str) -> str:
    """Refuse an id that could not be a file name anywhere, or would leave the folder.

    Parameters
    ----------
    output_id : str
        What the author chose.

    Returns
    -------
    str
        `output_id`.

    Raises
    ------
    OutputError
        If it has anything but lower-case letters, digits and single hyphens between them, or is too long.
    """
    if not isinstance(output_id, str) or not _ID.fullmatch(output_id) or len(output_id) > _LONGEST_ID:
        raise OutputError(
            f"an output's id is lower-case letters, digits and single hyphens, at most {_LONGEST_ID}, because it names "
            f"files; found {output_id!r}. Write it like 'table-1'."
        )
    return output_id


def tolerance_of(text: float | str | None, *, output: str) -> dict[str, float] | None:
    """Read how much a number may differ from run to run.

    Parameters
    ----------
    text : float, str or None
        A number, or a text such as ``"10 %"``.
    output : str
        The output's id, for the message.

    Returns
    -------
    dict of str to float, or None
        ``absolute``, or ``relative`` as a share; None if nothing was said.

    Raises
    ------
    OutputError
        If it is neither, below 0, or not finite.
    """
    if text is None:
        return None
    found = _PERCENT.fullmatch(text.strip()) if isinstance(text, str) else None
    if found:
        return {"relative": float(found[1]) / 100}
    number = None if isinstance(text, bool | str) else plain_number(text)
    if number is None or not math.isfinite(number) or number < 0:
        raise OutputError(
            f"the tolerance of output '{output}' is a number >= 0, or a text such as '10 %'; found "
            f"{type(text).__name__}. Write how much it may differ from run to run."
        )
    return {"absolute": float(number)}


def check_better(better: Any, *, output: str) -> None:
    """Refuse a direction that is none.

    Parameters
    ----------
    better : object
        What the author wrote.
    output : str
        The output's id, for the message.

    Raises
    ------
    OutputError
        If it is not ``"higher"``, ``"lower"`` or None.
    """
    if better not in (None, "higher", "lower"):
        raise OutputError(
            f"better of output '{output}' must be one of higher, lower; found {ascii(better)[:40]}. Leave it out where "
            "neither is good news."
        )


def check_title(title: str, *, output: str) -> None:
    """Refuse an output that does not say what it shows.

    Parameters
    ----------
    title : str
        What the author wrote.
    output : str
        The output's id, for the message.

    Raises
    ------
    OutputError
        If there is nothing but space.
    """
    if not title.strip():
        raise OutputError(f"output '{output}' has no title; found nothing but space. Say in a few words what it shows.")


def check_persons(persons: Mapping[str, int], *, output: str) -> dict[str, int]:
    """Refuse an output that does not say how many persons are behind it.

    Parameters
    ----------
    persons : mapping of str to int
        Distinct persons by group.
    output : str
        The output's id, for the message.

    Returns
    -------
    dict of str to int
        `persons`.

    Raises
    ------
    OutputError
        If there are no counts, or one is no count.
    """
    if not persons:
        raise OutputError(
            f"output '{output}' does not say how many persons are behind it; found no counts. Pass "
            "persons={'all': ...} with distinct persons by group, or of=RESULT with the result it comes from."
        )
    counts: Sequence[Any] = list(persons.values())
    wrong = [count for count in counts if isinstance(count, bool) or not isinstance(count, int) or count < 0]
    if wrong or not all(isinstance(label, str) for label in persons):
        raise OutputError(
            f"persons of output '{output}' must map labels to counts; {len(wrong)} of {len(persons)} are not "
            "whole numbers >= 0. Count distinct persons: int(frame['subject_id'].nunique())."
        )
    return dict(persons)
