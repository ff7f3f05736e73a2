"""Person-time split by age, calendar period and time since entry (Lexis), in whole days."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import checked_parts, columns_by_name
from analysis_lib.models.rates.follow_up_columns import LONGEST_DAYS, births, days, happened, lengths
from analysis_lib.models.rates.incidence import DAYS_PER_YEAR, IncidenceRates, incidence_rates
from analysis_lib.models.result import left_out
from analysis_lib.models.rows.source import Data, open_rows
from analysis_lib.tables import html_table, text_table

__all__ = ["AGE", "PERIOD", "SINCE", "SplitFollowUp", "split_follow_up"]

IntArray = npt.NDArray[np.int64]

AGE, PERIOD, SINCE = "age_band", "calendar_period", "time_since_entry"


@dataclass(frozen=True, eq=False, repr=False)
class SplitFollowUp:
    """Follow-up cut into pieces, each in one cell of age, calendar period and time since entry.

    Attributes
    ----------
    frame : DataFrame
        One row per piece: the person's id where there is one, the columns kept, ``age_band``, ``calendar_period``,
        ``time_since_entry`` (ordered categories, those asked for), then under the names of the call the first day of
        the piece, its length in days (int64), and whether the event came on its last day (bool).
    time, event : str
        Names of those columns.
    scales : tuple of str
        Names of the columns with the bands.
    n : int
        Follow-ups split.
    exclusions : dict of str to int
        Rows left out, by reason.
    n_excluded : int
        Rows left out, each counted once.
    """

    frame: pd.DataFrame
    time: str
    event: str
    scales: tuple[str, ...]
    n: int
    exclusions: dict[str, int]
    n_excluded: int

    def to_frame(self) -> pd.DataFrame:
        """Return the pieces.

        Returns
        -------
        DataFrame
            `frame`; not a copy, since it may be large.
        """
        return self.frame

    def rates(
        self,
        *,
        by: str | Sequence[str] | None = None,
        per: float = 1_000.0,
        units_per_year: float = DAYS_PER_YEAR,
        level: float = 0.95,
    ) -> IncidenceRates:
        """Estimate incidence rates by the bands; the same as `incidence_rates` of `frame`.

        Parameters
        ----------
        by : str or sequence of str, optional
            Columns of `frame`; all bands when left out.
        per : float, default 1000
            Person-years in the denominator of the reported rate.
        units_per_year : float, default 365.25
            Days in a year.
        level : float, default 0.95
            Coverage of the confidence interval.

        Returns
        -------
        IncidenceRates
            One rate for each combination that has person-time; rows left out by the split are counted.
        """
        found = incidence_rates(
            self.frame,
            time=self.time,
            event=self.event,
            by=list(self.scales) if by is None else by,
            per=per,
            units_per_year=units_per_year,
            level=level,
        )
        together = dict(self.exclusions)
        for reason, count in found.exclusions.items():
            together[reason] = together.get(reason, 0) + count
        return replace(found, exclusions=together, n_excluded=found.n_excluded + self.n_excluded)

    def _lines(self) -> tuple[Sequence[str], Sequence[Sequence[str]], list[str]]:
        header = ("Scale", "Bands", "First", "Last")
        bands = [list(self.frame[scale].cat.categories) for scale in self.scales]
        rows = [(name, str(len(of)), of[0], of[-1]) for name, of in zip(self.scales, bands, strict=True)]
        years, events = self.frame[self.time].sum() / DAYS_PER_YEAR, int(self.frame[self.event].sum())
        size = f"{self.n:,} follow-ups in {len(self.frame):,} pieces"
        notes = [f"{size}; {years:,.0f} person-years, {events:,} events."]
        if self.exclusions:
            notes.append(left_out(self.n_excluded, self.exclusions))
        return header, rows, notes

    def __repr__(self) -> str:
        header, rows, notes = self._lines()
        return "\n".join(["Split follow-up", "", text_table(header, rows), "", *notes])

    def _repr_html_(self) -> str:
        header, rows, notes = self._lines()
        return html_table(header, rows, caption="Split follow-up", notes=notes)


@columns_by_name
def split_follow_up(
    data: Data,
    *,
    start: str,
    time: str,
    event: str,
    birth: str | None = None,
    age_bands: Sequence[int] | None = None,
    calendar_bands: Literal["year"] | Sequence[int] | None = None,
    entry_bands: Sequence[int] | None = None,
    origin: str | None = None,
    keep: Sequence[str] = (),
) -> SplitFollowUp:
    """Cut follow-up at birthdays, calendar dates and days since entry.

    Days are whole: the first and the last day of follow-up both count, each day lies in exactly one cell, and the
    event in the cell of its day, the last one [1]_. A birthday on 29 February is 1 March in common years.

    Parameters
    ----------
    data : DataFrame, Dask frame, Features or path
        One row per follow-up. Rows with a missing value in a column named here (but for `keep`) are left out.
    start : str
        Column with the first day at risk, a date.
    time : str
        Column with the days at risk: whole, at least 1, the first and the last day both counted.
    event : str
        Column that says whether the event came on the last day: bool or 0/1.
    birth : str, optional
        Column with the date of birth; or with the year of birth as a whole number, which stands for 1 January. Needed
        for `age_bands`.
    age_bands : sequence of int, optional
        Ages in completed years at which a band begins: ``[40, 50, 60]`` makes ``<40``, ``40-49``, ``50-59``, ``60+``.
    calendar_bands : "year" or sequence of int, optional
        Each calendar year; or years on whose 1 January a period begins.
    entry_bands : sequence of int, optional
        Days since `origin` at which a band begins: ``[0, 30, 365]`` makes ``0-29``, ``30-364``, ``365+``; the origin
        itself is day 0.
    origin : str, optional
        Column with the date from which `entry_bands` count; `start` when left out.
    keep : sequence of str, optional
        Columns to carry along. The person's id is carried along by itself.

    Returns
    -------
    SplitFollowUp
        The pieces; their days add up to those of `data` exactly.

    Raises
    ------
    ModelInputError
        If the data or the bands cannot be used, or somebody is at risk before birth.

    References
    ----------
    .. [1] Carstensen B., Plummer M. (2011). Using Lexis objects for multi-state models in R. J. Stat. Softw. 38(6);
       R's ``Epi::splitLexis`` gives the same for the time from `start` to the end of the last day.
    """
    scales = {
        AGE: _edges(age_bands, name="age_bands", least=0),
        PERIOD: None if calendar_bands == "year" else _edges(calendar_bands, name="calendar_bands", least=1),
        SINCE: _edges(entry_bands, name="entry_bands", least=-LONGEST_DAYS),
    }
    if age_bands is None and calendar_bands is None and entry_bands is None:
        raise ModelInputError("nothing to split by; found no bands. Give age_bands, calendar_bands or entry_bands.")
    if age_bands is not None and birth is None:
        raise ModelInputError("age_bands need the date or year of birth; found no birth. Name its column.")
    rows = open_rows(data)
    needed = [start, time, event, *([birth] if birth else []), *([origin] if origin else [])]
    wanted = checked_parts([*needed, *keep], rows.columns)
    person = rows.person_column
    carried = [*([person] if person and person not in wanted else []), *keep]
    asked = tuple(
        name
        for name, bands in zip((AGE, PERIOD, SINCE), (age_bands, calendar_bands, entry_bands), strict=True)
        if bands is not None
    )
    if taken := [name for name in asked if name in (*carried, start, time, event)]:
        raise ModelInputError(
            f"the bands need a column of their own; found '{taken[0]}' in the data already. Rename that column."
        )
    frame = rows.frame([*wanted, *(name for name in carried if name not in wanted)])
    missing = frame[needed].isna()
    complete = ~missing.any(axis=1).to_numpy()
    if not complete.any():
        raise ModelInputError(f"no row is left to split; found {len(frame):,} rows. Look for missing values.")
    frame = frame.loc[complete].reset_index(drop=True)
    places, bands = _cut(frame, start=start, time=time, birth=birth, origin=origin, scales=scales, asked=asked)
    pieces = _pieces(frame, places, bands=bands, names=(start, time, event), carried=carried)
    return SplitFollowUp(
        frame=pieces,
        time=time,
        event=event,
        scales=asked,
        n=len(frame),
        exclusions={f"{name} missing": int(missing[name].sum()) for name in needed if missing[name].any()},
        n_excluded=int((~complete).sum()),
    )


def _edges(bands: Any, *, name: str, least: int) -> IntArray | None:
    if bands is None:
        return None
    try:
        edges = np.asarray(list(bands))
    except TypeError as error:
        raise ModelInputError(
            f"{name} must be a list of whole numbers; found {type(bands).__name__}. For ages by ten years write "
            "range(0, 100, 10)."
        ) from error
    if edges.size == 0 or edges.ndim != 1 or edges.dtype.kind not in "iu":
        raise ModelInputError(
            f"{name} must be a list of whole numbers; found {edges.size} of {edges.dtype}. For ages by ten years write "
            "range(0, 100, 10)."
        )
    if (np.diff(edges) <= 0).any() or edges[0] < least or edges[-1] > LONGEST_DAYS:
        raise ModelInputError(
            f"{name} must rise, from {least} at least; found {edges.size} edges that do not. Sort them, each once."
        )
    return edges.astype(np.int64)


def _cut(
    frame: pd.DataFrame,
    *,
    start: str,
    time: str,
    birth: str | None,
    origin: str | None,
    scales: dict[str, IntArray | None],
    asked: tuple[str, ...],
) -> tuple[IntArray, dict[str, list[str]]]:
    """Give each piece's row, first day, days and bands, and the names of the bands."""
    from analysis_lib.models.rates.lexis_kernel import count_pieces, write_pieces

    first, length = days(frame[start], name=start), lengths(frame[time], name=time)
    stop = first + length
    about = np.ones((len(frame), 4), dtype=np.int64)
    if birth is not None:
        about[:, :3] = births(frame[birth], name=birth)
        before = int((_day_of(about) > first).sum())
        if before:
            raise ModelInputError(
                f"nobody is at risk before birth; found {before:,} such rows. Check '{birth}' and '{start}'."
            )
    about[:, 3] = first if origin is None else days(frame[origin], name=origin)
    years = np.array([first.min(), stop.max() - 1]).astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64)
    periods = scales[PERIOD]
    if PERIOD in asked and periods is None:
        periods = np.arange(years[0], years[1] + 1) + 1970
    nothing = np.empty(0, dtype=np.int64)
    starts_of_years = nothing if periods is None else _new_year(periods)
    ages, since = scales[AGE], scales[SINCE]
    edges = (nothing if ages is None else ages, starts_of_years, nothing if since is None else since)
    counts = count_pieces(first, stop, about, *edges)
    places = np.empty((int(counts.sum()), 6), dtype=np.int64)
    write_pieces(first, stop, about, *edges, np.cumsum(counts) - counts, places)
    names = {AGE: _names(ages), SINCE: _names(since)}
    names[PERIOD] = (
        [*(["before"] * (PERIOD in asked)), *map(str, np.arange(years[0], years[1] + 1) + 1970)]
        if scales[PERIOD] is None
        else _names(periods)
    )
    return places, {name: names[name] for name in asked}


def _new_year(years: IntArray) -> IntArray:
    return (years - 1970).astype("datetime64[Y]").astype("datetime64[D]").astype(np.int64)


def _day_of(about: IntArray) -> IntArray:
    months = (12 * (about[:, 0] - 1970) + about[:, 1] - 1).astype("datetime64[M]").astype("datetime64[D]")
    return months.astype(np.int64) + about[:, 2] - 1


def _names(edges: IntArray | None) -> list[str]:
    """Name the bands; the first has what lies before the first edge."""
    if edges is None:
        return []
    between = [f"{low}" if high == low + 1 else f"{low}-{high - 1}" for low, high in pairwise(edges)]
    return [f"<{edges[0]}", *between, f"{edges[-1]}+"]


def _pieces(
    frame: pd.DataFrame,
    places: IntArray,
    *,
    bands: dict[str, list[str]],
    names: tuple[str, str, str],
    carried: Sequence[str],
) -> pd.DataFrame:
    start, time, event = names
    row = places[:, 0]
    columns: dict[str, Any] = {name: frame[name].take(row).reset_index(drop=True) for name in carried}
    for index, scale in enumerate((AGE, PERIOD, SINCE)):
        if scale in bands:
            columns[scale] = _band(places[:, 3 + index], bands[scale])
    columns[start] = places[:, 1].astype("datetime64[D]").astype("datetime64[s]")
    columns[time] = places[:, 2].copy()
    is_last = np.append(row[1:] != row[:-1], True)
    columns[event] = is_last & happened(frame[event], name=event)[row]
    found = pd.DataFrame(columns)
    found.attrs["units"] = {**frame.attrs.get("units", {}), time: "days"}
    return found


def _band(codes: IntArray, names: list[str]) -> Any:
    """Leave the bands outside the edges away where nobody is in them."""
    used = np.bincount(codes, minlength=len(names)) > 0
    inner = np.flatnonzero(used)
    first, last = int(inner[0]), int(inner[-1])
    kept = names[first : last + 1]
    return pd.Categorical.from_codes((codes - first).astype(np.int16), pd.Index(kept), ordered=True)
