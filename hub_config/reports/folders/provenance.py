"""What a run is made of: the environment that executed it, and what its notebook declared about data and cohorts."""

import hashlib
import json
import re
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

__all__ = ["declared_by_notebook", "environment_lock"]

LARGEST_OUTPUTS = 50 * 2**20
MOST_ROWS = 1000
LONGEST_TEXT = 500
OUTPUTS_SCHEMA = "cohorthub.outputs/1"
# The same listing, for the Python of another environment; it prints what `_installed` returns.
LISTING = (
    "import json; from importlib.metadata import distributions;"
    "print(json.dumps([[d.metadata['Name'], d.version] for d in distributions()]))"
)


def environment_lock(python: str | None = None) -> tuple[str, int]:
    """Hash what is installed where the kernel runs.

    Parameters
    ----------
    python : str, optional
        The kernel's interpreter; this process's own when left out.

    Returns
    -------
    str
        SHA-256, in hexadecimal, over the sorted lines ``name==version``, names as PEP 503 normalises them; '' if the
        interpreter could not be asked.
    int
        How many distributions.
    """
    here = python is None or Path(python).absolute() == Path(sys.executable).absolute()
    pairs = _installed() if here else _installed_at(str(python))
    lines = sorted({f"{re.sub(r'[-_.]+', '-', name).lower()}=={version}" for name, version in pairs})
    return (hashlib.sha256("\n".join(lines).encode()).hexdigest() if lines else ""), len(lines)


def _installed() -> list[tuple[str, str]]:
    return [(found.metadata["Name"], found.version) for found in distributions() if found.metadata["Name"]]


def _installed_at(python: str) -> list[tuple[str, str]]:
    try:
        listed = subprocess.run([python, "-c", LISTING], capture_output=True, check=True, timeout=60).stdout
        return [(name, version) for name, version in json.loads(listed) if name]
    except (OSError, subprocess.SubprocessError, ValueError):
        return []


def declared_by_notebook(run_dir: Path) -> dict[str, Any]:
    """Read what the notebook's ``outputs.json`` says about library, data and cohorts.

    Parameters
    ----------
    run_dir : Path
        The run's folder.

    Returns
    -------
    dict
        Keys library_version (str or None), data_releases (list of dict), cohorts (list of dict), outputs (how many, or
        None where there is no readable ``outputs.json``). Only the fields of the contract are taken.
    """
    nothing: dict[str, Any] = {"library_version": None, "data_releases": [], "cohorts": [], "outputs": None}
    file = run_dir / "outputs.json"
    try:
        if file.is_symlink() or not file.is_file() or file.stat().st_size > LARGEST_OUTPUTS:
            return nothing
        document = json.loads(file.read_text(encoding="utf-8"), parse_constant=_refuse_constant)
    except (OSError, ValueError, RecursionError):
        return nothing
    if not isinstance(document, dict) or document.get("schema") != OUTPUTS_SCHEMA:
        return nothing
    version = document.get("library_version")
    outputs = document.get("outputs")
    return {
        "library_version": version[:LONGEST_TEXT] if isinstance(version, str) else None,
        "data_releases": _rows(document.get("data_releases"), ("name", "release", "manifest_sha256")),
        "cohorts": _rows(document.get("cohorts"), ("name", "definition_sha256", "persons")),
        "outputs": len(outputs) if isinstance(outputs, list) else 0,
    }


def _rows(found: Any, keys: tuple[str, ...]) -> list[dict[str, Any]]:
    rows = found if isinstance(found, list) else []
    return [{key: _plain(row.get(key)) for key in keys} for row in rows[:MOST_ROWS] if isinstance(row, dict)]


def _plain(value: Any) -> str | int | None:
    """Take what a record needs, and nothing that could make it large or strange."""
    if isinstance(value, str):
        return value[:LONGEST_TEXT]
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63 else None


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
