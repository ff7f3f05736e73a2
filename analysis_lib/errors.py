"""Everything the library raises on purpose.

A message says what is wrong, what was found and what to do. It never holds a person's value: no id, date, free text
or row; counts, column names and types only, because papermill saves tracebacks into notebooks that others read.
"""

from typing import ClassVar

__all__ = ["AnalysisError"]


class AnalysisError(Exception):
    """Root of all errors that `analysis_lib` raises on purpose."""

    code: ClassVar[str] = "ANALYSIS"
    exit_code: ClassVar[int] = 10
