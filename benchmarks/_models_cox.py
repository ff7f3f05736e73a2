"""Cox regression on ten covariates, ties by Efron: a million rows in whole days and at any times; ten million in days.

Run by models.py; see _models_engines.py for the words. Data lie in memory before the clock starts, but for "cox 10M
from Parquet". Answers are the coefficients and their standard errors.
"""

from pathlib import Path
from typing import Any

from _models_engines import Answer, Prepared, RScript, columns_for_r, main

ROWS_OF_A_FILE = 1_000_000
COVARIATES = tuple(f"x{place}" for place in range(10))
FILES = {"cox 1M days": 1, "cox 1M any times": 1, "cox 10M days": 10, "cox 10M from Parquet": 10}
DAYS = 3_650


def _write(folder: Path, scale: float, *, files: int) -> None:
    """Draw follow-up with moderate effects, 44 % of it ending with the event; one file for each million rows."""
    import numpy as np
    import pandas as pd

    folder.mkdir(parents=True, exist_ok=True)
    n = int(ROWS_OF_A_FILE * scale)
    effects = np.random.default_rng(10).normal(0, 0.2, len(COVARIATES))
    for number in range(files):
        path = folder / f"cox-{number}.parquet"
        if path.exists():
            continue
        random = np.random.default_rng(100 + number)
        x = random.normal(size=(n, len(COVARIATES)))
        event_at = random.exponential(3_000 * np.exp(-x @ effects))
        censored_at = random.uniform(100, DAYS, n)
        time = np.minimum(event_at, censored_at)
        frame = pd.DataFrame(x, columns=list(COVARIATES))
        frame["time"] = time
        frame["days"] = np.maximum(1, np.ceil(time)).astype("int32")
        frame["event"] = event_at <= censored_at
        frame.to_parquet(path.with_suffix(".part"), index=False, row_group_size=250_000)
        path.with_suffix(".part").rename(path)


def _paths(folder: Path, files: int) -> list[Path]:
    return [folder / f"cox-{number}.parquet" for number in range(files)]


def _frame(folder: Path, *, files: int, time: str) -> Any:
    """Read all rows without ever holding them twice."""
    import numpy as np
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

    paths = _paths(folder, files)
    sizes = [pq.read_metadata(path).num_rows for path in paths]
    x = np.empty((len(COVARIATES), sum(sizes)))
    follow_up = {
        time: np.empty(sum(sizes), "int32" if time == "days" else "float64"),
        "event": np.empty(sum(sizes), bool),
    }
    first = 0
    for path, size in zip(paths, sizes, strict=True):
        for name in (*COVARIATES, time, "event"):
            out = x[COVARIATES.index(name)] if name in COVARIATES else follow_up[name]
            out[first : first + size] = pq.read_table(path, columns=[name])[name].to_numpy()
        first += size
    pa.default_memory_pool().release_unused()  # what reading left behind is not the engine's
    frame = pd.DataFrame(x.T, columns=list(COVARIATES), copy=False)
    return frame.assign(**follow_up)


def _told(coefficients: Any, errors: Any) -> Answer:
    return {"coef": [float(value) for value in coefficients], "se": [float(value) for value in errors]}


def ours(folder: Path, *, files: int, time: str) -> Prepared:
    """Fit with the library, from a frame."""
    from analysis_lib.models import cox

    frame = _frame(folder, files=files, time=time)

    def run() -> Answer:
        fit = cox(frame, time=time, event="event", covariates=COVARIATES)
        return _told(fit.params, fit.bse)

    return run


def ours_from_files(folder: Path, *, files: int) -> Prepared:
    """Fit with the library, reading the files."""
    from analysis_lib.models import cox

    paths = _paths(folder, files)  # the folder may hold other jobs' files

    def run() -> Answer:
        fit = cox(paths[0].parent, time="days", event="event", covariates=COVARIATES)
        return _told(fit.params, fit.bse)

    return run


def lifelines(folder: Path, *, time: str) -> Prepared:
    """CoxPHFitter, which handles ties by Efron."""
    from lifelines import CoxPHFitter

    frame = _frame(folder, files=1, time=time)

    def run() -> Answer:
        fitted = CoxPHFitter().fit(frame, duration_col=time, event_col="event")
        return _told(fitted.params_[list(COVARIATES)], fitted.standard_errors_[list(COVARIATES)])

    return run


def scikit_survival(folder: Path, *, time: str) -> Prepared:
    """CoxPHSurvivalAnalysis with Efron's ties; it gives no standard errors."""
    from sksurv.linear_model import CoxPHSurvivalAnalysis
    from sksurv.util import Surv

    frame = _frame(folder, files=1, time=time)
    x = frame[list(COVARIATES)].to_numpy()
    response = Surv.from_arrays(frame["event"].to_numpy(), frame[time].to_numpy())
    return lambda: {"coef": CoxPHSurvivalAnalysis(ties="efron").fit(x, response).coef_.tolist()}


def phreg(folder: Path, *, time: str) -> Prepared:
    """PHReg of statsmodels with Efron's ties."""
    from statsmodels.duration.hazard_regression import PHReg

    frame = _frame(folder, files=1, time=time)
    x, event = frame[list(COVARIATES)].to_numpy(), frame["event"].to_numpy().astype(int)

    def run() -> Answer:
        fitted = PHReg(frame[time].to_numpy(), x, status=event, ties="efron").fit()
        return _told(fitted.params, fitted.bse)

    return run


def r_survival(folder: Path, *, files: int, time: str) -> RScript:
    """R's coxph, which handles ties by Efron."""
    names = (*COVARIATES, time, "event")
    columns = columns_for_r(_paths(folder, files), folder / f"cox-r-{files}", names=names)
    read = ", ".join(f"{name} = column('{name}')" for name in names)
    return RScript(
        f"suppressMessages(library(survival)); d <- data.frame({read});"
        f"measure(function() {{ f <- coxph(Surv({time}, event) ~ {' + '.join(COVARIATES)}, d);"
        "list(coef = unname(coef(f)), se = unname(sqrt(diag(vcov(f))))) })",
        columns,
        packages=("survival",),
    )


def _million(time: str) -> dict[str, Any]:
    return {
        "ours": lambda folder: ours(folder, files=1, time=time),
        "lifelines": lambda folder: lifelines(folder, time=time),
        "R survival": lambda folder: r_survival(folder, files=1, time=time),
        "statsmodels PHReg": lambda folder: phreg(folder, time=time),
        "scikit-survival": lambda folder: scikit_survival(folder, time=time),
    }


JOBS = {
    "cox 1M days": _million("days"),
    "cox 1M any times": _million("time"),
    "cox 10M days": {
        "ours": lambda folder: ours(folder, files=10, time="days"),
        "R survival": lambda folder: r_survival(folder, files=10, time="days"),
    },
    "cox 10M from Parquet": {"ours": lambda folder: ours_from_files(folder / "ten", files=10)},
}


def _data(job: str) -> Any:
    def write(folder: Path, scale: float) -> None:
        _write(folder / "ten" if job == "cox 10M from Parquet" else folder, scale, files=FILES[job])

    return write


PACKAGES = {
    "lifelines": ("lifelines", "pandas", "numpy"),
    "scikit-survival": ("scikit-survival", "numpy"),
    "statsmodels PHReg": ("statsmodels", "numpy"),
}

if __name__ == "__main__":
    main(JOBS, data={job: _data(job) for job in JOBS}, packages=PACKAGES)
