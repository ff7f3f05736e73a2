"""The compiled products of a design with itself against numpy's."""

import numpy as np
import pytest

from analysis_lib.models.sums.product_kernels import add_weighted_products


@pytest.mark.parametrize("columns", [1, 3, 4, 5, 28, 65])
@pytest.mark.parametrize("rows", [0, 1, 255, 256, 257, 1_000])
def test_products_are_those_of_numpy_whatever_the_shape(columns: int, rows: int) -> None:
    random = np.random.default_rng([columns, rows])
    x, weight, residual = random.normal(size=(columns, rows)), random.random(rows), random.normal(size=rows)
    score, information = np.ones(columns), np.full((columns, columns), 2.0)
    add_weighted_products(x, weight, residual, score, information)
    assert score == pytest.approx(1 + x @ residual, rel=1e-12, abs=1e-12)
    assert information == pytest.approx(2 + (x * weight) @ x.T, rel=1e-12, abs=1e-12)
    assert (information == information.T).all()


def test_products_of_rows_in_a_larger_memory_are_theirs_alone() -> None:
    memory = np.full((3, 700), np.nan)
    memory[:, :600] = np.random.default_rng(1).normal(size=(3, 600))
    x, score, information = memory[:, :600], np.zeros(3), np.zeros((3, 3))
    add_weighted_products(x, np.ones(600), np.zeros(600), score, information)
    assert not score.any()
    assert information == pytest.approx(x @ x.T, rel=1e-12)


def test_a_row_without_weight_and_residual_adds_nothing() -> None:
    x = np.array([[1.0, 1e150], [2.0, -1e150]])
    score, information = np.zeros(2), np.zeros((2, 2))
    add_weighted_products(x, np.array([1.0, 0.0]), np.array([3.0, 0.0]), score, information)
    assert score.tolist() == [3.0, 6.0]
    assert information.tolist() == [[1.0, 2.0], [2.0, 4.0]]
