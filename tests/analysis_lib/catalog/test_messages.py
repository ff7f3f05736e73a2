"""Marked values go in everywhere; no message, report or page may give one back.

The marks stand for what a message must never hold: a person's id, a date, a code, a text.
"""

import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from analysis_lib.catalog import Dataset, import_omop, open_catalog
from analysis_lib.catalog.quality.reporting import report_document, report_html, report_text
from analysis_lib.errors import AnalysisError

MakeSource = Callable[..., Path]

ID = 770_133_077
TEXT = "markedtext"
DAY = "1933-07-27"
MARKS = (str(ID), f"{ID:,}", TEXT, DAY, "19330727")


def marked_rows(columns: str) -> list[tuple[Any, ...]]:
    """A row of marks for columns given with their types."""
    values = {"BIGINT": ID, "DOUBLE": float(ID), "VARCHAR": TEXT, "DATE": DAY}
    return [tuple(values[column.split()[-1]] for column in columns.split(", "))] * 2


TABLES = {
    "person": "person_id BIGINT, year_of_birth BIGINT, person_source_value VARCHAR, location_id DOUBLE",
    "observation_period": "observation_period_id BIGINT, person_id BIGINT, observation_period_start_date DATE",
    "condition_occurrence": "condition_occurrence_id DOUBLE, person_id BIGINT, condition_concept_id BIGINT, "
    "condition_start_date DATE, condition_end_date VARCHAR, condition_source_value VARCHAR",
    "measurement": "measurement_id BIGINT, person_id BIGINT, value_as_number VARCHAR, measurement_date VARCHAR",
    "unknown": "person_id BIGINT, remark VARCHAR",
}
# One more table each, for which the import has to refuse.
REFUSED = {
    "a text id": ("death", "person_id VARCHAR, death_date DATE"),
    "a text key": ("drug_era", "drug_era_id VARCHAR, person_id BIGINT"),
    "a text owner of an unknown table": ("other", "person_id VARCHAR, remark VARCHAR"),
}


def shown(error: BaseException) -> str:
    """All that papermill would save: the message, the causes and the contexts that are shown."""
    return str(error) + repr(error) + "".join(traceback.format_exception(error))


def assert_unmarked(text: str) -> None:
    # The lines of our own source code in a traceback hold no values; the marks are in none of them.
    assert not [mark for mark in MARKS if mark in text]


@pytest.fixture
def marked(make_source: MakeSource, tmp_path: Path) -> tuple[Dataset, list[str]]:
    said: list[str] = []
    tables = {name: (columns, marked_rows(columns)) for name, columns in TABLES.items()}
    found = import_omop(make_source(tables), name="marked", data=tmp_path / "data", progress=said.append).dataset
    return found, said


def test_no_report_listing_or_progress_line_repeats_a_value(marked: tuple[Dataset, list[str]]) -> None:
    dataset, said = marked
    assert {"key-duplicate", "value-unreadable", "before-birth"} & {f.rule for f in dataset.quality.findings}
    catalog = open_catalog(dataset.path.parent.parent)
    texts = [
        *said,
        report_text(dataset),
        report_html(dataset),
        str(report_document(dataset)),
        (dataset.path / "manifest.json").read_text(),
        dataset._repr_html_(),
        repr(dataset),
        catalog._repr_html_(),
        repr(catalog),
    ]
    for text in texts:
        assert_unmarked(text)


@pytest.mark.parametrize("kind", REFUSED)
def test_no_refusal_repeats_a_value(make_source: MakeSource, tmp_path: Path, kind: str) -> None:
    table, columns = REFUSED[kind]
    source = make_source({table: (columns, marked_rows(columns))})
    with pytest.raises(AnalysisError) as caught:
        import_omop(source, name="marked", data=tmp_path / "data")
    assert_unmarked(shown(caught.value))


def mistakes(dataset: Dataset) -> Iterator[Callable[[], object]]:
    casts = [
        "SELECT CAST(person_source_value AS BIGINT) FROM person",
        "SELECT CAST(person_source_value AS DATE) FROM person",
        "SELECT CAST(person_id AS TINYINT) FROM person",
        "SELECT person_id * 9223372036854775807 FROM person",
        "SELECT error(person_source_value) FROM person",
        "SELECT strptime(person_source_value, '%Y') FROM person",
        "SELECT (SELECT remark FROM unknown) FROM person",
        "SELECT CAST(remark AS INTEGER[]) FROM unknown",
        "SELECT regexp_matches('a', '(' || remark) FROM unknown",
        "SELECT DATE '0001-01-01' - to_days(CAST(person_id AS INTEGER) * 10) FROM person",
    ]
    for statement in casts:
        yield lambda statement=statement: dataset.query(statement)
    yield lambda: dataset.query("SELECT list(person_source_value || range) FROM person, range(4000000)")
    yield lambda: dataset.table("persom")
    yield lambda: dataset.table("person", columns=["x"])
    yield lambda: dataset.bucket_paths("person", 99)


def test_no_error_or_log_line_of_a_query_or_a_read_repeats_a_value(
    marked: tuple[Dataset, list[str]],
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MEM_LIMIT", str(256 << 20))
    dataset, _ = marked
    caplog.set_level("DEBUG")
    failed = 0
    for mistake in mistakes(dataset):
        try:
            mistake()
        except AnalysisError as error:
            assert_unmarked(shown(error))
            failed += 1
    assert failed >= 10
    assert_unmarked(caplog.text)
    assert_unmarked("".join(capfd.readouterr()))


def test_a_search_that_fails_repeats_no_value(
    marked: tuple[Dataset, list[str]], caplog: pytest.LogCaptureFixture
) -> None:
    dataset, _ = marked
    caplog.set_level("DEBUG")
    catalog = open_catalog(dataset.path.parent.parent)
    assert catalog.search(TEXT).empty
    (dataset.path / "manifest.json").chmod(0o644)
    (dataset.path / "manifest.json").write_text(TEXT)
    assert catalog.search("heart").empty
    assert "not searched" in caplog.text
    assert_unmarked(caplog.text)


def test_no_error_about_damage_repeats_a_value(marked: tuple[Dataset, list[str]]) -> None:
    dataset, _ = marked
    for path in dataset.path.rglob("*.parquet"):
        path.chmod(0o644)
        path.write_bytes(path.read_bytes()[:-9] + b"damaged!!")
    for table in dataset.tables:
        with pytest.raises(AnalysisError) as caught:
            dataset.table(table)
        assert_unmarked(shown(caught.value))
