"""Unit conversions against numbers read elsewhere.

Factors: the table "SI Conversion Factors" of the Indian Agricultural Statistics Research Institute
(ecoursesonline.iasri.res.in, page 53457: bilirubin, calcium, chloride, cholesterol, creatinine, glucose, phosphorus,
triglycerides, urea, urea nitrogen, uric acid); the conversion table of elephantcare.org (convers.htm: lactate,
magnesium); the table at w3.csmu.edu.tw/~chr/Int_unit_conversion.htm (calcium ion, bicarbonate); Table 1 of PMC3934467
(haemoglobin, as subunits). HbA1c: the master equation at ngsp.org/ifcc.asp, NGSP = 0.09148 IFCC + 2.152, and that of
the IFCC at information.ifcchba1c.org, IFCC = 10.93 NGSP - 23.5. The rest are definitions: the Celsius and Fahrenheit
scales, the avoirdupois pound. All units at once: UCUM's own table, ucum-essence.xml 2.2, which ucumvert ships.
"""

import xml.etree.ElementTree as ET
from importlib.resources import files

import pytest

from analysis_lib.features.units import conversion


def convert(number: float, code: str, *, to: str, substance: str = "") -> float:
    way = conversion(code, to=to, substance=substance)
    assert way is not None
    return number * way.factor + way.offset


@pytest.mark.parametrize(
    ("substance", "code", "to", "factor"),
    [
        ("creatinine", "mg/dL", "umol/L", 88.4),
        ("glucose", "mg/dL", "mmol/L", 0.05551),
        ("cholesterol", "mg/dL", "mmol/L", 0.02586),
        ("triglycerides", "mg/dL", "mmol/L", 0.01129),
        ("bilirubin", "mg/dL", "umol/L", 17.10),
        ("urea nitrogen", "mg/dL", "mmol/L", 0.3570),
        ("urea", "mg/dL", "mmol/L", 0.1665),
        ("urate", "mg/dL", "umol/L", 59.48),
        ("calcium", "mg/dL", "mmol/L", 0.2495),
        ("calcium", "meq/L", "mmol/L", 0.5),
        ("magnesium", "mg/dL", "mmol/L", 0.4114),
        ("phosphate", "mg/dL", "mmol/L", 0.3229),
        ("haemoglobin", "g/dL", "mmol/L", 0.62063),
        ("chloride", "meq/L", "mmol/L", 1.0),
        ("bicarbonate", "meq/L", "mmol/L", 1.0),
        ("lactate", "mg/dL", "mmol/L", 0.111),
    ],
)
def test_factors_are_those_in_print(substance: str, code: str, to: str, factor: float) -> None:
    assert convert(1.0, code, to=to, substance=substance) == pytest.approx(factor, rel=1e-3)
    assert convert(factor, to, to=code, substance=substance) == pytest.approx(1.0, rel=1e-3)


@pytest.mark.parametrize("ifcc", [20.0, 42.0, 53.0, 75.0, 140.0])
def test_hba1c_follows_the_master_equation(ifcc: float) -> None:
    ngsp = 0.09148 * ifcc + 2.152
    assert convert(ifcc, "mmol/mol", to="%", substance="hba1c") == pytest.approx(ngsp, rel=1e-12)
    # The IFCC gives the way back with three digits.
    assert convert(ngsp, "%", to="mmol/mol", substance="hba1c") == pytest.approx(10.93 * ngsp - 23.5, abs=0.1)


def test_hba1c_as_a_ratio_of_amounts_follows_it_too() -> None:
    assert convert(0.048, "mol/mol", to="%", substance="hba1c") == pytest.approx(0.09148 * 48 + 2.152, rel=1e-12)
    assert convert(48.0, "mmol/mol", to="mol/mol") == pytest.approx(0.048)


def units_in_ucums_own_table() -> list[tuple[str, str, float]]:
    """List code, unit of definition and value of every unit that is a multiple of another."""
    space = {"u": "http://unitsofmeasure.org/ucum-essence"}
    table = ET.fromstring((files("ucumvert") / "vendor" / "ucum-essence.xml").read_text(encoding="utf-8"))
    found = []
    for unit in table.findall("u:unit", space):
        value = unit.find("u:value", space)
        if unit.get("isSpecial") != "yes" and value is not None and value.get("value"):
            found.append((str(unit.get("Code")), str(value.get("Unit")), float(str(value.get("value")))))
    return found


def test_every_unit_of_ucum_is_what_its_own_table_says_or_refused() -> None:
    known = units_in_ucums_own_table()
    assert len(known) > 250
    ways = [(code, conversion(code, to=unit), value) for code, unit, value in known]
    # The table rounds a year, an astronomer's mass unit and a column of mercury to six digits or more.
    wrong = [code for code, way, value in ways if way and way.factor != pytest.approx(value, rel=1e-5)]
    assert wrong == []
    assert sum(way is not None for _, way, _ in ways) > 180


def test_temperatures_have_an_offset() -> None:
    assert convert(98.6, "[degF]", to="Cel") == pytest.approx(37.0, abs=1e-14)
    assert convert(310.15, "K", to="Cel") == pytest.approx(37.0)
    assert convert(-40.0, "Cel", to="[degF]") == pytest.approx(-40.0)


def test_a_pound_is_454_grams_and_a_count_a_count() -> None:
    assert convert(1.0, "[lb_av]", to="g") == pytest.approx(453.59237)
    assert convert(7.5, "10*3/uL", to="10*9/L") == pytest.approx(7.5)
    assert convert(42.0, "%", to="1") == pytest.approx(0.42)


@pytest.mark.parametrize(
    ("code", "to", "substance"),
    [
        ("umol/L", "mg/dL", ""),  # mass and amount, of what?
        ("meq/L", "mmol/L", ""),
        ("mosm/kg", "mmol/kg", ""),
        ("mmol/mol", "%", ""),  # 53 mmol/mol of HbA1c are 7 %, not 5.3 %
        ("mg/g", "%", ""),
        ("mol/mol", "%", ""),
        ("g/g", "%", ""),
        ("{score}", "%", ""),
        ("[Cal]", "kcal", ""),  # UCUM: 1 kcal_th
        ("[iU]/L", "U/L", ""),
        ("[iU]/L", "10*3/uL", ""),
        ("[arb'U]/mL", "[iU]/mL", ""),
        ("mL/min/{1.73_m2}", "mL/min", ""),
        ("B[SPL]", "Pa", ""),
        ("[pH]", "1", ""),
        ("mg/dL", "kg", "glucose"),
        ("no unit", "mg/dL", ""),
    ],
)
def test_what_would_be_a_wrong_number_has_no_conversion(code: str, to: str, substance: str) -> None:
    assert conversion(code, to=to, substance=substance) is None
