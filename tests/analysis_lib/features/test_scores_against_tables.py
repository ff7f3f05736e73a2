"""Both scores on five hundred synthetic people, against a slow reading of the same tables in plain Python."""

from collections import defaultdict
from datetime import date

import pandas as pd
import pytest

from analysis_lib.catalog import Dataset, import_omop
from analysis_lib.errors import ConceptWarning
from analysis_lib.features import Score, baseline
from analysis_lib.features.score_concepts import CHA2DS2_VASC, CHARLSON, Condition
from analysis_lib.testing import synthetic_omop
from analysis_lib.windows import Window

History = list[tuple[int, date]]


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    folder = tmp_path_factory.mktemp("hospital")
    synthetic_omop(folder / "source.duckdb", persons=500, seed=11, measurements_per_person=0, wide_ids=True)
    return import_omop(folder / "source.duckdb", name="hospital", data=folder / "data", bucket_count=4).dataset


class PlainReading:
    """The tables as lists and sets, and the rules of the scores as loops."""

    def __init__(self, dataset: Dataset) -> None:
        self.below: dict[int, set[int]] = defaultdict(set)
        for above, below in dataset.table("concept_ancestor").iloc[:, :2].itertuples(index=False):
            self.below[above].add(below)
        self.histories: dict[int, History] = defaultdict(list)
        columns = ["person_id", "condition_concept_id", "condition_start_date"]
        for person, concept, day in dataset.table("condition_occurrence", columns=columns).itertuples(index=False):
            self.histories[person].append((concept, day.date()))
        people = dataset.table("person", columns=["person_id", "year_of_birth", "gender_concept_id"])
        self.people = {person: (born, gender) for person, born, gender in people.itertuples(index=False)}

    def had(self, condition: Condition, person: int, since: date, until: date) -> bool:
        meant = {concept for top in condition.concept_ids for concept in (top, *self.below[top])}
        meant |= set(condition.alone)
        meant -= {concept for top in condition.excluded for concept in (top, *self.below[top])}
        return any(concept in meant and since <= day <= until for concept, day in self.histories[person])

    def charlson(self, version: int, person: int, since: date, until: date) -> int:
        had = {each.name for each in CHARLSON if self.had(each, person, since, until)}
        for mild, grave in (
            ("mild liver disease", "moderate or severe liver disease"),
            ("diabetes", "diabetes with complications"),
            ("malignancy", "metastatic solid tumour"),
        ):
            had -= {mild} if grave in had else set()
        return sum(each.weights[version] for each in CHARLSON if each.name in had)

    def cha2ds2_vasc(self, person: int, since: date, until: date) -> int:
        born, gender = self.people[person]
        age = until.year - born
        points = 2 if age >= 75 else 1 if age >= 65 else 0
        points += 1 if gender == 8532 else 0
        for condition in CHA2DS2_VASC:
            if self.had(condition, person, since, until):
                points += 2 if condition.name == "stroke or thromboembolism" else 1
        return points


@pytest.mark.parametrize("window", [Window(None, 0), Window(-1000, 0)])
def test_the_scores_are_those_of_a_plain_reading(hospital: Dataset, window: Window) -> None:
    periods = hospital.table("observation_period").drop_duplicates("person_id")
    members = pd.DataFrame(
        {"subject_id": periods["person_id"], "cohort_start_date": periods["observation_period_end_date"]}
    )
    kinds = ("charlson_1987", "charlson_quan_2011", "cha2ds2_vasc")
    scores = [Score(kind, window) for kind in kinds]
    with pytest.warns(ConceptWarning):  # the synthetic vocabulary lacks most concepts of the scores
        found = baseline(members, *scores, dataset=hospital, unknown_concepts="warn").to_pandas()
    plain = PlainReading(hospital)
    expected = []
    for person, index in members.itertuples(index=False):
        until = index.date()
        since = date.min if window.first_day < -1000 else (index - pd.Timedelta(days=1000)).date()
        two = [plain.charlson(version, person, since, until) for version in (0, 1)]
        expected.append([*two, plain.cha2ds2_vasc(person, since, until)])
    assert found[list(kinds)].to_numpy().tolist() == expected
    assert found["charlson_1987"].nunique() > 3  # the people differ, or this says little
    assert found["cha2ds2_vasc"].nunique() > 4
