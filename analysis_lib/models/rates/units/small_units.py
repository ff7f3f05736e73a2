"""Units of so few persons that a rate would point at them: put together, or left out."""

from typing import TypedDict

import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import checked_number
from analysis_lib.models.rates.cells import count_cells
from analysis_lib.models.rows.source import Data, open_rows
from analysis_lib.tables import level_in_words

__all__ = ["CountColumns", "pool_small_units"]


class CountColumns(TypedDict):
    """The columns that `count_cells` counts by, each a name or None."""

    event: str | None
    n_events: str | None
    n: str | None
    time: str | None


def pool_small_units(data: Data, *, by: str, columns: CountColumns, fewest: int) -> tuple[Data, tuple[str, ...]]:
    """Put units of fewer persons together, or leave them out where even together they are too few.

    Parameters
    ----------
    data : DataFrame, Dask frame, Features or path
        As `count_cells` takes it.
    by : str
        Column with the units.
    columns : CountColumns
        What `count_cells` counts by.
    fewest : int
        So many distinct persons a unit must have; 0 or 1 leaves everything as it is.

    Returns
    -------
    data : DataFrame, Dask frame, Features or path
        Without units that are too small.
    remarks : tuple of str
        What was done; empty if nothing.

    Raises
    ------
    ModelInputError
        If `fewest` is no count, or no unit is left.
    """
    if checked_number(fewest, "fewest_persons") < 0 or int(fewest) != fewest:
        raise ModelInputError(f"fewest_persons must be a whole number, 0 or more; found {fewest:g}. Write 10, or 0.")
    counted = count_cells(data, keys=[by], **columns).frame
    small = set(counted.loc[counted["persons"] < fewest, by].astype(str))
    if not small:
        return data, ()
    rows = open_rows(data)
    person = rows.person_column
    wanted = [by, *(str(column) for column in columns.values() if column is not None)]
    frame = rows.frame([*wanted, *([person] if person and person not in wanted else [])])
    units = frame[by].map(level_in_words, na_action="ignore").astype(object)
    is_small = units.isin(small)
    together = (
        frame.loc[is_small, person].nunique()
        if person
        else int(counted.loc[counted["persons"] < fewest, "persons"].sum())
    )
    kept = [label for label in counted[by].cat.categories if label not in small]
    what = f"{len(small)} {'unit' if len(small) == 1 else 'units'} of fewer than {fewest:,} persons"
    if together < fewest or len(small) == 1:
        if not kept:
            raise ModelInputError(
                f"no unit has {fewest:,} persons; found {len(small)} with fewer. Ask for fewer persons, or take a "
                "longer time."
            )
        labelled = pd.Series(pd.Categorical(units[~is_small], kept, ordered=True), index=frame.index[~is_small])
        return frame[~is_small].assign(**{by: labelled}), (f"Left out: {what}.",)
    name = f"other units ({len(small)})"
    labelled = pd.Series(pd.Categorical(units.mask(is_small, name), [*kept, name], ordered=True), index=frame.index)
    return frame.assign(**{by: labelled}), (f"Put together as '{name}': {what}.",)
