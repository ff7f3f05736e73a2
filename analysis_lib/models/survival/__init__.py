"""Time to an event: survival curves, tests of equal survival, Cox regression."""

from analysis_lib.models.survival.cox_regression import cox
from analysis_lib.models.survival.cox_result import CoxResult
from analysis_lib.models.survival.logrank_test import LogRankResult, logrank
from analysis_lib.models.survival.survival_curve import KaplanMeierResult, kaplan_meier

__all__ = ["CoxResult", "KaplanMeierResult", "LogRankResult", "cox", "kaplan_meier", "logrank"]
