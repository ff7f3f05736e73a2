"""Talking to the command line: `cohorthub report run` carries out one run, `report list` closes what was cut off."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import IO

from hub_config.reports.service.asked import Asked

__all__ = ["close_cut_off_runs", "error_in", "read_answer", "start_runner"]

ANSWER_LIMIT = 1 << 20
# The service's token and addresses are not the notebook's business.
KEPT_FROM_NOTEBOOKS = "JUPYTERHUB_"
# -P: the folder that the service happens to be started in must not shadow Python's modules.
COMMAND = (sys.executable, "-P", "-m", "hub_config.cli", "report")


async def start_runner(asked: Asked, *, parameters: Path, home: Path, log: IO[bytes]) -> asyncio.subprocess.Process:
    """Start the process that carries out one run, in a session of its own.

    Parameters
    ----------
    asked : Asked
        What to run.
    parameters : Path
        File of the values that are not the template's own.
    home : Path
        The home it writes into.
    log : file
        Takes what it says beside its answer.

    Returns
    -------
    asyncio.subprocess.Process
        Its stdout is to be read with `read_answer`.
    """
    options = [f"--parameters-file={parameters}", f"--run-id={asked.run_id}", f"--started-by={asked.requested_by}"]
    return await asyncio.create_subprocess_exec(
        *COMMAND,
        "run",
        "--json",
        f"--home={home}",
        *options,
        "--",
        asked.template,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=log,
        env=_environment(),
        start_new_session=True,
    )


async def read_answer(process: asyncio.subprocess.Process) -> bytes:
    """Read the one document the runner writes; what is too long is read away, so that the pipe never fills.

    Parameters
    ----------
    process : asyncio.subprocess.Process
        The runner.

    Returns
    -------
    bytes
        At most 1 MiB.
    """
    kept = b""
    if process.stdout is not None:
        while part := await process.stdout.read(65_536):
            kept = (kept + part)[:ANSWER_LIMIT]
    return kept


def error_in(answer: bytes) -> dict[str, str]:
    """Take the error out of the runner's answer.

    Parameters
    ----------
    answer : bytes
        What it wrote.

    Returns
    -------
    dict
        Keys code and message; empty if there is no error, or no readable answer.
    """
    try:
        document = json.loads(answer)
    except (ValueError, RecursionError):
        return {}
    error = document.get("error") if isinstance(document, dict) else None
    found = error if isinstance(error, dict) else {}
    return {key: value for key, value in found.items() if key in {"code", "message"} and isinstance(value, str)}


async def close_cut_off_runs(home: Path) -> None:
    """Give a last state and a readable page to the folders of runs whose runner was killed.

    Parameters
    ----------
    home : Path
        The home; if no folder in it is unfinished, nothing is started.
    """
    if not any((home / "runs").glob(".*.running")):
        return
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        "list",
        "--json",
        f"--home={home}",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        env=_environment(),
        start_new_session=True,
    )
    try:
        await process.wait()
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(KEPT_FROM_NOTEBOOKS)}
