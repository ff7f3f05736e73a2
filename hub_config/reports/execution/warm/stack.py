"""What the warm parent imports for its kernels, in a state as if each kernel had imported it itself."""

import builtins
import contextlib
import gc
import importlib
import os
import sys
import warnings
from collections.abc import Iterable, Iterator
from typing import Any

__all__ = ["KERNEL_MODULES", "STACK", "added_filters", "import_stack", "resume_threads"]

# What `python -m ipykernel_launcher` would import until its first cell.
KERNEL_MODULES = (
    "ipykernel.kernelapp",
    "ipykernel.ipkernel",
    "ipykernel.zmqshell",
    "ipykernel.debugger",
    "ipykernel.comm.manager",
    "IPython.core.completer",
    "IPython.core.displaypub",
    "IPython.core.magics",
    "IPython.core.payloadpage",
    "multiprocessing.popen_fork",
)
# What reports import in their first cells. One that is not installed is passed over.
STACK = (
    "numpy",
    "scipy.stats",
    "scipy.linalg",
    "scipy.optimize",
    "pandas",
    "pyarrow.parquet",
    "pyarrow.dataset",
    "pyarrow.compute",
    "xarray",
    "dask.dataframe",
    "dask.array",
    "distributed",
    "statsmodels.api",
    "statsmodels.formula.api",
    "matplotlib.pyplot",
    "duckdb",
    "numba",
    "analysis_lib.catalog",
    "analysis_lib.cohort",
    "analysis_lib.compute",
    "analysis_lib.features",
    "analysis_lib.models",
    "analysis_lib.report",
)
# Packages that start threads while they are imported, which no fork may have. What would import one of them is left for
# the kernel to import: statsmodels 0.15 does, where polars is installed.
THREADED = frozenset({"polars"})
BACKEND = "module://matplotlib_inline.backend_inline"
_added_filters: list[Any] = []
_stilled_threads: list[int] = []


class _ThreadsError(BaseException):
    """A package that starts threads is asked for; no ``except ImportError`` takes this for "not installed"."""


class _Guard:
    """A finder of modules that finds none, and stops the import of what starts threads."""

    @staticmethod
    def find_spec(name: str, _path: Any = None, _target: Any = None) -> None:
        """Let all others pass."""
        if name in THREADED:
            raise _ThreadsError


class _Shell:
    """As much of a kernel's shell as libraries look at while they are imported."""

    kernel = object()


def import_stack(modules: Iterable[str] = STACK) -> list[str]:
    """Import what kernels need, and nothing else: nothing is computed, no thread or socket is made.

    Parameters
    ----------
    modules : iterable of str
        Names, after `KERNEL_MODULES`.

    Returns
    -------
    list of str
        Those that could not be imported, or not without starting threads.
    """
    missing = []
    before = list(warnings.filters)
    with _as_in_a_kernel():
        for name in (*KERNEL_MODULES, *modules):
            try:
                importlib.import_module(name)
            except (Exception, _ThreadsError):  # noqa: BLE001 - a broken library breaks the report that uses it
                missing.append(name)
    _still_threads()
    known = {id(one) for one in before}
    _added_filters[:] = [one for one in warnings.filters if id(one) not in known]
    warnings.filters[:] = before  # type: ignore[index]
    gc.collect()
    gc.freeze()  # the collector would write to every page that kernels share with their parent
    return missing


def added_filters() -> list[Any]:
    """Give the warnings filters that the stack added; a kernel puts them before IPython's, where they would stand.

    Returns
    -------
    list of tuple
        As ``warnings.filters`` holds them.
    """
    return _added_filters


def _still_threads() -> None:
    """End the threads that numexpr, which pandas takes along where it is installed, starts at its import."""
    if (numexpr := sys.modules.get("numexpr")) is not None:
        _stilled_threads.append(numexpr.set_num_threads(1))


def resume_threads() -> None:
    """In a kernel: start what was stilled, as many as there would be."""
    for count in _stilled_threads:
        sys.modules["numexpr"].set_num_threads(count)


class _Stream:
    """Standard output or error as a kernel has it: what keeps a handle on it writes to wherever it goes then."""

    encoding = "UTF-8"

    def __init__(self, name: str) -> None:
        self._name, self._own = name, getattr(sys, name)

    def __getattr__(self, name: str) -> Any:
        now = getattr(sys, self._name)
        return getattr(self._own if now is self else now, name)


@contextlib.contextmanager
def _as_in_a_kernel() -> Iterator[None]:
    """Let libraries see, while they are imported, what they would see in a kernel.

    pandas asks for the shell once, at its import, and prints twenty columns or all of them for ever after; matplotlib
    reads its backend from the environment at its import; distributed gives the standard error of that moment to its
    loggers.
    """
    backend = os.environ.get("MPLBACKEND")
    os.environ["MPLBACKEND"] = BACKEND
    builtins.get_ipython = _Shell  # type: ignore[attr-defined]
    sys.meta_path.insert(0, _Guard)
    argv, sys.argv = sys.argv, ["ipykernel_launcher"]
    streams = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = _Stream("stdout"), _Stream("stderr")
    try:
        yield
    finally:
        sys.argv = argv
        sys.stdout, sys.stderr = streams
        sys.meta_path.remove(_Guard)
        del builtins.get_ipython  # type: ignore[attr-defined]
        if backend is None:
            del os.environ["MPLBACKEND"]
        else:
            os.environ["MPLBACKEND"] = backend
