"""Death ends the time at risk, and an event on the day of death counts."""

from collections.abc import Callable

import pandas as pd

from analysis_lib.catalog import Dataset
from analysis_lib.cohort import ConceptSet
from analysis_lib.features import outcome

ReleaseOf = Callable[..., Dataset]


def test_death_ends_the_time_at_risk_and_an_event_on_that_day_counts(release_of: ReleaseOf):
    dataset = release_of(
        {
            "person": [(person, 1950, 8532) for person in (1, 2, 3)],
            "observation_period": [(person, person, "2010-01-01", "2010-12-31") for person in (1, 2, 3)],
            "death": [(1, "2010-06-10"), (2, "2010-06-10")],
            "condition_occurrence": [(1, 1, 30, "2010-06-11"), (2, 2, 30, "2010-06-10"), (3, 3, 31, "2010-06-11")],
        },
        bucket_count=4,
    )
    people = pd.DataFrame({"subject_id": [3, 2, 1]}).assign(cohort_start_date=pd.Timestamp("2010-06-01"))
    found = outcome(people, ConceptSet("bleed", [30]), dataset=dataset)
    assert found.frame["subject_id"].tolist() == [3, 2, 1]
    assert found.frame["end_reason"].tolist() == ["event", "event", "death"]
    assert found.frame["time_at_risk_days"].tolist() == [11, 10, 10]
    assert "death 1" in found._repr_html_()
    uncensored = outcome(people, ConceptSet("bleed", [30]), censor_at_death=False, dataset=dataset)
    assert uncensored.frame["event"].tolist() == [1, 1, 1]
