"""What is known of each person around the index date: covariates before it, outcomes after it."""

from analysis_lib.features.baseline import baseline
from analysis_lib.features.demographics import Demographic
from analysis_lib.features.events import Count, DaysSince, Flag
from analysis_lib.features.every_concept import every_concept
from analysis_lib.features.kidney_injury import kdigo_aki
from analysis_lib.features.outcome import outcome
from analysis_lib.features.scores import Score
from analysis_lib.features.stays import DrugExposure, Visits
from analysis_lib.features.values import Value

__all__ = [
    "Count",
    "DaysSince",
    "Demographic",
    "DrugExposure",
    "Flag",
    "Score",
    "Value",
    "Visits",
    "baseline",
    "every_concept",
    "kdigo_aki",
    "outcome",
]
