"""Everything the library raises on purpose.

A message says what is wrong, what was found and what to do. It never holds a person's value: no id, date, free text
or row; counts, column names and types only, because papermill saves tracebacks into notebooks that others read.
"""

from typing import ClassVar

__all__ = [
    "AnalysisError",
    "BucketFailedError",
    "CirceError",
    "ClusterStartError",
    "ClusterStoppedError",
    "ConceptWarning",
    "ConvergenceError",
    "DamagedReleaseError",
    "DatasetNameError",
    "DatasetNotFoundError",
    "EmptyConceptSetError",
    "EmptyResultWarning",
    "FeatureInputError",
    "ImportRefusedError",
    "ImportRunningError",
    "InvalidDefinitionError",
    "ModelInputError",
    "OutputError",
    "SeparationError",
    "SourceError",
    "StorageError",
    "SyntheticDataError",
    "UnitError",
    "UnknownConceptError",
    "UnknownPersonWarning",
    "UnknownTableError",
    "WorkerLostError",
]


class AnalysisError(Exception):
    """Root of all errors that `analysis_lib` raises on purpose."""

    code: ClassVar[str] = "ANALYSIS"
    exit_code: ClassVar[int] = 10


class BucketFailedError(AnalysisError):
    """A function that was mapped over buckets raised something unforeseen; where there is one, that is `original`."""

    code = "COMPUTE-BUCKET-FAILED"
    exit_code = 26
    original: Exception | None = None


class WorkerLostError(AnalysisError):
    """Workers of the Dask cluster died again and again under the same piece of work."""

    code = "COMPUTE-WORKER-LOST"
    exit_code = 27


class ClusterStartError(AnalysisError):
    """The Dask cluster did not start, or may not be started from here."""

    code = "COMPUTE-CLUSTER-START"
    exit_code = 28


class ClusterStoppedError(AnalysisError):
    """The Dask cluster has been closed, has stopped itself when idle, or has died."""

    code = "COMPUTE-CLUSTER-STOPPED"
    exit_code = 29


class DatasetNotFoundError(AnalysisError, KeyError):
    """The catalog has no data set, or no release, of that name."""

    code = "DATA-NOT-FOUND"
    exit_code = 11

    # KeyError shows its message in quotes; the message is a sentence, so show it as every other error does.
    __str__ = Exception.__str__


class SourceError(AnalysisError):
    """The source cannot be read, or is not an OMOP database."""

    code = "DATA-SOURCE"
    exit_code = 12


class ImportRefusedError(AnalysisError):
    """The source was read, and something in it cannot be carried over faithfully."""

    code = "DATA-REFUSED"
    exit_code = 13


class DatasetNameError(AnalysisError, ValueError):
    """A data set may not have that name."""

    code = "DATA-NAME"
    exit_code = 14


class DamagedReleaseError(AnalysisError):
    """Bytes of a release are not those that were written."""

    code = "DATA-DAMAGED"
    exit_code = 15


class ImportRunningError(AnalysisError):
    """Another process imports into the same data set."""

    code = "DATA-BUSY"
    exit_code = 16


class StorageError(AnalysisError):
    """The data folder cannot be written: full, read-only or not a folder."""

    code = "DATA-STORE"
    exit_code = 17


class UnknownTableError(AnalysisError, KeyError):
    """A release has no table or column of that name."""

    code = "DATA-TABLE"
    exit_code = 18

    __str__ = Exception.__str__


class InvalidDefinitionError(AnalysisError, ValueError):
    """A cohort definition, concept set or time at risk says something that cannot be meant."""

    code = "COHORT-DEFINITION"
    exit_code = 20


class UnknownConceptError(AnalysisError, KeyError):
    """A concept set names concepts that the release's vocabulary does not have."""

    code = "COHORT-UNKNOWN-CONCEPT"
    exit_code = 21

    __str__ = Exception.__str__


class EmptyConceptSetError(AnalysisError, ValueError):
    """A concept set stands for no concept at all."""

    code = "COHORT-EMPTY-CONCEPT-SET"
    exit_code = 22


class ModelInputError(AnalysisError):
    """A model or table was given data or arguments that it cannot use."""

    code = "MODEL-INPUT"
    exit_code = 23


class ConvergenceError(AnalysisError):
    """A fit ended without an estimate."""

    code = "MODEL-CONVERGENCE"
    exit_code = 24


class SeparationError(ConvergenceError):
    """No finite estimate exists: a covariate, or a combination of several, foretells the events perfectly."""

    code = "MODEL-SEPARATION"


class OutputError(AnalysisError):
    """A report declared an output that cannot be accepted."""

    code = "REPORT-OUTPUT"
    exit_code = 25


class EmptyResultWarning(UserWarning):
    """A cohort, a follow-up or an outcome has nobody in it: allowed, and said."""


class CirceError(InvalidDefinitionError):
    """A Circe (ATLAS) document cannot be read, or says something that its SQL cannot mean."""

    code = "COHORT-CIRCE"
    exit_code = 74


class UnitError(AnalysisError, ValueError):
    """Measurements in units that cannot be brought to the one asked for."""

    code = "FEATURE-UNIT"
    exit_code = 71


class FeatureInputError(AnalysisError, ValueError):
    """A feature, a window or an outcome was asked for in a way that cannot be meant."""

    code = "FEATURE-INPUT"
    exit_code = 72


class SyntheticDataError(AnalysisError, ValueError):
    """Synthetic data were asked for in a way that cannot be made."""

    code = "TESTING-INPUT"
    exit_code = 73


class ConceptWarning(UserWarning):
    """A concept set stands for less than it says: unknown or deprecated concepts, no descendants, or nothing."""


class UnknownPersonWarning(UserWarning):
    """Some of the people asked about are not in the data release."""
