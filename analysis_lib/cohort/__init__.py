"""Who is in the study, from when to when: cohort definitions, and the cohorts they give in a data release.

The short forms of a definition stand here; the rest of the language in `analysis_lib.cohort.language`, and the ways
out of a cohort in `analysis_lib.cohort.exits`.
"""

from analysis_lib.cohort.baseline import baseline_covariates
from analysis_lib.cohort.build import Cohort, build_cohort, build_cohorts
from analysis_lib.cohort.follow_up import follow_up, study_population
from analysis_lib.cohort.language.concepts import ConceptSet
from analysis_lib.cohort.language.definition import CohortDefinition
from analysis_lib.cohort.language.entries import EntryEvent
from analysis_lib.cohort.language.rules import PriorObservation, Washout
from analysis_lib.cohort.time_at_risk import TimeAtRisk

__all__ = [
    "Cohort",
    "CohortDefinition",
    "ConceptSet",
    "EntryEvent",
    "PriorObservation",
    "TimeAtRisk",
    "Washout",
    "baseline_covariates",
    "build_cohort",
    "build_cohorts",
    "follow_up",
    "study_population",
]
