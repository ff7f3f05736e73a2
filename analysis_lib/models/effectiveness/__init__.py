"""Comparing treatments: propensity scores, weights, matching, balance, bias."""

__all__: list[str] = []
