"""Numbers, days and texts that just satisfy a criterion's condition, or just do not."""

import random
from collections.abc import Mapping
from datetime import date
from typing import Any

Bounds = tuple[float, float]
EVERYTHING: Bounds = (float("-inf"), float("inf"))


def bounds_of(condition: Mapping[str, Any], *, step: float, dates: bool = False) -> Bounds:
    """Read a Circe range as closed bounds.

    Parameters
    ----------
    condition : mapping
        ``Op`` with ``Value`` and ``Extent``.
    step : float
        The least difference between two values.
    dates : bool, default False
        Whether the values are ISO dates; they become day numbers.

    Returns
    -------
    tuple of float
        Lower and upper bound. A negated range gives the half above it, and so does an unknown operator.
    """
    read = _day if dates else float
    value = read(condition["Value"])
    extent = read(condition["Extent"]) if condition.get("Extent") is not None else value
    operators: dict[str, Bounds] = {
        "gt": (value + step, float("inf")),
        "gte": (value, float("inf")),
        "lt": (float("-inf"), value - step),
        "lte": (float("-inf"), value),
        "eq": (value, value),
        "bt": (value, extent),
        "!eq": (value + step, float("inf")),
        "!bt": (extent + step, float("inf")),
    }
    return operators.get(str(condition.get("Op", "eq")), EVERYTHING)


def _day(text: str) -> int:
    return date.fromisoformat(str(text)[:10]).toordinal()


def overlap(one: Bounds, other: Bounds) -> Bounds:
    """Intersect two pairs of bounds.

    Parameters
    ----------
    one, other : tuple of float
        Lower and upper bound.

    Returns
    -------
    tuple of float
        Empty (lower above upper) where they do not meet.
    """
    return max(one[0], other[0]), min(one[1], other[1])


def pick(bounds: Bounds, *, rng: random.Random, step: float = 1, reach: float = 400, around: float = 0) -> float:
    """Choose a value inside bounds, often at an edge or one step inside it.

    Parameters
    ----------
    bounds : tuple of float
        Lower and upper bound, closed; either may be infinite.
    rng : Random
        Where chance comes from.
    step : float, default 1
        The least difference between two values.
    reach : float, default 400
        How far to go where a bound is infinite.
    around : float, default 0
        Where to be when both are.

    Returns
    -------
    float
        The lower bound where the bounds are empty.
    """
    low, high = bounds
    if bounds == EVERYTHING:
        high = around + reach
    if low == float("-inf"):
        low = (high if high != float("inf") else around) - reach
    if high == float("inf"):
        high = low + reach
    if low >= high:
        return low
    steps = round((high - low) / step)
    chance = rng.random()
    if chance < 0.2:
        return low
    if chance < 0.4:
        return high
    if chance < 0.5:
        return low + step
    return low + step * rng.randint(0, steps) if steps > 0 else low


def just_outside(bounds: Bounds, *, rng: random.Random, step: float = 1) -> float | None:
    """Choose a value one step beyond an edge.

    Parameters
    ----------
    bounds : tuple of float
        Lower and upper bound, closed; either may be infinite.
    rng : Random
        Where chance comes from.
    step : float, default 1
        The least difference between two values.

    Returns
    -------
    float or None
        None where neither bound is finite.
    """
    edges = []
    if bounds[0] != float("-inf"):
        edges.append(bounds[0] - step)
    if bounds[1] != float("inf"):
        edges.append(bounds[1] + step)
    return rng.choice(edges) if edges else None


def text_for(condition: Mapping[str, Any], *, fits: bool) -> str | None:
    """Write a text that a text condition accepts, or one that it refuses.

    Parameters
    ----------
    condition : mapping
        ``Op`` and ``Text``.
    fits : bool
        Whether it should be accepted.

    Returns
    -------
    str or None
        A text.
    """
    operator, text = str(condition.get("Op", "contains")), str(condition.get("Text", ""))
    negated = operator.startswith("!")
    if negated == fits:
        return "none of it"
    return {"startsWith": f"{text} and more", "endsWith": f"some {text}", "eq": text}.get(
        operator.lstrip("!"), f"some {text} and more"
    )
