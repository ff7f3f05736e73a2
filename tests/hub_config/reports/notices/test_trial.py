"""`cohorthub report notify-test`: one test notice to each target, through real servers on loopback."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

import hub_config.reports.notices as room
from hub_config.cli import Session
from hub_config.home import Home, make_home
from hub_config.projects.errors import ProjectError, ProjectNotFoundError
from hub_config.reports.cli import report
from hub_config.reports.notices.reasons import REASONS

from .conftest import PASSWORD, MailBox, WebServer

PROJECT = 'title = "Ward quality 병동"\ntimezone = "Asia/Seoul"\n[members]\nada = "lead"\n'
REPOSITORY = Path(__file__).parents[4]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = Home(tmp_path / "home")
    make_home(home)
    home.record.write_text('{"layout": 1}')
    return home.path


@pytest.fixture
def set_up(home: Path, mailbox: MailBox) -> Callable[..., None]:
    """Write the project, with secret addresses, and the operator's settings."""

    def write(notify: str, *, networks: str = '["127.0.0.0/8"]', **secrets: str) -> None:
        folder = home / "projects" / "wards"
        (folder / "secrets").mkdir(mode=0o700, parents=True)
        folder.chmod(0o700)
        for name, address in {"project.toml": PROJECT + notify, **secrets}.items():
            file = folder / name if name == "project.toml" else folder / "secrets" / name
            file.write_text(address, encoding="utf-8")
            file.chmod(0o600)
        (home / "cohorthub.toml").write_text(
            f'[hub]\npublic_url = "https://hub.example.org"\n[notices]\nallow_networks = {networks}\n'
            f'[mail]\nhost = "127.0.0.1"\nport = {mailbox.port}\nsecurity = "none"\nsender = "hub@example.org"\n',
            encoding="utf-8",
        )

    return write


@pytest.fixture
def call(home: Path) -> Callable[..., Result]:
    def invoke(*words: str, as_json: bool = False) -> Result:
        session = Session(home=home, as_json=as_json)
        return CliRunner().invoke(report, ["notify-test", *words], obj=session, standalone_mode=False)

    return invoke


def test_each_target_gets_one_message_that_says_that_it_is_a_test(
    set_up: Callable[..., None], call: Callable[..., Result], mailbox: MailBox, web: WebServer
) -> None:
    set_up(
        '[notify.ops]\nemail = "ops@example.org"\nlanguage = "ko"\n[notify.hook]\nurl_file = "secrets/hook"\n',
        hook=f"json://127.0.0.1:{web.port}/in?+X-Token=t0psecret",
    )
    done = call("wards", as_json=True)
    assert done.exception is None, done.exception
    assert done.return_value == 0
    rows = json.loads(done.stdout)["targets"]
    assert [(row["target"], row["state"], row["code"]) for row in rows] == [
        ("ops", "sent", "sent"),
        ("hook", "sent", "sent"),
    ]
    (mail,) = mailbox.mails
    assert mail["To"] == "ops@example.org"
    assert mail["Subject"] == "[CohortHub] 시험: Ward quality 병동 (wards)"
    body = mail.get_body(("plain",))
    assert body is not None
    assert "시험 알림입니다" in body.get_content()
    assert "https://hub.example.org/services/reports/projects/wards" in body.get_content()
    assert "Asia/Seoul" in body.get_content()
    ((_, headers, sent),) = web.requests
    assert headers["X-Token"] == "t0psecret"
    assert "This is a test" in json.loads(sent)["message"]
    assert "Run:" not in json.loads(sent)["message"]


def test_one_target_is_tried_alone(
    set_up: Callable[..., None], call: Callable[..., Result], mailbox: MailBox, web: WebServer
) -> None:
    set_up(
        '[notify.ops]\nemail = "ops@example.org"\n[notify.hook]\nurl_file = "secrets/hook"\n',
        hook=f"json://127.0.0.1:{web.port}",
    )
    done = call("wards", "--target", "ops")
    assert done.return_value == 0
    assert done.stdout.split() == ["ops", "sent", "sent:", *REASONS["sent"].split()]
    assert (len(mailbox.mails), web.requests) == (1, [])


def test_what_was_not_sent_is_said_with_its_reason_and_no_secret(
    set_up: Callable[..., None], call: Callable[..., Result], mailbox: MailBox, web: WebServer
) -> None:
    mailbox.data = "550 not wanted: ops@example.org"
    set_up(
        "".join(f'[notify.{name}]\nurl_file = "secrets/{name}"\n' for name in ("inside", "closed", "strange", "gone"))
        + '[notify.ops]\nemail = "ops@example.org"\n',
        networks="[]",
        inside=f"json://ada:hunter2@127.0.0.1:{web.port}",
        closed="json://192.0.2.1/t0ken",
        strange="ftp://hunter2@example.org",
    )
    done = call("wards", "--target", "inside", "--target", "strange", "--target", "gone", "--target", "ops")
    assert done.return_value == 1
    lines = {line.split()[0]: line.split()[1:3] for line in done.stdout.splitlines()}
    assert lines == {
        "inside": ["refused", "address-not-allowed:"],
        "strange": ["refused", "scheme-not-allowed:"],
        "gone": ["later", "secret-unreadable:"],
        "ops": ["refused", "refused:"],
    }
    assert web.requests == []
    said = done.stdout + done.stderr
    assert not any(secret in said for secret in ("hunter2", "t0ken", "127.0.0.1", "example.org", PASSWORD))


def test_a_project_that_tells_nobody_and_names_that_are_not_there(
    set_up: Callable[..., None], call: Callable[..., Result], home: Path
) -> None:
    set_up("")
    nobody = call("wards")
    assert (nobody.return_value, "tells nobody" in nobody.stdout) == (1, True)
    unknown = call("wards", "--target", "ops").exception
    assert isinstance(unknown, click.UsageError)
    assert "known are: none" in str(unknown)
    missing = call("ward").exception
    assert isinstance(missing, ProjectNotFoundError)
    assert "did you mean wards?" in str(missing)
    (home / "projects" / "wards" / "project.toml").write_text("title = ")
    assert isinstance(call("wards").exception, ProjectError)


def test_the_settings_may_lie_elsewhere_and_without_a_mail_server_mail_is_for_later(
    set_up: Callable[..., None], call: Callable[..., Result], tmp_path: Path
) -> None:
    set_up('[notify.ops]\nemail = "ops@example.org"\n')
    (tmp_path / "other.toml").write_text("[hub]\nport = 8123\n")
    done = call("wards", "--config", str(tmp_path / "other.toml"))
    assert (done.return_value, done.stdout.split()[1:3]) == (1, ["later", "no-mail-server:"])


def test_every_outcome_has_a_reason_that_the_reference_page_lists_too() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in Path(room.__path__[0]).glob("*.py"))
    found: set[Any] = set(re.findall(r'Outcome\(State\.[A-Z]+, "([a-z-]+)"', sources))
    assert found == REASONS.keys()
    page = (REPOSITORY / "docs" / "reference" / "notices.md").read_text(encoding="utf-8")
    assert all(f"`{code}`" in page for code in REASONS)
