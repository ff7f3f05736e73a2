"""What the pages say, in English and Korean."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from hub_config.languages import LANGUAGES as NAMES
from hub_config.languages import with_particles
from hub_config.reports.service.texts.english import ENGLISH, ENGLISH_STATES
from hub_config.reports.service.texts.korean import KOREAN, KOREAN_STATES
from hub_config.reports.service.texts.sentences import in_korean, line_in_korean, place_in_korean, range_in_korean
from hub_config.reports.service.texts.shipped_words import SHIPPED_LABELS, SHIPPED_WORDS

__all__ = ["LANGUAGES", "Texts"]


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
        return self._joined(self.words[key].format(**values))

    def said(self, words: str) -> str:
        """Say in the reader's language what a room says in English: an error, a problem, a reason.

        Parameters
        ----------
        words : str
            A sentence, or several, as the room words it.

        Returns
        -------
        str
            Plain text. What no wording is known for is told in English, within a sentence of the reader's language.
        """
        if self.language == "en":
            return words
        korean = in_korean(words)
        return self._joined(korean) if korean is not None else self.text("problem_in_english", why=words)

    def label_of(self, name: str, *, help_text: str, label: str) -> str:
        """Name a parameter in the reader's language.

        Parameters
        ----------
        name : str
            In the notebook.
        help_text : str
            Its help, which tells a parameter of a shipped report from another of the same name.
        label : str
            The name in words.

        Returns
        -------
        str
            The label, if it is none of a shipped report.
        """
        is_shipped = self.language != "en" and help_text in SHIPPED_WORDS
        return SHIPPED_LABELS.get(name, label) if is_shipped else label

    def shipped(self, words: str) -> str:
        """Say in the reader's language what a shipped report says of itself.

        Parameters
        ----------
        words : str
            A title, a description, or the help of a parameter; of any template.

        Returns
        -------
        str
            What no wording is known for stays as its author wrote it.
        """
        return words if self.language == "en" else SHIPPED_WORDS.get(words, words)

    def title_of(self, title: str, title_ko: str | None) -> str:
        """Choose the title of a definition, or of a run of it, in the reader's language.

        Parameters
        ----------
        title : str
            As it is called in general.
        title_ko : str or None
            In Korean, where its author has given one.

        Returns
        -------
        str
            Where none is given, that of a shipped report, else the general one.
        """
        return title_ko if self.language == "ko" and title_ko else self.shipped(title)

    def placed(self, line: str) -> str:
        """Say in the reader's language where a report failed.

        Parameters
        ----------
        line : str
            One of those that `failure_lines` gives.

        Returns
        -------
        str
            Plain text; source lines stay as they are.
        """
        return line if self.language == "en" else self._joined(line_in_korean(line))

    def place(self, field: str) -> str:
        """Say in the reader's language where a problem is.

        Parameters
        ----------
        field : str
            A field of a definition, a default of a template, or a place in a file of sets.

        Returns
        -------
        str
            Plain text; the names of fields stay as they are.
        """
        return field if self.language == "en" else self._joined(place_in_korean(field))

    def ranged(self, text: str) -> str:
        """Say the range of a parameter in the reader's language.

        Parameters
        ----------
        text : str
            As `Range.text` writes it.

        Returns
        -------
        str
            Plain text.
        """
        return text if self.language == "en" else range_in_korean(text)

    def _joined(self, text: str) -> str:
        return text if self.language == "en" else with_particles(text)

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
        hours, minutes = divmod(whole // 60, 60)
        if hours:
            return self.text("hours", h=hours, m=minutes) if minutes else self.text("hours_whole", h=hours)
        return self.text("minutes", m=minutes, s=whole % 60) if whole % 60 else self.text("minutes_whole", m=minutes)

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
        "en": Texts("en", NAMES["en"], ENGLISH, ENGLISH_STATES),
        "ko": Texts("ko", NAMES["ko"], KOREAN, KOREAN_STATES),
    }
)
