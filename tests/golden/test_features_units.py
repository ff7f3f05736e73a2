"""Unit conversions against numbers in print.

Sources: Kratz A. et al., Laboratory reference values, N. Engl. J. Med. 2004, 351, 1548-1563, and the AMA Manual of
Style (conversion factors to SI units, three digits); the NGSP's table of HbA1c (ngsp.org/ifcc.asp: 6.0 % is 42
mmol/mol, 7.0 % 53, 8.0 % 64, 9.0 % 75); KDIGO 2012, which gives creatinine as 88.4 µmol/L for 1
mg/dL; the definitions of the Celsius and Fahrenheit scales and of the avoirdupois pound.
"""

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
        ("glucose", "mg/dL", "mmol/L", 0.0555),
        ("cholesterol", "mg/dL", "mmol/L", 0.0259),
        ("triglycerides", "mg/dL", "mmol/L", 0.0113),
        ("bilirubin", "mg/dL", "umol/L", 17.104),
        ("urea nitrogen", "mg/dL", "mmol/L", 0.357),
        ("urate", "mg/dL", "umol/L", 59.485),
        ("calcium", "mg/dL", "mmol/L", 0.25),
        ("calcium", "meq/L", "mmol/L", 0.5),
        ("magnesium", "mg/dL", "mmol/L", 0.411),
        ("phosphate", "mg/dL", "mmol/L", 0.323),
        ("haemoglobin", "g/dL", "mmol/L", 0.6206),
        ("sodium", "meq/L", "mmol/L", 1.0),
        ("lactate", "mg/dL", "mmol/L", 0.111),
    ],
)
def test_factors_are_those_in_print(substance: str, code: str, to: str, factor: float) -> None:
    assert convert(1.0, code, to=to, substance=substance) == pytest.approx(factor, rel=5e-3)
    assert convert(factor, to, to=code, substance=substance) == pytest.approx(1.0, rel=5e-3)


@pytest.mark.parametrize(("ngsp", "ifcc"), [(6.0, 42), (7.0, 53), (8.0, 64), (9.0, 75)])
def test_hba1c_is_that_of_the_ngsp_table(ngsp: float, ifcc: int) -> None:
    assert round(convert(ngsp, "%", to="mmol/mol", substance="hba1c")) == ifcc
    assert round(convert(ifcc, "mmol/mol", to="%", substance="hba1c"), 1) == ngsp


def test_temperatures_have_an_offset() -> None:
    assert convert(98.6, "[degF]", to="Cel") == pytest.approx(37.0)
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
