"""After the fork every engine that reports use computes, on several threads too, and gives the right answer."""

import json

import pytest

from ...conftest import Bench, code, parameters, text

WORK = {
    "linear algebra on two threads": """
import numpy, threadpoolctl
before = threadpoolctl.threadpool_info()
assert any(one["internal_api"] == "openblas" for one in before)
with threadpoolctl.threadpool_limits(2, user_api="blas"):
    a = numpy.arange(1_000_000, dtype=float).reshape(1000, 1000) % 7
    b = a @ a.T
assert b[3, 4] == float((a[3] * a[4]).sum())
assert numpy.allclose(numpy.linalg.inv(numpy.eye(500) * 2), numpy.eye(500) / 2)
""",
    "scipy": """
import numpy, scipy.linalg, scipy.stats, scipy.optimize
assert abs(scipy.stats.norm.cdf(1.959963984540054) - 0.975) < 1e-12
assert abs(scipy.optimize.brentq(lambda x: x * x - 2, 0, 2) - 2**0.5) < 1e-9
x = numpy.random.default_rng(1).normal(size=(300, 300)); u, s, v = scipy.linalg.svd(x)
assert numpy.allclose(u @ numpy.diag(s) @ v, x)
""",
    "Arrow and Parquet": """
import pandas, pyarrow, pyarrow.compute, pyarrow.parquet, pyarrow.dataset
table = pyarrow.table({"a": list(range(1_000_000)), "b": [n % 5 for n in range(1_000_000)]})
assert pyarrow.compute.sum(table["a"]).as_py() == 499_999_500_000
pyarrow.parquet.write_table(table, "t.parquet", row_group_size=50_000)
assert pyarrow.parquet.read_table("t.parquet", use_threads=True).equals(table)
assert pyarrow.dataset.dataset("t.parquet").to_table(filter=pyarrow.compute.field("b") == 1).num_rows == 200_000
assert table.group_by("b", use_threads=True).aggregate([("a", "count")])["a_count"].to_pylist() == [200_000] * 5
assert pandas.read_parquet("t.parquet")["a"].sum() == 499_999_500_000
""",
    "DuckDB on two threads": """
import duckdb
with duckdb.connect(config={"threads": 2}) as c:
    found = c.execute("SELECT sum(range), count(DISTINCT range % 1000) FROM range(2000000)").fetchone()
assert found == (1999999000000, 1000)
assert duckdb.execute("SELECT 42").fetchone() == (42,)
""",
    "numba in parallel": """
import numba, numpy
@numba.njit(parallel=True)
def total(x):
    s = 0.0
    for i in numba.prange(x.size): s += x[i]
    return s
assert total(numpy.arange(1_000_000.0)) == 499999500000.0
""",
    "Dask on threads": """
import dask.array, dask.dataframe, pandas
assert int(dask.array.arange(1_000_000, chunks=100_000).sum().compute(scheduler="threads")) == 499999500000
frame = dask.dataframe.from_pandas(pandas.DataFrame({"k": [1, 2] * 500, "v": range(1000)}), npartitions=4)
assert frame.groupby("k").v.sum().compute().to_dict() == {1: 249500, 2: 250000}
""",
    "a Dask cluster of the library's own": """
from analysis_lib.compute import cluster
import dask
with cluster(workers=1) as c:
    assert dask.delayed(sum)([1, 2, 3]).compute() == 6
""",
    "statsmodels": """
import numpy, statsmodels.api as sm
x = sm.add_constant(numpy.arange(50.0)); y = 3 + 2 * numpy.arange(50.0)
assert numpy.allclose(sm.OLS(y, x).fit().params, [3, 2])
""",
    "a program of its own": """
import subprocess, sys
assert subprocess.run([sys.executable, "-c", "print(6 * 7)"], capture_output=True, check=True).stdout == b"42\\n"
""",
    "processes by fork and by spawn": """
import multiprocessing, operator, warnings
with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    for method in ("fork", "spawn"):
        with multiprocessing.get_context(method).Pool(2) as pool:
            assert pool.starmap(operator.mul, [(2, 3), (4, 5)]) == [6, 20]
""",
}


@pytest.mark.parametrize("work", WORK)
def test_this_works_in_a_fork(bench: Bench, work: str):
    ended = bench.run(text("# T"), parameters(), code(WORK[work]))
    failed = [output for cell in ended.notebook["cells"] for output in cell.get("outputs", [])]
    assert ended.code == 0, (ended.record["error"], failed, (ended.folder / "log.txt").read_text()[-2000:])


def test_a_figure_is_drawn_into_the_notebook(bench: Bench):
    drawing = "import matplotlib.pyplot as plt\nfig, ax = plt.subplots()\nax.plot([1, 2, 3]);"
    ended = bench.run(text("# T"), parameters(), code(drawing))
    outputs = ended.notebook["cells"][-1]["outputs"]
    assert [sorted(output["data"]) for output in outputs if output["output_type"] == "display_data"] == [
        ["image/png", "text/plain"]
    ]
    assert "data:image/png;base64" in ended.page


def test_what_was_left_open_is_written_to_its_end(bench: Bench):
    left_open = """
import os, pyarrow, pyarrow.parquet
folder = os.environ["COHORTHUB_RUN_DIR"]
text = open(folder + "/left.csv", "w")
text.write("a,b\\n" * 10)
writer = pyarrow.parquet.ParquetWriter(folder + "/left.parquet", pyarrow.schema([("a", pyarrow.int64())]))
writer.write_table(pyarrow.table({"a": [1, 2, 3]}))
"""
    ended = bench.run(text("# T"), parameters(), code(left_open))
    assert ended.code == 0
    assert (ended.folder / "left.csv").read_text() == "a,b\n" * 10
    assert (ended.folder / "left.parquet").read_bytes()[-4:] == b"PAR1"


def test_seeds_differ_between_two_kernels_and_a_given_seed_is_kept(bench: Bench):
    draws = """
import json, random, uuid, multiprocessing, tempfile, numpy, scipy.stats
free = [random.random(), numpy.random.random(), scipy.stats.norm.rvs(), numpy.random.default_rng().random(),
        str(uuid.uuid4()), multiprocessing.current_process().authkey.hex(), tempfile.mkdtemp()]
numpy.random.seed(1); random.seed(1)
print(json.dumps([free, [numpy.random.random(), random.random()]]))
"""
    drawn = []
    for _ in range(2):
        ended = bench.run(text("# T"), parameters(), code(draws))
        drawn.append(json.loads("".join(ended.notebook["cells"][-1]["outputs"][0]["text"])))
    (free, given), (other_free, other_given) = drawn
    assert all(one != other for one, other in zip(free, other_free, strict=True))
    assert given == other_given == [0.417022004702574, 0.13436424411240122]
