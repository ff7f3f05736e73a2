"""Run folders as a runner leaves them, small enough to read."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Output = dict[str, Any]


def number(output_id: str, value: float | None, **more: Any) -> Output:
    return _output(output_id, "number", **more) | {"value": value}


def table(output_id: str, **more: Any) -> Output:
    return _output(output_id, "table", **more) | {"file": f"outputs/{output_id}.csv"}


def figure(output_id: str, **more: Any) -> Output:
    return _output(output_id, "figure", **more) | {"file": f"outputs/{output_id}.svg"}


def _output(output_id: str, kind: str, **more: Any) -> Output:
    empty = {"method": None, "value": None, "file": None, "files": [], "n": None, "events": None}
    return (
        {"id": output_id, "kind": kind, "title": f"The {output_id}", "persons": {"all": 100}}
        | empty
        | {
            "exclusions": {},
            "estimates": [],
        }
        | more
    )


@pytest.fixture
def make_run(tmp_path: Path) -> Callable[..., Path]:
    """Write a run's folder: its outputs, the text of its tables by id, and what its record says."""

    def make(
        name: str,
        *outputs: Output,
        tables: dict[str, str] | None = None,
        record: dict[str, Any] | None = None,
        **declared: Any,
    ) -> Path:
        folder = tmp_path / name
        (folder / "outputs").mkdir(parents=True)
        document = {"schema": "cohorthub.outputs/1", "library_version": "0.1.0", "data_releases": [], "cohorts": []}
        document |= declared | {"outputs": list(outputs)}
        (folder / "outputs.json").write_text(json.dumps(document), encoding="utf-8")
        base = {"schema": "cohorthub.run/1", "run_id": name, "status": "succeeded", "parameters": {}}
        (folder / "run.json").write_text(json.dumps(base | (record or {})), encoding="utf-8")
        for output_id, text in (tables or {}).items():
            (folder / "outputs" / f"{output_id}.csv").write_text(text, encoding="utf-8")
        return folder

    return make
