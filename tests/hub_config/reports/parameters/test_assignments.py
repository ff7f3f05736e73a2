"""From ``-p`` and YAML to checked values: what is hostile, double or unknown is refused before anything starts."""

from pathlib import Path

import pytest

from hub_config.errors import ParameterNameError, ParametersFileError, ParameterValueError, UnknownParameterError
from hub_config.reports import Template, inspect_template, resolve_parameters
from hub_config.reports.parameters.assignments import read_assignments, read_parameters_file

from ..conftest import Bench, parameters, text

CELL = """
days: int = 7  # how many days
ties: "Literal['efron', 'breslow']" = "efron"
index_from: str = "2015-01-01"  # ISO 8601
wards: list[str] = ["A"]
limit: float | None = None
label: str = "all"
strict: bool = False
"""


@pytest.fixture
def template(bench: Bench) -> Template:
    return inspect_template(bench.template(text("# T"), parameters(CELL)))


def file_with(content: str | bytes, folder: Path) -> Path:
    path = folder / "params.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_what_is_given_stands_beside_the_defaults_in_the_order_declared(template: Template):
    resolved = resolve_parameters(template, texts={"ties": "breslow"}, values={"limit": 1, "days": 3})
    assert list(resolved.items()) == [
        ("days", 3),
        ("ties", "breslow"),
        ("index_from", "2015-01-01"),
        ("wards", ["A"]),
        ("limit", 1.0),
        ("label", "all"),
        ("strict", False),
    ]
    assert isinstance(resolved["limit"], float)


def test_the_command_line_wins_over_the_file(template: Template):
    assert resolve_parameters(template, texts={"days": "3"}, values={"days": 4})["days"] == 3


def test_a_file_gives_values_of_every_type(template: Template, tmp_path: Path):
    file = file_with(
        "days: 3\nindex_from: 2016-02-29\nwards: [B, C]\nlimit: null\nlabel: 'on'\nstrict: true\n", tmp_path
    )
    resolved = resolve_parameters(template, texts={}, values=read_parameters_file(file))
    assert resolved["index_from"] == "2016-02-29"
    assert (resolved["wards"], resolved["label"], resolved["strict"]) == (["B", "C"], "on", True)


@pytest.mark.parametrize("content", ["", "# nothing\n", "---\n"])
def test_an_empty_file_gives_nothing(tmp_path: Path, content: str):
    assert read_parameters_file(file_with(content, tmp_path)) == {}


def test_an_unknown_name_is_refused_with_the_known_ones_and_the_nearest(template: Template):
    with pytest.raises(UnknownParameterError, match=r"known are: days, ties,.*Did you mean 'days'\?"):
        resolve_parameters(template, texts={"dayz": "3"})


@pytest.mark.parametrize("name", ["x;import os", "days ", "for", "__class__", "", "days\n", "a-b", "ｄays"])
def test_a_name_that_is_no_identifier_is_refused_however_it_comes(template: Template, name: str):
    with pytest.raises(ParameterNameError):
        resolve_parameters(template, texts={name: "3"})
    with pytest.raises(ParameterNameError):
        resolve_parameters(template, texts={}, values={name: 3})


@pytest.mark.parametrize("words", [["days"], ["days=3", "days=4"], ["=3", "=4"]])
def test_words_that_are_not_each_name_once_are_refused(words: list[str]):
    with pytest.raises(ParameterNameError):
        read_assignments(words)


def test_a_value_may_hold_what_the_shell_let_through():
    assert read_assignments(["label=a=b\n{x}", "days="]) == {"label": "a=b\n{x}", "days": ""}


@pytest.mark.parametrize(
    "values",
    [
        {"days": 3.0},
        {"days": True},
        {"days": "3"},
        {"label": 3},
        {"label": None},
        {"wards": "B"},
        {"wards": [1]},
        {"wards": [["B"]]},
        {"limit": "1"},
        {"limit": float("nan")},
        {"strict": 1},
        {"ties": ["efron"]},
        {"index_from": "yesterday"},
        {"days": {"a": 1}},
        {"days": b"3"},
    ],
)
def test_a_value_of_another_type_is_refused_and_not_repeated(template: Template, values: dict[str, object]):
    with pytest.raises(ParameterValueError, match=r"has the type .*; wanted"):
        resolve_parameters(template, texts={}, values=values)
    with pytest.raises(ParameterValueError) as refused:
        resolve_parameters(template, texts={"days": "Kim Min-ji"})
    assert "Kim" not in str(refused.value)


def test_a_file_gives_numbers_dates_and_signs_as_they_are_written(tmp_path: Path):
    file = file_with(
        'a: 2026-03-01T07:00:00+09:00\nb: [2026-03-01]\nc: "\\ud83d\\ude00"\nd: -9223372036854775808\ne: 1.5e+3\n',
        tmp_path,
    )
    assert read_parameters_file(file) == {
        "a": "2026-03-01T07:00:00+09:00",
        "b": ["2026-03-01"],
        "c": "😀",
        "d": -(2**63),
        "e": 1500.0,
    }


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"


@pytest.mark.parametrize(
    "content",
    [
        BOMB,
        "days: !!python/object/apply:os.system ['touch /tmp/never']\n",
        "days: !!int '3'\n",
        "!!map {days: 3}\n",
        "days: 3\ndays: 4\n",
        "days: &x 3\n",
        "<<: {days: 3}\n",
        "- days\n",
        "days\n",
        "? [1, 2]\n: 3\n",
        "days: 3\n---\ndays: 4\n",
        "days: [3\n",
        "days: 'x\n",
        "\tdays: 3\n",
        "days: \x01\n",
        b"\xff\xfe\xff",
        b"days: \xc3\x28\n",
        "a: " + "[" * 20_000,
        "a: " + "x" * (2**20 + 1),
        "days: 2015-99-99\n",
        'label: "\\ud83d"\n',
        "days: 010\n",
        "days: 0x10\n",
        "days: 1_000\n",
        "days: 1:30\n",
        "limit: 1:30.5\n",
        "limit: 1_0.5\n",
    ],
)
def test_a_file_that_is_more_than_names_and_values_is_refused(template: Template, tmp_path: Path, content: str | bytes):
    with pytest.raises((ParametersFileError, ParameterNameError)):
        resolve_parameters(template, texts={}, values=read_parameters_file(file_with(content, tmp_path)))
    assert not Path("/tmp/never").exists()


@pytest.mark.parametrize("path", ["missing.yaml", ".", "/dev/null/x", "a\0b"])
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, path: str):
    with pytest.raises(ParametersFileError):
        read_parameters_file(tmp_path / path)
