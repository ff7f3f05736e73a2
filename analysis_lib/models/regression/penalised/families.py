"""Distributions of the outcome that a penalised fit knows, each with its canonical link."""

from typing import Literal, get_args

__all__ = ["FAMILIES", "Family"]

Family = Literal["gaussian", "binomial", "poisson"]
FAMILIES: tuple[str, ...] = get_args(Family)
