"""The languages of all pages, the hub's and the reports service's: how one is chosen, how Korean joins its words."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, urlencode

__all__ = ["LANGUAGES", "LANGUAGE_COOKIE", "choose_language", "language_of", "other_languages", "with_particles"]

LANGUAGES: Mapping[str, str] = MappingProxyType({"en": "English", "ko": "한국어"})
"""What each language calls itself; the first holds where nothing says otherwise."""

LANGUAGE_COOKIE = "cohorthub-language"
ARGUMENT = "lang"
YEAR_DAYS = 365
BAD_REQUEST = 400


def choose_language(asked: str, *, kept: str, accepted: str) -> str:
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
    str
        A key of `LANGUAGES`; English where nothing says otherwise.
    """
    for word in (asked, kept):
        if word in LANGUAGES:
            return word
    weighed = []
    for position, part in enumerate(accepted[:500].split(",")):
        tag, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            weight = 0.0
        if (language := tag.lower().partition("-")[0]) in LANGUAGES and weight > 0:
            weighed.append((-weight, position, language))
    return min(weighed)[2] if weighed else "en"


def language_of(handler: Any) -> str:
    """Choose the language of an answer, and keep it for the next ones where its address asks for one.

    Parameters
    ----------
    handler : tornado.web.RequestHandler
        What answers; of the reports service or of the hub.

    Returns
    -------
    str
        A key of `LANGUAGES`.
    """
    request = handler.request
    # Read as bytes: an argument that is no text must not keep an error page from being shown.
    asked = (request.query_arguments.get(ARGUMENT) or [b""])[-1].decode("ascii", errors="replace")
    language = choose_language(
        asked,
        kept=handler.get_cookie(LANGUAGE_COOKIE) or "",
        accepted=request.headers.get("Accept-Language", ""),
    )
    if asked == language:
        handler.set_cookie(LANGUAGE_COOKIE, asked, path="/", expires_days=YEAR_DAYS, samesite="Lax", httponly=True)
    return language


def other_languages(handler: Any, language: str) -> list[tuple[str, str, str]]:
    """Give the languages that a page can be turned to, each with its address.

    Parameters
    ----------
    handler : tornado.web.RequestHandler
        What answers.
    language : str
        In which it does.

    Returns
    -------
    list of tuple
        Key, name and address of each language.
    """
    # An address that led nowhere is not repeated.
    asked = parse_qsl(handler.request.query) if handler.get_status() < BAD_REQUEST else []
    kept = [(name, value) for name, value in asked if name != ARGUMENT]
    return [
        (key, name, f"?{urlencode([*kept, (ARGUMENT, key)])}") for key, name in LANGUAGES.items() if key != language
    ]


# Each particle as the tables write it: behind a consonant, behind a vowel.
_PARTICLES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "은(는)": ("은", "는"),
        "이(가)": ("이", "가"),
        "을(를)": ("을", "를"),
        "과(와)": ("과", "와"),
        "(으)로": ("으로", "로"),
        "(이)어야": ("이어야", "여야"),
        "(이)라": ("이라", "라"),
    }
)
_PARTICLE = re.compile("|".join(re.escape(word) for word in _PARTICLES))
# What is not read aloud: quotes behind a word, and brackets with what stands in them, which may hold brackets too.
_SILENT = re.compile(r"(?:[’”'\"»`]|\((?:[^()]|\([^()]*\))*\)|\[[^\[\]]*\])+$")
# How each digit ends when it is read: 영, 일, 이, 삼, 사, 오, 육, 칠, 팔, 구; ten, hundred and thousand end like 영.
_BY_DIGIT: Mapping[str, str] = MappingProxyType(
    {"0": "ㅇ", "1": "ㄹ", "2": "", "3": "ㅁ", "4": "", "5": "", "6": "ㄱ", "7": "ㄹ", "8": "ㄹ", "9": ""}
)
_FIRST_SYLLABLE, _LAST_SYLLABLE, _FINALS, _RIEUL = 0xAC00, 0xD7A3, 28, 8


def with_particles(text: str) -> str:
    """Write particles in the form that fits the word before them.

    Tables write both forms, such as ``{name}을(를)``, as the word is not known there. Behind a Korean syllable or a
    digit the right one is known; behind any other sign, such as a Latin letter, both stay.

    Parameters
    ----------
    text : str
        Korean.

    Returns
    -------
    str
        The same, with one form of each particle where that can be told.
    """

    def fitting(found: re.Match[str]) -> str:
        final = _final_of(_SILENT.sub("", text[max(found.start() - 400, 0) : found.start()])[-1:])
        if final is None:
            return found[0]
        behind_consonant, behind_vowel = _PARTICLES[found[0]]
        is_closed = final != "" and not (found[0] == "(으)로" and final == "ㄹ")
        return behind_consonant if is_closed else behind_vowel

    return _PARTICLE.sub(fitting, text)


def _final_of(sign: str) -> str | None:
    """Give the consonant with which a sign is read to its end: '' for a vowel, None if nobody can tell."""
    if sign in _BY_DIGIT:
        return _BY_DIGIT[sign]
    if not sign or not _FIRST_SYLLABLE <= ord(sign) <= _LAST_SYLLABLE:
        return None
    final = (ord(sign) - _FIRST_SYLLABLE) % _FINALS
    return "" if final == 0 else "ㄹ" if final == _RIEUL else "ㅇ"
