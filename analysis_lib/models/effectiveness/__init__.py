"""Comparing treatments: propensity scores, weights, matching, balance, bias."""

from analysis_lib.models.effectiveness.adjusted import Adjusted
from analysis_lib.models.effectiveness.balance import Balance
from analysis_lib.models.effectiveness.e_value import EValue, e_value
from analysis_lib.models.effectiveness.error_model import ErrorModel, error_model
from analysis_lib.models.effectiveness.negative_controls import EmpiricalNull, empirical_null
from analysis_lib.models.effectiveness.propensity import propensity_score, propensity_score_matrix
from analysis_lib.models.effectiveness.propensity_scores import PropensityScores

__all__ = [
    "Adjusted",
    "Balance",
    "EValue",
    "EmpiricalNull",
    "ErrorModel",
    "PropensityScores",
    "e_value",
    "empirical_null",
    "error_model",
    "propensity_score",
    "propensity_score_matrix",
]
