"""Ranges of parameters, as the head of a comment says them, in Korean."""

import re
from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["range_in_korean"]

_UNITS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("day", "days"), "일"),
        **dict.fromkeys(("week", "weeks"), "주"),
        **dict.fromkeys(("month", "months"), "개월"),
        **dict.fromkeys(("year", "years"), "년"),
        **dict.fromkeys(("hour", "hours"), "시간"),
        **dict.fromkeys(("minute", "minutes"), "분"),
        **dict.fromkeys(("second", "seconds"), "초"),
        **dict.fromkeys(("person", "persons", "people"), "명"),
        **dict.fromkeys(("event", "events"), "건"),
        "person-years": "인년",
        "items": "개",
        "characters": "자",
        "%": "%",
    }
)
_BETWEEN = re.compile(r"(?P<low>\S+) to (?P<high>\S+)(?: (?P<unit>\S+))?")
_SIGNED = re.compile(r"(?P<sign>[<>]=?) ?(?P<bound>\S+)(?: (?P<unit>\S+))?")
_STRICT = re.compile(r"(?P<low>\S+) (?P<low_sign><=?) x (?P<high_sign><=?) (?P<high>\S+)(?: (?P<unit>\S+))?")
_LENGTH = re.compile(r"(?P<how>at most|at least|exactly) (?P<n>\d+) (?P<unit>items|characters)")
_SIGNS = {"<": "미만", "<=": "이하", ">": "초과", ">=": "이상"}
_TURNED = {"<": ">", "<=": ">="}  # the sign as it reads from the lower end
_LENGTHS = {"at most": "{} 이하", "at least": "{} 이상", "exactly": "정확히 {}"}


def range_in_korean(text: str) -> str:
    """Say a range in Korean.

    Parameters
    ----------
    text : str
        As `Range.text` writes it, for instance ``0 to 3650 days``.

    Returns
    -------
    str
        For instance ``0~3650일``; what is of no known form is left as it is: signs, and the template's own unit.
    """
    return ", ".join(_part(part) for part in text.split(", "))


def _part(part: str) -> str:
    if found := _LENGTH.fullmatch(part):
        what = "항목 " if found["unit"] == "items" else ""
        return what + _LENGTHS[found["how"]].format(_value(found["n"], found["unit"]))
    if found := _STRICT.fullmatch(part):
        low = f"{_value(found['low'], found['unit'])} {_SIGNS[_TURNED[found['low_sign']]]}"
        return f"{low} {_value(found['high'], found['unit'])} {_SIGNS[found['high_sign']]}"
    if found := _BETWEEN.fullmatch(part):
        what = "항목 " if found["unit"] == "items" else ""
        return f"{what}{_value(found['low'], None)}~{_value(found['high'], found['unit'])}"
    if found := _SIGNED.fullmatch(part):
        return f"{_value(found['bound'], found['unit'])} {_SIGNS[found['sign']]}"
    return part


def _value(value: str, unit: str | None) -> str:
    word = "오늘" if value == "today" else value
    if not unit:
        return word
    return word + _UNITS[unit] if unit in _UNITS else f"{word} {unit}"
