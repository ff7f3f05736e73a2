"""The tables whose records can be events of the short forms."""

from typing import Literal, get_args

__all__ = ["DOMAINS", "Domain", "in_words"]

Domain = Literal[
    "condition_era",
    "condition_occurrence",
    "device_exposure",
    "drug_era",
    "drug_exposure",
    "measurement",
    "observation",
    "procedure_occurrence",
    "visit_occurrence",
]
"""The tables of the OMOP CDM whose records have a concept and a date of their own."""

DOMAINS: tuple[str, ...] = get_args(Domain)


def in_words(domain: str) -> str:
    """Write the name of a table as people say it.

    Parameters
    ----------
    domain : str
        A table, such as ``drug_era``.

    Returns
    -------
    str
        Its name with spaces.
    """
    return domain.replace("_", " ")
