"""Regression models: generalised linear models and their relatives."""

from analysis_lib.models.regression.anova import OneWayAnova, one_way_anova
from analysis_lib.models.regression.conditional_logistic import conditional_logistic
from analysis_lib.models.regression.gee import gee
from analysis_lib.models.regression.glm import glm
from analysis_lib.models.regression.glm_result import GlmResult
from analysis_lib.models.regression.mixed import mixed
from analysis_lib.models.regression.nested import NestedTests, compare_models
from analysis_lib.models.regression.quantile_regression import quantile_regression

__all__ = [
    "GlmResult",
    "NestedTests",
    "OneWayAnova",
    "compare_models",
    "conditional_logistic",
    "gee",
    "glm",
    "mixed",
    "one_way_anova",
    "quantile_regression",
]
