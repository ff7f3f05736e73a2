"""The nearest known word to one that is not known."""

import difflib
from collections.abc import Iterable


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """Name the nearest known word.

    Parameters
    ----------
    word : object
        What was asked for.
    known : iterable of str
        What there is.

    Returns
    -------
    str
        `` the nearest is 'x';`` with a leading space, or nothing.
    """
    found = difflib.get_close_matches(str(word).lower(), list(known), n=1, cutoff=0.5)
    return f" the nearest is '{found[0]}';" if found else ""
