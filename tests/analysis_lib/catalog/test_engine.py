"""How the catalog opens DuckDB: the same clock everywhere, and nobody's rows on a disk that others read."""

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from analysis_lib.catalog.bucket_reading import BucketFiles, open_bucket
from analysis_lib.catalog.engine import open_engine

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
