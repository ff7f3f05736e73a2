"""Which engines run which model job, and what the figures are held against."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

SIDE = frozenset({"lifelines", "scikit-survival", "tableone"})
"""Engines that run in the side environment."""

R_PACKAGES = {"R survival": "survival", "glmnet": "glmnet"}
"""Engines that run in R, and the package they need."""


@dataclass(frozen=True)
class Job:
    """One job: its script, its engines, and how far their answers may lie apart."""

    script: str
    engines: tuple[str, ...]
    limit_s: float = 900
    """Time that one engine has for all its runs."""
    exact: tuple[str, ...] = ()
    """Engines that compute the same to the end, so that their answers must agree with ours."""
    tolerance: float = 1e-6
    draws_its_data: bool = False
    """Whether the script makes its data by itself, at a size that variables tell, and knows no --scale."""


@dataclass(frozen=True)
class Goal:
    """A figure made from one job or two, and the bound it is held against."""

    text: str
    found: Callable[["Results"], float | None]
    at_least: float | None = None
    at_most: float | None = None

    def check(self, results: "Results") -> dict[str, Any]:
        """Set what was found beside what is wanted; `met` is None where an engine did not run."""
        found = self.found(results)
        bound = {"at_least": self.at_least} if self.at_least is not None else {"at_most": self.at_most}
        if found is None:
            return {"goal": self.text, **bound, "found": None, "met": None}
        met = found >= self.at_least if self.at_least is not None else found <= (self.at_most or 0)
        return {"goal": self.text, **bound, "found": float(f"{found:.4g}"), "met": met}


class Results:
    """What was measured, job by job and engine by engine."""

    def __init__(self, jobs: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> None:
        self.jobs = jobs

    def best(self, job: str, engine: str, *, field: str = "median_s") -> float | None:
        """Return the least of a field among the engines whose name begins so; None where none of them finished."""
        found = [
            told[field] for name, told in self.jobs.get(job, {}).items() if name.startswith(engine) and field in told
        ]
        return min(found, default=None)


def _over(above: float | None, below: float | None) -> float | None:
    return above / below if above is not None and below else None


def _times_faster(job: str, *peers: str) -> Callable[[Results], float | None]:
    """The fastest of the peers over us."""

    def found(results: Results) -> float | None:
        times = [time for time in (results.best(job, peer) for peer in peers) if time is not None]
        return _over(min(times, default=None), results.best(job, "ours"))

    return found


def _memory_gb(job: str) -> Callable[[Results], float | None]:
    return lambda results: _over(results.best(job, "ours", field="peak_mb"), 1e9 / 2**20)


def _between(above: tuple[str, str], below: tuple[str, str]) -> Callable[[Results], float | None]:
    return lambda results: _over(results.best(*above), results.best(*below))


def _of_dsyrk(results: Results) -> float | None:
    """The share of one core's dsyrk that a pass of ours reaches, by processor time: others' load does not count."""
    told = results.jobs.get("per core", {})
    one_pass = told.get("ours, 1 core", {}).get("answer", {}).get("pass_cpu_s", [None])[0]
    bare = [
        median(one["cpu_seconds"]) for name, one in told.items() if name.startswith("dsyrk") and "cpu_seconds" in one
    ]
    return _over(min(bare, default=None), one_pass)


def _apart_of_workers(results: Results) -> float | None:
    told = results.jobs.get("cluster", {})
    answers = [told[name]["answer"] for name in told if "answer" in told[name]]
    return largest_difference(*answers) if len(answers) == 2 else None


def largest_difference(one: Mapping[str, list[float]], other: Mapping[str, list[float]]) -> float | None:
    """Return the largest relative difference of what two engines both tell; None where they share nothing."""
    shared = [key for key in one if key in other and not key.startswith("pass")]
    if any(len(one[key]) != len(other[key]) for key in shared):
        return float("inf")
    gaps = [
        abs(a - b) / max(abs(a), abs(b)) if a != b else 0.0
        for key in shared
        for a, b in zip(one[key], other[key], strict=True)
    ]
    return max(gaps, default=None)


_LOGISTIC_PEERS = ("glum", "scikit-learn newton-cholesky", "scikit-learn lbfgs")
_STATSMODELS = ("statsmodels GLM", "statsmodels Logit")
_DASK_ML = ("dask-ml newton", "dask-ml lbfgs")  # its default, admm, takes three times as long
_CURVES = ("ours", "lifelines", "scikit-survival", "R survival")
_COX = ("ours", "lifelines", "scikit-survival", "statsmodels PHReg", "R survival")
_DAYS, _ANY, _TEN = "cox 1M days", "cox 1M any times", "cox 10M days"

JOBS: dict[str, Job] = {
    "memory 1M": Job(
        "_models_glm.py",
        ("ours", *_STATSMODELS, *_LOGISTIC_PEERS, *_DASK_ML),
        exact=(*_STATSMODELS, "dask-ml newton"),
    ),
    "memory 10M": Job("_models_glm.py", ("ours", *_LOGISTIC_PEERS)),
    "stream 10M": Job("_models_glm.py", ("ours",)),
    "stream 50M": Job("_models_glm.py", ("ours",)),
    "per core": Job("_models_glm.py", ("ours, 1 core", "ours, 2 cores", "dsyrk, 1 core", "dsyrk in blocks, 1 core")),
    "cluster": Job("_models_glm.py", ("ours, 1 worker", "ours, 2 workers")),
    "cox 1M days": Job("_models_cox.py", _COX, limit_s=1_200, exact=_COX),
    "cox 1M any times": Job("_models_cox.py", _COX, limit_s=1_200, exact=_COX),
    "cox 10M days": Job("_models_cox.py", ("ours", "R survival"), limit_s=1_800, exact=("R survival",)),
    "cox 10M from Parquet": Job("_models_cox.py", ("ours",), limit_s=1_800),
    "lasso-path": Job("_models_lasso.py", ("ours", "glmnet"), limit_s=1_800, draws_its_data=True),
    "lasso-one": Job("_models_lasso.py", ("ours", "glmnet", "sklearn"), limit_s=1_800, draws_its_data=True),
    "km": Job("_models_curves.py", _CURVES, exact=_CURVES),
    "logrank": Job("_models_curves.py", _CURVES, exact=_CURVES),
}

GOALS: tuple[Goal, ...] = (
    Goal("logistic 1M x 28: statsmodels GLM over ours", _times_faster("memory 1M", "statsmodels GLM"), at_least=20),
    Goal("logistic 1M x 28: glum over ours", _times_faster("memory 1M", "glum"), at_least=5),
    Goal("logistic 1M x 28: scikit-learn's best over ours", _times_faster("memory 1M", "scikit-learn"), at_least=2.5),
    Goal("logistic 1M x 28: dask-ml's best over ours", _times_faster("memory 1M", "dask-ml"), at_least=4),
    Goal("logistic 10M x 28: glum over ours", _times_faster("memory 10M", "glum"), at_least=5),
    Goal("logistic 10M x 28: scikit-learn's best over ours", _times_faster("memory 10M", "scikit-learn"), at_least=5),
    Goal("logistic 10M x 28 from Parquet: GB", _memory_gb("stream 10M"), at_most=0.7),
    Goal("logistic 50M x 28 from Parquet: GB", _memory_gb("stream 50M"), at_most=0.7),
    Goal("logistic: 50M over 10M", _between(("stream 50M", "ours"), ("stream 10M", "ours")), at_most=5.2),
    Goal("logistic, one pass: share of one core's dsyrk", _of_dsyrk, at_least=0.6),
    Goal(
        "logistic: one core over two",
        _between(("per core", "ours, 1 core"), ("per core", "ours, 2 cores")),
        at_least=1.7,
    ),
    Goal(
        "Dask cluster: one worker over two",
        _between(("cluster", "ours, 1 worker"), ("cluster", "ours, 2 workers")),
        at_least=1.7,
    ),
    Goal("Dask cluster: largest difference between one worker and two", _apart_of_workers, at_most=1e-12),
    Goal("Cox 1M x 10, whole days: lifelines over ours", _times_faster(_DAYS, "lifelines"), at_least=10),
    Goal("Cox 1M x 10, whole days: R survival over ours", _times_faster(_DAYS, "R survival"), at_least=10),
    Goal("Cox 1M x 10, whole days: PHReg over ours", _times_faster(_DAYS, "statsmodels PHReg"), at_least=15),
    Goal("Cox 1M x 10, whole days: scikit-survival over ours", _times_faster(_DAYS, "scikit-survival"), at_least=35),
    Goal("Cox 1M x 10, any times: the best peer over ours", _times_faster(_ANY, *_COX[1:]), at_least=3),
    Goal("Cox: 10M over 1M, whole days", _between((_TEN, "ours"), (_DAYS, "ours")), at_most=11),
    Goal("Cox 10M x 10, whole days: GB", _memory_gb(_TEN), at_most=1.5),
    Goal("lasso path 200,000 x 5,000: glmnet over ours", _times_faster("lasso-path", "glmnet"), at_least=1),
    Goal("lasso, one penalty: the better peer over ours", _times_faster("lasso-one", "glmnet", "sklearn"), at_least=1),
    Goal("KM 10M: the faster of two peers over ours", _times_faster("km", "lifelines", "scikit-survival"), at_least=2),
    Goal(
        "log-rank 10M: the faster of two peers over ours",
        _times_faster("logrank", "lifelines", "scikit-survival"),
        at_least=2,
    ),
)
