"""How the places to run in are shared between projects."""

from collections.abc import Mapping

__all__ = ["fair_shares"]


def fair_shares(demand: Mapping[str, int], *, capacity: int, turns: Mapping[str, int]) -> dict[str, int]:
    """Share places so that nobody could be given one more without taking it from somebody who has no more.

    This is max-min fairness in whole places. Where the last ones do not go round, those come first whose turn was
    longest ago.

    Parameters
    ----------
    demand : mapping of str to int
        How many places each project could use.
    capacity : int
        How many there are.
    turns : mapping of str to int
        The number of each project's last turn; higher is later, none is never.

    Returns
    -------
    dict of str to int
        Places by project; together at most `capacity`.
    """
    shares = dict.fromkeys(demand, 0)
    order = sorted(demand, key=lambda project: (turns.get(project, 0), project))
    left = capacity
    while left > 0:
        wanting = [project for project in order if shares[project] < demand[project]]
        if not wanting:
            break
        lowest = min(shares[project] for project in wanting)
        for project in [one for one in wanting if shares[one] == lowest][:left]:
            shares[project] += 1
            left -= 1
    return shares
