"""Regression models: generalised linear models and their relatives."""

from analysis_lib.models.regression.anova import OneWayAnova, one_way_anova
from analysis_lib.models.regression.glm import glm
from analysis_lib.models.regression.glm_result import GlmResult
from analysis_lib.models.regression.nested import NestedTests, compare_models

__all__ = ["GlmResult", "NestedTests", "OneWayAnova", "compare_models", "glm", "one_way_anova"]
