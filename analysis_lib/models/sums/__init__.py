"""The engine: what a model adds up over chunks of rows, who does the adding, and how it steps to the maximum."""

from analysis_lib.models.sums.adding import Block, DesignRows, Sums, Work, blas_of_one_thread
from analysis_lib.models.sums.maximise import LikelihoodAt, Maximum, maximise, profile_limit

__all__ = [
    "Block",
    "DesignRows",
    "LikelihoodAt",
    "Maximum",
    "Sums",
    "Work",
    "blas_of_one_thread",
    "maximise",
    "profile_limit",
]
