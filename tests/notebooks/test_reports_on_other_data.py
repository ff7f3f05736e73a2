"""The shipped reports run by the runner on other content: nobody found, no units, another hospital, a new release."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from analysis_lib.catalog import import_omop
from analysis_lib.cohort import CohortDefinition, ConceptSet, EntryEvent
from analysis_lib.testing import Mess, synthetic_omop
from hub_config.shipped import notebooks_dir

# Of GiBleed: a procedure that one person had, and a condition that nobody had after diclofenac.
RARE_PROCEDURE, RARE_CONDITION = 4234705, 4084167
INPATIENT, IBUPROFEN, METFORMIN, HEART_FAILURE = 9201, 1177480, 1503297, 316139


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with two releases of a synthetic hospital."""
    folder = tmp_path_factory.mktemp("hospital")
    for persons, mess in ((390, Mess()), (400, Mess(concept_zero=0.02))):
        source = folder / f"{persons}.duckdb"
        synthetic_omop(source, persons=persons, seed=2, measurements_per_person=5, mess=mess)
        import_omop(source, name="hospital", data=folder / "data")
    return folder / "data"


def _run(report: str, *, data: Path, home: Path, **parameters: object) -> dict[str, Any]:
    """Run a report to its end; give its record, what it declared, and what it said."""
    words = [word for name, value in parameters.items() for word in ("-p", f"{name}={value}")]
    command = [
        sys.executable,
        "-m",
        "hub_config.cli",
        "report",
        "run",
        str(notebooks_dir() / "reports" / f"{report}.ipynb"),
    ]
    done = subprocess.run(
        [*command, *words, "--home", str(home), "--json"],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
        env=os.environ | {"COHORTHUB_DATA": str(data)},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    folder = Path(json.loads(done.stdout)["folder"])
    outputs = json.loads((folder / "outputs.json").read_text(encoding="utf-8"))["outputs"]
    return {
        "record": json.loads((folder / "run.json").read_text(encoding="utf-8")),
        "outputs": {entry["id"]: entry for entry in outputs},
        "page": (folder / "report.html").read_text(encoding="utf-8"),
    }


def _words(page: str) -> list[str]:
    """What a page says, without its style, code and pictures."""
    said = re.sub(r"(?s)<(style|script|details).*?</\1>", " ", page)
    return re.findall(r"[a-z]+", re.sub(r"(?s)<[^>]*>", " ", said).lower())


@pytest.mark.parametrize(
    ("parameters", "words", "outputs"),
    [
        ({"definition": "new_users_of_celecoxib", "unknown_concepts": "warn"}, "Nobody is in this cohort", 3),
        ({"definition": "first_heart_failure", "fewest_persons": 300}, "Fewer than 300 people are in this cohort", 3),
    ],
)
def test_a_cohort_of_nobody_or_few_is_said_in_a_sentence(
    hospital: Path, tmp_path: Path, parameters: dict[str, object], words: str, outputs: int
) -> None:
    ran = _run(
        "cohort_profile", data=hospital, home=tmp_path, data_set="hospital", describe_condition_ids="[]", **parameters
    )
    assert ran["record"]["ended_early"]
    assert words in ran["page"]
    assert len(ran["outputs"]) == outputs


def test_another_hospital_is_profiled_with_a_definition_from_atlas(hospital: Path, tmp_path: Path) -> None:
    ran = _run(
        "cohort_profile",
        data=hospital,
        home=tmp_path,
        data_set="hospital",
        definition="first_heart_failure",
        describe_condition_ids=201826,
        fewest_persons=1,
    )
    assert not ran["record"]["ended_early"]
    assert ran["outputs"]["incidence"]["value"] > 0


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"unit": "ward"}, "cases names its ward: no units can be compared"),
        ({"first_date": "2020-01-01", "last_date": "2010-12-31"}, "Give the days the other way round"),
    ],
)
def test_an_indicator_without_units_or_cases_says_so(
    hospital: Path, tmp_path: Path, parameters: dict[str, object], words: str
) -> None:
    asked = {"case_concept_ids": INPATIENT, "case_table": "visit_occurrence", "event_concept_ids": IBUPROFEN}
    ran = _run("quality_indicator", data=hospital, home=tmp_path, data_set="hospital", **asked, **parameters)
    assert ran["record"]["ended_early"]
    assert words in ran["page"]


def test_an_indicator_compares_the_care_sites_of_a_hospital(hospital: Path, tmp_path: Path) -> None:
    ran = _run(
        "quality_indicator",
        data=hospital,
        home=tmp_path,
        data_set="hospital",
        case_concept_ids=INPATIENT,
        case_table="visit_occurrence",
        event_concept_ids=IBUPROFEN,
        unit="care_site",
        step="year",
        first_date="2010-01-01",
        last_date="2023-12-31",
        overdispersion="additive",
    )
    assert ran["outputs"]["cases-without-unit"]["value"] == 0
    sites = [row["unit"] for row in ran["outputs"]["by-unit"]["estimates"]]
    assert len(sites) > 5
    assert ran["outputs"]["funnel"]["persons"]["all"] == ran["outputs"]["cases"]["persons"]["all"]


def test_a_cohort_of_one_person_from_a_definition_of_the_home_is_profiled_without_a_number_that_is_none(
    gibleed_data: Path, tmp_path: Path
) -> None:
    (tmp_path / "cohorts").mkdir()
    own = CohortDefinition("rare", EntryEvent(ConceptSet("rare", [RARE_PROCEDURE]), "procedure_occurrence"))
    (tmp_path / "cohorts" / "rare.json").write_text(own.to_json(), encoding="utf-8")
    ran = _run("cohort_profile", data=gibleed_data, home=tmp_path, definition="rare", fewest_persons=1)
    assert not ran["record"]["ended_early"]
    assert ran["outputs"]["persons"]["value"] == 1
    assert "1 first entries in" in ran["page"]
    assert "nan" not in _words(ran["page"])


def test_a_group_in_which_nobody_had_the_outcome_is_said_and_no_hazard_ratio_is_declared(
    gibleed_data: Path, tmp_path: Path
) -> None:
    ran = _run("comparative_safety", data=gibleed_data, home=tmp_path, outcome_concept_id=RARE_CONDITION)
    assert "Nobody on diclofenac had the outcome" in ran["page"]
    assert not {"hazard-ratio", "log-hazard-ratio", "hazard-ratio-adjusted", "forest"} & ran["outputs"].keys()
    assert [row["events"] for row in ran["outputs"]["incidence-rates"]["estimates"]][-1] == 0
    assert "not estimable" in ran["page"]
    assert ran["outputs"]["outcomes"]["persons"]["with the outcome"] == ran["outputs"]["outcomes"]["value"] == 1
    assert "Outcomes in both groups: 1" in ran["page"]  # named as an output with a small count, of which there is one
    assert "nan" not in _words(ran["page"])


def test_one_month_alone_is_compared_with_nothing(gibleed_data: Path, tmp_path: Path) -> None:
    days = {"first_date": "2018-05-01", "last_date": "2018-05-31"}
    ran = _run("quality_indicator", data=gibleed_data, home=tmp_path, fewest_persons=1, **days)
    assert "There is one month alone" in ran["page"]
    assert not {"latest-share", "latest-change"} & ran["outputs"].keys()
    assert "nan" not in _words(ran["page"])


def test_a_second_release_is_compared_with_the_first(hospital: Path, tmp_path: Path) -> None:
    ran = _run("data_quality", data=hospital, home=tmp_path, data_set="hospital")
    assert ran["outputs"]["persons"]["value"] == 400
    assert ran["outputs"]["new-problems"]["value"] == ran["outputs"]["problems"]["value"] > 0
    assert {row["what"] for row in ran["outputs"]["changes"]["estimates"]} == {"new"}
    assert len(ran["record"]["data_releases"]) == 2


def test_a_comparison_with_an_empty_group_says_so(hospital: Path, tmp_path: Path) -> None:
    ran = _run(
        "comparative_safety",
        data=hospital,
        home=tmp_path,
        data_set="hospital",
        target_concept_id=IBUPROFEN,
        comparator_concept_id=METFORMIN,
        outcome_concept_id=HEART_FAILURE,
        prior_condition_ids="[]",
        washout_days=3650,
    )
    assert ran["record"]["ended_early"]
    assert "One of the groups is empty" in ran["page"]
    assert ran["outputs"]["persons-target"]["value"] * ran["outputs"]["persons-comparator"]["value"] == 0
