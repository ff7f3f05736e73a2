"""Planted mess: each rule counts exactly the rows that were planted, and says what they mean."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from analysis_lib.catalog import RULES, Dataset, QualityReport, import_omop
from analysis_lib.catalog.quality.plausible import plausible_ranges
from analysis_lib.catalog.quality.reporting import report_html, report_text

MakeSource = Callable[..., Path]
Rows = list[tuple[Any, ...]]

PERIODS = (
    "observation_period_id BIGINT, person_id BIGINT, observation_period_start_date DATE, "
    "observation_period_end_date DATE"
)
VISITS = (
    "visit_occurrence_id BIGINT, person_id BIGINT, visit_concept_id BIGINT, visit_start_date DATE, visit_end_date DATE"
)
MEASUREMENTS = (
    "measurement_id BIGINT, person_id BIGINT, measurement_concept_id BIGINT, measurement_date DATE, "
    "value_as_number DOUBLE, unit_concept_id BIGINT, visit_occurrence_id BIGINT"
)
CREATININE, MG_DL, UMOL_L = 3016723, 8840, 8749


def imported(source: Path, *, bucket_count: int = 2) -> Dataset:
    return import_omop(source, name="small", data=source.parent / "data", bucket_count=bucket_count).dataset


def found(dataset: Dataset, rule: str) -> dict[tuple[str, str], tuple[int, int]]:
    """(table, column) -> (rows that break the rule, rows judged)."""
    return {
        (f.table, ", ".join(f.columns)): (f.count, f.of) for f in dataset.quality.findings if f.rule == rule and f.count
    }


def measurements(*rows: tuple[Any, ...]) -> dict[str, tuple[str, Rows]]:
    """Rows of (person, concept, date, value, unit, visit)."""
    return {"measurement": (MEASUREMENTS, [(number, *row) for number, row in enumerate(rows, start=1)])}


def test_every_rule_says_what_readers_see_and_what_it_means() -> None:
    for name, rule in RULES.items():
        assert rule.readers_see.endswith("."), name
        assert rule.means.endswith("."), name


def test_a_visit_that_the_person_does_not_have_is_counted(make_source: MakeSource) -> None:
    visits = (VISITS, [(70, 1, 9201, "2001-01-01", "2001-01-02"), (71, 2, 9201, "2002-01-01", "2002-01-02")])
    rows = measurements(
        (1, 5, "2001-01-01", None, None, 70),  # hers
        (1, 5, "2001-01-01", None, None, 71),  # another person's
        (1, 5, "2001-01-01", None, None, 99),  # nobody's
        (2, 5, "2002-01-01", None, None, None),  # none is named
    )
    dataset = imported(make_source({"visit_occurrence": visits, **rows}))
    assert found(dataset, "visit-unknown") == {("measurement", "visit_occurrence_id"): (2, 3)}
    alone = imported(make_source(rows, name="alone"))
    assert found(alone, "visit-unknown") == {("measurement", "visit_occurrence_id"): (3, 3)}


def test_a_visit_recorded_twice_does_not_count_its_rows_twice(make_source: MakeSource) -> None:
    visits = (VISITS, [(70, 1, 9201, "2001-01-01", "2001-01-02")] * 3)
    rows = measurements((1, 5, "2001-01-01", None, None, 70), (1, 5, "1890-01-01", None, None, 70))
    dataset = imported(make_source({"visit_occurrence": visits, **rows}))
    assert found(dataset, "before-birth") == {("measurement", "measurement_date"): (1, 2)}
    assert found(dataset, "visit-unknown") == {}


def test_events_after_the_latest_death_date_are_counted(make_source: MakeSource) -> None:
    deaths = ("person_id BIGINT, death_date DATE", [(1, "2001-05-01"), (1, "2001-06-01"), (2, None)])
    rows = measurements(
        (1, 5, "2001-06-01", None, None, None),
        (1, 5, "2001-06-02", None, None, None),
        (2, 5, "2002-06-02", None, None, None),
        (3, 5, "2003-06-02", None, None, None),
    )
    dataset = imported(make_source({"death": deaths, **rows}))
    assert found(dataset, "after-death") == {("measurement", "measurement_date"): (1, 4)}


def test_observation_periods_that_share_days_and_those_of_nobody_are_counted(make_source: MakeSource) -> None:
    periods = [
        (1, 1, "2000-01-01", "2000-12-31"),
        (2, 1, "2001-01-01", "2001-12-31"),  # the day after: no overlap
        (3, 2, "2000-01-01", "2005-12-31"),
        (4, 2, "2001-01-01", "2001-12-31"),  # inside
        (5, 2, "2005-12-31", "2006-12-31"),  # shares its first day with the long one
        (6, 3, "2000-01-01", "2000-12-31"),
        (7, 3, "2000-01-01", "2000-12-31"),  # the same again
        (8, 99, "2000-01-01", "2000-12-31"),  # nobody's
        (9, 4, "2005-01-01", "2000-12-31"),  # backwards: covers nothing, overlaps nothing
    ]
    dataset = imported(make_source({"observation_period": (PERIODS, periods)}))
    start = ("observation_period", "observation_period_start_date")
    assert found(dataset, "period-overlap") == {start: (3, 9)}
    assert found(dataset, "owner-unknown") == {("observation_period", "person_id"): (1, 9)}
    assert found(dataset, "person-unobserved") == {("person", "person_id"): (1, 5)}
    assert found(dataset, "row-duplicate") == {("observation_period", ""): (1, 9)}


def test_rows_that_repeat_another_are_counted_once_each_and_persons_never(make_source: MakeSource) -> None:
    same = (1, 5, "2001-01-01", 1.5, MG_DL, None)
    rows = measurements(same, same, same, (1, 5, "2001-01-01", None, MG_DL, None), (2, *same[1:]))
    persons = ("person_id BIGINT, gender_concept_id BIGINT, year_of_birth BIGINT", [(n, 8507, 1950) for n in (1, 2)])
    dataset = imported(make_source({"person": persons, **rows}))
    assert found(dataset, "row-duplicate") == {("measurement", ""): (2, 5)}


def test_repeats_are_counted_in_tables_of_nobody_but_not_in_vocabularies_and_lists_of_places(
    make_source: MakeSource,
) -> None:
    tables = {
        "cost": ("cost_id BIGINT, cost_event_id BIGINT, total_paid DOUBLE", [(1, 7, 2.5), (2, 7, 2.5), (3, 8, 2.5)]),
        "fact_relationship": ("fact_id_1 BIGINT, fact_id_2 BIGINT", [(1, 2), (1, 2), (1, 2), (2, 1)]),
        "concept_ancestor": ("ancestor_concept_id BIGINT, descendant_concept_id BIGINT", [(1, 2), (1, 2)]),
        "provider": ("provider_id BIGINT, specialty_concept_id BIGINT", [(1, 38004446), (2, 38004446)]),
        "tokens": ("token VARCHAR", [("a",), ("a",)]),
    }
    dataset = imported(make_source(tables))
    assert found(dataset, "row-duplicate") == {
        ("cost", ""): (1, 3),
        ("fact_relationship", ""): (2, 4),
        ("tokens", ""): (1, 2),
    }


def test_a_birth_date_that_is_no_day_is_its_month_or_its_year(make_source: MakeSource) -> None:
    columns = (
        "person_id BIGINT, year_of_birth BIGINT, month_of_birth BIGINT, day_of_birth BIGINT, birth_datetime TIMESTAMP"
    )
    born = [
        (1, 1950, 2, 30, None),
        (2, 1950, 13, 5, None),
        (3, 1950, 2, 30, "1950-03-02 10:00:00"),
        (4, None, 2, 3, None),
    ]
    rows = measurements(
        (1, 5, "1950-01-31", None, None, None),  # before February
        (1, 5, "1950-02-01", None, None, None),
        (2, 5, "1949-12-31", None, None, None),  # the year before
        (2, 5, "1950-01-01", None, None, None),
        (3, 5, "1950-03-01", None, None, None),  # the day before
        (4, 5, "1900-01-01", None, None, None),  # nothing is known
    )
    dataset = imported(make_source({"person": (columns, born), **rows}))
    assert found(dataset, "before-birth") == {("measurement", "measurement_date"): (3, 6)}


def test_numbers_without_a_unit_are_counted_among_the_numbers(make_source: MakeSource) -> None:
    day = "2001-01-01"
    rows = measurements((1, 5, day, 1.5, None, None), (1, 5, day, 1.5, 0, None), (1, 5, day, 1.5, 9, None))
    rows["measurement"][1].append((9, 1, 5, day, None, None, None))
    dataset = imported(make_source(rows))
    assert found(dataset, "unit-missing") == {("measurement", "unit_concept_id"): (2, 3)}


def test_values_are_judged_only_in_units_that_the_limits_name(make_source: MakeSource) -> None:
    day = "2001-01-01"
    values = [(-0.1, MG_DL), (0, MG_DL), (66, MG_DL), (66.1, MG_DL), (900, UMOL_L), (900, None), (None, MG_DL)]
    rows = measurements(*((1, CREATININE, day, value, unit, None) for value, unit in values))
    dataset = imported(make_source(rows))
    (finding,) = [f for f in dataset.quality.findings if f.rule == "value-out-of-range"]
    assert (finding.count, finding.of, finding.about) == (2, 4, "Creatinine, outside 0 to 66 mg/dL")
    assert "Creatinine, outside 0 to 66 mg/dL  2  of 4" in report_text(dataset)
    assert "Creatinine, outside 0 to 66 mg/dL" in report_html(dataset)
    assert "Creatinine, outside" in dataset.quality._repr_html_()
    assert QualityReport.from_dict(dataset.quality.to_dict()) == dataset.quality


def test_no_concept_has_two_limits_in_one_unit() -> None:
    pairs = [(c, u) for limits in plausible_ranges() for c in limits.concept_ids for u in limits.unit_concept_ids]
    assert len(pairs) == len(set(pairs)) >= 40
    assert all(limits.low < limits.high for limits in plausible_ranges())


def test_dates_before_1850_and_after_the_import_are_counted_in_every_date_column(make_source: MakeSource) -> None:
    # Two days ahead, so that the test is right when midnight passes while it runs.
    today = datetime.now(UTC).date()
    soon = (today + timedelta(days=2)).isoformat()
    visits = [
        (1, 1, 9201, "1849-12-31", "1850-01-01"),
        (2, 1, 9201, "1850-01-01", soon),
        (3, 1, 9201, soon, "9999-12-31"),
        (4, 1, 9201, None, None),
    ]
    persons = ("person_id BIGINT, year_of_birth BIGINT", [(1, 1849), (2, 1850), (3, today.year + 2)])
    dataset = imported(make_source({"visit_occurrence": (VISITS, visits), "person": persons}))
    assert found(dataset, "date-too-early") == {
        ("person", "year_of_birth"): (1, 3),
        ("visit_occurrence", "visit_start_date"): (1, 4),
    }
    assert found(dataset, "date-in-future") == {
        ("person", "year_of_birth"): (1, 3),
        ("visit_occurrence", "visit_start_date"): (1, 4),
        ("visit_occurrence", "visit_end_date"): (2, 4),
    }


def test_the_share_of_records_without_a_mapped_concept_is_said(make_source: MakeSource) -> None:
    day = "2001-01-01"
    rows = measurements(*((1, concept, day, None, None, n) for n, concept in enumerate([0, 0, 0, 5], start=1)))
    dataset = imported(make_source(rows))
    (finding,) = [f for f in dataset.quality.findings if f.rule == "concept-zero"]
    assert (finding.table, finding.count, finding.share) == ("measurement", 3, 0.75)


@pytest.mark.parametrize("bucket_count", [1, 2, 7])
def test_the_counts_do_not_depend_on_the_buckets(make_source: MakeSource, bucket_count: int) -> None:
    visits = (VISITS, [(n, n % 5 + 1, n % 2, f"{1990 + n}-01-01", f"{2010 - n}-01-01") for n in range(1, 40)])
    rows = measurements(*((n % 7, CREATININE, f"{1960 + n}-01-01", n, MG_DL, n) for n in range(80)))
    one = imported(make_source({"visit_occurrence": visits, **rows}), bucket_count=bucket_count)
    counts = {(f.rule, f.table, f.columns): (f.count, f.of) for f in one.quality.findings if f.unit == "rows"}
    assert counts["owner-unknown", "measurement", ("person_id",)] == (23, 80)
    assert counts["value-out-of-range", "measurement", ("value_as_number",)] == (13, 80)
    assert counts["end-before-start", "visit_occurrence", ("visit_end_date",)] == (29, 39)


def test_rows_left_out_are_counted_at_the_head_of_the_report(make_source: MakeSource) -> None:
    rows = measurements((None, 5, "2001-01-01", None, None, None), (1, 5, "2001-01-01", None, None, None))
    text = report_text(imported(make_source({**rows, "x/y": ("n INT", [(1,), (2,), (3,)])})))
    assert "4 rows of the source: measurement 1, x/y 3" in text
    assert "no row of the source" in report_text(imported(make_source(name="clean"), bucket_count=1))
