"""Finding the form of an English sentence, and saying it in Korean with the same parts."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from hub_config.reports.service.texts.sentences.alert_rules import ALERT_RULES
from hub_config.reports.service.texts.sentences.definitions import DEFINITIONS, PLACES
from hub_config.reports.service.texts.sentences.kinds import KINDS
from hub_config.reports.service.texts.sentences.projects import PROJECTS
from hub_config.reports.service.texts.sentences.ranges import range_in_korean
from hub_config.reports.service.texts.sentences.refusals import REFUSALS
from hub_config.reports.service.texts.sentences.runs import FAILURE_LINES, RUNS
from hub_config.reports.service.texts.sentences.schedules import SCHEDULES
from hub_config.reports.service.texts.sentences.templates import TEMPLATES
from hub_config.sentence_forms import SentenceForm

__all__ = ["ALL_FORMS", "in_korean", "line_in_korean", "place_in_korean"]

# The first that fits is taken: whole sentences before the parts of which they are made.
ALL_FORMS: Sequence[tuple[str, str]] = (
    *REFUSALS,
    *RUNS,
    *TEMPLATES,
    *PROJECTS,
    *ALERT_RULES,
    *SCHEDULES,
    *DEFINITIONS,
    *KINDS,
)
LONGEST = 4_000
_NUMBER = re.compile(r"[\d.,]+")
_FIELD = re.compile(r"(?P<place>[\w.\[\]*~@-]+|\(a name of (?P<n>\d+) characters\)): (?P<fault>.+)", re.DOTALL)
# What the system says of a file; anything else it may say stays as it is.
_SYSTEM: Mapping[str, str] = {
    "No such file or directory": "파일이나 폴더가 없음",
    "Permission denied": "권한 없음",
    "No space left on device": "남은 공간 없음",
    "Read-only file system": "읽기 전용",
    "Is a directory": "폴더임",
    "Not a directory": "폴더가 아님",
    "Too many levels of symbolic links": "링크임",
    "File name too long": "이름이 너무 김",
    "Input/output error": "입출력 오류",
    "Disk quota exceeded": "할당된 공간 초과",
}


def _said_part(name: str, part: str) -> str | None:
    own = _SAID.get(name)
    return own(part) if own is not None else in_korean(part)


def _or_as_it_is(part: str) -> str:
    return in_korean(part) or part


def _faults(part: str) -> str | None:
    """Say several faults, each behind its field."""
    said = []
    for one in part.split("; "):
        match = _FIELD.fullmatch(one)
        korean = in_korean(match["fault"] if match else one)
        if korean is None:
            return None
        said.append(f"{match['place']}: {korean}" if match else korean)
    return "; ".join(said)


# Parts that are no sentences of a room.
_SAID: Mapping[str, Callable[[str], str | None]] = {
    "Names": lambda part: "없음" if part == "none" else part,
    "Name": _or_as_it_is,  # of a file, unless it stands for one
    "Error": _or_as_it_is,  # the name of an exception, unless it cannot be shown
    "System": lambda part: _SYSTEM.get(part, part),
    "Range": range_in_korean,
    "Faults": _faults,
}
_FORMS = [SentenceForm.of(english, korean) for english, korean in ALL_FORMS]
_LINES = [SentenceForm.of(english, korean) for english, korean in FAILURE_LINES]
_PLACES = [SentenceForm.of(english, korean) for english, korean in PLACES]
_SOURCE = re.compile(r"[> ] +\d+( .*)?")


@lru_cache(maxsize=2_048)
def in_korean(words: str) -> str | None:
    """Say a sentence of a room, or a part of one, in Korean.

    Parameters
    ----------
    words : str
        As the room says it in English.

    Returns
    -------
    str or None
        Plain text with particles in both forms, such as ``을(를)``, where a part stands before; None if the form of
        the sentence, or that of a part, is not known.
    """
    if len(words) > LONGEST:
        return None
    if _NUMBER.fullmatch(words):
        return words
    return next((korean for form in _FORMS if (korean := form.said(words, part_said=_said_part)) is not None), None)


def line_in_korean(line: str) -> str:
    """Say in Korean where a report failed.

    Parameters
    ----------
    line : str
        One of those that `failure_lines` gives.

    Returns
    -------
    str
        A place is said in Korean; a line of source and the name of an error stay as they are.
    """
    if _SOURCE.fullmatch(line):
        return line
    places = (korean for form in _LINES if (korean := form.said(line, part_said=_said_part)) is not None)
    return next(places, None) or in_korean(line) or line


def place_in_korean(field: str) -> str:
    """Say in Korean where a problem is.

    Parameters
    ----------
    field : str
        As the rooms name it.

    Returns
    -------
    str
        The name of a field stays as it is.
    """
    places = (korean for form in _PLACES if (korean := form.said(field, part_said=_said_part)) is not None)
    return next(places, field)
