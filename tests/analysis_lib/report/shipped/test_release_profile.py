"""A release at a glance: counts checked on a small release, and against an earlier one."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from analysis_lib.catalog import Dataset, import_omop, open_catalog
from analysis_lib.errors import DatasetNotFoundError
from analysis_lib.report.shipped import release_profile
from analysis_lib.report.shipped.counted import CountedTable
from analysis_lib.testing import Mess, synthetic_omop


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> tuple[Dataset, Dataset]:
    """Two releases of one data set: a clean one, and a later one with unmapped records."""
    folder = tmp_path_factory.mktemp("releases")
    made = []
    for number, mess in enumerate([Mess(), Mess(concept_zero=0.1)]):
        source = folder / f"{number}.duckdb"
        synthetic_omop(source, persons=60 + number, seed=1, measurements_per_person=5, mess=mess)
        made.append(import_omop(source, name="hospital", data=folder / "data").dataset)
    return made[0], made[1]


def test_a_release_is_compared_with_the_one_made_before(releases: tuple[Dataset, Dataset]) -> None:
    first, second = releases
    profile = release_profile(second)
    assert profile.earlier is not None
    assert profile.earlier.release == first.release
    assert release_profile(first).earlier is None
    assert release_profile(first).changes is None
    assert release_profile(second, earlier=None).earlier is None
    assert release_profile(second, earlier=first.release).earlier is not None


def test_a_damaged_release_is_not_the_one_before(
    releases: tuple[Dataset, Dataset], tmp_path_factory: pytest.TempPathFactory
) -> None:
    copied = tmp_path_factory.mktemp("damaged") / "data"
    shutil.copytree(releases[1].path.parent.parent, copied)
    manifest = copied / "hospital" / releases[0].release / "manifest.json"
    manifest.chmod(0o644)
    manifest.write_text("{}")
    assert release_profile(open_catalog(copied)["hospital"]).earlier is None


def test_an_unknown_release_is_refused(releases: tuple[Dataset, Dataset]) -> None:
    with pytest.raises(DatasetNotFoundError, match="has no release"):
        release_profile(releases[1], earlier="2001-01-01-0000000000")


def test_what_came_is_listed_and_counted(releases: tuple[Dataset, Dataset]) -> None:
    profile = release_profile(releases[1])
    assert profile.changes is not None
    new = profile.changes.frame[profile.changes.frame["what"] == "new"]
    assert set(new["rule"]) == {"concept-zero"}
    assert profile.new_problems == len(new) == profile.count("problem") == len(profile.findings)
    assert profile.rows_with("concept-zero") == new["count_now"].sum() == profile.rules.frame["found"].sum()
    assert "compared with the release" in profile.describe()


def test_rows_by_table_stand_beside_those_of_before(releases: tuple[Dataset, Dataset]) -> None:
    tables = release_profile(releases[1]).tables.frame.set_index("table")
    assert tables.loc["person", ["rows", "rows_before", "change"]].tolist() == [61, 60, 1]
    assert tables.loc["person", "change_percent"] == pytest.approx(100 / 60)
    assert tables["rows"].sum() == release_profile(releases[1]).rows


def test_records_by_year_are_those_of_the_tables(releases: tuple[Dataset, Dataset]) -> None:
    data = releases[1]
    visits = data.table("visit_occurrence", columns=["person_id", "visit_start_date"])
    years = visits["visit_start_date"].dt.year
    counted = release_profile(data).by_year().frame
    own = counted[counted["table"] == "visit_occurrence"].set_index("year")
    assert own["records"].to_dict() == years.value_counts().to_dict()
    assert own["persons"].to_dict() == visits.groupby(years)["person_id"].nunique().to_dict()


def test_years_of_few_persons_are_left_out_and_it_is_said(releases: tuple[Dataset, Dataset]) -> None:
    profile = release_profile(releases[1])
    shown = profile.by_year(first_year=2015, fewest_persons=10)
    assert shown.frame["persons"].min() >= 10
    assert shown.frame["year"].min() >= 2015
    assert "fewer than 10 persons" in shown.method
    assert all(count >= 10 for count in shown.persons.values())
    figure = profile.plot_by_year(shown)
    assert len(figure.axes) == shown.frame["table"].nunique()


def test_gaps_are_missing_values_and_concept_0(releases: tuple[Dataset, Dataset]) -> None:
    data = releases[1]
    gaps = release_profile(data).gaps.frame.set_index(["table", "column"])
    conditions = data.table("condition_occurrence")
    assert (
        gaps.loc[("condition_occurrence", "condition_concept_id"), "concept_0"]
        == (conditions["condition_concept_id"] == 0).sum()
    )
    assert gaps.loc[("condition_occurrence", "stop_reason"), "missing"] == conditions["stop_reason"].isna().sum()
    assert ("person", "year_of_birth") not in gaps.index


def test_a_count_of_records_stands_for_at_most_so_many_persons(releases: tuple[Dataset, Dataset]) -> None:
    persons = release_profile(releases[1]).findings.persons
    assert persons["all"] == 61
    assert all(count <= 61 for count in persons.values())
    assert all(label == "all" or label.endswith(", at most") for label in persons)


def test_tables_show_words_to_the_left_and_their_method(releases: tuple[Dataset, Dataset]) -> None:
    found = release_profile(releases[1]).rules
    assert "Counted at import" in found._repr_html_()
    assert "concept-zero" in repr(found)


def test_demo_data_have_the_findings_of_their_import(gibleed_data: Path) -> None:
    profile = release_profile(open_catalog(gibleed_data)["gibleed"])
    assert profile.rows_with("owner-unknown") == 2649
    assert profile.count("problem") == len(profile.findings) == 23
    assert profile.rules.frame["severity"].tolist()[:8] == ["problem"] * 8


def test_shares_are_headed_by_their_unit_and_few_are_not_written_as_none() -> None:
    frame = pd.DataFrame({"table": ["person"], "share_percent_now": [0.0015], "share_percent": [0.0]})
    shown = repr(CountedTable(frame, "Shares", "counted", {"all": 40}))
    assert "Share now, %" in shown
    assert "Share, %" in shown
    assert "<0.01" in shown
    assert "0.00" in shown
