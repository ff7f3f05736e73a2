"""From columns to the numbers of a regression, and the refusal of what cannot be estimated."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import listed
from analysis_lib.tables import column_in_words

__all__ = ["Design", "design"]

FloatArray = npt.NDArray[np.float64]

#: A text column with more levels than this is an id or free text, and is refused without naming its values.
MOST_LEVELS = 50
#: A term explained by the others to this relative precision is one of them in disguise; R drops it at about the same.
COLLINEAR = 1e-6


@dataclass(frozen=True)
class Design:
    """The covariates of a regression as numbers.

    Attributes
    ----------
    values : ndarray of float64, shape (n, p)
        No missing, no infinite values.
    terms : tuple of str
        A number's column name; ``column[T.level]`` for each level of a category but the first, as formulas write it.
    words : tuple of str
        The same terms for readers: ``Age (years)``, ``Sex: male vs female``.
    levels : dict of str to tuple of str
        For each category its levels; the first is the reference.
    """

    values: FloatArray
    terms: tuple[str, ...]
    words: tuple[str, ...]
    levels: dict[str, tuple[str, ...]]


def design(frame: pd.DataFrame, covariates: Sequence[str]) -> Design:
    """Turn complete cases into the numbers of a regression.

    Parameters
    ----------
    frame : DataFrame
        Complete cases; ``attrs["units"]``, where it is there, gives units to the words.
    covariates : sequence of str
        Columns: numbers and bools are one term each; categories and text are coded against their first level.

    Returns
    -------
    Design
        Without an intercept.

    Raises
    ------
    ModelInputError
        If a column cannot be used, is constant, is infinite, or is a combination of the others.
    """
    parts: list[FloatArray] = []
    terms: list[str] = []
    words: list[str] = []
    units: Mapping[str, str] = frame.attrs.get("units", {})
    levels: dict[str, tuple[str, ...]] = {}
    for name in covariates:
        column, label = frame[name], column_in_words(name, units.get(name, "1"))
        if pd.api.types.is_numeric_dtype(column.dtype):  # bool is numeric to pandas
            parts.append(_numbers(column, name=name)[:, None])
            terms.append(name)
            words.append(label)
        else:
            known, coded = _categories(column, name=name)
            levels[name] = known
            parts.append(coded)
            terms.extend(f"{name}[T.{level}]" for level in known[1:])
            words.extend(f"{label}: {level} vs {known[0]}" for level in known[1:])
    values = np.hstack(parts)
    _refuse_collinear(values, terms)
    return Design(values=values, terms=tuple(terms), words=tuple(words), levels=levels)


def _numbers(column: pd.Series, *, name: str) -> FloatArray:
    if pd.api.types.is_complex_dtype(column.dtype):
        raise ModelInputError(f"a covariate must be real; column '{name}' is {column.dtype}. Take its real part.")
    values = column.to_numpy(dtype=np.float64)
    if not np.isfinite(values).all():
        raise ModelInputError(
            f"a covariate must be finite; column '{name}' has {int((~np.isfinite(values)).sum()):,} infinite values. "
            "Mend the division or logarithm that made them, or set them missing."
        )
    if values.min() == values.max():
        raise ModelInputError(
            f"a covariate must vary; column '{name}' has one value in all {values.size:,} rows analysed. Leave it out, "
            "or look at how the rows were selected."
        )
    return values


def _categories(column: pd.Series, *, name: str) -> tuple[tuple[str, ...], FloatArray]:
    if isinstance(column.dtype, pd.CategoricalDtype):
        category = column.cat
        empty = [str(level) for level in category.categories if not (column == level).any()]
        if empty:
            raise ModelInputError(
                f"each level of a category needs rows; column '{name}' has none in {listed(empty)}. "
                f"Drop them: data['{name}'] = data['{name}'].cat.remove_unused_categories()."
            )
        codes, known = category.codes.to_numpy(), category.categories
    elif pd.api.types.is_string_dtype(column.dtype) or column.dtype == object:
        codes, known = pd.factorize(column, sort=True)
        if len(known) > MOST_LEVELS:
            raise ModelInputError(
                f"column '{name}' is text with {len(known):,} different values; a category has at most "
                f"{MOST_LEVELS}. Is it an id or free text? If it is meant, make it a pandas category first."
            )
    else:
        raise ModelInputError(
            f"a covariate must be a number, a bool, a category or text; column '{name}' is {column.dtype}. "
            "Turn dates into days or years since a fixed day."
        )
    if len(known) < 2:
        raise ModelInputError(
            f"a covariate must vary; column '{name}' has one level in all {len(column):,} rows analysed. Leave it out."
        )
    return tuple(str(level) for level in known), (codes[:, None] == np.arange(1, len(known))).astype(np.float64)


def _refuse_collinear(values: FloatArray, terms: Sequence[str]) -> None:
    """Find the first term that the ones before it give exactly, and name them."""
    centred = values - values.mean(axis=0)
    scaled = centred / np.sqrt((centred**2).mean(axis=0))
    gram = scaled.T @ scaled / len(scaled)
    if np.linalg.eigvalsh(gram)[0] > 1e-6:
        return
    for index in range(1, len(terms)):
        weights, *_ = np.linalg.lstsq(scaled[:, :index], scaled[:, index], rcond=None)
        left = scaled[:, index] - scaled[:, :index] @ weights
        if np.sqrt((left**2).mean()) < COLLINEAR:
            givers = [term for term, weight in zip(terms[:index], weights, strict=True) if abs(weight) > 1e-6]
            raise ModelInputError(
                f"the covariates are collinear; '{terms[index]}' is a combination of {listed(givers)}. "
                "Leave one of them out."
            )
