"""Kaplan-Meier and log-rank on ten million rows in memory: whole days, two arms, half censored.

Run by models.py; see _models_engines.py for the words.
"""

from pathlib import Path
from typing import Any

from _models_engines import Answer, Prepared, RScript, columns_for_r, main

FULL_ROWS = 10_000_000
DAYS = 3_650
AT = (30, 365, 1_000, 3_000)


def write_data(folder: Path, scale: float) -> None:
    """Draw follow-up in days with a hazard ratio of 1.1 between two arms."""
    import numpy as np
    import pandas as pd

    path = folder / "curves.parquet"
    if path.exists():
        return
    n = int(FULL_ROWS * scale)
    random = np.random.default_rng(4)
    arm = random.integers(0, 2, n).astype("int8")
    event_at = random.weibull(1.3, n) * 3_000 / 1.1 ** (arm / 1.3)
    censored_at = random.uniform(0, DAYS, n)
    days = np.maximum(1, np.ceil(np.minimum(event_at, censored_at))).astype("int32")
    frame = pd.DataFrame({"days": days, "event": event_at <= censored_at, "arm": arm})
    folder.mkdir(parents=True, exist_ok=True)
    frame.to_parquet(path.with_suffix(".part"), index=False)
    path.with_suffix(".part").rename(path)


def _frame(folder: Path) -> Any:
    import pandas as pd

    return pd.read_parquet(folder / "curves.parquet")


def ours_curve(folder: Path) -> Prepared:
    """Estimate with the library."""
    from analysis_lib.models import kaplan_meier

    frame = _frame(folder)

    def run() -> Answer:
        curve = kaplan_meier(frame, time="days", event="event")
        read = curve.survival_at(list(AT))
        return {name: read[name].tolist() for name in ("survival", "ci_low", "ci_high")}

    return run


def ours_logrank(folder: Path) -> Prepared:
    """Test with the library."""
    from analysis_lib.models import logrank

    frame = _frame(folder)
    return lambda: {"chi2": [float(logrank(frame, time="days", event="event", by="arm").chi2)]}


def lifelines_curve(folder: Path) -> Prepared:
    """KaplanMeierFitter, which computes its (log-log) interval with the curve."""
    from lifelines import KaplanMeierFitter

    frame = _frame(folder)

    def run() -> Answer:
        fitted = KaplanMeierFitter().fit(frame["days"], frame["event"])
        return {"survival": fitted.survival_function_at_times(AT).tolist()}

    return run


def lifelines_logrank(folder: Path) -> Prepared:
    """The test of two arms as lifelines writes it."""
    from lifelines.statistics import logrank_test

    frame = _frame(folder)
    first = frame["arm"] == 0

    def run() -> Answer:
        one, other = frame[first], frame[~first]
        found = logrank_test(one["days"], other["days"], one["event"], other["event"])
        return {"chi2": [float(found.test_statistic)]}

    return run


def scikit_survival_curve(folder: Path) -> Prepared:
    """kaplan_meier_estimator with an interval, as the others."""
    import numpy as np
    from sksurv.nonparametric import kaplan_meier_estimator

    frame = _frame(folder)
    event, days = frame["event"].to_numpy(), frame["days"].to_numpy()

    def run() -> Answer:
        times, survival, _ = kaplan_meier_estimator(event, days, conf_type="log-log")
        return {"survival": survival[np.searchsorted(times, AT, side="right") - 1].tolist()}

    return run


def scikit_survival_logrank(folder: Path) -> Prepared:
    """compare_survival on a structured array."""
    from sksurv.compare import compare_survival
    from sksurv.util import Surv

    frame = _frame(folder)
    response, arm = Surv.from_arrays(frame["event"].to_numpy(), frame["days"].to_numpy()), frame["arm"].to_numpy()
    return lambda: {"chi2": [float(compare_survival(response, arm)[0])]}


def _in_r(code: str, folder: Path) -> RScript:
    columns = columns_for_r([folder / "curves.parquet"], folder / "curves-r", names=("days", "event", "arm"))
    prepared = "suppressMessages(library(survival)); d <- data.frame(days = column('days'), event = column('event'), "
    return RScript(prepared + "arm = column('arm'));" + code, columns, packages=("survival",))


def r_curve(folder: Path) -> Prepared:
    """R's survfit with its own (log) interval."""
    at = ", ".join(map(str, AT))
    return _in_r(
        "measure(function() { s <- summary(survfit(Surv(days, event) ~ 1, d), times = c(" + at + "));"
        "list(survival = s$surv, ci_low = s$lower, ci_high = s$upper) })",
        folder,
    )


def r_logrank(folder: Path) -> Prepared:
    """R's survdiff."""
    return _in_r("measure(function() list(chi2 = survdiff(Surv(days, event) ~ arm, d)$chisq))", folder)


JOBS = {
    "km": {
        "ours": ours_curve,
        "lifelines": lifelines_curve,
        "scikit-survival": scikit_survival_curve,
        "R survival": r_curve,
    },
    "logrank": {
        "ours": ours_logrank,
        "lifelines": lifelines_logrank,
        "scikit-survival": scikit_survival_logrank,
        "R survival": r_logrank,
    },
}
PACKAGES = {"lifelines": ("lifelines", "pandas", "numpy"), "scikit-survival": ("scikit-survival", "numpy")}

if __name__ == "__main__":
    main(JOBS, data=dict.fromkeys(JOBS, write_data), packages=PACKAGES)
