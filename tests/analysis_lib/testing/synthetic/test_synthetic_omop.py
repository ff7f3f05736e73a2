"""The large generator: the same data every time, nothing wrong with them, and values a clinician would believe."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from analysis_lib.catalog import Dataset, import_omop, open_catalog
from analysis_lib.catalog.engine import open_engine
from analysis_lib.errors import SyntheticDataError
from analysis_lib.testing import SyntheticData, synthetic_omop

Ask = Callable[[str], list[tuple[Any, ...]]]
CLINICAL = (
    "person",
    "observation_period",
    "visit_occurrence",
    "visit_detail",
    "condition_occurrence",
    "drug_exposure",
    "procedure_occurrence",
    "device_exposure",
    "measurement",
    "observation",
    "death",
    "note",
    "specimen",
    "payer_plan_period",
    "cost",
    "drug_era",
    "dose_era",
    "condition_era",
    "episode",
)


def in_file(path: Path, sql: str) -> list[tuple[Any, ...]]:
    with closing(open_engine()) as connection:
        connection.execute(f"ATTACH '{path}' AS synthetic (READ_ONLY)")
        connection.execute("USE synthetic")
        return connection.execute(sql).fetchall()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> SyntheticData:
    path = tmp_path_factory.mktemp("synthetic") / "made.duckdb"
    return synthetic_omop(path, persons=6_000, seed=11, measurements_per_person=40)


@pytest.fixture(scope="module")
def ask(made: SyntheticData) -> Ask:
    return lambda sql: in_file(made.path, sql)


@pytest.fixture(scope="module")
def release(made: SyntheticData, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    data = tmp_path_factory.mktemp("data")
    import_omop(made.path, name="synthetic", data=data)
    return open_catalog(data)["synthetic"]


def test_all_clinical_tables_have_rows_and_are_counted(made: SyntheticData, ask: Ask) -> None:
    for table in CLINICAL:
        assert made.rows[table] > 0, table
        assert ask(f"SELECT count(*) FROM {table}") == [(made.rows[table],)]
    assert made.rows["person"] == made.persons == 6_000


def test_no_rule_of_the_quality_report_fires(release: Dataset) -> None:
    told = {(finding.rule, finding.table) for finding in release.quality.findings}
    expected = {"table-missing", "column-missing", "table-not-in-model"}
    assert {rule for rule, _ in told} <= expected


def test_korean_words_find_concepts(release: Dataset) -> None:
    found = release.search_concepts("심방세동")
    assert found["concept_id"].tolist() == [313217]
    assert found["persons"].iloc[0] > 0


def test_the_same_seed_gives_the_same_data_and_another_seed_others(tmp_path: Path) -> None:
    paths = []
    for number, seed in enumerate((1, 1, 2)):
        paths.append(tmp_path / f"{number}.duckdb")
        synthetic_omop(paths[-1], persons=300, seed=seed)
    for table in ("person", "measurement", "drug_era"):
        first, again, other = (in_file(path, f"FROM {table}") for path in paths)
        assert first == again != other


def test_the_first_people_are_the_same_however_many_follow(tmp_path: Path) -> None:
    # 400,000 measurements make a block: at 4,000 a person, 100 people.
    few, many = tmp_path / "few.duckdb", tmp_path / "many.duckdb"
    synthetic_omop(few, persons=100, measurements_per_person=4_000)
    synthetic_omop(many, persons=130, measurements_per_person=4_000)
    for table in ("person", "condition_occurrence"):
        sql = f"FROM {table} WHERE person_id <= 100 ORDER BY ALL"
        assert in_file(few, sql) == in_file(many, sql)


def test_every_format_holds_the_same_rows(tmp_path: Path) -> None:
    readers = {"parquet": "read_parquet", "csv": "read_csv", "csv.gz": "read_csv"}
    synthetic_omop(tmp_path / "all.duckdb", persons=60, seed=5)
    columns = "person_id, measurement_concept_id, measurement_date, value_as_number, unit_source_value"
    expected = in_file(tmp_path / "all.duckdb", f"SELECT {columns} FROM measurement ORDER BY ALL")
    for kind, reader in readers.items():
        folder = tmp_path / kind
        data = synthetic_omop(folder, persons=60, seed=5, format=kind)  # type: ignore[arg-type]
        assert {file.name for file in folder.iterdir()} == {f"{table}.{kind}" for table in data.rows}
        with closing(open_engine()) as connection:
            found = connection.execute(
                f"SELECT {columns} FROM {reader}('{folder}/measurement.{kind}') ORDER BY ALL"
            ).fetchall()
        assert found == expected


def test_the_older_model_is_written_with_its_own_columns(tmp_path: Path) -> None:
    path = tmp_path / "old.duckdb"
    data = synthetic_omop(path, persons=200, cdm_version="5.3")
    assert "episode" not in data.rows
    columns = {row[0] for row in in_file(path, "DESCRIBE visit_occurrence")}
    assert "admitting_source_concept_id" in columns
    assert "admitted_from_concept_id" not in columns
    result = import_omop(path, name="old", data=tmp_path / "data").dataset
    assert result.cdm_version == "5.3"
    assert {finding.severity for finding in result.quality.findings} <= {"note"}


def test_one_person_can_have_far_more_rows_than_the_others(tmp_path: Path) -> None:
    path = tmp_path / "skewed.duckdb"
    synthetic_omop(path, persons=50, measurements_per_person=10, skewed_person_rows=20_000)
    counts = in_file(path, "SELECT person_id, count(*) FROM measurement GROUP BY 1 ORDER BY 2 DESC")
    assert counts[0][0] == 1
    assert counts[0][1] >= 20_000
    assert counts[1][1] < 200


def test_wide_ids_are_of_either_sign_and_beyond_what_a_float_holds(tmp_path: Path) -> None:
    path = tmp_path / "wide.duckdb"
    synthetic_omop(path, persons=40, wide_ids=True)
    ids = [row[0] for row in in_file(path, "SELECT person_id FROM person")]
    assert min(ids) < -(2**53)
    assert max(ids) > 2**53
    assert len({float(person_id) for person_id in ids}) < len(set(ids)) == 40


def test_few_tests_make_most_of_the_results_as_in_real_laboratories(tmp_path: Path) -> None:
    # Vreeman, Finnell, Overhage, AMIA 2007: of 49 million results 80 codes had 80 %, 784 codes 99 %. Creatinine is
    # measured on every day of an admission besides, and is left out here.
    path = tmp_path / "many.duckdb"
    synthetic_omop(path, persons=2_000, seed=3, measurements_per_person=200, local_tests=784 - 19)
    counts = in_file(path, "SELECT measurement_concept_id, count(*) FROM measurement GROUP BY 1 ORDER BY 2 DESC")
    numbers = [n for concept, n in counts if concept != 3016723]
    assert len(numbers) >= 770
    assert sum(numbers[:79]) / sum(numbers) == pytest.approx(0.80 / 0.99, abs=0.01)
    known = "SELECT count(*) FROM measurement ANTI JOIN concept ON measurement_concept_id = concept_id"
    assert in_file(path, known) == [(0,)]


def test_more_tests_than_laboratories_have_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SyntheticDataError, match="local_tests must be at most 4,000; got 4,001"):
        synthetic_omop(tmp_path / "none.duckdb", persons=10, local_tests=4_001)


def test_measurements_per_person_are_as_many_as_asked_for(made: SyntheticData, ask: Ask) -> None:
    outside_admissions = ask("SELECT count(*) FROM measurement WHERE measurement_concept_id <> 3016723")[0][0]
    assert outside_admissions / made.persons == pytest.approx(40 * 0.91, rel=0.05)


def test_illness_comes_with_age(ask: Ask) -> None:
    shares = dict(
        ask(
            "SELECT year_of_birth < 1955, avg(CAST(c.person_id IS NOT NULL AS INT)) FROM person LEFT JOIN "
            "(SELECT DISTINCT person_id FROM condition_occurrence WHERE condition_concept_id = 320128) c "
            "USING (person_id) GROUP BY 1"
        )
    )
    assert 0.3 < shares[True] < 0.7
    assert shares[False] < shares[True] / 2


def test_laboratory_values_are_those_of_people(ask: Ask) -> None:
    sql = (
        "SELECT gender_concept_id, median(value_as_number) FROM measurement JOIN person USING (person_id) "
        "WHERE measurement_concept_id = {} AND measurement_date - make_date(year_of_birth, 7, 1) > 7000 GROUP BY 1"
    )
    creatinine, hemoglobin, height = (dict(ask(sql.format(concept))) for concept in (3016723, 3000963, 3036277))
    assert 0.85 < creatinine[8507] < 1.15
    assert 0.65 < creatinine[8532] < 0.95
    assert 14 < hemoglobin[8507] < 15.5
    assert 12.5 < hemoglobin[8532] < 14
    assert 171 < height[8507] < 177
    assert 158 < height[8532] < 164


def test_diabetes_raises_the_sugar_and_is_treated(ask: Ask) -> None:
    diabetic = ask(
        "SELECT avg(value_as_number) FROM measurement WHERE measurement_concept_id = 3004410 AND person_id IN "
        "(SELECT person_id FROM condition_occurrence WHERE condition_concept_id = 201826)"
    )[0][0]
    everybody = ask("SELECT avg(value_as_number) FROM measurement WHERE measurement_concept_id = 3004410")[0][0]
    assert diabetic > everybody + 0.7
    treated = ask(
        "SELECT count(DISTINCT person_id) FILTER (person_id IN (SELECT person_id FROM drug_exposure WHERE "
        "drug_concept_id = 1503297)) / count(DISTINCT person_id) FROM condition_occurrence "
        "WHERE condition_concept_id = 201826"
    )[0][0]
    assert 0.5 < treated < 0.85


def test_some_admissions_see_creatinine_rise_as_in_acute_kidney_injury(ask: Ask) -> None:
    share = ask(
        "SELECT avg(CAST(highest >= 1.5 * lowest AS INT)) FROM (SELECT max(value_as_number) AS highest, "
        "min(value_as_number) AS lowest FROM measurement JOIN visit_occurrence USING (visit_occurrence_id) "
        "WHERE measurement_concept_id = 3016723 AND visit_concept_id = 9201 GROUP BY visit_occurrence_id)"
    )[0][0]
    assert 0.04 < share < 0.25


def test_eras_join_exposures_at_most_thirty_days_apart(ask: Ask) -> None:
    too_near = ask(
        "SELECT count(*) FROM (SELECT drug_era_start_date - lag(drug_era_end_date) OVER "
        "(PARTITION BY person_id, drug_concept_id ORDER BY drug_era_start_date) AS apart FROM drug_era) "
        "WHERE apart <= 30"
    )
    assert too_near == [(0,)]
    assert ask("SELECT sum(drug_exposure_count) FROM drug_era") == ask("SELECT count(*) FROM drug_exposure")


def test_all_concepts_in_use_are_in_the_vocabulary(ask: Ask) -> None:
    used = " UNION ".join(
        f"SELECT {column} AS concept_id FROM {table}"
        for table, column in (
            ("condition_occurrence", "condition_concept_id"),
            ("drug_exposure", "drug_concept_id"),
            ("measurement", "measurement_concept_id"),
            ("measurement", "unit_concept_id"),
            ("procedure_occurrence", "procedure_concept_id"),
            ("device_exposure", "device_concept_id"),
            ("observation", "observation_concept_id"),
            ("visit_occurrence", "visit_concept_id"),
            ("visit_detail", "visit_detail_concept_id"),
            ("specimen", "specimen_concept_id"),
            ("episode", "episode_concept_id"),
            ("note", "note_class_concept_id"),
            ("person", "gender_concept_id"),
        )
    )
    assert ask(f"SELECT concept_id FROM ({used}) ANTI JOIN concept USING (concept_id)") == []


def test_arguments_that_cannot_be_meant_are_refused_and_nothing_is_left_behind(tmp_path: Path) -> None:
    target = tmp_path / "x.duckdb"
    with pytest.raises(SyntheticDataError, match="persons must be at least 1; got 0"):
        synthetic_omop(target, persons=0)
    with pytest.raises(SyntheticDataError, match="seed must be at least 0"):
        synthetic_omop(target, persons=1, seed=-1)
    with pytest.raises(SyntheticDataError, match=r"known: duckdb, parquet, csv, csv\.gz"):
        synthetic_omop(target, persons=1, format="sas")  # type: ignore[arg-type]
    with pytest.raises(SyntheticDataError, match=r"known: 5\.3, 5\.4"):
        synthetic_omop(target, persons=1, cdm_version="6")
    assert list(tmp_path.iterdir()) == []
    target.write_text("precious")
    with pytest.raises(SyntheticDataError, match="something at the target"):
        synthetic_omop(target, persons=1)
    assert target.read_text() == "precious"


def test_a_run_that_is_broken_off_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("analysis_lib.testing.synthetic.generating.draw_visits", stop)
    for kind in ("duckdb", "parquet"):
        with pytest.raises(KeyboardInterrupt):
            synthetic_omop(tmp_path / f"x.{kind}", persons=10, format=kind)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []
