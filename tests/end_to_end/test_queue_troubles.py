"""What else goes wrong between queue and runner: a runner that stops for a while, a service away, a full disk."""

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from hub_config.reports.database.states import FINAL

from .report_house import House, report, running_house, token_in

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(300)]

SETTINGS = {"COHORTHUB_REPORTS_MAX_RUNNING": "4", "COHORTHUB_REPORTS_RUNNER_IDLE": "5"}
SLOW = report("import time\ntime.sleep(pause)\nopen('work.txt', 'w').write('done')", "print('end')")
ROOT_ALONE = "A small disk is mounted for this test, which only root may do. Run it as root."


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    with running_house({"wards": "max_running = 4"}, environment=SETTINGS) as found:
        yield found


def record_of(house: House, run: Any) -> dict[str, Any]:
    file = house.home / "projects" / run.project / "runs" / run.id / "run.json"
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def ends(house: House, run_id: str) -> list[str]:
    return [kind for kind in house.happened()[run_id] if kind in FINAL]


def wait_for(house: House, run_id: str, *states: str, within: float = 60) -> Any:
    house.wait(lambda: house.row(run_id).state in states, within=within, what=f"{run_id} is {states}")
    return house.row(run_id)


def wait_for_cell(house: House, run_id: str) -> None:
    house.wait(lambda: house.row(run_id).cell, within=60, what="its first cell has begun")


def settled(house: House) -> None:
    """Runners have ended, and nothing of a run is left."""
    house.wait(lambda: not house.roles()["runner"] and not house.left(), within=60, what=f"all quiet: {house.left()}")


def test_a_runner_that_stopped_for_twenty_seconds_shows_nothing_of_what_it_lost(house: House) -> None:
    (run_id,) = house.submit(SLOW, project="wards", values=[{"pause": 3.0}])
    wait_for_cell(house, run_id)
    (runner,) = house.roles()["runner"]
    runner.suspend()
    begin = time.monotonic()
    try:
        wait_for(house, run_id, "interrupted", within=15)
        time.sleep(max(0.0, 20 - (time.monotonic() - begin)))
        folder = house.home / "projects" / "wards" / "runs" / run_id
        # The run has ended in its process, which waits to be told how; or the hub, asked to forget the runner, has
        # ended it by now, and another one has closed what it left.
        assert not folder.exists() or record_of(house, house.row(run_id))["status"] == "interrupted"
    finally:
        with contextlib.suppress(psutil.NoSuchProcess):
            runner.resume()
    settled(house)
    run = house.row(run_id)
    assert ends(house, run_id) == ["interrupted"]
    assert record_of(house, run)["status"] == "interrupted"
    assert not (house.home / "projects" / "wards" / "runs" / "latest").exists()


@pytest.mark.patient
def test_runs_go_on_while_the_service_is_away_for_half_a_minute(house: House) -> None:
    short, long = house.submit(SLOW, project="wards", n=2, values=[{"pause": 4.0}, {"pause": 33.0}])
    wait_for_cell(house, short)
    wait_for_cell(house, long)
    house.kill("service")
    time.sleep(30)
    assert house.roles()["run process"], "they go on"
    house.start("service")
    assert wait_for(house, short, *FINAL, within=15).state == "succeeded"
    assert wait_for(house, long, *FINAL, within=30).state == "succeeded"
    assert ends(house, short) == ends(house, long) == ["succeeded"]


@pytest.mark.patient
def test_runs_go_on_while_the_service_stands_still_for_twenty_seconds(house: House) -> None:
    (run_id,) = house.submit(SLOW, project="wards", values=[{"pause": 24.0}])
    wait_for_cell(house, run_id)
    service = psutil.Process(house.started["service"].pid)
    service.suspend()
    try:
        time.sleep(20)
    finally:
        service.resume()
    assert wait_for(house, run_id, *FINAL, within=40).state == "succeeded"


def test_a_runner_whose_warm_parent_was_killed_goes_on_cold_and_then_has_another(house: House) -> None:
    def start_of(n: int) -> set[str]:
        made = house.submit(SLOW, project="wards", n=n)
        rows = [wait_for(house, one, *FINAL) for one in made]
        assert {run.state for run in rows} == {"succeeded"}
        return {run.facts["kernel_start"] for run in rows}

    house.wait(lambda: "warm" in start_of(1), within=60, what="kernels come from the warm parent")
    (parent,) = house.roles()["warm parent"]
    parent.kill()
    assert start_of(3) <= {"warm", "cold"}
    house.wait(lambda: start_of(1) == {"warm"}, within=60, what="kernels come from a warm parent again")
    (another,) = house.roles()["warm parent"]
    assert another.pid != parent.pid


@pytest.mark.patient
@pytest.mark.parametrize("away_s", [15, 30], ids=["less than a writer waits", "longer than a writer waits"])
def test_runs_go_on_while_another_writer_keeps_the_database(house: House, away_s: int) -> None:
    short, long = house.submit(SLOW, project="wards", n=2, values=[{"pause": 3.0}, {"pause": away_s + 4.0}])
    wait_for_cell(house, short)
    wait_for_cell(house, long)
    with house.database.writing():
        time.sleep(away_s)
        assert house.roles()["run process"], "they go on"
    for run_id in (short, long):
        assert wait_for(house, run_id, *FINAL, within=40).state == "succeeded"
        assert ends(house, run_id) == ["succeeded"]
    assert house.started["service"].poll() is None
    (next_id,) = house.submit(SLOW, project="wards")
    assert wait_for(house, next_id, *FINAL, within=40).state == "succeeded"


@pytest.mark.patient
def test_a_hub_that_is_down_for_a_minute_stops_no_run_and_what_waits_begins_after_it(house: House) -> None:
    (running,) = house.submit(SLOW, project="wards", values=[{"pause": 8.0}])
    wait_for_cell(house, running)
    house.kill("hub")
    assert wait_for(house, running, *FINAL, within=40).state == "succeeded"
    house.wait(lambda: not house.roles()["runner"], within=60, what="the runner had nothing to do")
    (waiting,) = house.submit(SLOW, project="wards", values=[{"pause": 0.1}])
    time.sleep(30)
    assert house.row(waiting).state == "queued"
    house.start("hub")
    assert wait_for(house, waiting, *FINAL, within=60).state == "succeeded"


FAMILY = """
import os, signal, subprocess, sys, time
subprocess.Popen(["nohup", "sleep", "4242"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
subprocess.Popen(["setsid", "sleep", "4242"])
subprocess.Popen(["setsid", "nohup", "sh", "-c", "trap '' TERM HUP INT; sleep 4242; true"], stdout=subprocess.DEVNULL)
for _ in range(2):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.chdir("/")
            signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
            os.closerange(0, 256)
            os.execvp("sleep", ["sleep", "4242"])
        os._exit(0)
open("ready", "w").close()
time.sleep(600)
"""


def family(house: House) -> list[psutil.Process]:
    """What the report has started: none of it names the house in its arguments, nor lies in its folder."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            mine = process.environ().get("COHORTHUB_HOME") == str(house.home)
            if process.status() != psutil.STATUS_ZOMBIE and mine and "4242" in " ".join(process.cmdline()):
                found.append(process)
    return found


@pytest.mark.parametrize("way", ["desk", "page"])
def test_a_cancelled_run_takes_all_its_children_along_within_ten_seconds(house: House, way: str) -> None:
    took = []
    session = house.sign_in("kim") if way == "page" else None
    for _ in range(5):
        (run_id,) = house.submit(report(FAMILY), project="wards")
        work = house.home / "projects" / "wards" / "runs" / f".{run_id}.running" / "work" / "ready"
        house.wait(work.exists, within=60, what="the report has started its children")
        house.wait(lambda: len(family(house)) >= 6, within=10, what="all of them run")
        begin = time.monotonic()
        if session is None:
            house.cancel(run_id)
        else:
            house.cancel_on_page(run_id, session=session)
        house.wait(lambda: not family(house), within=15, what="all children are gone")
        took.append(time.monotonic() - begin)
        assert not [process for process in house.roles()["kernel"] if _is_of(process, run_id)]
        assert wait_for(house, run_id, *FINAL, within=15).state == "cancelled"
        assert ends(house, run_id) == ["cancelled"]
    print(f"cancelled by {way}: gone after {', '.join(f'{one:.1f}' for one in took)} s")
    assert max(took) <= 10


def _is_of(process: psutil.Process, run_id: str) -> bool:
    with contextlib.suppress(psutil.Error):
        return run_id in process.environ().get("COHORTHUB_RUN_DIR", "") or run_id in process.cwd()
    return False


@contextlib.contextmanager
def small_disk(folder: Path, *, size_mb: int) -> Iterator[Path]:
    """Put a small disk on a folder that only root can enter, and take it away again."""
    if os.geteuid() != 0:
        pytest.fail(ROOT_ALONE, pytrace=False)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size_mb}m,mode=0700", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


FILLS = report(
    "with open('big', 'wb', buffering=0) as file:\n    while True:\n        file.write(bytes(2**16))", "print('never')"
)


def test_a_run_that_fills_the_disk_of_its_project_fails_with_the_reason_and_the_next_one_succeeds(house: House) -> None:
    runs = house.home / "projects" / "wards" / "runs"
    shutil.rmtree(runs, ignore_errors=True)
    runs.mkdir(mode=0o700)
    with small_disk(runs, size_mb=8):
        (run_id,) = house.submit(FILLS, project="wards")
        run = wait_for(house, run_id, *FINAL)
        assert (run.state, run.error["code"]) == ("failed", "REPORT-DISK-FULL")
        record = record_of(house, run)
        assert (record["status"], record["error"]["code"]) == ("failed", "REPORT-DISK-FULL")
        half = [path.name for path in (runs / run_id).iterdir() if path.name.startswith(".")]
        assert half == [], "no half file"
        shutil.rmtree(runs / run_id)
        (next_id,) = house.submit(SLOW, project="wards")
        assert wait_for(house, next_id, *FINAL).state == "succeeded"
        settled(house)


def test_where_the_queue_has_no_room_the_service_lives_says_so_and_goes_on_when_there_is_some() -> None:
    folder = Path(tempfile.mkdtemp(prefix="rd-"))
    try:
        with (
            small_disk(folder, size_mb=48),
            running_house({"wards": "max_running = 4"}, parent=folder, environment=SETTINGS) as small,
        ):
            session = small.sign_in("kim")
            (run_id,) = small.submit(SLOW, project="wards", values=[{"pause": 4.0}])
            wait_for_cell(small, run_id)
            form = {"_xsrf": token_in(session.get(f"{small.pages}runs/{run_id}", timeout=20).text)}
            filler = folder / "filler"
            with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
                while True:
                    file.write(bytes(4096))
            page = session.post(f"{small.pages}runs/{run_id}/cancel", data=form, timeout=30)
            assert page.status_code == 503
            assert "no room" in page.text
            assert "Traceback" not in page.text
            time.sleep(12)
            health = urllib.request.urlopen(f"http://127.0.0.1:{small.ports[2]}/services/reports/health", timeout=5)
            with health:
                assert health.status == 200
            assert small.started["service"].poll() is None
            assert session.get(small.pages, timeout=20).status_code == 200, "what is known can still be read"
            filler.unlink()
            run = wait_for(small, run_id, *FINAL)
            assert ends(small, run_id) == [run.state]
            assert run.state in {"succeeded", "failed"}, "its runner was alive all the time"
            if run.state == "failed":
                assert run.error["code"] == "REPORT-DISK-FULL"
            assert record_of(small, run)["status"] == run.state
            (next_id,) = small.submit(SLOW, project="wards")
            assert wait_for(small, next_id, *FINAL).state == "succeeded"
            settled(small)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
