"""How long the people of a cohort are observed after they enter."""

from typing import TYPE_CHECKING

from analysis_lib.features import Demographic, baseline

if TYPE_CHECKING:
    import pandas as pd

    from analysis_lib.cohort import Cohort

__all__ = ["observed_after_entry"]


def observed_after_entry(cohort: "Cohort") -> "pd.DataFrame":
    """Describe how long the people of a cohort were observed, for a table and for a curve.

    Parameters
    ----------
    cohort : Cohort
        Who entered.

    Returns
    -------
    DataFrame
        One row per person and index date: ``subject_id``, ``cohort_start_date``, ``age_years``, ``sex``,
        ``index_year``, ``days_observed_before``, ``days_observed_after``; then ``days_under_observation`` (the index
        date and the last day both count) and ``observation_ended``, always true.
    """
    kinds = ("age_years", "sex", "index_year", "days_observed_before", "days_observed_after")
    people = baseline(cohort, *map(Demographic, kinds)).to_pandas()
    attrs = dict(people.attrs)
    days = people["days_observed_after"].astype("Int64") + 1
    people = people.assign(days_under_observation=days, observation_ended=True)
    people.attrs.update(attrs)
    return people
