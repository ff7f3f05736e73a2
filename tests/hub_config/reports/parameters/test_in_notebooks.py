"""What was declared and given reaches a real kernel as it was meant."""

import json
from pathlib import Path

import pytest

from ..conftest import Bench, code, parameters, plant_names, text

CELL = """
from typing import Literal
release: "Dataset" = "gibleed"  # the data
cohort: "Cohort | None" = None
token: "Secret" = "registry_token"
seen_at: "datetime" = "2026-03-01T07:00"  # 2020-01-01 to 2030-01-01; the first look
days: "list[date]" = []
stages: list[Literal["I", "II"]] = ["I"]
flags: list[bool] = [True]
person_id: int = 1
share: float = 0.5  # 0 < x <= 1; of the persons
label: str = ""
"""
SHOW = """
import json
print(json.dumps([release, cohort, token, seen_at, days, stages, flags, person_id, share, label]))
"""
ODD = "quote \" ' back\\slash {brace} {{x}} 병동 😀 \u2028 # % $HOME"


@pytest.fixture(autouse=True)
def names(bench: Bench) -> None:
    """The data set and the cohort that the cell names, or is told."""
    plant_names(bench.home)


@pytest.fixture(autouse=True)
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The secret that the cell names."""
    folder = tmp_path / "secrets"
    folder.mkdir(mode=0o700)
    (folder / "registry_token").write_text("a-token-of-the-registry")
    (folder / "registry_token").chmod(0o600)
    monkeypatch.setenv("COHORTHUB_SECRETS", str(folder))


def test_values_of_every_type_reach_the_kernel_unchanged(bench: Bench, tmp_path: Path):
    file = tmp_path / "values.yaml"
    file.write_text(
        "seen_at: 2026-03-01T07:00:00.5+09:00\ndays: [2024-02-29, '2025-01-01']\nstages: [II, I]\n"
        f"label: {json.dumps(ODD)}\n",
        encoding="utf-8",
    )
    words = ["-p", "release=gibleed@2026-01-01-0123456789", "-p", "cohort=stroke", "-p", "flags=true,false",
             "-p", f"person_id={-(2**63)}", "-p", "share=0.1"]  # fmt: skip
    ended = bench.run(text("# T"), parameters(CELL), code(SHOW), words=(*words, "-f", file))
    assert ended.code == 0, ended.talk
    assert "unknown parameter" not in ended.talk  # papermill does not read every type, and would say so of each
    (shown,) = ["".join(output["text"]) for cell in ended.notebook["cells"] for output in cell.get("outputs", [])]
    assert json.loads(shown) == [
        "gibleed@2026-01-01-0123456789",
        "stroke",
        "registry_token",
        "2026-03-01T07:00:00.5+09:00",
        ["2024-02-29", "2025-01-01"],
        ["II", "I"],
        [True, False],
        -(2**63),
        0.1,
        ODD,
    ]
    assert ended.record["parameters"]["seen_at"] == "2026-03-01T07:00:00.5+09:00"


def test_a_time_without_an_offset_gets_one_and_a_value_out_of_range_starts_nothing(bench: Bench):
    template = bench.template(text("# T"), parameters(CELL), code("print(seen_at)"))
    refused = bench.report("run", template, "-p", "share=0")
    assert (refused.code, refused.document["error"]["code"]) == (55, "REPORT-PARAMETER-VALUE")
    assert not bench.runs.exists()
    ended = bench.report("run", template, "-p", "seen_at=2026-05-01T08:30")
    assert ended.record["parameters"]["seen_at"] == "2026-05-01T08:30:00+00:00"


def test_a_default_that_is_recorded_with_its_offset_reaches_the_notebook_with_it(bench: Bench):
    cell = 'seen_at: "datetime" = "2026-03-01T07:00"\nshare: float = 1'
    ended = bench.run(text("# T"), parameters(cell), code("print(seen_at)"))
    assert ended.code == 0, ended.talk
    (shown,) = ["".join(output["text"]) for cell in ended.notebook["cells"] for output in cell.get("outputs", [])]
    assert shown.strip() == ended.record["parameters"]["seen_at"] == "2026-03-01T07:00:00+00:00"
    assert ended.record["given"] == []
