"""A kernel sees nothing of the one before, changes nothing for the one after, and is like one started cold."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from hub_config.reports.execution.warm.kernels import WarmKernels

from ... import conftest as cold
from ...conftest import Bench, Ended, code, parameters, text

# What decides how a cell behaves, once all that reports import is there.
SURROUNDINGS = """
import analysis_lib.models, analysis_lib.report, analysis_lib.compute, dask.dataframe, distributed, duckdb, scipy.stats
import matplotlib.pyplot, numba, numpy, pandas, pyarrow.parquet, statsmodels.api, xarray
import asyncio, decimal, gc, json, locale, logging, multiprocessing, os, re, resource, signal, sys, tempfile
import threading, threadpoolctl, time, warnings
def plain(value): return json.loads(json.dumps(value, default=repr, skipkeys=True))
def options(config, at=""):
    return {key: options(value) if isinstance(value, dict) else repr(value) for key, value in config.items()}
found = {
    "pandas": {name: repr(pandas.get_option(name)) for name in pandas._config.config._registered_options},
    "matplotlib": {key: repr(matplotlib.rcParams[key]) for key in matplotlib.rcParams},
    "numpy": [plain(numpy.get_printoptions()), numpy.geterr()],
    "xarray": options(xarray.get_options()),
    "dask": options(dask.config.config),
    "numba": [numba.config.NUMBA_NUM_THREADS, numba.config.THREADING_LAYER, numba.config.CACHE_DIR],
    "engines": sorted((one["internal_api"], one["num_threads"]) for one in threadpoolctl.threadpool_info()),
    "Arrow": [pyarrow.cpu_count(), pyarrow.io_thread_count(), pyarrow.default_memory_pool().backend_name],
    "filters": sorted([f[0], f[2].__name__, str(f[1]), str(f[3])] for f in warnings.filters),
    "last filters": [[f[0], f[2].__name__, str(f[3])] for f in warnings.filters[-5:]],
    "signals": {int(n): repr(signal.getsignal(n)).split(" at ")[0] for n in signal.valid_signals()},
    "mask": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, ())),
    "path": [sys.path, len(sys.path_hooks)],
    "finders": [getattr(one, "__name__", type(one).__name__) for one in sys.meta_path],
    "flags": [repr(sys.flags), sys.argv[0], sys.orig_argv[:-1], sys.executable],
    "interpreter": [sys.getrecursionlimit(), sys.getswitchinterval()],
    "main": [getattr(sys.modules["__main__"], "__file__", None), repr(sys.modules["__main__"].__spec__)],
    "names": sorted(name for name in dir(__builtins__)),
    "modules": sorted(name for name in sys.modules if name.partition(".")[0] in {"hub_config", "__mp_main__"}),
    "streams of loggers": {name: sorted(hasattr(one.stream, "pub_thread") for one in logger.handlers)
        for name, logger in logging.root.manager.loggerDict.items() if getattr(logger, "handlers", None)
        and all(hasattr(one, "stream") for one in logger.handlers)},
    "loggers": [repr(logging.root.handlers)[:1], logging.root.level],
    "locale": [locale.setlocale(locale.LC_ALL), locale.getencoding(), sys.getfilesystemencoding(), time.tzname],
    "limits": [resource.getrlimit(getattr(resource, name)) for name in dir(resource) if name.startswith("RLIMIT_")],
    "folder": [oct(os.umask(0o077)), os.path.basename(os.getcwd())],
    "session": [os.getsid(0) == os.getpid(), os.getpgid(0) == os.getpid()],
    "files": sorted(os.readlink(f"/proc/self/fd/{n}").split(":")[0] for n in "012"),
    "environment": sorted(os.environ),
    "threads": sorted(type(one).__qualname__ + " " + re.sub("[0-9]", "", one.name) for one in threading.enumerate()),
    "decimal": repr(decimal.getcontext()), "gc": [gc.isenabled(), gc.get_threshold()],
    "loop": type(asyncio.get_running_loop()).__name__, "methods": multiprocessing.get_all_start_methods(),
    "display": [type(get_ipython()).__name__, get_ipython().colors, sys.displayhook.__class__.__name__],
    "buffers": [sys.__stdout__.line_buffering, sys.__stdout__.encoding, sys.__stdin__.read()],
    "temporary": os.path.basename(tempfile.gettempdir()),
}
print(json.dumps(found, default=repr))
"""
TABLE = """
import pandas, matplotlib
pandas.DataFrame({f"c{n}": range(100) for n in range(40)})
"""


def printed(ended: Ended) -> Any:
    return json.loads("".join(ended.notebook["cells"][-1]["outputs"][0]["text"]))


@pytest.fixture
def cold_bench(tmp_path: Path) -> Any:
    (tmp_path / "cold").mkdir()
    bench = cold.Bench(tmp_path / "cold")
    yield bench
    for process in bench.started:
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def test_a_warm_kernel_has_the_surroundings_of_a_cold_one(
    bench: Bench, cold_bench: Bench, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("PYTEST_CURRENT_TEST")
    cells = (text("# T"), parameters(), code(SURROUNDINGS))
    warm, other = bench.run(*cells), cold_bench.run(*cells)
    assert (warm.code, other.code) == (0, 0), (warm.record["error"], other.record["error"])
    assert (warm.record["kernel_start"], other.record["kernel_start"]) == ("warm", "cold")
    seen, expected = printed(warm), printed(other)
    differing = {key: (seen[key], expected[key]) for key in expected if seen[key] != expected[key]}
    assert differing == {}


def test_a_table_looks_as_in_a_cold_kernel(bench: Bench, cold_bench: Bench):
    cells = (text("# T"), parameters(), code(TABLE))
    warm, other = bench.run(*cells), cold_bench.run(*cells)
    assert warm.notebook["cells"][-1]["outputs"] == other.notebook["cells"][-1]["outputs"]


def test_the_shipped_study_gives_the_same_numbers_to_the_last_bit(
    bench: Bench, cold_bench: Bench, gibleed_data: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("COHORTHUB_DATA", str(gibleed_data))
    warm, other = (one.report("run", "comparative_safety") for one in (bench, cold_bench))
    assert (warm.code, other.code) == (0, 0), (warm.record["error"], other.record["error"])
    assert (warm.record["kernel_start"], other.record["kernel_start"]) == ("warm", "cold")
    declared = (warm.folder / "outputs.json").read_bytes()
    assert len(declared) > 10_000
    assert declared == (other.folder / "outputs.json").read_bytes()
    tables = {path.name: path.read_bytes() for path in (warm.folder / "outputs").glob("*.csv")}
    assert tables
    assert tables == {path.name: path.read_bytes() for path in (other.folder / "outputs").glob("*.csv")}


def test_a_run_cannot_see_the_environment_of_the_one_before(bench: Bench):
    sets = "import os; os.environ['COHORTHUB_MARK'] = os.environ['MARK_OF_RUN'] = 'mark-7'; print(os.getcwd())"
    looks = (
        "import os, sys\n"
        "print(sorted(os.environ.items()), open('/proc/self/environ').read(), os.getcwd(), sys.argv, globals().keys())"
    )
    first = bench.run(text("# T"), parameters("secret: str = 'mark-8'  # a word"), code(sets))
    second = bench.run(text("# T"), parameters(), code(looks))
    shown = (second.folder / "report.ipynb").read_text()
    assert "mark-7" not in shown
    assert "mark-8" not in shown
    assert first.record["run_id"] not in shown
    assert second.record["run_id"] in shown


def test_a_run_cannot_change_what_the_next_one_gets(bench: Bench):
    changes = """
import builtins, os, numpy, pandas, signal, sys, warnings
numpy.mean = pandas.read_csv = lambda *_: 0
builtins.marked = 7
pandas.set_option("display.max_rows", 3)
sys.path.insert(0, "/nowhere/changed")
signal.signal(signal.SIGTERM, signal.SIG_IGN)
os.umask(0)
"""
    looks = """
import builtins, os, numpy, pandas, signal, sys
assert numpy.mean([1, 2, 3]) == 2 and not hasattr(builtins, 'marked') and pandas.read_csv.__name__ == "read_csv"
assert pandas.get_option("display.max_rows") == 60 and "/nowhere/changed" not in sys.path
assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL and os.umask(0o077) == 0o077
"""
    assert bench.run(text("# T"), parameters(), code(changes)).code == 0
    ended = bench.run(text("# T"), parameters(), code(looks))
    assert ended.code == 0, ended.notebook["cells"][-1]["outputs"]


@pytest.mark.parametrize(
    "cell", ["while True: sorted(range(100_000))", "import numpy\nwhile True: numpy.linalg.svd(numpy.eye(400))"]
)
def test_a_time_limit_ends_work_in_compiled_code(bench: Bench, cell: str):
    ended = bench.run(text("# T"), parameters(), code(cell), words=("--cell-timeout", "2"))
    assert (ended.code, ended.record["kernel_start"]) == (62, "warm")


def test_an_interrupt_reaches_work_in_compiled_code(bench: Bench):
    source = """
import os, signal, threading, numpy
threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
while True: numpy.sort(numpy.random.random(500_000))
"""
    ended = bench.run(text("# T"), parameters(), code(source))
    assert (ended.code, ended.record["error"]["ename"]) == (60, "KeyboardInterrupt")


def test_an_environment_that_libraries_would_read_differently_gets_a_cold_kernel(bench: Bench):
    bench.must_be_warm = False
    template = bench.template(text("# T"), parameters(), code("import os; print(os.environ['OMP_NUM_THREADS'])"))
    ended = bench.report("run", template, env={"OMP_NUM_THREADS": "1"})
    assert (ended.code, ended.record["kernel_start"]) == (0, "cold")
    assert "environment differs from the warm parent's in OMP_NUM_THREADS" in (ended.folder / "log.txt").read_text()


def test_a_kernel_of_another_command_is_started_cold(bench: Bench):
    bench.must_be_warm = False
    spec = bench.home / "jupyter" / "kernels" / "mine"
    spec.mkdir(parents=True)
    argv = [sys.executable, "-X", "utf8", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (spec / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "Mine", "language": "python"}))
    kernel = {"name": "mine", "display_name": "Mine", "language": "python"}
    ended = bench.report("run", bench.template(text("# T"), parameters(), code("1"), kernel=kernel))
    assert (ended.code, ended.record["kernel_start"]) == (0, "cold")


def test_the_parent_computes_nothing_and_keeps_one_thread(bench: Bench, warm_kernels: WarmKernels):
    bench.run(text("# T"), parameters(), code("import numpy; numpy.ones((500, 500)) @ numpy.ones((500, 500))"))
    tasks = Path(f"/proc/{warm_kernels.pid}/task")
    names = {(task / "comm").read_text().strip() for task in tasks.iterdir() if task.name != str(warm_kernels.pid)}
    assert names <= {"jemalloc_bg_thd"}
    files = {str(file.readlink()).split(":")[0] for file in Path(f"/proc/{warm_kernels.pid}/fd").iterdir()}
    assert {file for file in files if file.startswith("/") and "cohorthub-warm-" not in file} <= {"/dev/null"}
