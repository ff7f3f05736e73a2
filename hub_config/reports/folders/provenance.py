"""What a run is made of: the environment that executed it, and what its notebook declared about data and cohorts."""

import contextlib
import hashlib
import json
import platform
import re
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from hub_config.reports.folders.run_folders import RunFolder

__all__ = ["Environment", "declared_by_notebook", "describe_environment", "keep_environment"]

LARGEST_OUTPUTS = 50 * 2**20
MOST_ROWS = 1000
LONGEST_TEXT = 500
OUTPUTS_SCHEMA = "cohorthub.outputs/1"
# The same questions, for the Python of another environment; it prints what `_asked_here` returns.
QUESTIONS = (
    "import json, platform; from importlib.metadata import distributions;"
    "print(json.dumps([platform.python_version(), platform.system(), platform.machine(),"
    " [[d.metadata['Name'], d.version] for d in distributions()]]))"
)
ENVIRONMENT = "environment.txt"


@dataclass(frozen=True)
class Environment:
    """What is installed where a kernel runs, and on what.

    Parameters
    ----------
    lines : tuple of str
        Sorted ``name==version``, names as PEP 503 normalises them; empty if the interpreter could not be asked.
    python_version, system, machine : str or None
        Such as ``3.12.4``, ``Linux`` and ``x86_64``.
    """

    lines: tuple[str, ...] = ()
    python_version: str | None = None
    system: str | None = None
    machine: str | None = None

    @property
    def content(self) -> bytes:
        """What ``environment.txt`` holds; its SHA-256 is the environment's."""
        return "\n".join(self.lines).encode()

    @property
    def sha256(self) -> str:
        """SHA-256 of `content` in hexadecimal; '' if nothing is known."""
        return hashlib.sha256(self.content).hexdigest() if self.lines else ""

    def record(self) -> dict[str, Any]:
        """Give what ``run.json`` says about it.

        Returns
        -------
        dict
            Keys environment_sha256, environment_packages, python_version, system, machine.
        """
        return {
            "environment_sha256": self.sha256,
            "environment_packages": len(self.lines),
            "python_version": self.python_version,
            "system": self.system,
            "machine": self.machine,
        }


def describe_environment(python: str | None = None) -> Environment:
    """Ask what is installed where the kernel runs.

    Parameters
    ----------
    python : str, optional
        The kernel's interpreter; this process's own when left out.

    Returns
    -------
    Environment
        Without anything if the interpreter could not be asked.
    """
    here = python is None or Path(python).absolute() == Path(sys.executable).absolute()
    answer = _asked_here() if here else _asked_there(str(python))
    if answer is None:
        return Environment()
    version, system, machine, pairs = answer
    lines = sorted({f"{re.sub(r'[-_.]+', '-', name).lower()}=={release}" for name, release in pairs if name})
    return Environment(tuple(lines), version, system, machine)


def keep_environment(folder: RunFolder, environment: Environment) -> dict[str, Any]:
    """Write ``environment.txt`` into a run's folder, where its hash is the environment's.

    Parameters
    ----------
    folder : RunFolder
        The run's.
    environment : Environment
        Of its kernel.

    Returns
    -------
    dict
        For the record, as `Environment.record` gives it; a full disk costs the file, not the hash.
    """
    if environment.lines:
        with contextlib.suppress(OSError):
            folder.replace(ENVIRONMENT, environment.content)
    return environment.record()


def _asked_here() -> tuple[str, str, str, list[tuple[str, str]]] | None:
    return platform.python_version(), platform.system(), platform.machine(), _installed()


def _installed() -> list[tuple[str, str]]:
    # Each is parsed once: `version` would parse it anew.
    return [(known["Name"], known["Version"]) for known in (found.metadata for found in distributions())]


def _asked_there(python: str) -> tuple[str, str, str, list[tuple[str, str]]] | None:
    try:
        told = subprocess.run([python, "-c", QUESTIONS], capture_output=True, check=True, timeout=60).stdout
        version, system, machine, pairs = json.loads(told)
        return str(version), str(system), str(machine), [(name, release) for name, release in pairs]
    except (OSError, subprocess.SubprocessError, ValueError, TypeError):
        return None


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
