"""Who is still followed at any time, and the tables of groups under each other."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.survival.event_rows import EventRows
from analysis_lib.models.survival.risk_sets import Amounts, Pile, RiskSets, piles

__all__ = ["RiskCounts", "asked_times", "labelled", "repeated"]


@dataclass(frozen=True, repr=False)
class RiskCounts:
    """Counts who is at risk at any time, by group.

    Attributes
    ----------
    groups : tuple of str
        Labels.
    leaving : tuple of Pile
        When follow-up ends, by group.
    entering : tuple of Pile or None
        When rows came under observation, by group; None where all were there from the start.
    """

    groups: tuple[str, ...]
    leaving: tuple[Pile, ...]
    entering: tuple[Pile, ...] | None

    @classmethod
    def of(cls, rows: EventRows, counts: Sequence[RiskSets]) -> "RiskCounts":
        """Gather the counts behind the curves of some groups.

        Parameters
        ----------
        rows : EventRows
            What the curves were made from.
        counts : sequence of RiskSets
            One per group.

        Returns
        -------
        RiskCounts
            Of the same groups.
        """
        leaving = tuple(Pile(risk.time, risk.n_event.sum(axis=0) + risk.n_censor) for risk in counts)
        entering = None
        if rows.entry is not None:
            entering = tuple(piles(rows.entry, rows.group, n_cells=len(rows.groups), weights=rows.amounts))
        return cls(rows.groups, leaving, entering)

    def at(self, times: npt.ArrayLike) -> pd.DataFrame:
        """Count at given times.

        Parameters
        ----------
        times : array-like of float
            In the unit of the follow-up.

        Returns
        -------
        DataFrame
            One row per group, one column per time; those who leave at that very time count.
        """
        asked = asked_times(times)
        counts = [self.of_group(index, asked) for index in range(len(self.groups))]
        return pd.DataFrame(counts, index=pd.Index(self.groups, name="group"), columns=pd.Index(asked, name="time"))

    def of_group(self, index: int, times: npt.NDArray[np.float64]) -> Amounts:
        """Count in one group.

        Parameters
        ----------
        index : int
            Place of the group.
        times : ndarray of float64
            In the unit of the follow-up.

        Returns
        -------
        ndarray of int64, or of float64 with sampling weights
            At risk at each time.
        """
        if self.entering is None:
            return self.leaving[index].from_start(times)
        return np.asarray(self.entering[index].before(times) - self.leaving[index].before(times))


def asked_times(times: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Take the times at which a curve is to be read.

    Parameters
    ----------
    times : array-like of float
        One or more, in the unit of the follow-up.

    Returns
    -------
    ndarray of float64, shape (n,)
        The times.

    Raises
    ------
    ModelInputError
        If they are no numbers.
    """
    try:
        asked = np.atleast_1d(np.asarray(times, dtype=np.float64)).ravel()
    except (TypeError, ValueError):
        asked = np.array([np.nan])
    if np.isnan(asked).any():
        raise ModelInputError(
            f"a curve is read at numbers; found {type(times).__name__} with something else. Give times in the unit of "
            "the follow-up, such as [90, 365]."
        )
    return asked


def labelled(tables: Sequence[pd.DataFrame], groups: tuple[str, ...]) -> pd.DataFrame:
    """Put the tables of groups under each other, with the group in front.

    Parameters
    ----------
    tables : sequence of DataFrame
        One per group, with the same columns.
    groups : tuple of str
        Labels.

    Returns
    -------
    DataFrame
        With the column ``group``.
    """
    table = tables[0] if len(tables) == 1 else pd.concat(tables, ignore_index=True)
    table.insert(0, "group", repeated(groups, [len(part) for part in tables]))
    return table


def repeated(labels: Sequence[str], times: Sequence[int]) -> pd.Series:
    """Repeat labels, each so many times; one that comes back is the same category.

    Parameters
    ----------
    labels : sequence of str
        Labels.
    times : sequence of int
        How often each.

    Returns
    -------
    Series of categories
        In the order of the labels.
    """
    known = list(dict.fromkeys(labels))
    places = np.asarray([known.index(label) for label in labels], dtype=np.int16)
    return pd.Series(pd.Categorical.from_codes(np.repeat(places, times), categories=pd.Index(known)))
