"""What the library gives can be an input of a stage, and its tables a result, with dtypes and units as they were."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from analysis_lib.catalog import Dataset
from analysis_lib.cohort import (
    CohortDefinition,
    ConceptSet,
    baseline_covariates,
    build_cohort,
    follow_up,
    study_population,
)
from analysis_lib.features import Count, Demographic, Flag, baseline
from analysis_lib.models import incidence_rates, kaplan_meier
from analysis_lib.report import Report, attrition_table, compare_hazards, table_one
from analysis_lib.report.stages import Stage
from analysis_lib.report.stages.content import ContentWriter

CELECOXIB, DICLOFENAC, BLEED = 1118084, 1124300, 192671


@pytest.fixture(scope="module")
def results(gibleed: Dataset) -> dict[str, Any]:
    target, other, bleed = (ConceptSet.of_concept(concept, gibleed) for concept in (CELECOXIB, DICLOFENAC, BLEED))
    cohorts = [
        build_cohort(CohortDefinition.new_users(drug, washout_days=0, cohort_definition_id=place), gibleed)
        for place, drug in enumerate((target, other), start=1)
    ]
    study = study_population(*cohorts, outcome=bleed)
    people = baseline_covariates(study, prior=[bleed])
    columns = {"time": "time_at_risk_days", "event": "event"}
    features = baseline(cohorts[0], Demographic("age_years"), Demographic("sex"), Flag(bleed), Count(bleed))
    return {
        "cohort": cohorts[0],
        "study": study,
        "followed": follow_up(cohorts[0], outcome=bleed),
        "people": people,
        "features": features,
        "features as frame": features.to_pandas(),
        "features in xarray": features.to_xarray(),
        "missing": features.missing(),
        "described": features.describe(),
        "attrition": attrition_table(study),
        "table one": table_one(people, by="arm"),
        "curves": kaplan_meier(people, **columns, by="arm"),
        "rates": incidence_rates(people, **columns, by="arm"),
        "hazards": compare_hazards(people, **columns, treatment="treatment", adjust_for=["age_years", "sex"]),
        "persons": gibleed.table("person"),
        "visits": gibleed.table("visit_occurrence"),
        "query": gibleed.query("SELECT count(*) AS n, min(birth_datetime) AS first FROM person"),
        "quality": gibleed.quality,
    }


def _told(value: Any) -> str:
    return ContentWriter("the value", kept=False).content(value).sha256


def test_every_result_has_a_hash_of_its_own_that_does_not_move(results: dict[str, Any]) -> None:
    told = {name: _told(value) for name, value in results.items()}
    assert told == {name: _told(value) for name, value in results.items()}
    assert len(set(told.values())) == len(told)


def test_every_frame_is_kept_and_found_with_its_dtypes_and_units(results: dict[str, Any], stages: Path) -> None:
    frames = {}
    for name, value in results.items():
        table = value.to_frame() if hasattr(value, "to_frame") and not isinstance(value, pd.DataFrame) else value
        if isinstance(table, pd.DataFrame | xr.Dataset):
            frames[name.replace(" ", "_")] = table
    assert len(frames) >= 10

    def run() -> Stage:
        with Report(title="T").stage("tables", inputs={}, code="1") as stage:
            if stage.is_new:
                stage.keep(**frames)
        return stage

    assert run().is_new
    found = run()
    assert not found.is_new
    for name, frame in frames.items():
        if isinstance(frame, xr.Dataset):
            xr.testing.assert_identical(found[name], frame)
            continue
        pd.testing.assert_frame_equal(found[name], frame, check_exact=True)
        assert found[name].attrs == frame.attrs
    assert np.dtype("int64") in set(found["persons"].dtypes)
