"""A design made part by part is the design that formulaic makes of all complete rows at once."""

import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest
from formulaic import model_matrix

from analysis_lib.errors import ModelInputError
from analysis_lib.models import glm, kaplan_meier
from analysis_lib.models.rows import design_plan, open_rows, parse_formula, source, survival_formula

FORMULAS = [
    "y ~ age + sex",
    "y ~ age*sex + C(k) + b",
    "y ~ bs(bmi, df=4) + log(`odd col`)",
    "y ~ C(g) + g:age + i",
    "y ~ 0 + sex + g",
    "y ~ C(sex, contr.treatment('m')) + center(age) + scale(bmi)",
    "y ~ poly(age, degree=3) + cr(bmi, df=4) + I(age**2) + I(age>50)",
    "y ~ C(k)*C(g)",
    "y ~ C(sex, Treatment('m'))",
    "y ~ 1",
    "y ~ (age+sex+g)**2",
    "y ~ sex - 1 + k",
]


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    rng, n = np.random.default_rng(0), 700
    frame = pd.DataFrame(
        {
            "y": rng.random(n) < 0.3,
            "age": rng.normal(50, 10, n),
            "sex": rng.choice(["m", "f"], n),
            "bmi": rng.normal(25, 4, n),
            "g": pd.Categorical(rng.choice(["z", "a", "q"], n), categories=["z", "a", "q"]),
            "k": rng.integers(0, 3, n),
            "b": rng.random(n) < 0.5,
            "odd col": rng.random(n) + 1,
            "i": pd.array(rng.integers(0, 9, n), dtype="Int64"),
        }
    )
    frame.loc[::17, "bmi"] = np.nan
    frame.loc[::29, "sex"] = None
    frame.loc[5, "i"] = pd.NA
    return frame


def planned(formula, data):
    rows = open_rows(data)
    parsed = parse_formula(formula, rows.columns)
    plan = design_plan(
        parsed.right,
        rows,
        response=parsed.response,
        response_columns=parsed.response_columns,
        columns=parsed.columns,
    )
    return plan, rows


def matrix_of(plan, rows):
    return np.hstack([plan.prepare(part(plan.columns)).matrix() for part in rows.parts]).T


@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.parametrize("rows_of_a_part", [97, 1000])
def test_parts_make_the_matrix_that_formulaic_makes_of_the_whole(people, formula, rows_of_a_part, monkeypatch):
    monkeypatch.setattr(source, "ROWS_OF_A_PART", rows_of_a_part)
    plan, rows = planned(formula, people)
    complete = people[list(plan.columns)].dropna().reset_index(drop=True)
    complete = complete.assign(**{name: complete[name].astype(float) for name in complete if name == "i"})
    expected = model_matrix(formula.partition("~")[2], complete)
    assert list(plan.terms) == list(expected.columns)
    np.testing.assert_allclose(matrix_of(plan, rows), expected.to_numpy(dtype=float), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("formula", ["y ~ age*sex + C(k) + g", "y ~ bs(bmi, df=5) + sex"])
def test_dask_and_parquet_give_the_design_of_the_frame(people, formula, tmp_path):
    people = people.assign(g=people["g"].astype(str))
    plan, rows = planned(formula, people)
    expected = matrix_of(plan, rows)
    people.to_parquet(tmp_path / "people.parquet", row_group_size=150)
    for data in (dd.from_pandas(people, npartitions=5), tmp_path, str(tmp_path / "people.parquet")):
        other, other_rows = planned(formula, data)
        assert other.terms == plan.terms
        np.testing.assert_allclose(matrix_of(other, other_rows), expected, rtol=1e-12, atol=1e-12)


def test_exclusions_are_counted_by_column_and_once_by_row(people):
    plan, _ = planned("y ~ bmi + sex", people)
    both = int((people["bmi"].isna() & people["sex"].isna()).sum())
    assert plan.exclusions == {"bmi missing": 42, "sex missing": 25}
    assert plan.n_excluded == 42 + 25 - both
    assert plan.n == len(people) - plan.n_excluded


def test_a_part_may_lack_levels_that_others_have(people, monkeypatch):
    monkeypatch.setattr(source, "ROWS_OF_A_PART", 10)
    ordered = people.sort_values("g", kind="stable").reset_index(drop=True)
    plan, rows = planned("y ~ g + C(g):age", ordered)
    expected = model_matrix("g + C(g):age", ordered)
    np.testing.assert_allclose(matrix_of(plan, rows), expected.to_numpy(dtype=float), atol=1e-12)


@pytest.mark.parametrize(
    ("formula", "says"),
    [
        ("y ~ __import__('os').system('id')", "cannot be read"),
        ("y ~ age.mean()", "by their name"),
        ("y ~ agee", "Did you mean 'age'"),
        ("y ~ {age}", "no braces"),
        ("y ~ lag(age)", "cannot call 'lag'"),
        ("y ~ I(age**(9**9))", "a power in a formula"),
        ("y ~ (age + sex + bmi)**900", "at most 20"),
        ("y ~ (age + sex + bmi)**9", "order 4"),
        ("y ~ age | sex", "cannot be read"),
        ("y ~ (", "cannot be read"),
        ("y ~ `1`", "cannot be called '1'"),
        ("y ~ age + Intercept", "cannot be called 'Intercept'"),
        ("y", 'one "~"'),
        ("a ~ b ~ c", 'one "~"'),
        ("~ age", "left side"),
        ("y ~ C(age > 3)", "takes a column"),
        ("y ~ I((lambda: 1)())", "by their name"),
        ("y ~ I([q for q in age])", "a formula holds"),
        ("open('x') ~ age", "cannot call 'open'"),
        (17, "found int"),
        ("y ~ " + "age + " * 5000 + "age", "at most"),
    ],
)
def test_what_must_not_stand_in_a_formula_is_refused(people, formula, says):
    with pytest.raises(ModelInputError, match=says):
        parse_formula(formula, tuple(people.columns))


def test_a_text_column_of_ids_is_refused_without_its_values():
    data = pd.DataFrame({"y": np.arange(60.0), "who": [f"secret-{index}" for index in range(60)]})
    with pytest.raises(ModelInputError, match="60 different values") as caught:
        planned("y ~ who", data)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"x": [1.0, 1.0, 1.0]}, "must vary"),
        ({"x": [1.0, np.inf, 2.0]}, "must be finite"),
        ({"x": [np.nan] * 3}, "no row is left"),
        ({"x": ["a", "a", "a"]}, "one level"),
        ({"x": pd.to_datetime(["2020-01-01"] * 3)}, "Turn dates"),
        ({"x": pd.Categorical(["a", "b", "b"], categories=["a", "b", "c"])}, "has none in 'c'"),
        ({"x": [1j, 2j, 3j]}, "must be real"),
    ],
)
def test_columns_that_cannot_be_used_are_named(data, says):
    with pytest.raises(ModelInputError, match=says):
        planned("y ~ x", pd.DataFrame({"y": [0.0, 1.0, 0.0], **data}))


def test_log_of_zero_is_refused_and_not_left_out():
    with pytest.raises(ModelInputError, match="must be finite"):
        planned("y ~ log(x)", pd.DataFrame({"y": [0.0, 1.0, 0.0], "x": [1.0, 0.0, 2.0]}))[0].prepare(
            pd.DataFrame({"y": [0.0], "x": [0.0]})
        )


def test_a_survival_formula_names_its_parts():
    columns = ("start", "stop", "event", "age", "site", "odd col")
    found = survival_formula("Surv(start, stop, event) ~ age + strata(site) + cluster(`odd col`)", columns)
    assert (found.start, found.stop, found.event) == ("start", "stop", "event")
    assert (found.right.strip(), found.strata, found.cluster) == ("age", ("site",), "odd col")
    with pytest.raises(ModelInputError, match="Surv"):
        survival_formula("event ~ age", columns)


NARROW = pd.DataFrame(
    {
        "y": np.cos(np.arange(60.0)),
        "days": [(7 * index) % 43 + 80 for index in range(60)],
        "dose": [(11 * index) % 37 + 60 for index in range(60)],
        "old": [index % 3 == 0 for index in range(60)],
        "ill": [index % 2 == 0 for index in range(60)],
        "grade": [index % 4 for index in range(60)],
    }
)


@pytest.mark.parametrize("kind", ["int8", "uint8", "int16", "float32", "Int8", "int8[pyarrow]"])
@pytest.mark.parametrize(
    "formula",
    [
        "y ~ days + I(days**2)",
        "y ~ I(dose - days) + dose",
        "y ~ days * dose",
        "y ~ I(days * dose) + days",
        "y ~ poly(days, degree=3)",
        "y ~ bs(days, df=4)",
        "y ~ C(grade):days",
        "y ~ C(grade) + I(grade * days)",
        "I(days * dose) ~ y",
        "I(dose - days) ~ y",
    ],
)
def test_arithmetic_with_numbers_of_few_bits_is_that_with_wide_ones(formula: str, kind: str) -> None:
    narrow = NARROW.astype(
        {"days": kind, "dose": kind} | ({"grade": kind} if kind in {"int8", "uint8", "int16"} else {})
    )
    found, expected = glm(formula, narrow), glm(formula, NARROW)
    assert list(found.params.index) == list(expected.params.index)
    np.testing.assert_allclose(found.params, expected.params, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("term", ["I(old + ill)", "I((days > 90) + ill)", "I(days + (old + ill))", "I(-old)"])
def test_truth_values_are_not_added_up_as_or(term: str) -> None:
    with pytest.raises(ModelInputError, match="truth values must be numbers"):
        glm(f"y ~ {term}", NARROW)


def test_truth_values_are_added_up_as_numbers_where_they_are_written_so() -> None:
    counted = NARROW.assign(count=NARROW["old"].astype(int) + NARROW["ill"])
    expected = glm("y ~ count", counted).params.to_numpy()
    np.testing.assert_allclose(glm("y ~ I(1 * old + 1 * ill)", NARROW).params, expected)
    # R 4.2.2: coef(lm(I(old + ill) ~ y)) counts too.
    np.testing.assert_allclose(glm("I(old + ill) ~ y", NARROW).params, glm("count ~ y", counted).params.to_numpy())


@pytest.mark.parametrize("name", ["yield", "class", "lambda"])
def test_a_column_called_as_a_python_keyword_is_an_outcome_and_a_covariate(name: str) -> None:
    renamed = NARROW.rename(columns={"y": name})
    np.testing.assert_allclose(glm(f"{name} ~ days", renamed).params, glm("y ~ days", NARROW).params)
    np.testing.assert_allclose(glm(f"days ~ {name}", renamed).params, glm("days ~ y", NARROW).params)


@pytest.mark.parametrize("cell", [[1, 2], {"a": 1}, np.zeros(2)], ids=["list", "dict", "array"])
def test_cells_of_several_values_are_refused_by_column(people, cell):
    frame = people.assign(sex=pd.Series([cell] * len(people), dtype=object))
    with pytest.raises(ModelInputError, match=r"column 'sex' has a (list|dict|ndarray) in some"):
        glm("y ~ age + sex", frame, family="binomial")
    with pytest.raises(ModelInputError, match=r"column 'sex' has a (list|dict|ndarray) in some"):
        kaplan_meier(frame.assign(t=1.0), time="t", event="b", by="sex")
