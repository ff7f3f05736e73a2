"""Where runs are carried out: their account has what it needs, and nothing of the service's own."""

import contextlib
import os
import pwd
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub_config.projects.files import open_folder, read_text
from hub_config.projects.making import make_project
from hub_config.projects.secrets import set_secret
from hub_config.reports.desk import ProjectBook
from hub_config.reports.desk.lent_secrets import owner_of
from hub_config.reports.desk.run_places import RunPlaces
from hub_config.reports.execution.errors import SecretUnusableError
from hub_config.reports.execution.secrets import read_secrets

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
ACCOUNT = "nobody"
TEXT = f"""
title = "Wards"
account = "{ACCOUNT}"
[members]
kim = "lead"
[notify.chat]
url_file = "secrets/chat"
"""


@pytest.fixture
def home() -> Iterator[Path]:
    """A home that accounts pass through, and a project with a secret for notebooks and one for notices."""
    home = Path(tempfile.mkdtemp(prefix="home-"))
    try:
        make_project(home, name="wards", text=TEXT)
        for folder in (home, home / "projects", home / "projects" / "wards"):
            folder.chmod(0o711)
        for name in ("registry", "chat"):
            write_secret(home, name)
        yield home
    finally:
        shutil.rmtree(home)


def write_secret(home: Path, name: str) -> None:
    file = home / "projects" / "wards" / "secrets" / name
    file.write_text(f"value-of-{name}")
    file.chmod(0o600)


@contextlib.contextmanager
def as_the_account() -> Iterator[None]:
    owner = pwd.getpwnam(ACCOUNT)
    os.setegid(owner.pw_gid)
    os.seteuid(owner.pw_uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


def read(home: Path, name: str) -> str:
    """Read a secret as a run of the project does."""
    place = RunPlaces(ProjectBook(home))("wards")
    assert place is not None
    with as_the_account():
        return read_secrets([name], folder=place.secrets_folder).values[name]


def test_an_account_of_its_own_reads_the_secrets_of_its_project(home: Path) -> None:
    assert read(home, "registry") == "value-of-registry"
    write_secret(home, "second")
    assert read(home, "second") == "value-of-second"
    with as_the_account(), pytest.raises(PermissionError):
        (home / "projects" / "wards" / "secrets" / "mine").write_text("x")


def test_the_addresses_of_notices_stay_the_services_own(home: Path) -> None:
    read(home, "registry")
    with pytest.raises((SecretUnusableError, PermissionError)):
        read(home, "chat")
    folder = open_folder(home / "projects" / "wards" / "secrets")
    try:
        assert read_text(folder, "chat", limit=100, private=True) == "value-of-chat"
    finally:
        os.close(folder)


def test_a_secret_that_is_new_is_lent_at_once_and_one_that_is_lent_is_left_alone(home: Path) -> None:
    places = RunPlaces(ProjectBook(home), clock=lambda: 0.0)  # no time passes
    place = places("wards")
    assert place is not None
    with as_the_account():
        before = read_secrets(["registry"], folder=place.secrets_folder)
    write_secret(home, "third")
    places("wards")
    with as_the_account():
        assert read_secrets(["third"], folder=place.secrets_folder).values == {"third": "value-of-third"}
        assert read_secrets(["registry"], folder=place.secrets_folder).files == before.files


def test_a_secret_that_is_replaced_is_the_accounts_at_once_and_a_half_written_one_is_nobodys(home: Path) -> None:
    """A run may begin in the moment between the two."""
    book = ProjectBook(home)
    places = RunPlaces(book, clock=lambda: 0.0)
    place, project = places("wards"), book.get("wards")
    assert place is not None
    assert project is not None
    folder = home / "projects" / "wards"
    half_written = folder / "secrets" / ".0123456789abcdef"
    half_written.touch(mode=0o600)
    half_written.write_text("the address of a notice, half of it")
    for name in ("registry", "chat"):
        set_secret(folder, name, value=f"new-value-of-{name}", owner=owner_of(project, name))
    with as_the_account():
        assert read_secrets(["registry"], folder=folder / "secrets").values == {"registry": "new-value-of-registry"}
    places("wards")
    with as_the_account():
        for name in ("chat", ".0123456789abcdef"):
            with pytest.raises(PermissionError):
                (folder / "secrets" / name).read_text()
