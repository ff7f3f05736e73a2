"""The one way in which the state of a run is changed: from one that it has to one that may follow."""

from functools import cache

import sqlalchemy as sa

from hub_config.reports.database.states import FOLLOWS
from hub_config.reports.database.tables import runs

__all__ = ["change_of_state"]


@cache
def change_of_state(before: str, after: str) -> sa.Update:
    """Make the statement that changes the state of a run, if it still has the one that it is thought to have.

    Parameters
    ----------
    before, after : str
        States.

    Returns
    -------
    Update
        To be executed with ``of_run``, the run's id; conditions and values may be added. It is built once, as building
        takes several times as long as executing.

    Raises
    ------
    ValueError
        If the one never follows the other.
    """
    if after not in FOLLOWS[before]:
        raise ValueError(
            f"no run that is {before} becomes {after}; it may become {', '.join(FOLLOWS[before]) or 'none'}"
        )
    return sa.update(runs).where(runs.c.id == sa.bindparam("of_run"), runs.c.state == before).values(state=after)
