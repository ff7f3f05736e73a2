"""Tests between groups in Table 1, and the table written for other programs."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from docx import Document

from analysis_lib.errors import ModelInputError, OutputError
from analysis_lib.report import table_one


@pytest.fixture
def people() -> pd.DataFrame:
    draw = np.random.default_rng(5)
    data = pd.DataFrame(
        {
            "arm": draw.choice(["a", "b"], 90),
            "age": draw.normal(60, 10, 90),
            "visits": draw.poisson(2, 90),
            "sick": draw.random(90) < 0.4,
            "rare": [True, True, *[False] * 88],
            "site": draw.choice(["서울 & 부산_1", "50% {x}", "[z]~^\\"], 90),
        }
    )
    data.loc[:4, "age"] = np.nan
    return data


def test_nothing_is_tested_unless_asked(people: pd.DataFrame) -> None:
    table = table_one(people, by="arm")
    assert table.p_values.empty
    assert "p_value" not in table.to_frame()
    assert "p:" not in table.method


def test_every_column_gets_the_usual_test_and_the_table_names_it(people: pd.DataFrame) -> None:
    table = table_one(people, by="arm", nonnormal=["visits"], tests=True, overall=True)
    frame = table.to_frame()
    named = dict(zip(frame["characteristic"], frame["test"], strict=True))
    assert named["Age, mean (SD)"] == "Welch's t test"
    assert named["Visits, median [IQR]"] == "Kruskal-Wallis test"
    assert named["Sick, n (%)"] == "chi-square test with Yates' correction"
    assert named["Rare, n (%)"] == "Fisher's exact test"
    assert named["Site, n (%)"] == "chi-square test"
    assert set(table.p_values.index) == {"age", "visits", "sick", "rare", "site"}
    assert table.p_values.between(0, 1).all()
    for word in ("Welch's t test (Age)", "Kruskal-Wallis test (Visits)", "randomised trial", "chance"):
        assert word in table.method


def test_three_groups_get_tests_for_three(people: pd.DataFrame) -> None:
    three = people.assign(arm=np.resize(["a", "b", "c"], 90))
    table = table_one(three, by="arm", variables=["age", "visits"], tests={"age": "student", "visits": "kruskal"})
    names = [line.test.name for line in table.lines if line.test]
    assert names == ["analysis of variance", "Kruskal-Wallis test"]


def test_only_the_columns_named_are_tested(people: pd.DataFrame) -> None:
    table = table_one(people, by="arm", tests={"sick": "fisher"})
    assert table.p_values.index.to_list() == ["sick"]


def test_sparse_categories_are_pointed_out(people: pd.DataFrame) -> None:
    levels = np.resize(["x", "y"], 90)
    levels[:2] = "z"
    table = table_one(people.assign(level=levels), by="arm", variables=["level"], tests=True)
    assert "Expected counts below 5, so that p is rough: Level." in table.method


@pytest.mark.parametrize("values", [[1.0] * 6, [np.nan] * 6, [1.0, np.nan, np.nan, 2.0, np.nan, np.nan]])
def test_where_no_test_is_possible_there_is_a_dash(values: list[float]) -> None:
    data = pd.DataFrame({"x": np.array(values) + 1, "arm": list("aaabbb")})
    for test in ("welch", "student", "kruskal", "wilcoxon"):
        table = table_one(data, by="arm", variables=["x"], tests={"x": test})
        if np.unique(np.array(values)[~np.isnan(values)]).size < 2 or test in {"welch", "student"}:
            assert np.isnan(table.p_values["x"])
            assert table.printed().rows[1][-1] == "–"


def test_order_of_rows_and_weights_of_scale_change_no_p_value(people: pd.DataFrame) -> None:
    shuffled = people.sample(frac=1, random_state=3).assign(age=lambda frame: frame["age"] * 1024)
    left, right = (table_one(data, by="arm", nonnormal=["visits"], tests=True).p_values for data in (people, shuffled))
    assert right.to_dict() == pytest.approx(left.to_dict(), rel=1e-10)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"tests": True}, "no column of groups"),
        ({"by": "arm", "tests": {"age": "t-test"}}, "found 't-test'"),
        ({"by": "arm", "tests": {"agee": "welch"}}, "'agee'"),
        ({"by": "arm", "tests": {"sick": "welch"}}, "column 'sick' holds counts"),
        ({"by": "arm", "tests": {"age": "fisher"}}, "column 'age' holds numbers"),
        ({"by": "arm", "tests": "welch"}, "found str"),
        ({"by": "arm", "variables": "age"}, "found one text"),
        ({"by": "arm", "nonnormal": "age"}, "found one text"),
    ],
)
def test_tests_that_do_not_fit_are_refused(people: pd.DataFrame, arguments: dict[str, object], words: str) -> None:
    with pytest.raises(ModelInputError, match=words):
        table_one(people, **arguments)


# Documents


def test_latex_is_escaped_and_has_booktabs_rules(people: pd.DataFrame) -> None:
    latex = table_one(people, by="arm", title="A_1 & B: 100%", tests=True).to_latex()
    for rule in (r"\toprule", r"\midrule", r"\bottomrule", r"\caption{A\_1 \& B: 100\%}"):
        assert rule in latex
    assert r"\quad 서울 \& 부산\_1 & " in latex
    assert r"\quad 50\% \{x\} & " in latex
    assert r"{[}z{]}\textasciitilde{}\textasciicircum{}\textbackslash{}" in latex
    body = latex.partition(r"\midrule")[2].partition(r"\bottomrule")[0].strip().splitlines()
    assert all(len(re.findall(r"(?<!\\)&", row)) == 4 and row.endswith(r"\\") for row in body)
    assert not re.search(r"(?<!\\)[%#_$]", latex)


def test_word_has_every_cell_a_caption_and_the_method(people: pd.DataFrame, tmp_path: Path) -> None:
    table = table_one(people, by="arm", nonnormal=["visits"], overall=True)
    document = Document(str(table.to_docx(tmp_path / "table.docx")))
    (written,) = document.tables
    cells = [[cell.text for cell in row.cells] for row in written.rows]
    printed = table.printed()
    assert cells == [[cell.strip() for cell in row] for row in (printed.header, *printed.rows)]
    words = [paragraph.text for paragraph in document.paragraphs]
    assert words == [table.title, table.method]
    assert written.rows[0]._tr.trPr.xpath("w:tblHeader")


def test_word_takes_signs_that_xml_does_not(tmp_path: Path) -> None:
    table = table_one(pd.DataFrame({"x": ["a\x00b\x0b"], "y": [1]}), title="T\x01")
    document = Document(str(table.to_docx(tmp_path / "t.docx")))
    assert "ab" in [cell.text for row in document.tables[0].rows for cell in row.cells]


def test_a_word_document_is_called_so(people: pd.DataFrame, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"ends in \.docx; found '\.doc'"):
        table_one(people).to_docx(tmp_path / "table.doc")
    assert list(tmp_path.iterdir()) == []
