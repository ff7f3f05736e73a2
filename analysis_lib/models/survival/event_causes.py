"""Which of several competing events ended each follow-up."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import listed

__all__ = ["Censored", "event_causes", "nobody_censored"]

#: More causes than this are a mistake: a code or a measurement was named.
MOST_CAUSES = 20
#: Words that mean in one data set or another that nothing happened. Taken for a cause, they would turn the censored
#: into people with an event, so the caller has to say.
_NOTHING_HAPPENED = {
    *("", "0", "alive", "censor", "censored", "censoring", "cens", "false", "no", "no event", "none", "nothing"),
    *("중도절단", "절단", "아니오", "생존", "없음"),
    *("administrative censoring", "cohort end", "end of follow-up", "end of observation", "end of study", "horizon"),
    *("loss to follow-up", "lost", "lost to follow-up", "observation end", "withdrawal", "withdrawn"),
}

Censored = str | int | Sequence[str | int] | None
Causes = tuple[npt.NDArray[np.uint16], tuple[str, ...], int]


def event_causes(column: pd.Series, *, name: str, censored: Censored) -> Causes:
    """Read the causes of events.

    Parameters
    ----------
    column : Series
        Whole numbers, of which 0 is censored; or text or categories, where what is missing is censored.
    name : str
        The column's name, for messages.
    censored : str, int or sequence of them, optional
        The values that mean censored, where they are others.

    Returns
    -------
    cause : ndarray of uint16, shape (n,)
        0 for censored, else one more than the place in the labels.
    causes : tuple of str
        Labels that have rows: in a category's own order, else sorted by value.
    assumed : int
        Rows without a value, taken for censored.

    Raises
    ------
    ModelInputError
        If the column is of another type, has too many causes, no events, or a value that looks like censoring.
    """
    if pd.api.types.is_bool_dtype(column.dtype):
        column = column.astype(np.int8)
    numeric = pd.api.types.is_any_real_numeric_dtype(column.dtype)
    if not (numeric or isinstance(column.dtype, pd.CategoricalDtype) or pd.api.types.is_string_dtype(column.dtype)):
        raise ModelInputError(
            f"the event must be whole numbers, text or categories; column '{name}' is {column.dtype}. Name the cause "
            "that ended each follow-up; 0 or a missing text is censored."
        )
    if numeric and not _whole(column.to_numpy(dtype=np.float64)):
        raise ModelInputError(
            f"numbered causes must be whole numbers; column '{name}' has others. Name the cause that ended each "
            "follow-up; 0 is censored."
        )
    codes, known = pd.factorize(column, sort=True)
    labels = [str(int(level)) if numeric else str(level) for level in known]
    nothing = _censored_labels(labels, name=name, censored="0" if numeric and censored is None else censored)
    kept = [index for index, label in enumerate(labels) if label not in nothing]
    if not kept:
        raise ModelInputError(
            f"cumulative incidence needs events; every row of '{name}' is censored, {len(column):,} in all. Check the "
            "outcome."
        )
    if len(kept) > MOST_CAUSES:
        raise ModelInputError(
            f"causes are shown a few at a time; column '{name}' has {len(kept):,}, the most is {MOST_CAUSES}. "
            "Put causes together first."
        )
    place = np.zeros(len(labels) + 1, dtype=np.uint16)  # the last one is for a missing value: code -1
    place[kept] = np.arange(1, len(kept) + 1)
    return place[codes], tuple(labels[index] for index in kept), int(np.count_nonzero(codes < 0))


def nobody_censored(rows: int, ended: int, *, causes: bool) -> tuple[str, ...]:
    """Say that every follow-up ended with an event, which is rare and often a code that was read wrongly.

    Parameters
    ----------
    rows, ended : int
        Rows, and how many ended with an event of any kind.
    causes : bool
        Whether events are told apart by codes, one of which may mean censored.

    Returns
    -------
    tuple of str
        A note, or none.
    """
    if ended < rows:
        return ()
    doubt = " Is the code of the censored taken for one, as 1 of 1/2?" if causes else ""
    return (f"Nobody is censored: every row ended with {'an' if causes else 'the'} event.{doubt}",)


def _whole(values: npt.NDArray[np.float64]) -> bool:
    return bool(np.isfinite(values).all() and (np.floor(values) == values).all())


def _censored_labels(labels: list[str], *, name: str, censored: Censored) -> set[str]:
    asked = [] if censored is None else [censored] if isinstance(censored, str | int) else list(censored)
    nothing = {str(value) for value in asked}
    if nothing and not nothing & set(labels) and nothing != {"0"}:  # 0: nobody is censored
        raise ModelInputError(
            f"no row of '{name}' is censored as {listed(sorted(nothing))}; found {len(labels):,} other values. Name "
            "the value that means that nothing happened."
        )
    rest = {label.strip().lower().replace("_", " ") for label in labels if label not in nothing}
    if looks := sorted(rest & _NOTHING_HAPPENED):
        raise ModelInputError(
            f"a value of '{name}' looks like censoring; found {listed(looks)}. Say so with censored=, or rename it if "
            "it is a cause."
        )
    return nothing
