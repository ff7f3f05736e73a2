"""Counting distinct persons by arm, step by step."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.models.rows.source import person_column

__all__ = ["attrition_line", "persons_by_arm"]

BoolArray = npt.NDArray[np.bool_]


def persons_by_arm(frame: pd.DataFrame, treated: BoolArray) -> dict[str, int]:
    """Count distinct persons, of all and by arm.

    Parameters
    ----------
    frame : DataFrame
        The rows.
    treated : ndarray of bool
        Arm.

    Returns
    -------
    dict of str to int
        ``all``, ``treated``, ``untreated``.
    """
    return {
        "all": _distinct(frame, np.ones(len(frame), dtype=np.bool_)),
        "treated": _distinct(frame, treated),
        "untreated": _distinct(frame, ~treated),
    }


def attrition_line(step: str, frame: pd.DataFrame, *, treated: BoolArray) -> dict[str, Any]:
    """Count who is left after a step.

    Parameters
    ----------
    step : str
        The step in words.
    frame : DataFrame
        The rows left.
    treated : ndarray of bool
        Their arm.

    Returns
    -------
    dict of str to object
        One line of the attrition table.
    """
    persons = persons_by_arm(frame, treated)
    return {
        "step": step,
        "persons": persons["all"],
        "persons_treated": persons["treated"],
        "persons_untreated": persons["untreated"],
        "rows": len(frame),
    }


def _distinct(frame: pd.DataFrame, rows: BoolArray) -> int:
    person = person_column(frame.columns)
    return int(rows.sum()) if person is None else int(frame.loc[rows, person].nunique())
