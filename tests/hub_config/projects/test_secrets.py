"""Files of secrets: what names and values may be, whose they are, and what planted links come to."""

import contextlib
import errno
import os
import pwd
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub_config.projects import ProjectError, secrets
from hub_config.projects.secrets import (
    LARGEST,
    SECRET_NAME,
    SHORTEST,
    check_secret,
    kept_secrets,
    remove_secret,
    secret_names,
    set_secret,
)
from hub_config.reports.execution import secrets as execution
from hub_config.reports.execution.secrets import read_secrets
from hub_config.reports.parameters.values import NAME_PATTERNS

MARK = "Zx9-marked-value"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a project without secrets."""
    made = tmp_path / "wards"
    made.mkdir(mode=0o700)
    return made


def test_what_is_set_is_what_a_run_reads(folder: Path) -> None:
    for value in (MARK, "한글 비밀값입니다", f" {MARK} ", f"{MARK}\nsecond line", "x" * SHORTEST, "y" * LARGEST):
        assert set_secret(folder, "login", value=value) is (value != MARK)
        assert read_secrets(["login"], folder=folder / "secrets").values == {"login": value}
    set_secret(folder, "login", value=f"{MARK}\r\n\n")
    assert (folder / "secrets" / "login").read_bytes() == MARK.encode()


def test_a_run_and_whoever_sets_a_secret_go_by_the_same_rules() -> None:
    assert (execution.SHORTEST, execution.LARGEST) == (SHORTEST, LARGEST)
    assert NAME_PATTERNS["Secret"] == SECRET_NAME.pattern


@pytest.mark.parametrize(
    "value",
    ["", "short", "short\n\n\n\n", "y" * (LARGEST + 1), "한" * (LARGEST // 3 + 1), f"{MARK}\0", f"{MARK}\ud800"],
)
def test_a_value_that_a_run_would_refuse_is_refused_and_stands_in_no_part_of_the_error(value: str) -> None:
    with pytest.raises(ProjectError) as refused:
        check_secret(value)
    assert refused.value.__cause__ is refused.value.__context__ is None
    assert str(refused.value) == (
        f"a secret has {SHORTEST} characters to {LARGEST} bytes, and is text; found another. "
        "Use one that cannot stand in a report by chance."
    )


@pytest.mark.parametrize(
    "name", ["../x", "a/b", "..", ".", "", ".hidden", "a\0b", "x" * 65, "x" * 300, "비밀", "a b", "a\n", "-a"]
)
def test_a_hostile_name_is_refused_and_nothing_is_made(folder: Path, name: str) -> None:
    with pytest.raises(ProjectError, match="a secret's name has letters"):
        set_secret(folder, name, value=MARK)
    assert not remove_secret(folder, name)
    assert list(folder.iterdir()) == []


def test_nobody_else_may_read_the_file_or_its_folder_whatever_the_umask(folder: Path) -> None:
    before = os.umask(0)
    try:
        set_secret(folder, "login", value=MARK)
    finally:
        os.umask(before)
    assert (folder / "secrets").stat().st_mode & 0o777 == 0o700
    assert (folder / "secrets" / "login").stat().st_mode & 0o777 == 0o600


def test_a_link_in_the_place_of_a_secret_is_replaced_and_not_followed(folder: Path, tmp_path: Path) -> None:
    (folder / "secrets").mkdir(mode=0o700)
    outside = tmp_path / "outside"
    outside.write_text("as it was")
    (folder / "secrets" / "login").symlink_to(outside)
    (folder / "secrets" / "other").hardlink_to(outside)
    os.mkfifo(folder / "secrets" / "pipe")
    assert secret_names(folder) == ["other"]
    assert not remove_secret(folder, "login")
    for name in ("login", "other", "pipe"):
        set_secret(folder, name, value=MARK)
    assert outside.read_text() == "as it was"
    assert [one.name for one in kept_secrets(folder)] == ["login", "other", "pipe"]
    assert all((folder / "secrets" / name).read_text() == MARK for name in ("login", "other", "pipe"))


def test_a_folder_in_the_place_of_a_secret_is_told(folder: Path) -> None:
    (folder / "secrets" / "login").mkdir(mode=0o700, parents=True)
    (folder / "secrets").chmod(0o700)
    with pytest.raises(ProjectError, match="cannot be written; found Is a directory"):
        set_secret(folder, "login", value=MARK)
    assert [one.name for one in (folder / "secrets").iterdir()] == ["login"]


@pytest.mark.parametrize("what", ["secrets", "project"])
def test_a_link_in_the_place_of_the_folder_is_refused(folder: Path, tmp_path: Path, what: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    if what == "secrets":
        (folder / "secrets").symlink_to(elsewhere)
    else:
        folder.rmdir()
        folder.symlink_to(elsewhere)
    with pytest.raises(ProjectError, match="not a link"):
        set_secret(folder, "login", value=MARK)
    assert list(elsewhere.iterdir()) == []


def test_a_folder_that_others_may_change_is_refused(folder: Path) -> None:
    (folder / "secrets").mkdir()
    (folder / "secrets").chmod(0o770)
    for attempt in (lambda: set_secret(folder, "login", value=MARK), lambda: kept_secrets(folder)):
        with pytest.raises(ProjectError, match="writable by its owner alone"):
            attempt()


def test_of_many_who_set_one_at_once_each_writes_the_whole_and_one_is_last(folder: Path) -> None:
    values = [f"{number:02d}-{MARK}-" * 500 for number in range(8)]
    threads = [threading.Thread(target=set_secret, args=(folder, "login"), kwargs={"value": one}) for one in values]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (folder / "secrets" / "login").read_text() in values
    assert [one.name for one in (folder / "secrets").iterdir()] == ["login"]


def test_a_disk_that_is_full_leaves_the_secret_of_before_and_no_half_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_secret(folder, "login", value=MARK)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(secrets.os, "fsync", full)
    with pytest.raises(ProjectError, match=r"No space left on device\. Free some space"):
        set_secret(folder, "login", value="another-value")
    assert (folder / "secrets" / "login").read_text() == MARK
    assert [one.name for one in (folder / "secrets").iterdir()] == ["login"]


@contextlib.contextmanager
def without_rights(secrets: Path, *, mode: int = 0o755) -> Iterator[None]:
    """Be an account that may read the folder, and not change it."""
    is_root = os.geteuid() == 0
    secrets.chmod(mode if is_root else 0o500)
    if is_root:
        os.seteuid(pwd.getpwnam("nobody").pw_uid)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)
        secrets.chmod(0o700)


def test_where_the_service_may_not_write_an_operator_is_told_what_to_do() -> None:
    with tempfile.TemporaryDirectory(prefix="project-") as made:  # which other accounts can be let through
        folder = Path(made)
        folder.chmod(0o755)
        set_secret(folder, "login", value=MARK)
        with without_rights(folder / "secrets"):
            with pytest.raises(ProjectError, match=r"may not change.*chown.*project secret set"):
                set_secret(folder, "login", value="another-value")
            with pytest.raises(ProjectError, match=r"may not change.*chown.*project secret remove"):
                remove_secret(folder, "login")
        assert (folder / "secrets" / "login").read_text() == MARK


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can have a folder that the tests' own account may not read")
def test_where_the_service_may_not_even_look_an_operator_is_told_what_to_do() -> None:
    with tempfile.TemporaryDirectory(prefix="project-") as made:
        folder = Path(made)
        folder.chmod(0o755)
        set_secret(folder, "login", value=MARK)
        with without_rights(folder / "secrets", mode=0o700):
            for attempt in (lambda: kept_secrets(folder), lambda: set_secret(folder, "login", value="another-value")):
                with pytest.raises(ProjectError, match=r"readable by the account.*Permission denied.*chown"):
                    attempt()


def test_a_file_that_runs_would_refuse_is_told_and_is_good_once_it_is_set_again(folder: Path) -> None:
    set_secret(folder, "login", value=MARK)
    (folder / "secrets" / "login").chmod(0o640)
    assert [one.is_usable for one in kept_secrets(folder)] == [False]
    set_secret(folder, "login", value=MARK)
    assert [one.is_usable for one in kept_secrets(folder)] == [True]
    assert MARK not in repr(kept_secrets(folder))


@pytest.mark.parametrize("do", ["set", "remove"])
def test_a_value_whose_writing_was_killed_does_not_lie_there_for_good(folder: Path, do: str) -> None:
    set_secret(folder, "login", value="what-it-was-before")
    left = folder / "secrets" / f".{'a' * 16}"  # as it stands there until it has its name
    left.write_text(MARK)
    os.utime(left, (0, 0))
    set_secret(folder, "other", value="another-value") if do == "set" else remove_secret(folder, "login")
    names = sorted(path.name for path in (folder / "secrets").iterdir())
    assert names == (["login", "other"] if do == "set" else [])


def test_a_value_that_is_being_written_is_left_alone(folder: Path) -> None:
    set_secret(folder, "login", value=MARK)
    draft = folder / "secrets" / f".{'a' * 16}"
    draft.touch(mode=0o600)
    set_secret(folder, "login", value=MARK)
    remove_secret(folder, "login")
    assert draft.exists()
