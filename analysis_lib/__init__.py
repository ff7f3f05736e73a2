"""Shared, tested analyses over biomedical cohort data.

Rooms, in the order of a study: `analysis_lib.catalog`, `analysis_lib.cohort`, `analysis_lib.models`,
`analysis_lib.report`; beside them `analysis_lib.compute`. Importing this package does nothing else.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    __version__: str

__all__ = ["__version__"]


def __getattr__(name: str) -> str:
    # Reading the installed metadata costs a few milliseconds, so it waits until somebody asks.
    if name == "__version__":
        from importlib.metadata import version

        return version("cohorthub")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
