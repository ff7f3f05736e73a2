"""How tables of coefficients are written: one wording of terms and one precision for all models."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from analysis_lib.models.arguments import in_percent
from analysis_lib.tables import format_coefficient, format_exponential, format_p

__all__ = ["coefficient_cells", "coefficient_header", "labels_of", "overflow_note"]


def labels_of(terms: Iterable[str], *, words: Mapping[str, str], labels: Mapping[str, str]) -> list[str]:
    """Write terms for readers: as the caller labelled them, else in words, else as the formula has them.

    Parameters
    ----------
    terms : iterable of str
        As formulas write them.
    words : mapping of str to str
        In words, where known: "sex: male vs female".
    labels : mapping of str to str
        What the caller gave.

    Returns
    -------
    list of str
        One for each term.
    """
    return [labels.get(term, words.get(term, term)) for term in terms]


def coefficient_header(measure: str, *, estimate: str, level: float) -> tuple[str, ...]:
    """Name the columns of a table of coefficients.

    Parameters
    ----------
    measure : str
        What the exponential of a coefficient is; empty where it means nothing.
    estimate : str
        What a coefficient is.
    level : float
        Coverage of the intervals.

    Returns
    -------
    tuple of str
        As `coefficient_cells` fills them.
    """
    interval = f"{in_percent(level)} CI"
    return ("Term", *((measure, interval, estimate) if measure else (estimate, interval)), "SE", "p")


def coefficient_cells(labels: Sequence[str], table: pd.DataFrame, *, ratios: bool) -> tuple[tuple[str, ...], ...]:
    """Write the rows of a table of coefficients.

    Parameters
    ----------
    labels : sequence of str
        What to call the terms.
    table : DataFrame
        ``coef``, ``se``, ``p_value``, ``ci_low``, ``ci_high``, all on the scale of the coefficients.
    ratios : bool
        Whether their exponentials are written too.

    Returns
    -------
    tuple of tuple of str
        One for each term.
    """
    write = format_exponential if ratios else format_coefficient
    rows = []
    for label, row in zip(labels, table.to_dict("records"), strict=True):
        interval = f"{write(row['ci_low'])} to {write(row['ci_high'])}"
        coefficient = format_coefficient(row["coef"])
        estimate = (write(row["coef"]), interval, coefficient) if ratios else (coefficient, interval)
        rows.append((label, *estimate, format_coefficient(row["se"]), format_p(row["p_value"])))
    return tuple(rows)


def overflow_note(table: pd.DataFrame) -> tuple[str, ...]:
    """Say where an exponential is no number that a computer holds.

    Parameters
    ----------
    table : DataFrame
        Coefficients and limits, on their own scale.

    Returns
    -------
    tuple of str
        One sentence; none where all exponentials are numbers.
    """
    sizes = table[["coef", "ci_low", "ci_high"]].abs().to_numpy(dtype=np.float64)
    if not (np.isfinite(sizes) & (sizes > np.log(1e308))).any():
        return ()
    what = "A ratio beyond 1e308, or its inverse, is no number that a computer holds"
    return (f"{what}: centre the covariates, or choose larger units for them.",)
