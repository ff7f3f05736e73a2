"""What is wrong with a definition, in the reader's language."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from hub_config.reports.definitions import Problem
from hub_config.reports.service.texts import Texts
from hub_config.reports.service.texts.korean_problems import KOREAN_PROBLEMS, KOREAN_RULES

__all__ = ["ToldProblem", "told_problems"]

_FORMS = [(re.compile(form, re.DOTALL), words) for form, words in KOREAN_PROBLEMS]
LONGEST = 600


@dataclass(frozen=True)
class ToldProblem:
    """One problem as the page shows it.

    Parameters
    ----------
    place : str
        The field of the definition, such as ``parameters.ward``; '' for the whole.
    text : str
        A sentence.
    """

    place: str
    text: str


def told_problems(problems: Iterable[Problem], texts: Texts) -> list[ToldProblem]:
    """Word problems for a reader.

    Parameters
    ----------
    problems : iterable of Problem
        As the rooms say them, in English.
    texts : Texts
        The words of the reader's language.

    Returns
    -------
    list of ToldProblem
        What has no wording of its own is told in English, within a sentence of that language.
    """
    return [ToldProblem(one.field, _sentence(one, texts)) for one in problems]


def _sentence(problem: Problem, texts: Texts) -> str:
    words = problem.text[:LONGEST]
    if texts.language == "ko":
        korean = KOREAN_RULES.get(problem.rule) or _in_korean(words)
        return f"{korean}." if korean else texts.text("problem_in_english", why=words)
    return words[:1].upper() + words[1:] + ("" if words.endswith((".", "?")) else ".")


@lru_cache(maxsize=1024)
def _in_korean(words: str) -> str | None:
    """Say a sentence, or a part of one, in Korean; None if its form, or that of a part, is not known."""
    for form, korean in _FORMS:
        match = form.fullmatch(words)
        if match is None:
            continue
        parts = {}
        for number, part in enumerate(match.groups()):
            parts[f"raw{number}"] = part
            parts[f"part{number}"] = part if f"{{{number}}}" not in korean else _in_korean(part)
        if None not in parts.values():
            return re.sub(r"\{(\d)\}", r"{part\1}", korean).format(**parts)
    return None
