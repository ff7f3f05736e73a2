"""The words `cohorthub data ...`, as a process of their own."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from analysis_lib.catalog import Dataset


def cohorthub(*words: str | Path, home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    keep = {name: value for name, value in os.environ.items() if not name.startswith("COHORTHUB_")}
    command = [sys.executable, "-m", "hub_config.cli", "data", *map(str, words), "--home", str(home)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=120, check=False, env={**keep, **environment}, cwd=home.parent
    )


@pytest.fixture
def home(gibleed: Dataset, tmp_path: Path) -> Path:
    """A home with its own copy of the data."""
    shutil.copytree(gibleed.path.parent.parent, tmp_path / "home" / "data")
    return tmp_path / "home"


def test_import_list_check_and_report_are_one_road(gibleed_file: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    first = cohorthub("import", "omop", gibleed_file, "--name", "gibleed", "--json", home=home)
    assert first.returncode == 0, first.stderr
    document = json.loads(first.stdout)
    assert (document["created"], document["persons"], document["tables"]) == (True, 2_694, 38)
    assert "writing person: 2,694 rows" in first.stderr

    again = cohorthub("import", "omop", gibleed_file, "--name", "gibleed", "--json", home=home)
    assert (again.returncode, json.loads(again.stdout)["created"]) == (0, False)

    listed = json.loads(cohorthub("list", "--json", home=home).stdout)["datasets"]
    assert [(item["name"], item["persons_rounded"], item["years"]) for item in listed] == [
        ("gibleed", 2_700, [1908, 2019])
    ]
    assert cohorthub("check", "gibleed", home=home).stdout == f"gibleed {document['release']}: intact\n"

    report = json.loads(cohorthub("report", "gibleed", "--json", home=home).stdout)
    findings = report["quality"]["findings"]
    headers = [f["table"] for f in findings if f["rule"] == "header-as-data"]
    assert len(headers) == 20
    (nobody,) = [f for f in findings if f["rule"] == "owner-unknown"]
    assert (nobody["table"], nobody["count"], nobody["of"]) == ("observation_period", 2_649, 5_343)


def test_the_report_reads_well_in_a_terminal(home: Path) -> None:
    text = cohorthub("report", "gibleed", home=home).stdout
    assert "observation_period  person_id  2,649  of 5,343  49.6 %" in text
    assert "20 tables: visit_detail, device_exposure, death" in text
    assert max(map(len, text.splitlines())) <= 100


def test_the_report_is_written_as_a_page(home: Path) -> None:
    page = home.parent / "quality.html"
    done = cohorthub("report", "gibleed", "--html", page, home=home)
    assert done.returncode == 0
    html = page.read_text()
    assert html.startswith("<!doctype html>")
    assert "2,649" in html
    assert "<script" not in html
    assert "http" not in html
    refused = cohorthub("report", "gibleed", "--html", home / "no" / "folder.html", home=home)
    assert refused.returncode == 17
    assert "cannot be written" in refused.stderr


def test_check_ends_with_1_and_names_the_damaged_file(home: Path, gibleed: Dataset) -> None:
    path = home / "data" / "gibleed" / gibleed.release / "drug_era" / "bucket-0002.parquet"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.chmod(0o644)
    path.write_bytes(content)
    for words in (["check", "gibleed"], ["check"], ["check", "gibleed", "--release", gibleed.release]):
        done = cohorthub(*words, home=home)
        assert done.returncode == 1
        assert "changed: drug_era/bucket-0002.parquet" in done.stdout
    document = json.loads(cohorthub("check", "--json", home=home).stdout)
    assert document["intact"] is False
    assert document["releases"][0]["files"] == {"drug_era/bucket-0002.parquet": "changed"}


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["report", "gibled"], 11, "the nearest is 'gibleed'"),
        (["check", "other"], 11, "known: gibleed"),
        (["report", "gibleed", "--release", "x"], 11, "has no release"),
        (["import", "omop", "missing.duckdb", "--name", "x"], 12, "No such file"),
        (["import", "omop", "home", "--name", "x"], 12, "deeper than one folder"),
        (["import", "omop", "missing.duckdb", "--name", "../x"], 14, "may not be called"),
        (["import", "omop", "missing.duckdb"], 2, "--name"),
        (["import", "omop", "missing.duckdb", "--name", "x", "--buckets", "0"], 2, "buckets"),
    ],
)
def test_what_cannot_be_done_is_one_clear_line_with_its_own_exit_code(
    home: Path, words: list[str], code: int, says: str
) -> None:
    done = cohorthub(*words, "--json", home=home)
    assert done.returncode == code, done.stderr
    line = next(line for line in done.stderr.splitlines() if line.startswith("error"))
    assert says in line
    assert "Traceback" not in done.stderr
    assert says in json.loads(done.stdout)["error"]["message"]


def test_an_empty_home_says_how_to_begin(tmp_path: Path) -> None:
    assert "data import omop" in cohorthub("list", home=tmp_path / "home").stdout
    assert json.loads(cohorthub("list", "--json", home=tmp_path / "home").stdout) == {"datasets": []}
    assert cohorthub("check", home=tmp_path / "home").returncode == 0


def test_the_data_folder_of_a_server_is_used_where_no_home_is_given(home: Path) -> None:
    keep = {name: value for name, value in os.environ.items() if not name.startswith("COHORTHUB_")}
    command = [sys.executable, "-m", "hub_config.cli", "data", "list", "--json"]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=True,
        cwd=home.parent,
        env={**keep, "COHORTHUB_DATA": str(home / "data"), "COHORTHUB_HOME": str(home.parent / "elsewhere")},
    )
    assert [item["name"] for item in json.loads(done.stdout)["datasets"]] == ["gibleed"]
    # A home given by hand is meant.
    assert json.loads(cohorthub("list", "--json", home=home.parent / "new", COHORTHUB_DATA=str(home)).stdout) == {
        "datasets": []
    }


def test_concepts_are_found_from_the_command_line(home: Path) -> None:
    text = cohorthub("search", "gastrointestinal haemorrhage", "--limit", "3", home=home)
    assert text.returncode == 0, text.stderr
    assert "192671" in text.stdout.splitlines()[1]
    document = json.loads(cohorthub("search", "celecoxib", "--data", "gibleed", "--json", home=home).stdout)
    assert document["notes"] == []
    first = document["concepts"][0]
    assert (first["dataset"], first["concept_id"], first["concept_name"]) == ("gibleed", 1118084, "celecoxib")
    assert "no concept has these words" in cohorthub("search", "심부전", home=home).stdout
    assert cohorthub("search", "x", "--data", "gibled", home=home).returncode == 11


@pytest.mark.parametrize("words", [[], ["import"], ["import", "omop"], ["list"], ["check"], ["report"], ["search"]])
def test_every_help_has_an_example(home: Path, words: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "hub_config.cli", "data", *words, "--help"], capture_output=True, text=True, check=True
    )
    assert "Example: cohorthub data" in done.stdout


def test_help_and_list_do_not_wait_for_the_engines() -> None:
    code = (
        "import sys; import analysis_lib.cli; "
        "print([m for m in ('duckdb', 'pandas', 'pyarrow', 'numpy') if m in sys.modules])"
    )
    started = time.monotonic()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
    assert time.monotonic() - started < 20
