"""Predicting risks: models, their performance, and what must not leak into them."""

__all__: list[str] = []
