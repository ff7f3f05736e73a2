"""How the catalog opens DuckDB: the same clock everywhere, and nobody's rows on a disk that others read."""

import os
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from analysis_lib.catalog.bucket_reading import BucketFiles, open_bucket
from analysis_lib.catalog.engine import _spill_folder_of, open_engine

MakeSource = Callable[..., Path]

IMPORT = """
import sys
from analysis_lib.catalog import import_omop
found = import_omop(sys.argv[1], name="small", data=sys.argv[2]).dataset
print(found.table("drug_era")["drug_era_start_date"].dt.strftime("%Y-%m-%d").tolist())
"""


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/Los_Angeles"])
def test_a_time_with_a_zone_becomes_the_same_date_whatever_the_zone_of_the_process(
    make_source: MakeSource, tmp_path: Path, zone: str
) -> None:
    columns = "drug_era_id BIGINT, person_id BIGINT, drug_concept_id BIGINT, drug_era_start_date TIMESTAMPTZ"
    source = make_source(
        {"drug_era": (columns, [(1, 1, 9, "2001-01-01 23:30:00+00"), (2, 1, 9, "2001-01-02 00:30+00")])}
    )
    done = subprocess.run(
        [sys.executable, "-c", IMPORT, str(source), str(tmp_path / "data")],
        cwd=tmp_path,
        env={**os.environ, "TZ": zone},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "['2001-01-01', '2001-01-02']\n"


def test_what_does_not_fit_into_memory_goes_to_a_private_folder_and_away_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with closing(open_engine(threads="1", memory_limit="64MB")) as connection:
        connection.execute("CREATE TEMP TABLE t AS SELECT uuid() AS a, uuid() AS b FROM range(3000000)")
        ((named,),) = connection.execute("SELECT current_setting('temp_directory')").fetchall()
        folder = Path(named)
        assert list(folder.iterdir()) != []
        assert list(tmp_path.iterdir()) == []
        assert stat.S_IMODE(folder.parent.stat().st_mode) == 0o700
    assert not folder.exists()


def test_a_bucket_s_engine_may_use_a_core_s_share_of_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CPU_LIMIT", "1")
    monkeypatch.setenv("MEM_LIMIT", str(1 << 30))
    with open_bucket(BucketFiles({})) as connection:
        ((limit,),) = connection.execute("SELECT current_setting('memory_limit')").fetchall()
    assert limit == "716.7 MiB"


SPILL = """
import os, signal, sys
from contextlib import closing
from analysis_lib.catalog.engine import open_engine
def spill():
    with closing(open_engine(threads="1", memory_limit="64MB")) as connection:
        connection.execute("CREATE TEMP TABLE t AS SELECT uuid() AS a, uuid() AS b FROM range(3000000)")
        if sys.argv[1] == "die":
            os.kill(os.getpid(), signal.SIGKILL)
spill()
if sys.argv[1] == "fork":
    child = os.fork()
    if child == 0:
        sys.exit(0)
    assert os.waitpid(child, 0)[1] == 0
    spill()
"""


def spilled_by(what: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", SPILL, what],
        env={**os.environ, "TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_a_killed_process_spilled_goes_when_the_next_one_begins(tmp_path: Path) -> None:
    assert spilled_by("die", tmp_path).returncode == -9
    (left,) = tmp_path.iterdir()
    assert any(path.stat().st_size > 1_000_000 for path in left.rglob("*"))
    done = spilled_by("once", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert list(tmp_path.iterdir()) == []


def test_what_a_living_process_spills_is_left_alone(tmp_path: Path) -> None:
    living = subprocess.Popen(
        [sys.executable, "-c", SPILL.replace("spill()\nif", "spill(); input()\nif"), "once"],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdin=subprocess.PIPE,
        text=True,
    )
    try:
        deadline = time.monotonic() + 30
        while not list(tmp_path.glob("*/lock")):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert spilled_by("once", tmp_path).returncode == 0
        assert len(list(tmp_path.iterdir())) == 1
    finally:
        living.communicate("\n")
    assert living.returncode == 0
    assert list(tmp_path.iterdir()) == []


def test_nobody_sees_a_lock_that_is_not_held_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def others_look(*_: object) -> None:
        seen.append(sorted(path.name for path in tmp_path.glob("*/lock")))

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr("analysis_lib.catalog.engine.fcntl.flock", others_look)
    monkeypatch.setattr("analysis_lib.catalog.engine.atexit.register", lambda _remove: None)
    _spill_folder_of.__wrapped__(os.getpid())
    assert seen == [[]]
    assert len(list(tmp_path.glob("*/lock"))) == 1


def test_a_child_that_ends_takes_nothing_of_its_parent_s_away(tmp_path: Path) -> None:
    done = spilled_by("fork", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


def test_ctrl_c_during_a_query_is_an_interruption() -> None:
    # A test run that a script put into the background hands SIGINT down ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    endless = "SELECT count(*) FROM range(300000) a, range(300000) b WHERE a.range * b.range % 7 = 3"
    try:
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            asked(endless)
    finally:
        timer.join()
        signal.signal(signal.SIGINT, before)
    assert asked("SELECT 1") == [(1,)]


def asked(sql: str) -> list[tuple[int, ...]]:
    with open_bucket(BucketFiles({})) as connection:
        return connection.execute(sql).fetchall()
