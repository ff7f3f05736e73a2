"""Regression models: generalised linear models and their relatives."""

__all__: list[str] = []
