"""Predicting risks: models, their performance, and what must not leak into them."""

from analysis_lib.models.prediction.area_difference import area_difference
from analysis_lib.models.prediction.calibration import calibration
from analysis_lib.models.prediction.classification import classification
from analysis_lib.models.prediction.decision_curve import decision_curve
from analysis_lib.models.prediction.leakage import check_leakage
from analysis_lib.models.prediction.performance import performance
from analysis_lib.models.prediction.person_split import split_persons
from analysis_lib.models.prediction.precision_recall import precision_recall
from analysis_lib.models.prediction.risk_model import risk_model
from analysis_lib.models.prediction.roc import roc
from analysis_lib.models.prediction.survival_performance import survival_performance
from analysis_lib.models.prediction.tripod import tripod_appendix

__all__ = [
    "area_difference",
    "calibration",
    "check_leakage",
    "classification",
    "decision_curve",
    "performance",
    "precision_recall",
    "risk_model",
    "roc",
    "split_persons",
    "survival_performance",
    "tripod_appendix",
]
