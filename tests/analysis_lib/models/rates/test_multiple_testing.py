"""Adjusted p values, and figures of rates."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis_lib.errors import ModelInputError
from analysis_lib.models.rates import adjust_p_values, compare_risks, incidence_rates, prevalence


@settings(max_examples=40, deadline=None)
@given(values=st.lists(st.floats(0, 1), min_size=1, max_size=20), seed=st.integers(0, 9))
def test_adjusting_does_not_depend_on_the_order(values: list[float], seed: int) -> None:
    given_values = pd.Series(values, index=[f"t{index}" for index in range(len(values))])
    found = adjust_p_values(given_values).adjusted
    other = adjust_p_values(given_values.sample(frac=1, random_state=seed)).adjusted
    np.testing.assert_allclose(other[found.index], found, rtol=1e-12)
    assert (found >= given_values - 1e-15).all()


def test_missing_p_values_are_left_out_and_counted() -> None:
    found = adjust_p_values({"age": 0.01, "sex": None, "bmi": 0.04}, method="bonferroni")  # type: ignore[dict-item]
    assert found.table.index.to_list() == ["age", "bmi"]
    assert found.adjusted.to_list() == pytest.approx([0.02, 0.08])
    assert "Left out: 1 tests" in repr(found)
    assert adjust_p_values([0.01, pd.NA, 0.04], method="bonferroni").adjusted.to_list() == found.adjusted.to_list()


@pytest.mark.parametrize(
    ("p_values", "arguments", "words"),
    [
        ([0.1, 1.2], {}, "found 1 outside"),
        ([], {}, "0 in all"),
        ([None], {}, "0 in all"),
        (["kv7"], {}, "must be numbers"),
        ("kv7", {}, "list or a Series"),
        (0.1, {}, "list or a Series"),
        ([0.1], {"method": "best"}, "method must be one of"),
        ([0.1], {"alpha": 5}, "alpha must lie"),
    ],
)
def test_what_is_no_p_value_is_refused(p_values: Any, arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ModelInputError, match=words) as caught:
        adjust_p_values(p_values, **arguments)
    assert "kv7" not in str(caught.value)


def test_figures_are_drawn_with_their_data(tmp_path: Path) -> None:
    data = pd.DataFrame({"arm": ["a", "b"], "cases": [3, 0], "n": [10, 10], "days": [3650.0, 900.0]})
    figures = [
        prevalence(data, n_events="cases", n="n", by="arm").plot(),
        incidence_rates(data, n_events="cases", time="days", by="arm").plot(title="Rates"),
        compare_risks(data.assign(cases=[3, 1]), n_events="cases", n="n", by="arm").plot(),
        adjust_p_values([0.01, 0.2, 0.03]).plot(),
    ]
    for index, figure in enumerate(figures):
        assert len(figure.data)
        assert figure.alt_text
        assert all(path.stat().st_size for path in figure.save(tmp_path / f"f{index}"))
