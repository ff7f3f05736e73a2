"""What is wrong with a definition, in the reader's language."""

from collections.abc import Iterable
from dataclasses import dataclass

from hub_config.reports.definitions import Problem
from hub_config.reports.service.texts import Texts

__all__ = ["ToldProblem", "told_problems"]

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
    return [ToldProblem(texts.place(one.field), _sentence(one, texts)) for one in problems]


def _sentence(problem: Problem, texts: Texts) -> str:
    words = problem.text[:LONGEST]
    said = texts.said(words)
    return said[:1].upper() + said[1:] + ("" if said.endswith((".", "?", "”")) else ".")
