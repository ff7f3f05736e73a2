"""A list of choices as a group of boxes to tick: what each box sends, and the way back to the list.

A box sends its choice as JSON, so that ``1``, ``"1"``, ``""`` and null are four things on the way through a browser.
"""

import json
from collections.abc import Sequence
from typing import Any

from hub_config.reports.parameters import ParameterType, why_not
from hub_config.reports.parameters.typed_text import NotOfThisTypeError
from hub_config.reports.service.texts import Texts

__all__ = ["can_be_unset", "is_ticked", "offered_ticks", "read_ticks", "ticks_of"]

UNSET = "null"
# Before what stands in place of a list; no box of a choice sends that.
NO_LIST = "= "


def is_ticked(declared: ParameterType) -> bool:
    """Tell whether the values of a type are ticked in a form.

    Parameters
    ----------
    declared : ParameterType
        The type in the template.

    Returns
    -------
    bool
        True for a list of choices.
    """
    return declared.kind == "list" and declared.item == "choice"


def can_be_unset(declared: ParameterType) -> bool:
    """Tell whether there is a box for no value at all, beside that nothing may be ticked.

    Parameters
    ----------
    declared : ParameterType
        Of a list of choices.

    Returns
    -------
    bool
        True where both None and an empty list are values; where only one of them is, it needs no box.
    """
    return declared.optional and why_not(declared, []) is None


def ticks_of(value: Any, declared: ParameterType) -> list[str]:
    """Give what a browser sends for a value.

    Parameters
    ----------
    value : object
        A list of choices or None, or whatever stands in its place.
    declared : ParameterType
        Of a list of choices.

    Returns
    -------
    list of str
        In the order of the page: no value, the choices as they are declared, and what is none of them.
    """
    if value is None and declared.optional:
        return [UNSET] if can_be_unset(declared) else []
    if not isinstance(value, list):
        return [NO_LIST + json.dumps(value)]
    sent = {json.dumps(item) for item in value}
    known = [text for text in map(json.dumps, declared.choices) if text in sent]
    others = [text for text in dict.fromkeys(json.dumps(item) for item in value) if text not in known]
    return [*known, *others]


def offered_ticks(declared: ParameterType, ticked: Sequence[str], *, texts: Texts) -> tuple[tuple[str, str], ...]:
    """Give the boxes of a group.

    Parameters
    ----------
    declared : ParameterType
        Of a list of choices.
    ticked : sequence of str
        What is ticked; what is no choice (any more) gets a box as well, so that nothing is dropped unseen.
    texts : Texts
        The words of the reader's language.

    Returns
    -------
    tuple
        Of each box: what it sends, and its label.
    """
    unset = ((UNSET, texts["choice_unset"]),) if can_be_unset(declared) else ()
    boxes = (*unset, *((json.dumps(one), _label(json.dumps(one))) for one in declared.choices))
    known = {text for text, _ in boxes}
    others = (text for text in dict.fromkeys(ticked) if text not in known)
    return (*boxes, *((text, texts.text("option_not_there", value=_label(text))) for text in others))


def _label(text: str) -> str:
    value = _item(text)
    return value if isinstance(value, str) and value.strip() and value.isprintable() else text


def read_ticks(ticked: Sequence[str], declared: ParameterType) -> Any:
    """Read what was ticked as far as it can be read, without checking that it fits.

    Parameters
    ----------
    ticked : sequence of str
        As sent.
    declared : ParameterType
        Of a list of choices.

    Returns
    -------
    list or None
        In the order of the choices as they are declared. What no box of ours sends stays text, for `why_not` to refuse.

    Raises
    ------
    NotOfThisTypeError
        If the box for no value is ticked together with others.
    """
    if can_be_unset(declared) and UNSET in ticked:
        if len(set(ticked)) > 1:
            raise NotOfThisTypeError("found no value ticked together with choices; tick the one or the others")
        return None
    if not ticked and declared.optional and not can_be_unset(declared):
        return None
    return [_item(text) for text in ticks_of([_item(text) for text in ticked], declared)]


def _item(text: str) -> Any:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return text if isinstance(found, list | dict) else found
