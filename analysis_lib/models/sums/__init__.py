"""The engine: what a model adds up over chunks of rows, who does the adding, and how it steps to the maximum."""

from analysis_lib.models.sums.adding import AddsUp, Block, DesignRows, SampledRows, Sums, Work, blas_of_one_thread
from analysis_lib.models.sums.maximise import LikelihoodAt, Maximum, maximise, profile_limit

__all__ = [
    "AddsUp",
    "Block",
    "DesignRows",
    "LikelihoodAt",
    "Maximum",
    "SampledRows",
    "Sums",
    "Work",
    "blas_of_one_thread",
    "maximise",
    "profile_limit",
]
