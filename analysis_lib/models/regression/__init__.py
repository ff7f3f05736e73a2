"""Regression models: generalised linear models and their relatives."""

from analysis_lib.models.regression.anova import OneWayAnova, one_way_anova

__all__ = ["OneWayAnova", "one_way_anova"]
