"""Rates and regressions of small data meet columns of every kind: a number, a clear refusal, nothing else."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis_lib.errors import AnalysisError
from analysis_lib.models.rates import (
    compare_rates,
    compare_risks,
    incidence_rates,
    mantel_haenszel,
    prevalence,
    split_follow_up,
    standardised_rates,
    standardised_ratios,
)
from analysis_lib.models.regression import conditional_logistic, gee, mixed, quantile_regression

N = 30
MARK = "kv7-secret"
DATA = pd.DataFrame(
    {
        "group": ["a", "b", "c"] * 10,
        "arm": ["x", "y"] * 15,
        "event": [0, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1] * 2,
        "days": np.arange(1.0, 31.0),
        "cases": np.arange(30),
        "n": np.arange(1, 31) + 5,
        "y": np.sin(np.arange(30)),
        "age": ["0-4", "0-4", "5-9"] * 10,
        "start": pd.date_range("2000", periods=30),
        "birth": pd.date_range("1950", periods=30),
    }
)
COLUMNS: dict[str, Callable[[], pd.Series]] = {
    "none": lambda: pd.Series([None] * N),
    "nan": lambda: pd.Series([np.nan] * N),
    "infinite": lambda: pd.Series([np.inf] * N),
    "huge": lambda: pd.Series([1e308] * N),
    "tiny": lambda: pd.Series([1e-320] * N),
    "negative": lambda: pd.Series([-1] * N),
    "zero": lambda: pd.Series([0] * N),
    "text": lambda: pd.Series([MARK] * N),
    "objects": lambda: pd.Series([{"a": 1}] * N),
    "mixed": lambda: pd.Series([1, MARK, None] * 10),
    "dates": lambda: pd.Series(pd.date_range("2000", periods=N)),
    "bools": lambda: pd.Series([True, False] * 15),
    "nullable bools": lambda: pd.Series([pd.NA, True] * 15, dtype="boolean"),
    "nullable integers": lambda: pd.Series(range(N), dtype="Int64"),
    "large integers": lambda: pd.Series([2**60 + index for index in range(N)]),
    "categories": lambda: pd.Series(pd.Categorical(["p", "q"] * 15, categories=["z", "q", "p"])),
    "complex": lambda: pd.Series([1 + 2j] * N),
    "bytes": lambda: pd.Series([b"x"] * N),
    "timedeltas": lambda: pd.Series(pd.to_timedelta(range(1, N + 1), unit="D")),
    "intervals": lambda: pd.Series(pd.interval_range(0, N)),
}
CALLS: dict[str, tuple[Callable[[pd.DataFrame], Any], list[str]]] = {
    "incidence": (
        lambda d: incidence_rates(d, time="days", event="event", by=["group", "arm"]),
        ["days", "event", "group"],
    ),
    "incidence of a table": (
        lambda d: incidence_rates(d, time="days", n_events="cases", by="group"),
        ["days", "cases"],
    ),
    "prevalence": (lambda d: prevalence(d, event="event", by="group"), ["event", "group"]),
    "rates": (lambda d: compare_rates(d, time="days", event="event", by="arm"), ["days", "event", "arm"]),
    "risks": (lambda d: compare_risks(d, n_events="cases", n="n", by="arm"), ["cases", "n", "arm"]),
    "strata": (
        lambda d: mantel_haenszel(d, event="event", by="arm", strata="group", exact=True),
        ["event", "arm", "group"],
    ),
    "strata of rates": (
        lambda d: mantel_haenszel(d, event="event", by="arm", strata="group", time="days"),
        ["event", "arm", "group", "days"],
    ),
    "direct": (
        lambda d: standardised_rates(d, time="days", event="event", age="age", by="arm", standard="who"),
        ["days", "event", "age", "arm"],
    ),
    "indirect": (
        lambda d: standardised_ratios(d, time="days", event="event", strata="age", reference={"0-4": 0.1, "5-9": 0.2}),
        ["days", "event", "age"],
    ),
    "split": (
        lambda d: split_follow_up(
            d,
            start="start",
            time="days",
            event="event",
            birth="birth",
            age_bands=[0, 40, 60],
            calendar_bands="year",
            entry_bands=[0, 10],
            keep=["group"],
        ).rates(),
        ["days", "event", "start", "birth", "group"],
    ),
    "conditional logistic": (
        lambda d: conditional_logistic("event ~ y", d, strata="group"),
        ["event", "y", "group"],
    ),
    "estimating equations": (lambda d: gee("y ~ days", d, cluster="group"), ["y", "days", "group"]),
    "estimating equations, binomial": (
        lambda d: gee(
            "event ~ y", d, cluster="group", family="binomial", correlation="ar1", time="days", errors="bias-reduced"
        ),
        ["event", "days"],
    ),
    "estimating equations, Poisson": (
        lambda d: gee("cases ~ y", d, cluster="group", family="poisson", exposure="days"),
        ["cases", "days"],
    ),
    "mixed": (lambda d: mixed("y ~ days", d, cluster="group", random="1 + days"), ["y", "days", "group"]),
    "quantile": (lambda d: quantile_regression("y ~ days", d), ["y", "days"]),
}


def _said(call: Callable[[pd.DataFrame], Any], data: pd.DataFrame) -> str:
    """What a reader sees: the result, or the refusal."""
    try:
        found = call(data)
    except AnalysisError as error:
        return f"refused: {error}"
    return f"found: {found!r} {found._repr_html_()}"


@pytest.mark.parametrize("name", CALLS)
def test_a_column_of_any_kind_gives_a_result_or_a_clear_refusal(name: str) -> None:
    call, columns = CALLS[name]
    for column in columns:
        for make in COLUMNS.values():
            said = _said(call, DATA.assign(**{column: make()}))
            # A level of a category is part of a term's name, and terms are named.
            assert said.startswith("found: ") or MARK not in said.replace(f"[T.{MARK}]", "")


@pytest.mark.parametrize("name", CALLS)
def test_none_one_or_two_rows_give_a_result_or_a_clear_refusal(name: str) -> None:
    call, _ = CALLS[name]
    for size in (0, 1, 2):
        assert len(_said(call, DATA.head(size))) > 40
