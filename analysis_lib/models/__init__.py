"""Estimates: survival curves, Cox regression, incidence rates.

Each function takes a data frame and column names, and gives a result that says how it was made, shows itself in a
notebook and draws itself as a journal prints it.
"""

from analysis_lib.models.cox_regression import cox
from analysis_lib.models.cox_result import CoxResult
from analysis_lib.models.logrank_test import LogRankResult, logrank
from analysis_lib.models.rates import IncidenceRate, IncidenceRates, incidence_rate, incidence_rates
from analysis_lib.models.result import ModelResult
from analysis_lib.models.survival_curve import KaplanMeierResult, kaplan_meier

__all__ = [
    "CoxResult",
    "IncidenceRate",
    "IncidenceRates",
    "KaplanMeierResult",
    "LogRankResult",
    "ModelResult",
    "cox",
    "incidence_rate",
    "incidence_rates",
    "kaplan_meier",
    "logrank",
]
