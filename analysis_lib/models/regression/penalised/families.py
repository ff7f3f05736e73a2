"""Models of the outcome that a penalised fit knows: distributions with their canonical links, and Cox's."""

from typing import Literal, get_args

__all__ = ["FAMILIES", "Family", "named_family"]

Family = Literal["gaussian", "binomial", "poisson", "cox"]
FAMILIES: tuple[str, ...] = get_args(Family)


def named_family(family: Family) -> str:
    """Name a family in a sentence.

    Parameters
    ----------
    family : {"gaussian", "binomial", "poisson", "cox"}
        Which.

    Returns
    -------
    str
        Its name.
    """
    return "Cox" if family == "cox" else family
