"""Computed values on small tables, each with the answer worked out by hand."""

from typing import Any

import pytest

from analysis_lib.catalog.engine import open_engine
from analysis_lib.cohort import CohortDefinition, ConceptSet
from analysis_lib.cohort.language import Event, Where
from analysis_lib.cohort.language.codesets import FIRST_CONCEPT_ID
from analysis_lib.cohort.language.compiled import compile_definition
from analysis_lib.cohort.language.computed import BodyMassIndex, Change, Egfr, Ratio, Slope
from analysis_lib.cohort.language.values import ComputedValue

CREATININE, WEIGHT, HEIGHT = (ConceptSet(name, [number]) for name, number in (("cr", 1), ("weight", 2), ("height", 3)))
MG, UMOL, KG, LB, CM, INCH = 8840, 8749, 9529, 8739, 8582, 9330
Row = tuple[int, int, str, float | None, int | None]


def _values(value: ComputedValue, rows: list[tuple[int, Row]]) -> list[tuple[Any, ...]]:
    """Give person, record, value and unit of each computed row; rows are (concept, (person, id, date, value, unit))."""
    engine = open_engine(threads="1", memory_limit="500MB")
    engine.execute(
        "CREATE TABLE measurement (person_id BIGINT, measurement_id BIGINT, measurement_date DATE, "
        "value_as_number DOUBLE, unit_concept_id INTEGER, measurement_concept_id INTEGER, visit_occurrence_id BIGINT)"
    )
    if rows:
        engine.executemany(
            "INSERT INTO measurement VALUES (?, ?, ?, ?, ?, ?, NULL)", [(*row, concept) for concept, row in rows]
        )
    engine.execute(
        "CREATE TABLE person AS SELECT * FROM (VALUES (1, 8532, 1970, 6, 15), (2, 8507, 1970, NULL, NULL), "
        "(3, 0, 1970, 1, 1), (4, 8507, 2003, 1, 1)) "
        "AS p(person_id, gender_concept_id, year_of_birth, month_of_birth, day_of_birth)"
    )
    ids = {name: tuple(item.concept_id for item in each.items) for name, each in value.concept_sets.items()}
    found = engine.execute(
        "SELECT person_id, measurement_id, value_as_number, unit_concept_id, measurement_date, visit_occurrence_id "
        f"FROM ({value.sql(ids)}) ORDER BY ALL"
    ).fetchall()
    engine.close()
    return [row[:4] for row in found]


def _ids(found: list[tuple[Any, ...]]) -> list[int]:
    return [record for _, record, _, _ in found]


def test_egfr_reads_both_units_and_leaves_out_what_it_cannot_know() -> None:
    rows = [
        (1, (1, 10, "2020-06-15", 1.0, MG)),
        (1, (1, 11, "2020-06-15", 88.4, UMOL)),
        (1, (1, 12, "2020-06-14", 1.0, MG)),  # a day before the birthday: 49 years
        (1, (1, 13, "2020-06-15", 1.0, 9999)),
        (1, (1, 14, "2020-06-15", 1.0, None)),
        (1, (1, 15, "2020-06-15", 0.0, MG)),
        (1, (1, 16, "2020-06-15", None, MG)),
        (1, (1, 17, "2020-06-15", float("inf"), MG)),
        (1, (2, 20, "2020-06-30", 1.0, MG)),  # no month of birth: 1 July, so 49 years
        (1, (3, 30, "2020-06-15", 1.0, MG)),
        (1, (4, 40, "2020-12-31", 1.0, MG)),  # 17 years
        (1, (4, 41, "2021-01-01", 1.0, MG)),
        (2, (1, 18, "2020-06-15", 70.0, KG)),
    ]
    found = _values(Egfr(CREATININE), rows)
    assert _ids(found) == [10, 11, 12, 20, 41]
    by_id = {record: value for _, record, value, _ in found}
    woman = 142 * (1 / 0.7) ** -1.2 * 0.9938**50 * 1.012
    assert by_id[10] == pytest.approx(woman, rel=1e-12)
    assert by_id[11] == pytest.approx(woman, rel=1e-12)
    assert by_id[12] == pytest.approx(woman / 0.9938, rel=1e-12)
    assert by_id[20] == pytest.approx(142 * (1 / 0.9) ** -1.2 * 0.9938**49, rel=1e-12)
    assert {unit for *_, unit in found} == {720870}


def test_body_mass_index_takes_the_last_height_so_far() -> None:
    rows = [
        (3, (1, 1, "2019-01-01", 160.0, CM)),
        (3, (1, 2, "2020-01-01", 200.0, CM)),
        (3, (1, 3, "2020-01-01", 170.0, CM)),  # the same day, a higher number: the later one
        (3, (1, 4, "2021-01-01", 180.0, CM)),
        (2, (1, 5, "2020-06-01", 72.25, KG)),
        (2, (1, 6, "2018-06-01", 72.25, KG)),  # before any height
        (2, (1, 7, "2019-06-01", 64.0, KG)),
        (2, (1, 8, "2020-06-01", 72.25, None)),
        (3, (2, 9, "2020-01-01", 70.0, INCH)),
        (2, (2, 10, "2020-01-01", 180.0, LB)),
    ]
    found = _values(BodyMassIndex(WEIGHT, HEIGHT), rows)
    assert _ids(found) == [5, 7, 10]
    assert [value for _, _, value, _ in found] == pytest.approx([25.0, 25.0, 25.8270], abs=1e-4)
    assert _ids(_values(BodyMassIndex(WEIGHT, HEIGHT, within_days=100), rows)) == [10]


CHANGING = [
    (1, (1, 1, "2020-01-01", 1.0, MG)),
    (1, (1, 2, "2020-01-01", 2.0, MG)),
    (1, (1, 3, "2020-01-05", 150.0, UMOL)),
    (1, (1, 4, "2020-01-31", 1.5, MG)),
    (1, (1, 5, "2020-02-01", 165.0, UMOL)),
    (1, (2, 6, "2020-01-01", 0.0, None)),
    (1, (2, 7, "2020-01-02", 3.0, 0)),
]


def test_a_change_is_from_the_last_value_in_the_same_unit() -> None:
    assert _values(Change(CREATININE), CHANGING) == [
        (1, 2, 1.0, MG),
        (1, 4, -0.5, MG),
        (1, 5, 15.0, UMOL),
        (2, 7, 3.0, 0),
    ]
    assert _ids(_values(Change(CREATININE, within_days=27), CHANGING)) == [2, 5, 7]


def test_a_change_in_percent_is_of_the_old_value() -> None:
    assert _values(Change(CREATININE, "percent"), CHANGING) == [
        (1, 2, 100.0, 8554),
        (1, 4, -25.0, 8554),
        (1, 5, 10.0, 8554),
    ]


def test_a_ratio_takes_the_nearest_denominator_in_the_same_unit() -> None:
    rows = [
        (1, (1, 1, "2020-01-10", 12.0, MG)),
        (2, (1, 2, "2020-01-08", 4.0, MG)),
        (2, (1, 3, "2020-01-12", 6.0, MG)),  # as near, but later
        (2, (1, 4, "2020-01-10", 3.0, UMOL)),
        (2, (1, 5, "2020-01-10", 0.0, MG)),
        (1, (2, 6, "2020-01-10", 1.0, None)),
        (2, (2, 7, "2020-01-10", 2.0, None)),
    ]
    assert _values(Ratio(CREATININE, WEIGHT), rows) == [(2, 6, 0.5, None)]
    assert _values(Ratio(CREATININE, WEIGHT, within_days=2), rows) == [(1, 1, 3.0, None), (2, 6, 0.5, None)]
    named = Ratio(CREATININE, WEIGHT, within_days=2, numerator_unit=MG, denominator_unit=UMOL)
    assert _values(named, rows) == [(1, 1, 4.0, None)]


def test_a_slope_is_per_year_by_least_squares() -> None:
    days = ["2020-01-01", "2020-12-31", "2021-12-31", "2022-12-31"]
    rows = [
        (1, (1, number, day, value, MG)) for number, (day, value) in enumerate(zip(days, (90, 80, 90, 60), strict=True))
    ]
    rows += [
        (1, (2, 9, "2020-01-01", 1.0, MG)),
        (1, (2, 10, "2020-01-01", 2.0, MG)),
        (1, (2, 11, "2020-01-01", 3.0, MG)),
    ]
    found = _values(Slope(CREATININE, 3 * 366), rows)
    assert _ids(found) == [2, 3]
    # Days 0, 365, 730, 1095: equal steps of 365 / 365.25 years; slopes 0 and -8 a step.
    assert [value for _, _, value, _ in found] == pytest.approx([0.0, -8 * 365.25 / 365], abs=1e-9)
    assert _ids(_values(Slope(CREATININE, 365, least_values=2), rows)) == [1, 2, 3]


def test_a_computed_value_can_be_made_of_another_one() -> None:
    rows = [(1, (1, 1, "2020-06-15", 1.0, MG)), (1, (1, 2, "2020-06-20", 2.0, MG))]
    first, second = (value for _, _, value, _ in _values(Egfr(CREATININE), rows))
    drop = Change(Egfr(CREATININE), "percent")
    assert drop.tables == ("measurement", "person")
    assert list(drop.concept_sets) == ["of.creatinine"]
    assert _values(drop, rows) == [(1, 2, pytest.approx(100 * (second - first) / first), 8554)]


def test_nobody_gives_nothing() -> None:
    for value in (Egfr(CREATININE), BodyMassIndex(WEIGHT, HEIGHT), Change(CREATININE), Ratio(WEIGHT, HEIGHT)):
        assert _values(value, []) == []
    empty = ConceptSet("none", (), may_be_empty=True)
    assert _values(Slope(empty, 10), CHANGING) == []


def test_a_compiled_definition_says_what_must_be_computed() -> None:
    low = Event(Egfr(CREATININE), "measurement", where=(Where("value_as_number", "<", 60),))
    again = Event(Egfr(ConceptSet("creatinine", [1])), "measurement")
    definition = CohortDefinition("low", low, censoring_events=(again, Event(WEIGHT, "measurement")))
    compiled = compile_definition(definition)
    # The two differ in a name alone: one is computed.
    (egfr,) = compiled.computed
    assert compiled.computed_codesets == {0: egfr.concept_id}
    assert egfr.concept_id >= FIRST_CONCEPT_ID
    assert compiled.concept_sets == {1: WEIGHT}
    assert compiled.expression["PrimaryCriteria"]["CriteriaList"][0]["Measurement"]["CodesetId"] == 0
    assert definition.concept_sets == (WEIGHT, CREATININE)


def test_the_concept_of_a_computed_value_never_changes() -> None:
    # It is in the hash of nothing, but in rows that people keep.
    assert Egfr(ConceptSet("creatinine", [3016723])).concept_id == Egfr(ConceptSet("x", [3016723])).concept_id
    assert Egfr(CREATININE).concept_id != Egfr(WEIGHT).concept_id
    assert all(FIRST_CONCEPT_ID <= Slope(CREATININE, days).concept_id < 2**31 for days in range(1, 200))


def test_a_record_that_comes_twice_is_counted_for_itself() -> None:
    rows = [
        (1, (1, 1, "2015-01-01", 1.0, MG)),
        (1, (1, 2, "2015-06-01", 2.0, MG)),
        (1, (1, 2, "2015-06-01", 2.0, MG)),
    ]
    assert _values(Slope(CREATININE, 3 * 366, least_values=6), rows) == []
