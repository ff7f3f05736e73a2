"""The funnel plot: units against a target, with limits that say how far chance alone may take each of them."""

from collections.abc import Mapping, Sequence
from typing import get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import checked_choice, checked_level, columns_by_name, in_percent
from analysis_lib.models.rates.cells import Cells, count_cells
from analysis_lib.models.rates.incidence import DAYS_PER_YEAR, checked_unit
from analysis_lib.models.rates.units.control_limits import LEVELS, FunnelKind, checked_target
from analysis_lib.models.rates.units.funnel_result import INSIDE, UnitFunnel
from analysis_lib.models.rates.units.overdispersion import Adjustment, measure_overdispersion, widened_limits
from analysis_lib.models.rates.units.small_units import CountColumns, pool_small_units
from analysis_lib.models.rows.source import Data

__all__ = ["unit_funnel"]

_SOURCE = "Spiegelhalter 2005, Stat. Med. 24(8), 1185-1202"
_LIMITS = {
    "none": "exact {law} limits, interpolated",
    "multiplicative": "limits widened by the square root of phi",
    "additive": "limits widened by the variance between units",
}


@columns_by_name
def unit_funnel(
    data: Data,
    *,
    by: str,
    event: str | None = None,
    n_events: str | None = None,
    n: str | None = None,
    time: str | None = None,
    expected: str | None = None,
    target: float | None = None,
    levels: Sequence[float] = LEVELS,
    overdispersion: Adjustment = "none",
    winsorise: float = 0.1,
    fewest_persons: int = 0,
    per: float = 1_000.0,
    units_per_year: float = DAYS_PER_YEAR,
) -> UnitFunnel:
    """Hold units against a target, by a proportion, a rate or a standardised ratio.

    The limits are Spiegelhalter's [1]_, the upper one cautious: exact quantiles of the count at the target,
    interpolated (`control_limits`); where units are known to differ beyond chance, wider ones ([2]_,
    `measure_overdispersion`). The target's own uncertainty is not in them.

    Parameters
    ----------
    data : DataFrame, Dask frame, Features or path
        One row per case, with `event`; or one row per cell of a table, with `n_events`. Rows with a missing value in a
        column named here are left out.
    by : str
        Column with the units: wards, doctors, hospitals.
    event : str, optional
        Column that says whether it happened: bool or 0/1.
    n_events : str, optional
        Column with counts of events, in place of `event`.
    n : str, optional
        Column with counts of cases, beside `n_events`; values are proportions.
    time : str, optional
        Column with person-time; values are rates.
    expected : str, optional
        Column with expected events, such as the risk a model gives each case; values are observed over expected.
    target : float, optional
        What units are held against, on the scale of the values: a share, events per `per` person-years, a ratio. All
        units together when left out; 1 for ratios.
    levels : sequence of float, default (0.95, 0.998)
        Coverages of the limits.
    overdispersion : {"none", "multiplicative", "additive"}, default "none"
        What the limits allow for beyond chance. `UnitFunnel.overdispersion` is computed in any case.
    winsorise : float, default 0.1
        Share of the units at each end whose z scores are drawn in before `overdispersion` is estimated.
    fewest_persons : int, default 0
        Units of fewer distinct persons are put together; where that still makes fewer, they are left out. Of a table of
        person-time or expected events, which does not say how many persons it is of, their events count.
    per : float, default 1000
        Person-years in the denominator of rates.
    units_per_year : float, default 365.25
        Units of `time` in a year.

    Returns
    -------
    UnitFunnel
        Shows itself as a table, draws itself as a funnel.

    Raises
    ------
    ModelInputError
        If the data or an argument cannot be used, no unit is left, or there is nothing to compare.

    References
    ----------
    .. [1] Spiegelhalter D. J. (2005). Funnel plots for comparing institutional performance. Stat. Med. 24(8),
       1185-1202.
    .. [2] Spiegelhalter D. J. (2005). Handling over-dispersion of performance indicators. Qual. Saf. Health Care 14(5),
       347-351.
    """
    chosen = _checked_levels(levels)
    checked_choice(overdispersion, "overdispersion", known=get_args(Adjustment))
    kind = _kind(time=time, expected=expected, n=n)
    columns = CountColumns(event=event, n_events=n_events, n=n, time=time if expected is None else expected)
    pooled, remarks = pool_small_units(data, by=by, columns=columns, fewest=fewest_persons)
    cells = count_cells(pooled, keys=[by], **columns)
    scale = _scale(kind, per=per, units_per_year=units_per_year)
    size = cells.frame["total"].to_numpy(dtype=np.float64) / (units_per_year if kind == "rate" else 1.0)
    goal = _target(cells, size, kind=kind, given=None if target is None else target / scale)
    events = cells.frame["events"].to_numpy(dtype=np.float64)
    found = measure_overdispersion(events, size, target=goal, kind=kind, winsorise=winsorise)
    limits = {
        level: widened_limits(size, target=goal, kind=kind, found=found, adjustment=overdispersion, level=level)
        for level in chosen
    }
    table = pd.DataFrame(
        {
            "persons": cells.frame["persons"].to_numpy(),
            "events": cells.frame["events"].to_numpy(),
            "size": size.astype(np.int64) if kind == "proportion" else size,
            "value": scale * events / size,
        },
        index=pd.Index(cells.labels, name="unit"),
    )
    for level, (low, high) in limits.items():
        table[f"low_{100 * level:g}"], table[f"high_{100 * level:g}"] = scale * low, scale * high
    table["position"] = _positions(table, chosen)
    law = "binomial" if kind == "proportion" else "Poisson"
    widened = found.phi > 1 if overdispersion == "multiplicative" else found.tau2 > 0
    how = _LIMITS[overdispersion if widened else "none"].format(law=law)
    return UnitFunnel(
        table=table,
        kind=kind,
        target=scale * goal,
        target_given=target is not None,
        levels=chosen,
        overdispersion=found,
        adjustment=overdispersion,
        per=per if kind == "rate" else 1.0,
        remarks=remarks,
        method=f"funnel of {kind}s by {by}; {how}, {' and '.join(map(in_percent, chosen))} (Spiegelhalter 2005)",
        source=_SOURCE,
        n=cells.n,
        events=cells.events,
        exclusions=cells.exclusions,
        n_excluded=cells.n_excluded,
        persons=cells.persons,
        settings={
            "by": by,
            **columns,
            "expected": expected,
            "target": target,
            "overdispersion": overdispersion,
            "winsorise": winsorise,
            "fewest_persons": fewest_persons,
        },
    )


def _checked_levels(levels: Sequence[float]) -> tuple[float, ...]:
    if isinstance(levels, int | float) or not levels:
        raise ModelInputError("levels is a list of coverages; found none, or one number. Write (0.95, 0.998).")
    return tuple(sorted({checked_level(level) for level in levels}))


def _kind(*, time: str | None, expected: str | None, n: str | None) -> FunnelKind:
    named = [name for name, column in (("n", n), ("time", time), ("expected", expected)) if column is not None]
    if len(named) > 1:
        raise ModelInputError(
            f"a unit has one size; found {' and '.join(named)}. Name the cases (n), the person-time (time) or the "
            "expected events (expected)."
        )
    kinds: Mapping[str, FunnelKind] = {"time": "rate", "expected": "ratio"}
    return kinds.get(named[0], "proportion") if named else "proportion"


def _scale(kind: FunnelKind, *, per: float, units_per_year: float) -> float:
    checked_unit(per, "per", example="a rate per 1,000 person-years write 1000")
    checked_unit(units_per_year, "units_per_year", example="days write 365.25")
    return per if kind == "rate" else 1.0


def _target(cells: Cells, size: npt.NDArray[np.float64], *, kind: FunnelKind, given: float | None) -> float:
    if given is not None:
        return checked_target(given, kind=kind)
    return 1.0 if kind == "ratio" else checked_target(cells.events / float(size.sum()), kind=kind)


def _positions(table: pd.DataFrame, levels: Sequence[float]) -> list[str]:
    position = np.full(len(table), INSIDE, dtype=object)
    for level in levels:  # the widest limits last, so that they have the last word
        position[(table["value"] > table[f"high_{100 * level:g}"]).to_numpy()] = f"above {in_percent(level)}"
        position[(table["value"] < table[f"low_{100 * level:g}"]).to_numpy()] = f"below {in_percent(level)}"
    return [str(word) for word in position]
