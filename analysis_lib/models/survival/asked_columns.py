"""Two ways to ask for the same analysis: a formula before the data, or columns by name after them."""

import re
from collections.abc import Sequence

from analysis_lib.errors import ModelInputError
from analysis_lib.models.rows.formula import survival_formula
from analysis_lib.models.rows.source import Data, Rows, open_rows
from analysis_lib.models.survival.event_rows import Columns

__all__ = ["asked_columns", "refuse_strata"]

_NAME = r"(?:`[^`]+`|[^\W\d]\w*)"
_TERM = rf"\s*(?:{_NAME}|C\(\s*{_NAME}\s*\))\s*"
_GROUPS = re.compile(rf"\s*1\s*|{_TERM}(?:\+{_TERM})*")


def asked_columns(
    formula: str | Data | None,
    data: Data | None,
    *,
    time: str | None,
    event: str | None,
    by: str | Sequence[str] | None = None,
    strata: str | Sequence[str] | None = None,
    entry: str | None = None,
    weights: str | None = None,
) -> tuple[Rows, Columns]:
    """Find the data and the columns that a call asks for.

    Parameters
    ----------
    formula : str or data
        ``"Surv(time, event) ~ arm"``; or the data, where the columns are named.
    data : DataFrame, Dask frame, Features, path, or None
        The data, where there is a formula.
    time, event : str or None
        Columns, where there is no formula.
    by : str, sequence of str, or None
        Columns with groups, where there is no formula.
    strata : str, sequence of str, or None
        Columns with strata, beside those of a formula.
    entry : str or None
        Column with the time of entry, where there is no formula.
    weights : str or None
        Column with weights, with a formula or without.

    Returns
    -------
    rows : Rows
        The data, not yet read.
    columns : Columns
        What plays which part.

    Raises
    ------
    ModelInputError
        If both or neither are given, or the formula asks for more than groups and strata.
    """
    if formula is None or (data is None and not _is_formula(formula)):
        if time is None or event is None:
            raise ModelInputError(
                "follow-up and event are needed; found no formula and not both columns. Write "
                '"Surv(time, event) ~ group" before the data, or name time= and event=.'
            )
        named = Columns(time=time, event=event, by=_names(by), strata=_names(strata), entry=entry, weights=weights)
        return open_rows(data if formula is None else formula), named
    if data is None:
        raise ModelInputError("a formula needs data; found none. Give them after the formula.")
    both = [
        name for name, value in (("time", time), ("event", event), ("by", by), ("entry", entry)) if value is not None
    ]
    if both:
        raise ModelInputError(
            f"a formula already names these columns; found {', '.join(both)}= beside it. Use one of the two ways."
        )
    rows = open_rows(data)
    asked = survival_formula(formula, rows.columns)
    if not _GROUPS.fullmatch(asked.right) or asked.cluster is not None:
        raise ModelInputError(
            "the right side must be 1 or columns whose levels make the groups; found other terms. Write "
            '"Surv(time, event) ~ arm" or "… ~ arm + sex"; cut a measurement into groups first, with pd.cut.'
        )
    return rows, Columns(
        time=asked.stop,
        event=asked.event,
        by=asked.columns,
        strata=tuple(dict.fromkeys((*asked.strata, *_names(strata)))),
        entry=asked.start,
        weights=weights,
    )


def refuse_strata(columns: Columns) -> None:
    """Refuse strata where there is a curve for each group.

    Parameters
    ----------
    columns : Columns
        What a call asks for.

    Raises
    ------
    ModelInputError
        If there are strata.
    """
    if columns.strata:
        raise ModelInputError(
            "curves are not pooled over strata; found strata in the formula. Write the column among the groups for a "
            "curve each, or test with logrank(...), which takes strata."
        )


def _is_formula(value: object) -> bool:
    return isinstance(value, str) and "~" in value and "(" in value


def _names(value: str | Sequence[str] | None) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) or not isinstance(value, Sequence) else tuple(value)
