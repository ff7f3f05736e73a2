"""Logistic regression on 28 design columns (intercept, 15 measured values, 12 yes/no), errors included.

The rows lie in Parquet files of a million each, made once; jobs read the first 1, 10 or 50 of them. Every peer is
handed the matrix in the layout that suits it before the clock starts; we are handed the frame or the path, and our time
includes the formula and the design. Run by models.py; see _models_engines.py for the words.
"""

import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from _models_engines import Answer, Prepared, main

ROWS_OF_A_FILE = 1_000_000
MEASURED, YES_NO = 15, 12
COVARIATES = [f"x{i}" for i in range(1, MEASURED + YES_NO + 1)]
FORMULA = "y ~ " + " + ".join(COVARIATES)
FILES = {"memory 1M": 1, "memory 10M": 10, "stream 10M": 10, "stream 50M": 50, "per core": 1, "cluster": 10}


# Data


def write_data(folder: Path, scale: float, *, n_files: int) -> None:
    """Draw the files that are not there yet, each from its own seed, so that ten are the first ten of fifty."""
    rows = int(ROWS_OF_A_FILE * scale)
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(n_files):
        path = folder / f"part-{number:03}.parquet"
        if not path.exists():
            _draw(number, rows).to_parquet(path.with_suffix(".partial"), index=False, row_group_size=max(rows // 4, 1))
            path.with_suffix(".partial").rename(path)
    chosen = _chosen(folder, n_files)
    chosen.mkdir(exist_ok=True)
    for number in range(n_files):
        link = chosen / f"part-{number:03}.parquet"
        if not link.exists():
            os.link(folder / link.name, link)


def _draw(number: int, rows: int) -> Any:
    import numpy as np
    import pandas as pd

    random = np.random.default_rng([2026, number])
    shared = random.standard_normal((rows, 1))
    measured = 0.8 * random.standard_normal((rows, MEASURED)) + 0.6 * shared
    yes_no = (random.random((rows, YES_NO)) < np.linspace(0.1, 0.6, YES_NO)).astype("float64")
    x = np.hstack([measured, yes_no])
    eta = -1.5 + x @ (0.3 * np.cos(np.arange(x.shape[1])))
    frame = pd.DataFrame(x, columns=COVARIATES)
    frame["y"] = (random.random(rows) < 1 / (1 + np.exp(-eta))).astype("float64")
    return frame


def _chosen(folder: Path, n_files: int) -> Path:
    return folder / f"first-{n_files}"


def _frame(folder: Path, n_files: int) -> Any:
    """Read the files into one frame, each column in one piece."""
    import numpy as np
    import pandas as pd
    import pyarrow.parquet as pq

    files = sorted(_chosen(folder, n_files).glob("*.parquet"))
    rows = [pq.read_metadata(file).num_rows for file in files]
    values = np.empty((len(COVARIATES) + 1, sum(rows)))
    begin = 0
    for file, n in zip(files, rows, strict=True):
        table = pq.read_table(file)
        for index, name in enumerate([*COVARIATES, "y"]):
            values[index, begin : begin + n] = table[name].to_numpy()
        begin += n
    return pd.DataFrame(values.T, columns=[*COVARIATES, "y"], copy=False)


def _matrix(folder: Path, n_files: int, *, order: str, intercept: bool = True) -> tuple[Any, Any]:
    import numpy as np

    frame = _frame(folder, n_files)
    x = np.empty((len(frame), len(COVARIATES) + intercept), order=order)
    if intercept:
        x[:, 0] = 1.0
    x[:, int(intercept) :] = frame[COVARIATES].to_numpy()
    return x, frame["y"].to_numpy().copy()


# Ours


def _told(result: Any) -> Answer:
    """Our answer in the order of the formula."""
    terms = ["Intercept", *COVARIATES]
    return {
        "params": result.params[terms].tolist(),
        "bse": result.bse[terms].tolist(),
        "llf": [float(result.llf)],
    }


def ours_in_memory(folder: Path, *, n_files: int, cores: int = 0) -> Prepared:
    """Fit from a pandas frame, on all cores or on the first few; say what one pass over the rows takes of them."""
    if cores:
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])
    from analysis_lib.models.regression import glm

    frame = _frame(folder, n_files)
    passes = _watched_passes() if cores else []

    def run() -> Answer:
        passes.clear()
        result = glm(FORMULA, frame, family="binomial")
        told = _told(result) | {"passes": [float(result.iterations)]}
        return told | ({"pass_cpu_s": [median(passes)]} if passes else {})

    return run


def _watched_passes() -> list[float]:
    """Keep the processor time of each pass that adds up score and information, from now on."""
    from analysis_lib.models.sums import DesignRows

    add_up, seen = DesignRows.add_up, []

    def watched(self: Any, work: Any) -> Any:
        begin = time.process_time()
        found = add_up(self, work)
        if type(work).__name__ == "IrlsSums":
            seen.append(time.process_time() - begin)
        return found

    DesignRows.add_up = watched
    return seen


def ours_from_files(folder: Path, *, n_files: int, workers: int = 0) -> Prepared:
    """Fit from a folder of Parquet files, in threads or on a Dask cluster."""
    if workers:
        from analysis_lib.compute import cluster

        cluster(workers=workers, threads_per_worker=1)
    from analysis_lib.models.regression import glm

    path = _chosen(folder, n_files)

    def run() -> Answer:
        return _told(glm(FORMULA, path, family="binomial"))

    return run


# Peers


def statsmodels_glm(folder: Path, *, n_files: int) -> Prepared:
    """statsmodels' GLM by its default, IRLS."""
    import statsmodels.api as sm

    x, y = _matrix(folder, n_files, order="C")

    def run() -> Answer:
        result = sm.GLM(y, x, family=sm.families.Binomial()).fit()
        return {"params": result.params.tolist(), "bse": result.bse.tolist(), "llf": [float(result.llf)]}

    return run


def statsmodels_logit(folder: Path, *, n_files: int) -> Prepared:
    """statsmodels' Logit by its default, Newton."""
    import statsmodels.api as sm

    x, y = _matrix(folder, n_files, order="C")

    def run() -> Answer:
        result = sm.Logit(y, x).fit(disp=0)
        return {"params": result.params.tolist(), "bse": result.bse.tolist(), "llf": [float(result.llf)]}

    return run


def glum(folder: Path, *, n_files: int) -> Prepared:
    """Glum without a penalty, its covariance included."""
    from glum import GeneralizedLinearRegressor

    x, y = _matrix(folder, n_files, order="F", intercept=False)

    def run() -> Answer:
        model = GeneralizedLinearRegressor(family="binomial", alpha=0).fit(x, y)
        errors = model.std_errors(X=x, y=y, robust=False)
        return {"params": [float(model.intercept_), *model.coef_.tolist()], "bse": [float(e) for e in errors]}

    return run


def scikit_learn(folder: Path, *, n_files: int, solver: str) -> Prepared:
    """scikit-learn without a penalty, at its default tolerance; it has no errors."""
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    x, y = _matrix(folder, n_files, order="C", intercept=False)

    def run() -> Answer:
        model = LogisticRegression(C=np.inf, solver=solver, max_iter=1_000).fit(x, y)
        return {"params": [float(model.intercept_[0]), *model.coef_[0].tolist()]}

    return run


def dask_ml(folder: Path, *, n_files: int, solver: str) -> Prepared:
    """dask-ml in threads, one block a core, by a solver without a penalty; it has no errors."""
    import dask
    import dask.array as da
    from dask_ml.linear_model import LogisticRegression

    x, y = _matrix(folder, n_files, order="C", intercept=False)
    rows = -(-len(y) // len(os.sched_getaffinity(0)))
    blocks, response = da.from_array(x, chunks=(rows, -1)), da.from_array(y, chunks=rows)

    def run() -> Answer:
        with dask.config.set(scheduler="threads"):
            model = LogisticRegression(solver=solver, C=1e12, max_iter=100).fit(blocks, response)
        return {"params": [float(model.intercept_), *model.coef_.tolist()]}

    return run


def dsyrk(folder: Path, *, rows_of_a_block: int = 0) -> Prepared:
    """X'X of 28 columns by one core's BLAS, whole or in blocks that stay in the cache: what a pass cannot beat."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])
    import numpy as np
    from scipy.linalg.blas import dsyrk as blas
    from threadpoolctl import threadpool_limits

    x, _ = _matrix(folder, 1, order="C")
    threadpool_limits(1)
    step = rows_of_a_block or len(x)

    def run() -> Answer:
        total = np.zeros((x.shape[1], x.shape[1]), order="F")
        for begin in range(0, len(x), step):
            total = blas(1.0, x[begin : begin + step].T, beta=1.0, c=total, overwrite_c=1)
        return {"trace": [float(np.trace(total))]}

    return run


def _in_memory(n_files: int, *, all_peers: bool) -> dict[str, Callable[[Path], Prepared]]:
    engines: dict[str, Callable[[Path], Prepared]] = {"ours": partial(ours_in_memory, n_files=n_files)}
    if all_peers:
        engines["statsmodels GLM"] = partial(statsmodels_glm, n_files=n_files)
        engines["statsmodels Logit"] = partial(statsmodels_logit, n_files=n_files)
    engines["glum"] = partial(glum, n_files=n_files)
    for solver in ("newton-cholesky", "lbfgs"):
        engines[f"scikit-learn {solver}"] = partial(scikit_learn, n_files=n_files, solver=solver)
    if all_peers:
        for solver in ("newton", "lbfgs"):
            engines[f"dask-ml {solver}"] = partial(dask_ml, n_files=n_files, solver=solver)
    return engines


JOBS: dict[str, dict[str, Callable[[Path], Prepared]]] = {
    "memory 1M": _in_memory(1, all_peers=True),
    "memory 10M": _in_memory(10, all_peers=False),
    "stream 10M": {"ours": partial(ours_from_files, n_files=10)},
    "stream 50M": {"ours": partial(ours_from_files, n_files=50)},
    "per core": {
        "ours, 1 core": partial(ours_in_memory, n_files=1, cores=1),
        "ours, 2 cores": partial(ours_in_memory, n_files=1, cores=2),
        "dsyrk, 1 core": dsyrk,
        "dsyrk in blocks, 1 core": partial(dsyrk, rows_of_a_block=4_096),
    },
    "cluster": {
        "ours, 1 worker": partial(ours_from_files, n_files=10, workers=1),
        "ours, 2 workers": partial(ours_from_files, n_files=10, workers=2),
    },
}
_OURS = ("numpy", "scipy", "pandas", "formulaic", "numba", "pyarrow")
PACKAGES = {engine: _OURS for job in JOBS.values() for engine in job if engine.startswith("ours")} | {
    engine: (engine.split()[0], "numpy", "scipy") for engine in JOBS["memory 1M"] if engine != "ours"
}

if __name__ == "__main__":
    main(JOBS, data={job: partial(write_data, n_files=n) for job, n in FILES.items()}, packages=PACKAGES)
