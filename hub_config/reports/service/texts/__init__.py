"""What the pages say, in English and Korean; which of the two is chosen for each request."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from hub_config.reports.service.texts.english import ENGLISH, ENGLISH_STATES
from hub_config.reports.service.texts.korean import KOREAN, KOREAN_STATES
from hub_config.reports.service.texts.reading_words import ENGLISH_READING, KOREAN_READING

__all__ = ["LANGUAGES", "Texts", "choose_language"]


@dataclass(frozen=True)
class Texts:
    """All words of one language.

    Parameters
    ----------
    language : str
        ``en`` or ``ko``.
    name : str
        What the language calls itself.
    words : mapping of str to str
        By key.
    states : mapping of str to str
        The word for each state of a run.
    """

    language: str
    name: str
    words: Mapping[str, str]
    states: Mapping[str, str]

    def __getitem__(self, key: str) -> str:
        return self.words[key]

    def text(self, key: str, **values: object) -> str:
        """Give a text with its values put in.

        Parameters
        ----------
        key : str
            Of a text.
        **values : object
            What stands in its braces. Not escaped here: the page escapes the whole.

        Returns
        -------
        str
            Plain text, never markup.
        """
        return self.words[key].format(**values)

    def duration(self, seconds: float | None) -> str:
        """Write a duration for reading.

        Parameters
        ----------
        seconds : float or None
            Not negative.

        Returns
        -------
        str
            For instance ``42 s``, ``3 min 5 s``, ``2 h 14 min``; '' for None.
        """
        if seconds is None:
            return ""
        if seconds < 9.95:
            return self.text("seconds", s=f"{seconds:.1f}")
        whole = round(seconds)
        if whole < 60:
            return self.text("seconds", s=whole)
        if whole < 3600:
            return self.text("minutes", m=whole // 60, s=whole % 60)
        return self.text("hours", h=whole // 3600, m=whole % 3600 // 60)

    def shown(self, value: Any) -> str:
        """Write a parameter's value for reading.

        Parameters
        ----------
        value : object
            A value of a parameter.

        Returns
        -------
        str
            Plain text; '' for nothing.
        """
        if value is None:
            return ""
        if isinstance(value, bool):
            return self["value_yes"] if value else self["value_no"]
        if isinstance(value, list):
            return ", ".join(str(item) for item in value)
        return str(value)


LANGUAGES: Mapping[str, Texts] = MappingProxyType(
    {
        "en": Texts("en", "English", {**ENGLISH, **ENGLISH_READING}, ENGLISH_STATES),
        "ko": Texts("ko", "한국어", {**KOREAN, **KOREAN_READING}, KOREAN_STATES),
    }
)


def choose_language(asked: str, *, kept: str, accepted: str) -> Texts:
    """Choose the language of an answer.

    Parameters
    ----------
    asked : str
        What the address says, or ''.
    kept : str
        What was chosen before, or ''.
    accepted : str
        What the browser says: ``Accept-Language``, or ''.

    Returns
    -------
    Texts
        English where nothing says otherwise.
    """
    for word in (asked, kept):
        if word in LANGUAGES:
            return LANGUAGES[word]
    weighed = []
    for position, part in enumerate(accepted[:500].split(",")):
        tag, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            weight = 0.0
        if (language := tag.lower().partition("-")[0]) in LANGUAGES and weight > 0:
            weighed.append((-weight, position, language))
    return LANGUAGES[min(weighed)[2]] if weighed else LANGUAGES["en"]
