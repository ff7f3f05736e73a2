"""A hub that comes back takes up the very servers it started, and nobody else's process of the same pid."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from jupyterhub.spawner import SimpleLocalProcessSpawner

from hub_config.launcher.processes import boot_identity, find_process
from hub_config.spawner import CohortSpawner


@pytest.fixture
def server() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as process:
        yield process
        process.kill()


@pytest.fixture
def kept(server: subprocess.Popen[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the hub keeps of a server it has started."""

    async def start(self: CohortSpawner) -> tuple[str, int]:
        self.pid = server.pid
        return "127.0.0.1", 1

    monkeypatch.setattr(SimpleLocalProcessSpawner, "start", start)
    folders = {f"{name}_dir": str(tmp_path / name) for name in ("users", "logs", "given")}
    (tmp_path / "users").mkdir()
    spawner = CohortSpawner(user=SimpleNamespace(name="ann"), **folders)
    asyncio.run(spawner.start())
    return dict(spawner.get_state())


def taken_up(state: dict[str, Any]) -> CohortSpawner:
    spawner = CohortSpawner()
    spawner.load_state(state)
    return spawner


def test_a_server_that_still_runs_is_taken_up_again_and_again(
    kept: dict[str, Any], server: subprocess.Popen[bytes]
) -> None:
    seen = find_process(server.pid)
    assert seen is not None
    assert kept == {"pid": server.pid, "started": seen.started, "boot": boot_identity()}
    again = taken_up(kept)
    assert again.pid == server.pid
    assert taken_up(again.get_state()).pid == server.pid


@pytest.mark.parametrize("other", [{"started": 1}, {"boot": "another run of the machine"}, {"started": None}])
def test_another_process_of_the_same_pid_is_neither_watched_nor_ended(
    kept: dict[str, Any], server: subprocess.Popen[bytes], other: dict[str, Any]
) -> None:
    spawner = taken_up(kept | other)
    assert spawner.pid == 0
    assert asyncio.run(spawner.poll()) == 0
    asyncio.run(spawner.stop(now=True))
    assert server.poll() is None
    assert spawner.get_state() == {}


def test_what_an_older_version_kept_is_not_trusted(server: subprocess.Popen[bytes]) -> None:
    assert taken_up({"pid": server.pid}).pid == 0


def test_a_server_that_has_ended_is_not_taken_up(kept: dict[str, Any], server: subprocess.Popen[bytes]) -> None:
    server.kill()
    server.wait()
    assert taken_up(kept).pid == 0
