"""Estimates: survival curves, regression, rates, comparisons of treatments, predictions.

Each function takes a data frame and column names, and gives a result that says how it was made, shows itself in a
notebook and draws itself as a journal prints it. What is used most is here; the rest is in the rooms below:
`analysis_lib.models.regression`, `.survival`, `.rates`, `.effectiveness`, `.prediction`.
"""

from analysis_lib.models.rates import incidence_rate, incidence_rates
from analysis_lib.models.regression import glm
from analysis_lib.models.result import ModelResult
from analysis_lib.models.survival import cox, kaplan_meier, logrank

__all__ = [
    "ModelResult",
    "cox",
    "glm",
    "incidence_rate",
    "incidence_rates",
    "kaplan_meier",
    "logrank",
]
