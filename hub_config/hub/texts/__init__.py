"""What the hub's own pages say, in English and Korean; the language is chosen as on the pages of reports."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import jinja2

from hub_config.hub.texts.english import HUB_ENGLISH
from hub_config.hub.texts.korean import HUB_KOREAN
from hub_config.hub.texts.messages import HUB_MESSAGES
from hub_config.isolation import isolation_notices
from hub_config.languages import language_of, other_languages, with_particles
from hub_config.sentence_forms import SentenceForm

__all__ = ["HubTexts", "page_texts"]

_WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType({"en": HUB_ENGLISH, "ko": HUB_KOREAN})
_FORMS = [SentenceForm.of(english, korean) for english, korean in HUB_MESSAGES]
_TIMES: Mapping[str, str] = MappingProxyType(
    {
        "3600": "for_hour",
        "86400": "for_day",
        "604800": "for_week",
        "2592000": "for_month",
        "31536000": "for_year",
        "": "for_ever",
    }
)
_OPTION = re.compile(r'<option [^>]*?value="(\d*)"[^>]*>([^<]*)<')
_LONGEST = re.compile(r"(?P<n>\d+) (?P<unit>hours|days)")


@dataclass(frozen=True)
class HubTexts:
    """The words of one page of the hub.

    Parameters
    ----------
    language : str
        ``en`` or ``ko``.
    others : sequence of tuple
        Key, name and address of each other language.
    """

    language: str
    others: tuple[tuple[str, str, str], ...] = ()

    def __getitem__(self, key: str) -> str:
        return _WORDS[self.language][key]

    @property
    def notice(self) -> str:
        """How far this hub keeps people apart."""
        return isolation_notices()[self.language]

    def text(self, key: str, **values: object) -> str:
        """Give a text with its values put in.

        Parameters
        ----------
        key : str
            Of a text.
        **values : object
            What stands in its braces; the page escapes the whole.

        Returns
        -------
        str
            Plain text.
        """
        return self._joined(self[key].format(**values))

    def error_title(self, status: int) -> str:
        """Name an error.

        Parameters
        ----------
        status : int
            HTTP's.

        Returns
        -------
        str
            A sentence without its full stop.
        """
        key = f"error_{status}"
        return self[key if key in _WORDS[self.language] else "error_other"]

    def said(self, message: str) -> str:
        """Say in the reader's language what the hub words in English.

        Parameters
        ----------
        message : str
            As the hub words it.

        Returns
        -------
        str
            Plain text; what no wording is known for is told in English, and said to be.
        """
        if self.language == "en" or not message:
            return message
        korean = _in_korean(message.strip())
        return self._joined(korean) if korean is not None else self.text("said_in_english", why=message.strip())

    def token_times(self, options: str) -> list[tuple[str, str]]:
        """Say how long a token may hold.

        Parameters
        ----------
        options : str
            HTML, as JupyterHub offers them; the last is chosen where nobody chooses.

        Returns
        -------
        list of (str, str)
            Seconds, or '' for the longest, and words.
        """
        return [(value, self._holds_for(value, label)) for value, label in _OPTION.findall(options)]

    def _holds_for(self, value: str, label: str) -> str:
        longest = _LONGEST.search(label)
        if longest is not None:
            return self.text(f"for_{longest['unit']}", n=longest["n"])
        return self[_TIMES[value]] if value in _TIMES else label

    def scope(self, name: str, description: str) -> str:
        """Say what a permission allows.

        Parameters
        ----------
        name : str
            Of a scope.
        description : str
            What JupyterHub says of it.

        Returns
        -------
        str
            For the scopes of reports in the reader's language.
        """
        key = f"scope_{name}"
        return self[key] if key in _WORDS[self.language] else self.said(description)

    def for_scripts(self, *keys: str) -> dict[str, str]:
        """Give some texts to a script of the page.

        Parameters
        ----------
        *keys : str
            Of texts.

        Returns
        -------
        dict
            By key.
        """
        return {key: self[key] for key in keys}

    def messages(self) -> dict[str, str]:
        """Give a script the hub's own messages that arrive while a server starts.

        Returns
        -------
        dict
            How each is said; none in English, in which they arrive.
        """
        if self.language == "en":
            return {}
        return {english: korean for english, korean in HUB_MESSAGES if "{" not in english}

    def _joined(self, text: str) -> str:
        return text if self.language == "en" else with_particles(text)


def _in_korean(message: str) -> str | None:
    forms = (korean for form in _FORMS if (korean := form.said(message, part_said=_said_part)) is not None)
    return next(forms, None)


def _said_part(_name: str, part: str) -> str:
    return _in_korean(part) or part


@jinja2.pass_context
def _texts_of_page(context: jinja2.runtime.Context) -> HubTexts:
    # Among what JupyterHub gives to every template, this method alone knows the request.
    handler: Any = getattr(context.get("static_url"), "__self__", None)
    if handler is None:
        return HubTexts("en")
    language = language_of(handler)
    return HubTexts(language, tuple(other_languages(handler, language)))


def page_texts(_user: object) -> Callable[..., HubTexts]:
    """Give templates the function that chooses the words of a page.

    Parameters
    ----------
    _user : object
        Who is signed in: JupyterHub calls each template variable that can be called with it.

    Returns
    -------
    callable
        To be called in a template, where it finds the request of the page.
    """
    return _texts_of_page
