"""Where the peers live that this project must not depend on: an environment beside ours, and R where it is installed.

`side_python()` builds the environment once from `peers.txt` (pinned) and keeps it in `.benchmark-peers/`; another list
of peers or another Python makes another one. `rscript("survival")` finds R with the packages that a peer needs.
Where one is not to be had both raise `MissingPeerError` with the reason: that peer is reported absent, never passed.
"""

import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PEERS = Path(__file__).with_name("peers.txt")
FOLDER = ROOT / ".benchmark-peers"
BUILD_LIMIT_S = 900
ASK_LIMIT_S = 60


class MissingPeerError(Exception):
    """A peer that is not on this machine; its words say why, and how to get it."""


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let one process at a time build the environment."""
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _uv(*words: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    done = subprocess.run(
        ["uv", *words],
        env={**environment, "UV_PYTHON_DOWNLOADS": "never"},
        capture_output=True,
        text=True,
        timeout=BUILD_LIMIT_S,
        check=False,
    )
    if done.returncode:
        raise MissingPeerError(f"the environment of peers.txt could not be built: {done.stderr.strip()[-500:]}")


@cache
def side_python() -> str:
    """Return the Python of the side environment, building it where it is not there yet."""
    if shutil.which("uv") is None:
        raise MissingPeerError(
            "the environment of peers.txt needs uv, and uv is not on the PATH. Install it: pip install uv"
        )
    version = f"{platform.python_implementation()} {platform.python_version()}"
    key = hashlib.sha256(PEERS.read_bytes() + version.encode()).hexdigest()[:16]
    place = FOLDER / key
    with _alone(FOLDER):
        if not (place / "complete").exists():
            shutil.rmtree(place, ignore_errors=True)
            _uv("venv", "--quiet", "--python", sys.executable, str(place))
            python = str(place / "bin" / "python")
            _uv("pip", "install", "--quiet", "--compile-bytecode", "--python", python, "--requirement", str(PEERS))
            (place / "complete").touch()
    return str(place / "bin" / "python")


def side_versions(*packages: str) -> dict[str, str]:
    """Tell the versions of packages in the side environment."""
    code = "import sys; from importlib.metadata import version; print(*map(version, sys.argv[1:]), sep='\\n')"
    done = subprocess.run(
        [side_python(), "-c", code, *packages], capture_output=True, text=True, timeout=ASK_LIMIT_S, check=True
    )
    return dict(zip(packages, done.stdout.split(), strict=True))


@cache
def rscript(*packages: str) -> str:
    """Return the Rscript that is installed, with the packages named."""
    found = shutil.which("Rscript")
    debian = " ".join(["r-base-core", *(f"r-cran-{name.lower()}" for name in packages)])
    if found is None:
        raise MissingPeerError(f"R is not there: no Rscript on the PATH. Debian's packages: {debian}")
    missing = [name for name in packages if r_versions(name)[name] is None]
    if missing:
        raise MissingPeerError(f"R is there without {', '.join(missing)}. Debian's packages: {debian}")
    return found


@cache
def r_versions(*packages: str) -> dict[str, str | None]:
    """Tell the version of R and of its packages; None for one that is not installed."""
    found = shutil.which("Rscript")
    if found is None:
        return dict.fromkeys(("R", *packages))
    asked = "cat(as.character(getRversion()), '\\n'); for (name in commandArgs(TRUE)) cat(tryCatch("
    asked += "as.character(packageVersion(name)), error = function(e) 'none'), '\\n')"
    done = subprocess.run(
        [found, "--vanilla", "-e", asked, *packages], capture_output=True, text=True, timeout=ASK_LIMIT_S, check=True
    )
    told = [None if word == "none" else word for word in done.stdout.split()]
    return dict(zip(("R", *packages), told, strict=True))
