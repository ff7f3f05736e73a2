"""Regressions that are hard, wrong or hostile: the number is right or the error says what to do, never a value."""

from pathlib import Path
from typing import Any

import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from analysis_lib.errors import AnalysisError, ConvergenceError, ModelInputError, SeparationError
from analysis_lib.models.regression import glm


def _people(n: int = 200, *, seed: int = 0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "age": random.normal(60, 10, n),
            "sex": random.choice(["female", "male"], n),
            "site": random.choice(["A", "B", "C"], n),
            "years": random.uniform(0.5, 5, n),
            "w": random.uniform(0.5, 2, n),
        }
    )
    eta = -4 + 0.05 * frame["age"] + 0.5 * (frame["sex"] == "male")
    frame["event"] = (random.random(n) < 1 / (1 + np.exp(-eta))).astype(int)
    frame["count"] = random.poisson(np.exp(-1 + 0.02 * frame["age"]))
    frame["cost"] = random.gamma(2, 50, n)
    return frame


# Separation


def test_a_covariate_that_tells_the_outcome_without_error_is_named() -> None:
    frame = _people().assign(marker=lambda data: data["event"] * 2.0 + data["age"] / 1000)
    with pytest.raises(SeparationError, match="marker"):
        glm("event ~ age + marker", frame, family="binomial")


def test_a_covariate_that_touches_in_one_value_only_is_named() -> None:
    frame = pd.DataFrame({"x": [1.0, 2, 3, 3, 4, 5], "y": [0, 0, 0, 1, 1, 1]})
    with pytest.raises(SeparationError, match="x"):
        glm("y ~ x", frame, family="binomial")


def test_a_combination_that_tells_the_outcome_is_said_to_be_one() -> None:
    random = np.random.default_rng(1)
    frame = pd.DataFrame({"a": random.normal(size=100), "b": random.normal(size=100)})
    frame["y"] = (frame["a"] + frame["b"] > 0).astype(int)
    with pytest.raises(SeparationError, match="combination"):
        glm("y ~ a + b", frame, family="binomial")


@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
def test_a_level_without_events_is_named_with_its_column(link: str) -> None:
    frame = _people()
    frame.loc[frame["site"] == "C", "event"] = 0
    with pytest.raises(SeparationError, match=r"site.*C"):
        glm("event ~ age + C(site)", frame, family="binomial", link=link)


def test_a_level_without_counts_is_named_in_poisson_too() -> None:
    frame = _people()
    frame.loc[frame["site"] == "C", "count"] = 0
    with pytest.raises(SeparationError, match=r"site.*C"):
        glm("count ~ age + C(site)", frame, family="poisson")


def test_an_interaction_cell_without_events_is_refused() -> None:
    frame = _people(400)
    frame.loc[(frame["site"] == "C") & (frame["sex"] == "male"), "event"] = 0
    with pytest.raises(AnalysisError, match="separat"):
        glm("event ~ C(site) * C(sex)", frame, family="binomial")


#: Outcomes that covariates separate, wholly or in part, found by linear programmes on drawn tables.
SEPARATED: list[tuple[str, list[list[int]], list[int]]] = [
    ("logit", [[0, 0], [0, 1], [1, 0], [1, 0], [0, 1], [0, 1]], [1, 0, 1, 1, 1, 0]),
    ("logit", [[0], [2], [1], [0], [2], [2], [1], [0], [1], [2]], [1, 0, 0, 1, 0, 0, 0, 0, 0, 0]),
    (
        "logit",
        [[0, 0, 1], [1, 0, 1], [0, 1, 1], [0, 0, 0], [0, 0, 1], [1, 0, 1], [1, 1, 1], [0, 0, 1]],
        [1, 1, 1, 1, 1, 1, 1, 0],
    ),
    ("probit", [[0], [0], [1], [2], [0], [0], [0]], [0, 1, 0, 0, 0, 0, 1]),
    ("probit", [[0, 0]] * 4 + [[1, 0]] * 3 + [[0, 1]] * 3 + [[1, 1]] * 2, [1, 1, 1, 0] + [1] * 8),
    (
        "probit",
        [[1, 1, 1], [0, 1, 2], [1, 1, 0], [0, 2, 2], [2, 0, 0], [0, 1, 1], [1, 2, 1], [1, 1, 2], [2, 2, 1]],
        [0, 0, 0, 0, 1, 0, 0, 0, 0],
    ),
    ("cloglog", [[1, 0], [0, 1], [1, 0], [0, 0], [1, 1], [0, 1], [1, 1], [1, 0]], [0, 0, 0, 1, 0, 0, 0, 0]),
    ("cloglog", [[0]] * 6 + [[1]] * 7, [0] * 6 + [1] * 7),
    (
        "cloglog",
        [[1, 0], [0, 0], [0, 1], [0, 0], [0, 0], [1, 0], [0, 1], [0, 0], [1, 0], [1, 0], [0, 0], [1, 1], [0, 1]],
        [1, 1, 0, 0, 0, 1, 0, 1, 1, 1, 0, 1, 0],
    ),
]


@pytest.mark.parametrize("solved", ["by QR", "by sums"])
@pytest.mark.parametrize(("link", "x", "y"), SEPARATED)
def test_separated_tables_are_refused_whatever_the_link_and_the_size(
    link: Any, x: list[list[int]], y: list[int], solved: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if solved == "by sums":
        monkeypatch.setattr("analysis_lib.models.regression.glm_problem.SMALL_DESIGN", 0)
    frame = pd.DataFrame(x, columns=[f"x{index}" for index in range(len(x[0]))]).assign(y=y)
    with pytest.raises(SeparationError, match=r"x\d"):
        glm("y ~ " + " + ".join(frame.columns[:-1]), frame, family="binomial", link=link)


def test_nearly_separated_data_are_fitted() -> None:
    frame = pd.DataFrame({"x": [1.0, 2, 3, 4, 5, 6, 7, 8], "y": [0, 0, 0, 1, 0, 1, 1, 1]})
    theirs = sm.Logit(frame["y"], sm.add_constant(frame["x"])).fit(disp=0, tol=1e-14, maxiter=200)
    ours = glm("y ~ x", frame, family="binomial")
    np.testing.assert_allclose(ours.params, theirs.params, rtol=1e-8)
    np.testing.assert_allclose(ours.bse, theirs.bse, rtol=1e-7)


# Collinear, constant, too few


@pytest.mark.parametrize("family", ["gaussian", "binomial"])
def test_collinear_covariates_are_named(family: str) -> None:
    frame = _people().assign(twice=lambda data: 2 * data["age"] - 7)
    with pytest.raises(ModelInputError, match=r"collinear.*twice.*age"):
        glm("event ~ age + twice", frame, family=family)


def test_a_constant_covariate_is_named() -> None:
    with pytest.raises(ModelInputError, match="centre"):
        glm("event ~ age + centre", _people().assign(centre=3.0), family="binomial")


def test_dummies_of_all_levels_beside_an_intercept_are_refused() -> None:
    frame = _people().assign(male=lambda d: (d["sex"] == "male") * 1, female=lambda d: (d["sex"] == "female") * 1)
    with pytest.raises(ModelInputError, match="collinear"):
        glm("event ~ male + female", frame, family="binomial")


@pytest.mark.parametrize("n", [0, 1, 2])
def test_too_few_rows_are_refused(n: int) -> None:
    with pytest.raises(AnalysisError):
        glm("cost ~ age + C(sex)", _people().iloc[:n])


@pytest.mark.parametrize(
    ("formula", "family", "changes", "words"),
    [
        ("event ~ age", "binomial", {"event": 0}, "vary|separat|all"),
        ("event ~ age", "binomial", {"event": 1}, "vary|separat|all"),
        ("event ~ age", "binomial", {"event": 2.5}, "0/1"),
        ("event ~ age", "binomial", {"event": "yes"}, "event"),
        ("count ~ age", "poisson", {"count": -1.0}, "0 or more"),
        ("cost ~ age", "gamma", {"cost": 0.0}, "greater than 0"),
        ("cost ~ age", "inverse gaussian", {"cost": -1.0}, "greater than 0"),
        ("cost ~ age", "gaussian", {"cost": np.inf}, "finite|infinite"),
        ("cost ~ age", "gaussian", {"age": np.inf}, "finite|infinite"),
        ("cost ~ age", "gaussian", {"age": np.nan}, "no row|missing"),
        ("cost ~ age", "normal", {}, "gaussian"),
        ("cost ~ agge", "gaussian", {}, "Did you mean 'age'"),
        ("cost ~ ", "gaussian", {"cost": np.nan}, "."),
        ("cost age", "gaussian", {}, "~"),
        ("cost ~ __import__('os').getcwd()", "gaussian", {}, "."),
    ],
)
def test_what_cannot_be_fitted_is_refused_with_the_reason(
    formula: str, family: Any, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(ModelInputError, match=words):
        glm(formula, _people().assign(**changes), family=family)


@pytest.mark.parametrize(
    ("arguments", "changes", "words"),
    [
        ({"link": "cauchit"}, {}, "link"),
        ({"link": "inverse"}, {}, "link"),
        ({"weights": "w"}, {"w": -1.0}, "weight"),
        ({"weights": "w"}, {"w": np.inf}, "weight|finite|infinite"),
        ({"weights": "nothing"}, {}, "nothing"),
        ({"frequency_weights": "w"}, {"w": 1.5}, "whole"),
        ({"frequency_weights": "w"}, {"w": 0}, "."),
        ({"offset": "w"}, {"w": np.inf}, "offset|finite|infinite"),
        ({"cluster": "nothing"}, {}, "nothing"),
        ({"cluster": "site"}, {"site": "A"}, "cluster"),
        ({"errors": "HC9"}, {}, "HC0"),
        ({"errors": "cluster"}, {}, "cluster"),
        ({"level": 95}, {}, "level"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(
    arguments: dict[str, Any], changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(ModelInputError, match=words):
        glm("event ~ age", _people().assign(**changes), family="binomial", **arguments)


def test_an_exposure_of_zero_is_refused() -> None:
    with pytest.raises(ModelInputError, match="exposure"):
        glm("count ~ age", _people().assign(years=0.0), family="poisson", exposure="years")


# Missing values


def test_incomplete_rows_are_left_out_and_counted_once() -> None:
    frame = _people()
    frame.loc[:9, "age"] = np.nan
    frame.loc[5:14, "event"] = np.nan
    frame.loc[14:19, "w"] = np.nan
    fit = glm("event ~ age + C(sex)", frame, family="binomial", weights="w")
    kept = frame.dropna(subset=["age", "event", "w"])
    whole = glm("event ~ age + C(sex)", kept, family="binomial", weights="w")
    assert (fit.n, fit.n_excluded) == (180, 20)
    assert fit.exclusions == {"age missing": 10, "event missing": 10, "w missing": 6}
    np.testing.assert_allclose(fit.params, whole.params, rtol=1e-12)


def test_a_level_that_only_incomplete_rows_have_makes_no_column() -> None:
    frame = _people()
    frame.loc[frame.index[:3], ["site", "age"]] = ["Z", np.nan]
    fit = glm("event ~ age + C(site)", frame, family="binomial")
    assert not any("Z" in term for term in fit.params.index)


@pytest.mark.parametrize("dtype", ["Int64", "boolean", "bool", "int8", "uint8", "Float64", "float32"])
def test_the_type_of_a_0_1_outcome_does_not_matter(dtype: str) -> None:
    frame = _people()
    expected = glm("event ~ age", frame, family="binomial").params
    found = glm("event ~ age", frame.assign(event=frame["event"].astype(dtype)), family="binomial").params
    np.testing.assert_allclose(found, expected, rtol=1e-12)


# Where the rows lie, and how many there are


def test_rows_in_files_of_any_size_and_in_dask_give_what_rows_in_memory_give(tmp_path: Path) -> None:
    frame = _people(3_000)
    expected = glm("event ~ age + C(sex) + C(site)", frame, family="binomial", errors="cluster", cluster="site")
    for size in (100, 1_111):
        frame.to_parquet(tmp_path / f"{size}.parquet", row_group_size=size)
    for data in (tmp_path / "100.parquet", tmp_path / "1111.parquet", dd.from_pandas(frame, npartitions=7)):
        found = glm("event ~ age + C(sex) + C(site)", data, family="binomial", errors="cluster", cluster="site")
        np.testing.assert_allclose(found.params, expected.params, rtol=1e-10)
        np.testing.assert_allclose(found.bse, expected.bse, rtol=1e-10)
        assert found.llf == pytest.approx(expected.llf, rel=1e-11)


@pytest.mark.parametrize(
    ("formula", "family"), [("event ~ age + b + c + d", "binomial"), ("count ~ age + b + c + d", "poisson")]
)
def test_many_rows_which_are_added_up_agree_with_statsmodels(formula: str, family: str) -> None:
    frame = _people(700_000, seed=3)
    random = np.random.default_rng(4)
    centred = pd.DataFrame({name: random.normal(0, 1, len(frame)) for name in "bcd"})
    frame[["b", "c", "d"]] = centred.add([1e4, 0.0, -3.0])
    kind = {"binomial": sm.families.Binomial(), "poisson": sm.families.Poisson()}[family]
    # statsmodels loses nine digits to a column such as b, so it gets the columns around zero; the slopes are the same.
    x = sm.add_constant(np.column_stack([frame["age"] - 60, frame[["b", "c", "d"]] - [1e4, 0.0, -3.0]]))
    theirs = sm.GLM(frame[formula.split(maxsplit=1)[0]].to_numpy(), x, family=kind)
    model, robust = theirs.fit(tol=1e-14), theirs.fit(tol=1e-14, cov_type="HC0")
    ours = glm(formula, frame, family=family)
    np.testing.assert_allclose(ours.params[1:], model.params[1:], rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(ours.bse[1:], model.bse[1:], rtol=1e-9)
    assert ours.llf == pytest.approx(model.llf, rel=1e-11)
    np.testing.assert_allclose(glm(formula, frame, family=family, errors="HC0").bse[1:], robust.bse[1:], rtol=1e-9)


# Hostile names, huge numbers, what a message may say


@pytest.mark.parametrize("name", ["a b", "체질량지수", "x'; DROP TABLE", "2nd", "np.exp", "a~b", "a:b"])
def test_a_column_of_any_name_can_be_a_covariate(name: str) -> None:
    frame = _people()
    expected = glm("event ~ age + C(sex)", frame, family="binomial")
    found = glm(f"event ~ `{name}` + C(sex)", frame.rename(columns={"age": name}), family="binomial")
    np.testing.assert_allclose(np.sort(found.params), np.sort(expected.params), rtol=1e-12)


def test_a_column_with_the_name_of_the_intercept_is_refused() -> None:
    with pytest.raises(ModelInputError, match="Intercept"):
        glm("event ~ `Intercept` + sex", _people().rename(columns={"age": "Intercept"}), family="binomial")


@pytest.mark.parametrize("size", [1e-150, 1e150])
def test_numbers_of_extreme_size_give_the_same_fit_or_a_clear_error(size: float) -> None:
    frame = _people()
    plain = glm("event ~ age", frame, family="binomial")
    try:
        found = glm("event ~ age", frame.assign(age=frame["age"] * size), family="binomial")
    except (ModelInputError, ConvergenceError):
        return
    assert found.params["age"] * size == pytest.approx(plain.params["age"], rel=1e-8)


def test_no_message_tells_a_persons_value() -> None:
    mark = 73_313.377
    frame = _people()
    frame.loc[3, "age"] = mark
    frame["marked"] = np.where(frame.index == 5, f"{mark}", "usual")
    tries: list[dict[str, Any]] = [
        {"formula": "event ~ age + marked", "family": "poisson", "weights": "age", "changes": {"age": -frame["age"]}},
        {"formula": "age ~ event", "family": "binomial", "changes": {}},
        {"formula": "cost ~ age", "family": "gamma", "changes": {"cost": -frame["age"]}},
        {"formula": "event ~ age", "family": "binomial", "frequency_weights": "age", "changes": {}},
    ]
    for arguments in tries:
        changes = arguments.pop("changes")
        with pytest.raises(AnalysisError) as raised:
            glm(arguments.pop("formula"), frame.assign(**changes), **arguments)
        assert "73" + "313" not in str(raised.value).replace(",", "")
