"""A file is there whole, or as it was before."""

import errno
import os
from pathlib import Path

import pytest

from analysis_lib.whole_files import write_whole


def test_a_file_is_written_and_replaced(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    write_whole(target, "심부전\n")
    write_whole(target, "second\n")
    assert target.read_text(encoding="utf-8") == "second\n"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_a_failure_at_any_step_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    for step in ("fsync", "fchmod"):

        def full(*_: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(os, step, full)
            with pytest.raises(OSError, match="No space"):
                write_whole(target, "new", mode=0o644)
        assert target.read_text() == "old"
        assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_the_umask_decides_who_reads_it_unless_told_otherwise(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_whole(tmp_path / "a", "a")
        write_whole(tmp_path / "b", "b", mode=0o644)
    finally:
        os.umask(before)
    assert [(tmp_path / name).stat().st_mode & 0o777 for name in ("a", "b")] == [0o640, 0o644]
