"""What `cohorthub up` refuses: one clear line, an exit code of its own, and nothing half made."""

import json
import os
import socket
import subprocess
import time
from pathlib import Path

import pytest

from .conftest import cohorthub


def the_line(stderr: str) -> str:
    lines = [line for line in stderr.splitlines() if line]
    assert len(lines) == 1, stderr
    return lines[0]


def test_a_taken_port_is_refused_and_no_home_is_made(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        refused = cohorthub("up", "--port", str(port), home=home)
    assert refused.returncode == 33
    assert f"port {port} of 127.0.0.1 cannot be had" in the_line(refused.stderr)
    assert not home.exists()


def test_a_home_of_a_newer_version_is_refused_untouched(home: Path) -> None:
    home.mkdir()
    (home / "home.json").write_text('{"layout": 99}')
    refused = cohorthub("up", "--port", "0", home=home)
    assert refused.returncode == 35
    assert "found layout 99" in the_line(refused.stderr)
    assert [entry.name for entry in home.iterdir()] == ["home.json"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"layout": "one"}', "\udcff"])
def test_a_corrupt_record_is_refused_untouched(home: Path, text: str) -> None:
    home.mkdir()
    (home / "home.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    refused = cohorthub("up", "--port", "0", home=home)
    assert refused.returncode == 36
    assert "the home's record is not what CohortHub writes" in the_line(refused.stderr)
    assert [entry.name for entry in home.iterdir()] == ["home.json"]


def test_a_folder_with_other_things_is_refused_untouched(home: Path) -> None:
    home.mkdir(mode=0o755)
    (home / "thesis.docx").write_text("years of work")
    refused = cohorthub("up", "--port", "0", home=home)
    assert refused.returncode == 37
    assert "found 1 entries that CohortHub did not make" in the_line(refused.stderr)
    assert [entry.name for entry in home.iterdir()] == ["thesis.docx"]
    assert home.stat().st_mode & 0o777 == 0o755


def test_a_home_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    refused = cohorthub("up", "--port", "0", home=tmp_path / "file" / "home")
    assert refused.returncode == 34
    assert "the home cannot be written" in the_line(refused.stderr)


def test_an_address_that_others_reach_is_refused_unless_the_settings_say_so(home: Path) -> None:
    refused = cohorthub("up", "--ip", "0.0.0.0", "--port", "0", home=home)
    assert refused.returncode == 42
    assert "the hub listens on loopback only" in the_line(refused.stderr)
    assert not home.exists()


def test_wrong_settings_are_refused_before_anything_is_made(tmp_path: Path, home: Path) -> None:
    settings = tmp_path / "other.toml"
    settings.write_text("[hub]\nprot = 1\n")
    refused = cohorthub("up", "--config", str(settings), home=home)
    assert refused.returncode == 38
    assert "hub.prot is not a setting (did you mean hub.port?)" in the_line(refused.stderr)
    assert not home.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small file system needs root")
def test_a_full_disk_is_said_in_one_line_and_nothing_is_left(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=96k", "tmpfs", str(small)], check=False)
    if mounted.returncode != 0:
        pytest.skip("this machine does not let root mount a file system")
    try:
        refused = cohorthub("up", "--port", "0", home=small / "home")
        assert refused.returncode == 34
        assert "no space" in refused.stderr.lower()
        assert "Traceback" not in refused.stderr
        assert list(small.iterdir()) == []
    finally:
        for _ in range(20):
            if subprocess.run(["umount", str(small)], check=False, capture_output=True).returncode == 0:
                break
            time.sleep(0.2)


def test_with_json_a_refusal_is_one_document(home: Path) -> None:
    home.mkdir()
    (home / "home.json").write_text('{"layout": 99}')
    refused = cohorthub("up", "--json", home=home)
    assert json.loads(refused.stdout)["error"]["code"] == "HOME-TOO-NEW"
