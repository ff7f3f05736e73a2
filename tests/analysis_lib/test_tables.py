"""What tables and figures write for the name of a column."""

import re

import pytest

from analysis_lib.tables import column_in_words, html_table


@pytest.mark.parametrize(
    ("name", "unit", "label"),
    [
        ("age_years", "years", "Age (years)"),
        ("bmi", "1", "BMI"),
        ("bmi_kg_m2", "kg/m2", "BMI kg m2 (kg/m2)"),
        ("last_hba1c", "%", "Last HbA1c (%)"),
        ("egfr_ml_min", "1", "eGFR ml min"),
        ("systolic_bp", "mm[Hg]", "Systolic BP (mm[Hg])"),
        ("submission", "1", "Submission"),
        ("나이", "1", "나이"),
        ("", "1", ""),
    ],
)
def test_a_column_is_written_as_a_paper_writes_it(name: str, unit: str, label: str) -> None:
    assert column_in_words(name, unit) == label


def test_a_month_or_an_age_group_is_not_broken_at_its_hyphen_and_a_sentence_is() -> None:
    made = html_table(["Month", "n"], [["2016-01", "3"], ["30–39", "4"], ["Observed for 180 days before", "5"]])
    wraps = {text: "white-space:normal" in style for style, text in re.findall(r'style="([^"]*)">([^<]*)</th>', made)}
    assert wraps["2016-01"] is wraps["30–39"] is False
    assert wraps["Observed for 180 days before"] is True
