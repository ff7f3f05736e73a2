"""The words `cohorthub cohort ...`, as a process of their own."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet
import pytest

from analysis_lib.cohort import CohortDefinition, ConceptSet, EntryEvent, PriorObservation, build_cohort
from analysis_lib.cohort.files import read_definition_file, read_definition_files
from analysis_lib.errors import AnalysisError, CirceError, InvalidDefinitionError, StorageError

CELECOXIB = CohortDefinition("celecoxib", EntryEvent(ConceptSet("celecoxib", [1118084]), "drug_era"))
DICLOFENAC = CohortDefinition("diclofenac", EntryEvent(ConceptSet("diclofenac", [1124300]), "drug_era"))


def cohorthub(
    *words: str | Path, folder: Path, data: Path | None = None, file_limit: int | None = None
) -> subprocess.CompletedProcess[str]:
    keep = {name: value for name, value in os.environ.items() if not name.startswith("COHORTHUB_")}
    if data is not None:
        keep["COHORTHUB_DATA"] = str(data)

    def limit() -> None:
        if file_limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (file_limit, file_limit))

    return subprocess.run(
        [sys.executable, "-m", "hub_config.cli", "cohort", *map(str, words)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=keep,
        cwd=folder,
        preexec_fn=limit,
    )


@pytest.fixture
def definitions(tmp_path: Path) -> Path:
    """A folder with one definition of our own, one of Circe, one that is no definition, and one that is no JSON."""
    folder = tmp_path / "definitions"
    folder.mkdir()
    (folder / "7.json").write_text(CELECOXIB.to_json())
    (folder / "12.json").write_text(json.dumps(DICLOFENAC.to_circe()))
    (folder / "a-list.json").write_text("[]")
    (folder / "broken.json").write_text('{"PrimaryCriteria"')
    (folder / "notes.txt").write_text("no definition")
    return folder


def test_a_folder_is_built_in_one_pass_and_what_fails_is_named_and_stops_nothing(
    definitions: Path, gibleed_data: Path, gibleed: Any, tmp_path: Path
) -> None:
    done = cohorthub(
        "build", definitions, "--data", "gibleed", "--out", "c.parquet", "--json", folder=tmp_path, data=gibleed_data
    )
    assert done.returncode == InvalidDefinitionError.exit_code, done.stderr
    document = json.loads(done.stdout)
    found = {one["cohort_definition_id"]: one for one in document["cohorts"]}
    assert {number: one["persons"] for number, one in found.items()} == {7: 1800, 12: 830}
    assert found[12]["name"] == "12"
    assert found[7]["definition_sha256"] == CELECOXIB.sha256
    assert found[7]["attrition"][0]["persons"] == 1844
    assert [(Path(one["file"]).name, one["code"]) for one in document["failed"]] == [
        ("a-list.json", "COHORT-DEFINITION"),
        ("broken.json", "COHORT-DEFINITION"),
    ]
    frame = pd.read_parquet(tmp_path / "c.parquet", dtype_backend="pyarrow")
    assert [str(kind) for kind in frame.dtypes] == ["int64[pyarrow]", "int64[pyarrow]", *["date32[day][pyarrow]"] * 2]
    assert frame.groupby("cohort_definition_id").size().to_dict() == {7: 1800, 12: 830}
    alone = build_cohort(CELECOXIB, gibleed).frame
    ours = frame[frame["cohort_definition_id"] == 7]
    assert ours["subject_id"].tolist() == alone["subject_id"].tolist()
    assert pd.to_datetime(ours["cohort_end_date"]).tolist() == alone["cohort_end_date"].tolist()


def test_a_file_without_a_number_gets_its_position(gibleed_data: Path, tmp_path: Path) -> None:
    (tmp_path / "diclofenac.json").write_text(DICLOFENAC.to_json())
    (tmp_path / "celecoxib.json").write_text(CELECOXIB.to_json())
    words = ("build", "diclofenac.json", "celecoxib.json", "--data", "gibleed", "--out", "c.csv")
    done = cohorthub(*words, folder=tmp_path, data=gibleed_data)
    assert done.returncode == 0, done.stderr
    assert pd.read_csv(tmp_path / "c.csv").groupby("cohort_definition_id").size().to_dict() == {1: 830, 2: 1800}
    assert "celecoxib" in done.stdout
    assert "wrote 2,630 records of 2 cohorts to c.csv" in done.stdout


def test_two_files_of_one_number_are_not_mixed_up(gibleed_data: Path, tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "3.json").write_text(CELECOXIB.to_json())
    done = cohorthub("build", "a", "b", "--data", "gibleed", "--json", folder=tmp_path, data=gibleed_data)
    assert done.returncode == InvalidDefinitionError.exit_code
    document = json.loads(done.stdout)
    assert [Path(one["file"]).as_posix() for one in document["cohorts"]] == ["a/3.json"]
    assert "cohort_definition_id 3 is taken" in document["failed"][0]["message"]


def test_the_file_names_the_release_and_the_definitions(gibleed_data: Path, gibleed: Any, tmp_path: Path) -> None:
    (tmp_path / "5.json").write_text(CELECOXIB.to_json())
    cohorthub("build", "5.json", "--data", "gibleed", "--out", "c.parquet", folder=tmp_path, data=gibleed_data)
    metadata = pyarrow.parquet.read_schema(tmp_path / "c.parquet").metadata
    (said,) = json.loads(metadata[b"cohorthub.cohorts"])
    assert said == {
        "cohort_definition_id": 5,
        "name": "celecoxib",
        "definition_sha256": CELECOXIB.sha256,
        "data": "gibleed",
        "release": gibleed.release,
    }


def test_a_full_disk_leaves_the_old_file_whole(gibleed_data: Path, tmp_path: Path) -> None:
    (tmp_path / "5.json").write_text(CELECOXIB.to_json())
    (tmp_path / "c.parquet").write_text("what was there")
    words = ("build", "5.json", "--data", "gibleed", "--out", "c.parquet")
    done = cohorthub(*words, folder=tmp_path, data=gibleed_data, file_limit=4096)
    assert done.returncode == StorageError.exit_code, done.stdout + done.stderr
    assert "nothing was changed" in done.stderr
    assert (tmp_path / "c.parquet").read_text() == "what was there"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["5.json", "c.parquet"]


@pytest.mark.parametrize("out", ["c.xlsx", "missing/c.parquet"])
def test_a_target_that_cannot_be_written_is_refused_before_any_work(
    out: str, gibleed_data: Path, tmp_path: Path
) -> None:
    (tmp_path / "5.json").write_text(CELECOXIB.to_json())
    done = cohorthub("build", "5.json", "--data", "gibleed", "--out", out, folder=tmp_path, data=gibleed_data)
    assert done.returncode in {InvalidDefinitionError.exit_code, StorageError.exit_code}
    assert "definitions, in gibleed" not in done.stderr


def test_describe_says_what_a_definition_means_and_what_its_concepts_stand_for(
    gibleed_data: Path, tmp_path: Path
) -> None:
    (tmp_path / "5.json").write_text(CELECOXIB.to_json())
    done = cohorthub("describe", "5.json", "--data", "gibleed", folder=tmp_path, data=gibleed_data)
    assert done.returncode == 0, done.stderr
    assert "Enter on the first day of the first drug era of celecoxib" in done.stdout.replace("\n   ", "")
    assert CELECOXIB.sha256 in done.stdout
    assert "1,844 records" in done.stdout


def test_diff_ends_with_1_when_the_meaning_changed_and_with_0_when_only_words_did(tmp_path: Path) -> None:
    (tmp_path / "before.json").write_text(CELECOXIB.to_json())
    longer = CohortDefinition("celecoxib", CELECOXIB.entry, (PriorObservation(365),))
    (tmp_path / "after.json").write_text(longer.to_json())
    done = cohorthub("diff", "before.json", "after.json", "--json", folder=tmp_path)
    assert done.returncode == 1, done.stderr
    document = json.loads(done.stdout)
    assert (document["same"], len(document["changes"])) == (False, 1)
    other_name = CohortDefinition("another name", CELECOXIB.entry)
    (tmp_path / "renamed.json").write_text(other_name.to_json())
    done = cohorthub("diff", "before.json", "renamed.json", folder=tmp_path)
    assert done.returncode == 0, done.stdout


HOSTILE = {
    "nothing": "",
    "deep": '{"PrimaryCriteria": ' + "[" * 100_000 + "]" * 100_000 + "}",
    "number": "1e400",
    "code": '{"PrimaryCriteria": {"CriteriaList": [{"__import__(\'os\').system(\'true\')": {}}]}}',
    "unknown": '{"schema": "cohorthub.cohort-definition/99"}',
    "bytes": b"\xff\xfe\x00",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_file_is_refused_with_a_line(kind: str, tmp_path: Path) -> None:
    content = HOSTILE[kind]
    (tmp_path / "x.json").write_bytes(content if isinstance(content, bytes) else content.encode())
    done = cohorthub("describe", "x.json", folder=tmp_path)
    assert done.returncode in {InvalidDefinitionError.exit_code, CirceError.exit_code}, done.stderr
    assert "Traceback" not in done.stderr
    assert issubclass(CirceError, AnalysisError)


def test_where_nothing_can_be_built_the_old_file_stays(gibleed_data: Path, tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("what was there")
    (tmp_path / "empty").mkdir()
    for asked in ("typo.json", "empty"):
        words = ("build", asked, "--data", "gibleed", "--out", "c.csv")
        done = cohorthub(*words, folder=tmp_path, data=gibleed_data)
        assert done.returncode == InvalidDefinitionError.exit_code, done.stdout
        assert (tmp_path / "c.csv").read_text() == "what was there"


def test_a_numbered_file_keeps_its_number_beside_one_in_that_place(tmp_path: Path) -> None:
    for name in ("a.json", "1.json", "2.json"):
        (tmp_path / name).write_text(CELECOXIB.to_json())
    files = read_definition_files([tmp_path / name for name in ("a.json", "1.json", "2.json")])
    assert [(file.path.name, file.cohort_definition_id, file.error) for file in files] == [
        ("a.json", 3, None),
        ("1.json", 1, None),
        ("2.json", 2, None),
    ]


def test_a_key_that_comes_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('{"CollapseSettings": {"EraPad": 0, "EraPad": 3650}}')
    with pytest.raises(InvalidDefinitionError, match="'EraPad' more than once"):
        read_definition_file(tmp_path / "x.json")


HALF_A_LETTER = json.dumps(
    {
        "PrimaryCriteria": {
            "CriteriaList": [{"ConditionOccurrence": {"StopReason": {"Text": "\ud800", "Op": "contains"}}}],
            "ObservationWindow": {"PriorDays": 0, "PostDays": 0},
        }
    }
)


def test_half_a_letter_in_one_definition_stops_no_other(definitions: Path, gibleed_data: Path, tmp_path: Path) -> None:
    (definitions / "20.json").write_text(HALF_A_LETTER)
    (definitions / "21.json").write_text('{"Death": {"\\ud800": 1}}')
    done = cohorthub("build", definitions, "--data", "gibleed", "--json", folder=tmp_path, data=gibleed_data)
    document = json.loads(done.stdout)
    assert [one["persons"] for one in document["cohorts"]] == [1800, 830]
    assert {Path(one["file"]).name for one in document["failed"]} >= {"20.json", "21.json"}
    for file in ("20.json", "21.json"):
        done = cohorthub("describe", definitions / file, folder=tmp_path)
        assert done.returncode == InvalidDefinitionError.exit_code
        assert "surrogate" in done.stderr
        assert cohorthub("diff", definitions / file, definitions / "7.json", folder=tmp_path).returncode == (
            InvalidDefinitionError.exit_code
        )


def test_cohorts_are_not_written_over_a_definition(gibleed_data: Path, tmp_path: Path) -> None:
    file = tmp_path / "celecoxib.parquet"
    file.write_text(CELECOXIB.to_json())
    done = cohorthub("build", file, "--data", "gibleed", "--out", file, folder=tmp_path, data=gibleed_data)
    assert done.returncode == InvalidDefinitionError.exit_code
    assert file.read_text() == CELECOXIB.to_json()


def test_cohorts_go_to_where_a_link_leads(gibleed_data: Path, definitions: Path, tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "link.parquet").symlink_to(tmp_path / "kept" / "cohorts.parquet")
    words = ("build", definitions / "7.json", "--data", "gibleed", "--out", "link.parquet")
    assert cohorthub(*words, folder=tmp_path, data=gibleed_data).returncode == 0
    assert (tmp_path / "link.parquet").is_symlink()
    assert len(pd.read_parquet(tmp_path / "kept" / "cohorts.parquet")) == 1800


def test_what_never_ends_is_no_definition(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    for path in (Path("/dev/zero"), tmp_path / "pipe.json"):
        with pytest.raises(InvalidDefinitionError, match="is no file"):
            read_definition_file(path)


def test_nobody_and_many_warnings_are_said_in_a_line_each(gibleed_data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "definitions"
    folder.mkdir()
    nobody = CohortDefinition(
        "nobody", EntryEvent(ConceptSet("one", [1118084]), "drug_era"), (PriorObservation(40_000),)
    )
    (folder / "1.json").write_text(nobody.to_json())
    (folder / "2.json").write_text(CELECOXIB.to_json())
    done = cohorthub("build", folder, "--data", "gibleed", folder=tmp_path, data=gibleed_data)
    assert done.returncode == 0
    assert "note: nobody: nobody was found" in done.stderr
    assert "nobody was found" not in done.stdout
