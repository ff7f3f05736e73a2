"""Standard populations, by five-year age groups, and how they are gathered into the age groups of a study.

The figures were compared with independent printings of their sources. What matters is the share of each age group: the
sum differs from source to source and is divided out.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import checked_choice, listed
from analysis_lib.tables import level_in_words

__all__ = ["StandardName", "standard_population", "weights_for"]

StandardName = Literal["esp2013", "esp1976", "who", "segi", "us2000"]


@dataclass(frozen=True)
class _Standard:
    """A published population: the first year of age of each group, and its size."""

    first_ages: tuple[int, ...]
    size: tuple[float, ...]
    source: str


def _five_years(last: int, *, infants: bool) -> tuple[int, ...]:
    """First ages of five-year groups, the open one beginning at `last`; infants apart from ages 1 to 4 if asked."""
    return (*((0, 1) if infants else (0,)), *range(5, last + 1, 5))


def _numbers(text: str) -> tuple[float, ...]:
    return tuple(float(number) for number in text.split())


_STANDARDS = {
    "esp2013": _Standard(
        _five_years(95, infants=True),
        _numbers(
            "1000 4000 5500 5500 5500 6000 6000 6500 7000 7000 7000 7000 6500 6000 5500 5000 4000 2500 1500 800 200"
        ),
        "Revision of the European Standard Population, Eurostat 2013, ISBN 978-92-79-31094-2",
    ),
    "esp1976": _Standard(
        _five_years(85, infants=False),
        _numbers("8000 7000 7000 7000 7000 7000 7000 7000 7000 7000 7000 6000 5000 4000 3000 2000 1000 1000"),
        "Waterhouse J. et al. (1976). Cancer Incidence in Five Continents III, IARC Scientific Publications 15",
    ),
    "who": _Standard(
        _five_years(100, infants=False),
        _numbers(
            "8.86 8.69 8.60 8.47 8.22 7.93 7.61 7.15 6.59 6.04 5.37 4.55 3.72 2.96 2.21 1.52 0.91 0.44 0.15 0.04 0.005"
        ),
        "Ahmad O. B. et al. (2001). Age standardization of rates: a new WHO standard. GPE Discussion Paper 31, WHO",
    ),
    "segi": _Standard(
        _five_years(85, infants=False),
        _numbers("12000 10000 9000 9000 8000 8000 6000 6000 6000 6000 5000 4000 4000 3000 2000 1000 500 500"),
        "Segi M. (1960), as modified by Doll R., Payne P., Waterhouse J. (1966). Cancer Incidence in Five Continents I",
    ),
    "us2000": _Standard(
        _five_years(85, infants=True),
        _numbers(
            "13818 55317 72533 73032 72169 66478 64529 71044 80762 81851 72118 62716 48454 38793 34264 31773 26999 "
            "17842 15508"
        ),
        "Klein R. J., Schoenborn C. A. (2001). Age adjustment using the 2000 projected U.S. population. Healthy People "
        "Statistical Notes 20, NCHS; the 19 age groups of SEER's standard million",
    ),
}
_BAND = re.compile(
    r"(?:<\s*(?P<below>\d+)|(?P<from>\d+)\s*(?P<open>\+)|(?P<low>\d+)\s*(?:-|–|to)\s*(?P<high>\d+)|(?P<one>\d+))"
    r"(?:\s*years?)?|\[(?P<left>\d+)(?:\.0)?,\s*(?P<right>\d+|inf)(?:\.0)?\)"
)
_OLDEST = 10_000


def standard_population(name: StandardName, *, bands: Sequence[str] | None = None) -> pd.Series:
    """Give the shares of the age groups of a standard population.

    Parameters
    ----------
    name : {"esp2013", "esp1976", "who", "segi", "us2000"}
        European Standard Population of 2013 or 1976, WHO World Standard 2000-2025, Segi's world population (1960), U.S.
        population of 2000.
    bands : sequence of str, optional
        Age groups to gather the shares into, such as ``["0-39", "40-64", "65+"]``; the standard's own when left out.
        ``"40-44"`` has the ages 40 to 44 in completed years, ``"85+"`` all from 85 on, ``"<40"`` all below 40,
        ``"[40, 45)"`` is pandas's name for 40 to 44.

    Returns
    -------
    Series of float64
        Share by age group; adds up to 1 where `bands` cover all ages. ``attrs["source"]`` has the publication.

    Raises
    ------
    ModelInputError
        If there is no such standard, or a band overlaps another or cuts through one of the standard's.
    """
    checked_choice(name, "standard", known=get_args(StandardName))
    standard = _STANDARDS[name]
    first = standard.first_ages
    shares = np.array(standard.size, dtype=np.float64) / sum(standard.size)
    if bands is None:
        last = [*(age - 1 for age in first[1:]), None]
        labels = [_written(low, high) for low, high in zip(first, last, strict=True)]
        found = pd.Series(shares, index=pd.Index(labels, name="age_band"), name="share")
    else:
        found = _gathered(shares, first, bands=list(map(str, bands)), name=name)
    found.attrs["source"] = standard.source
    return found


def _written(low: int, high: int | None) -> str:
    if high is None:
        return f"{low}+"
    return f"{low}" if low == high else f"{low}-{high}"


def _gathered(shares: np.ndarray, first: Sequence[int], *, bands: list[str], name: str) -> pd.Series:
    edges = [*first, _OLDEST]
    ranges = [_ages(band) for band in bands]
    for before, after in zip(sorted(ranges), sorted(ranges)[1:], strict=False):
        if after[0] < before[1]:
            raise ModelInputError(
                f"age groups must not overlap; found age {after[0]} in two of {len(bands)}. Cut age into groups with "
                "pd.cut or split_follow_up."
            )
    found = []
    for band, (low, high) in zip(bands, ranges, strict=True):
        end = _OLDEST if high > edges[-2] else high
        if low not in edges or end not in edges:
            raise ModelInputError(
                f"the standard '{name}' has age groups from {listed([str(age) for age in first], limit=30)}; found the "
                f"age group '{band}', which cuts through one. Use coarser age groups."
            )
        found.append(shares[edges.index(low) : edges.index(end)].sum())
    return pd.Series(found, index=pd.Index(bands, name="age_band"), name="share")


def _ages(band: str) -> tuple[int, int]:
    """Read the first age of a band, and the first age after it."""
    match = _BAND.fullmatch(band.strip())
    if match is None:
        raise ModelInputError(
            "an age group must read like 40-44, 85+, <40 or [40, 45) for a standard population to be fitted to it; "
            "found one that does not. Rename the groups, or give the weights by label."
        )
    part = {key: value for key, value in match.groupdict().items() if value is not None}
    if "below" in part:
        return 0, int(part["below"])
    if "from" in part:
        return int(part["from"]), _OLDEST
    if "low" in part:
        return int(part["low"]), int(part["high"]) + 1
    if "one" in part:
        return int(part["one"]), int(part["one"]) + 1
    return int(part["left"]), _OLDEST if part["right"] == "inf" else int(part["right"])


def weights_for(standard: StandardName | Mapping[str, float] | pd.Series, bands: Sequence[str]) -> pd.Series:
    """Give the weight of each age group of a study, adding up to 1.

    Parameters
    ----------
    standard : str, mapping or Series
        Name of a standard population, or weights by label.
    bands : sequence of str
        Labels of the study's age groups.

    Returns
    -------
    Series of float64
        Weight by label.

    Raises
    ------
    ModelInputError
        If a label has no weight, or a weight is negative or no number.
    """
    if isinstance(standard, str):
        found = standard_population(standard, bands=bands)
    else:
        given = {level_in_words(label): value for label, value in dict(standard).items()}
        lacking = [band for band in bands if band not in given]
        if lacking:
            raise ModelInputError(
                f"each age group needs a weight; found none for {len(lacking)} of {len(bands)}, {listed(lacking)}. "
                f"The standard has {listed(list(given), limit=30)}."
            )
        values = pd.to_numeric(pd.Series([given[band] for band in bands], index=list(bands)), errors="coerce")
        if not (np.isfinite(values.to_numpy(dtype=np.float64)) & (values.to_numpy() >= 0)).all():
            raise ModelInputError("weights must be numbers, 0 or more; found others. Check the standard population.")
        found = values.astype(np.float64)
    if not found.sum() > 0:
        raise ModelInputError("the weights must add up to more than 0; found 0. Check the standard population.")
    return found / found.sum()
