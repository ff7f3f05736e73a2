"""From the unit that was recorded to the one that was asked for, or a refusal.

Units are UCUM codes [1]_, read by ucumvert and computed by pint. A conversion is a factor and an offset. What the two
let pass and would give a wrong number is refused here: arbitrary units (one [iU] is no number of anything else),
equivalents and moles without a charge, ratios of amounts for ratios of masses (mmol/mol for %), quantities normalised
to a body surface for such as are not, and logarithmic units.

References
----------
.. [1] Schadow G., McDonald C. J. The Unified Code for Units of Measure, version 2.2. https://ucum.org
"""

import functools
import re
import threading
from fractions import Fraction
from typing import Any, NamedTuple

from analysis_lib.features.molar_masses import HBA1C, NGSP_OFFSET, NGSP_PER_IFCC, SUBSTANCES


class Conversion(NamedTuple):
    """How a number in one unit becomes a number in another: ``number * factor + offset``.

    Parameters
    ----------
    factor : float
        What to multiply by.
    offset : float
        What to add then.
    """

    factor: float
    offset: float = 0.0


SAME = Conversion(1.0)
_LOGARITHMIC = re.compile(r"(?<![A-Za-z\[])(d?B(?![a-zA-Z])|Np|\[pH\])")
_ANNOTATION = re.compile(r"\{[^}]*\}")
# What ucumvert reads as another unit than UCUM's own table means (a kilocalorie as a calorie), or as one that differs
# by more than a hundred-thousandth. A test compares all units with that table.
_READ_WRONGLY = ("_br]", "[didot]", "cal_[15]", "[Cal]", "[Btu]", "[in_i'H2O]", "[in_i'Hg]")
# pint takes these for moles; how many moles they are depends on the substance.
_NO_AMOUNT = ("equivalent", "osmol")
# Buckets ask in threads; pint's registry is built at the first question, and is not made for two at a time.
_ONE_AT_A_TIME = threading.RLock()
_PURE = {"dimensionless", "percent", "_10", "ppm", "radian", "degree", "turn", "per_mille", "permille"}


@functools.lru_cache(maxsize=10_000)
def conversion(code: str, *, to: str, substance: str = "") -> Conversion | None:
    """Find out how to convert.

    Parameters
    ----------
    code : str
        UCUM code of the unit recorded.
    to : str
        UCUM code of the unit asked for.
    substance : str, default ""
        What is measured; a name of `analysis_lib.features.molar_masses`, or empty.

    Returns
    -------
    Conversion or None
        None where there is no way from one to the other.
    """
    if code == to:
        return SAME
    if any(unit in one for unit in _READ_WRONGLY for one in (code, to)):
        return None
    bare = {_ANNOTATION.sub("", one) for one in (code, to)}
    if "" in bare:  # an annotation alone counts something: it is that number, and no share of anything
        return SAME if bare == {"", "1"} else None
    if _LOGARITHMIC.search(code) or _LOGARITHMIC.search(to) or _normalised(code) != _normalised(to):
        return None
    with _ONE_AT_A_TIME:
        return _found(code, to=to, substance=substance)


def _found(code: str, *, to: str, substance: str) -> Conversion | None:
    try:
        if substance == HBA1C and (found := _hba1c(code, to)):
            return found
        source, target = _signature(code), _signature(to)
        if source == target:
            return _affine(code, to)
        return _through_substance(code, to, substance=substance)
    except Exception:  # noqa: BLE001 - ucumvert and pint raise what their parsers raise; no way is no way
        return None


def _normalised(code: str) -> frozenset[str]:
    """Give the annotations that a quantity is divided by, such as ``{1.73_m2}``: they change the number."""
    return frozenset(_ANNOTATION.findall("/".join(code.split("/")[1:])))


@functools.cache
def _registry() -> Any:
    import ucumvert

    return ucumvert.PintUcumRegistry()


def _quantity(code: str) -> Any:
    bare = _ANNOTATION.sub("", code)
    if bare.startswith("/"):
        bare = f"1{bare}"
    return _registry().from_ucum(bare or "1")


def _signature(code: str) -> tuple[Any, ...]:
    """Say what must be equal for two units to be convertible.

    The dimension; units that pint takes for pure numbers or for moles, with their powers; and, where the dimensions
    cancel, what is divided by what, so that neither mmol/mol nor mol/mol is a percentage.
    """
    registry, quantity = _registry(), _quantity(code)
    special: dict[str, float] = {}
    for name, power in quantity._units.items():  # noqa: SLF001 - pint has no public way to the factors
        base = registry.parse_unit_name(name)[0][1] if registry.parse_unit_name(name) else name
        dimension = registry.get_dimensionality({name: 1})
        if any(word in base for word in _NO_AMOUNT) or (not dimension and base not in _PURE):
            special[base] = special.get(base, 0) + power
    numerator, slash, _ = _ANNOTATION.sub("", code).partition("/")
    divides = slash and numerator and not quantity.dimensionality
    cancelled = dict(_quantity(numerator).dimensionality) if divides else {}
    return dict(quantity.dimensionality), {name: power for name, power in special.items() if power}, cancelled


def _affine(code: str, to: str) -> Conversion | None:
    """Convert three numbers: two give the line, the third shows that it is one."""
    source, target = _quantity(code), _quantity(to)
    plain = source.magnitude == 1 and target.magnitude == 1

    def convert(number: float) -> float:
        if plain:
            return float(type(source)(number, source.units).to(target.units).magnitude)
        return number * float((source / target).to("dimensionless").magnitude)

    # Far apart, so that the difference keeps its digits beside an offset such as 273.15.
    at_0, at_middle, at_end = convert(0.0), convert(1e3), convert(1e6)
    factor = (at_end - at_0) / 1e6
    if factor <= 0 or abs(at_middle - (at_0 + 1e3 * factor)) > 1e-9 * max(abs(at_middle), abs(at_0)):
        return None
    return Conversion(_rounded(factor), _rounded(at_0))


def _rounded(number: float) -> float:
    """Take off what floating point has added: a fraction of small numbers, such as 5/9, or 14 digits."""
    near = float(Fraction(number).limit_denominator(1_000))
    return near if abs(near - number) <= 1e-13 * abs(number) else float(f"{number:.14g}")


def _hba1c(code: str, to: str) -> Conversion | None:
    if to == "%" and (inner := _way(code, "mmol/mol")):
        return Conversion(inner.factor * NGSP_PER_IFCC, NGSP_OFFSET)
    if code == "%" and (inner := _way("mmol/mol", to)):
        return Conversion(inner.factor / NGSP_PER_IFCC, -NGSP_OFFSET * inner.factor / NGSP_PER_IFCC)
    return None


def _way(code: str, to: str) -> Conversion | None:
    return SAME if code == to else (_affine(code, to) if _signature(code) == _signature(to) else None)


def _through_substance(code: str, to: str, *, substance: str) -> Conversion | None:
    """Bring both units to moles by the substance's molar mass and charge, and compare these."""
    known = SUBSTANCES.get(substance)
    if known is None:
        return None
    source, target = (
        _in_moles(_quantity(unit), molar_mass=known.molar_mass, charge=known.charge) for unit in (code, to)
    )
    if source is None or target is None or source.dimensionality != target.dimensionality:
        return None
    if "[substance]" not in source.dimensionality:
        return None
    return Conversion(_rounded(float((source / target).to("dimensionless").magnitude)))


def _in_moles(quantity: Any, *, molar_mass: float, charge: int) -> Any:
    registry = _registry()
    names = [registry.parse_unit_name(name)[0][1] for name in quantity._units]  # noqa: SLF001
    if any("equivalent" in name for name in names):
        return quantity / charge if charge else None
    if any(not registry.get_dimensionality({name: 1}) and name not in _PURE for name in names):
        return None
    if quantity.dimensionality.get("[mass]", 0) == 1:
        return quantity / (molar_mass * _quantity("g/mol"))
    return quantity
