"""The projects of a home: broken ones aside, changed ones read again, nobody else's files believed."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hub_config.accounts import AccountStore
from hub_config.projects import ProjectError, load_project, load_projects
from hub_config.projects import loading as loading_module

ONE = 'title = "Ward quality"\n[members]\nada = "lead"\n'
WriteProject = Callable[..., Path]


def test_a_home_without_projects_has_none(tmp_path: Path) -> None:
    found = load_projects(tmp_path)
    assert (dict(found.valid), dict(found.refused)) == ({}, {})


def test_one_broken_project_does_not_stop_the_others(home: Path, write_project: WriteProject) -> None:
    write_project("good")
    write_project("broken", "title = ")
    (home / "projects" / "empty").mkdir(mode=0o700)
    (home / "projects" / "Wrong Name").mkdir(mode=0o700)
    (home / "projects" / ".draft").mkdir(mode=0o700)
    (home / "projects" / "README").write_text("a plain file is no project")
    found = load_projects(home)
    assert list(found.valid) == ["good"]
    assert set(found.refused) == {"broken", "empty", "Wrong Name"}
    assert "project.toml is needed" in str(found.refused["empty"])


def test_the_folder_of_a_persons_own_project_is_none_that_could_be_broken(
    home: Path, write_project: WriteProject
) -> None:
    write_project("wards")
    (home / "projects" / "~ada" / "runs").mkdir(parents=True, mode=0o700)  # as her first run makes it
    found = load_projects(home)
    assert (list(found.valid), list(found.refused)) == (["wards"], [])


def test_one_project_is_read_by_its_folder(home: Path, write_project: WriteProject) -> None:
    assert load_project(write_project("good")).title == "Ward quality"
    with pytest.raises(ProjectError, match="not TOML"):
        load_project(write_project("broken", "title = "))
    with pytest.raises(ProjectError, match="found nothing of that name"):
        load_project(home / "projects" / "absent")


def test_only_what_changed_is_read_again(
    home: Path, write_project: WriteProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_project("first")
    second = write_project("second")
    write_project("broken", "title = ")
    before = load_projects(home)
    read: list[str] = []
    original = loading_module.parse_project
    monkeypatch.setattr(
        loading_module, "parse_project", lambda text, *, name: read.append(name) or original(text, name=name)
    )
    unchanged = load_projects(home, before=before)
    assert read == []
    assert unchanged.valid == before.valid
    assert set(unchanged.refused) == {"broken"}
    write_project("second", ONE.replace("Ward", "Unit"))
    write_project("third")
    changed = load_projects(home, before=unchanged)
    assert sorted(read) == ["second", "third"]
    assert changed.valid["second"].title == "Unit quality"
    (second / "project.toml").chmod(0o666)
    assert "writable by its owner alone" in str(load_projects(home, before=changed).refused["second"])
    (second / "project.toml").unlink()
    second.rmdir()
    assert "second" not in {**(gone := load_projects(home, before=changed)).valid, **gone.refused}


def test_a_broken_project_is_mended_without_a_restart(home: Path, write_project: WriteProject) -> None:
    write_project("mended", "title = ")
    before = load_projects(home)
    write_project("mended")
    assert "mended" in load_projects(home, before=before).valid


def test_asking_once_a_second_for_500_projects_costs_little(home: Path, write_project: WriteProject) -> None:
    for number in range(500):
        write_project(f"p{number}")
    found = load_projects(home)
    assert len(found.valid) == 500
    took = []
    for _ in range(5):
        start = time.process_time()
        found = load_projects(home, before=found)
        took.append(time.process_time() - start)
    assert min(took) < 0.05


def test_a_link_is_not_followed(home: Path, write_project: WriteProject, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    (elsewhere / "project.toml").write_text(ONE)
    (home / "projects" / "linked").symlink_to(elsewhere)
    folder = write_project("inner")
    (folder / "project.toml").unlink()
    (folder / "project.toml").symlink_to(elsewhere / "project.toml")
    found = load_projects(home)
    assert not found.valid
    assert "not a link" in str(found.refused["linked"])
    assert "not a link" in str(found.refused["inner"])


def test_a_linked_folder_of_projects_is_refused(home: Path, tmp_path: Path) -> None:
    (home / "projects").rmdir()
    (tmp_path / "others").mkdir()
    (home / "projects").symlink_to(tmp_path / "others")
    with pytest.raises(ProjectError, match="not a link"):
        load_projects(home)


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_may_write_is_refused(home: Path, write_project: WriteProject, mode: int) -> None:
    (write_project("open") / "project.toml").chmod(mode)
    assert f"found mode {mode:04o}" in str(load_projects(home).refused["open"])


def test_a_folder_that_others_may_write_is_refused(home: Path, write_project: WriteProject) -> None:
    write_project("open").chmod(0o770)
    assert "found mode 0770" in str(load_projects(home).refused["open"])


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_somebody_elses_file_is_refused(home: Path, write_project: WriteProject) -> None:
    os.chown(write_project("given") / "project.toml", 65534, 65534)
    os.chown(write_project("folder"), 65534, 65534)
    refused = load_projects(home).refused
    assert "found another owner" in str(refused["given"])
    assert "found another owner" in str(refused["folder"])


def test_what_is_no_file_is_refused_without_waiting(home: Path, write_project: WriteProject) -> None:
    folder = write_project("pipe")
    (folder / "project.toml").unlink()
    os.mkfifo(folder / "project.toml", 0o600)
    other = write_project("folder-inside")
    (other / "project.toml").unlink()
    (other / "project.toml").mkdir(mode=0o700)
    refused = load_projects(home).refused
    assert "must be a file" in str(refused["pipe"])
    assert "must be a file" in str(refused["folder-inside"])


def test_a_file_too_large_or_of_other_bytes_is_refused(home: Path, write_project: WriteProject) -> None:
    write_project("large", ONE + "#\n" * 40_000)
    (write_project("latin") / "project.toml").write_bytes(b'title = "\xe9"\n')
    refused = load_projects(home).refused
    assert "at most 65536 bytes" in str(refused["large"])
    assert "must be UTF-8" in str(refused["latin"])


def test_a_persons_account_is_refused_as_soon_as_the_person_has_it(home: Path, write_project: WriteProject) -> None:
    write_project("team", 'title = "T"\naccount = "grace"\n[members]\nada = "lead"\n')
    before = load_projects(home)
    assert "team" in before.valid
    AccountStore(home / "secrets" / "accounts.json").add("grace", "a password")
    now = load_projects(home, before=before)
    assert "must be its own; found a person's" in str(now.refused["team"])
    assert "grace" not in str(now.refused["team"])
    with pytest.raises(ProjectError, match="a person's"):
        load_project(home / "projects" / "team")


def test_two_projects_cannot_share_an_account(home: Path, write_project: WriteProject) -> None:
    shared = 'title = "T"\naccount = "shared"\n[members]\nada = "lead"\n'
    write_project("one", shared)
    write_project("two", shared)
    write_project("owner")
    write_project("thief", shared.replace('"shared"', '"project-owner"'))
    found = load_projects(home)
    assert list(found.valid) == ["owner"]
    assert {str(reason).split(";")[1].split(".")[0] for reason in found.refused.values()} == {
        " found another project's"
    }


@pytest.mark.parametrize("account", ["root", "daemon"])
def test_the_systems_own_accounts_are_refused(home: Path, write_project: WriteProject, account: str) -> None:
    write_project("team", f'title = "T"\naccount = "{account}"\n[members]\nada = "lead"\n')
    assert "the system's" in str(load_projects(home).refused["team"])


def test_projects_know_nothing_of_reports() -> None:
    program = (
        "import sys, hub_config.projects, hub_config.projects.cli; print([m for m in sys.modules if 'reports' in m])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
