"""Cox's proportional hazards regression: the model, its risk sets, and what can be asked of a fit."""

from analysis_lib.models.survival.cox_regression.cox_model import cox
from analysis_lib.models.survival.cox_regression.cox_result import CoxResult

__all__ = ["CoxResult", "cox"]
