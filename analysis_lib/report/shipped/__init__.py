"""What the reports that come with CohortHub are made of: a release, a cohort, an indicator, each in one call."""

from analysis_lib.report.shipped.cohort_incidence import CohortIncidence, cohort_incidence
from analysis_lib.report.shipped.definitions import definition_named
from analysis_lib.report.shipped.follow_up_length import observed_after_entry
from analysis_lib.report.shipped.indicator import IndicatorCases, concepts_by_id, indicator_cases
from analysis_lib.report.shipped.release_profile import ReleaseProfile, release_profile
from analysis_lib.report.shipped.small_counts import SmallCounts, small_counts

__all__ = [
    "CohortIncidence",
    "IndicatorCases",
    "ReleaseProfile",
    "SmallCounts",
    "cohort_incidence",
    "concepts_by_id",
    "definition_named",
    "indicator_cases",
    "observed_after_entry",
    "release_profile",
    "small_counts",
]
