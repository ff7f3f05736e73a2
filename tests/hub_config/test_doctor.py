"""The doctor: green where all is well, red with a reason where it is not."""

import json
import socket
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from hub_config.accounts import AccountStore
from hub_config.cli import root
from hub_config.home import Home, make_home, write_private
from hub_config.kernels import ensure_kernel


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    make_home(home)
    write_private(home.record, '{"layout": 1, "demo": false}')
    AccountStore(home.secrets / "accounts.json").add("ada", "x")
    ensure_kernel(home.path)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    home.settings_file.write_text(f"[hub]\nport = {port}\n")
    return home


def examine(home: Home) -> tuple[int, dict[str, dict[str, Any]]]:
    result = CliRunner().invoke(root, ["doctor", "--json", "--home", str(home.path)], standalone_mode=False)
    findings = json.loads(result.stdout)["findings"]
    return result.return_value, {finding["check"]: finding for finding in findings}


def test_a_good_home_is_healthy_and_the_missing_isolation_is_a_warning(home: Home) -> None:
    status, findings = examine(home)
    assert [finding for finding in findings.values() if finding["level"] == "red"] == []
    assert status == 0
    assert findings["isolation"]["level"] == "yellow"
    assert "no isolation" in findings["isolation"]["found"]
    assert findings["proxy"]["found"].startswith("traefik 3.")


def test_before_the_first_start_all_is_well_and_nothing_is_made(tmp_path: Path) -> None:
    _, findings = examine(Home(tmp_path / "absent"))
    assert findings["home"]["level"] == "green"
    assert not (tmp_path / "absent").exists()


def test_an_old_version_is_red(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub_config.doctor.version", lambda package: "6.1.0" if package == "jupyterhub" else "9999.1")
    status, findings = examine(home)
    assert status == 1
    assert findings["jupyterhub"]["level"] == "red"
    assert findings["jupyterlab"]["level"] == "green"


def test_a_secret_that_others_can_read_is_red(home: Home) -> None:
    (home.secrets / "accounts.json").chmod(0o644)
    status, findings = examine(home)
    assert (status, findings["permissions"]["level"]) == (1, "red")
    assert "accounts.json" in findings["permissions"]["found"]


def test_a_taken_port_is_red(home: Home) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        home.settings_file.write_text(f"[hub]\nport = {other.getsockname()[1]}\n")
        assert examine(home)[1]["port"]["level"] == "red"


def test_a_newer_home_wrong_settings_and_a_lost_kernel_are_red(home: Home) -> None:
    home.record.write_text('{"layout": 99}')
    home.settings_file.write_text("[hub]\nprot = 1\n")
    (home.jupyter / "kernels" / "cohort-analysis" / "kernel.json").unlink()
    _, findings = examine(home)
    assert {name for name, finding in findings.items() if finding["level"] == "red"} >= {"home", "settings", "kernel"}


def test_a_full_disk_is_red(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    class Usage:
        free = 2**20

    monkeypatch.setattr("hub_config.doctor.shutil.disk_usage", lambda _place: Usage)
    assert examine(home)[1]["disk"]["level"] == "red"


def test_people_read_one_line_for_each_check(home: Home) -> None:
    text = CliRunner().invoke(root, ["doctor", "--home", str(home.path)]).stdout
    assert "warn  isolation" in text
    assert "FAIL" not in text
