"""Time to an event: curves of survival, hazard and incidence, tests of equality, Cox regression."""

from analysis_lib.models.survival.cox_regression import CoxResult, cox
from analysis_lib.models.survival.cumulative_hazard import NelsonAalenResult, nelson_aalen
from analysis_lib.models.survival.cumulative_incidence import cumulative_incidence
from analysis_lib.models.survival.cumulative_incidence_result import CumulativeIncidenceResult
from analysis_lib.models.survival.fine_gray import FineGrayResult, fine_gray
from analysis_lib.models.survival.kaplan_meier_result import KaplanMeierResult
from analysis_lib.models.survival.logrank_test import LogRankResult, logrank
from analysis_lib.models.survival.survival_curve import kaplan_meier

__all__ = [
    "CoxResult",
    "CumulativeIncidenceResult",
    "FineGrayResult",
    "KaplanMeierResult",
    "LogRankResult",
    "NelsonAalenResult",
    "cox",
    "cumulative_incidence",
    "fine_gray",
    "kaplan_meier",
    "logrank",
    "nelson_aalen",
]
