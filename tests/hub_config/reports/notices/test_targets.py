"""Whom a project tells, and what the operator sets about it."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from hub_config.errors import SettingsError
from hub_config.projects import Event, personal_project
from hub_config.projects.parsing import parse_project
from hub_config.reports.notices import targets_of
from hub_config.reports.notices.targets import scheme_of
from hub_config.settings import MailSettings, NoticeSettings, Settings, load_settings

FILE = """
title = "Ward quality"
[members]
ada = "lead"
[notify.ops]
url_file = "secrets/hook"
events = ["succeeded", "skipped"]
language = "ko"
[notify.team]
email = "team@example.org"
"""


def test_a_projects_targets_are_those_of_its_file(tmp_path: Path) -> None:
    ops, team = targets_of(parse_project(FILE, name="ward-quality"), home=tmp_path)
    assert (ops.recipient, team.recipient) == ("ward-quality/ops", "ward-quality/team")
    assert ops.folder == tmp_path / "projects" / "ward-quality"
    assert ops.language == "ko"
    assert set(ops.events) == {Event.SUCCEEDED, Event.SKIPPED}
    assert Event.FAILED in team.events
    assert Event.SUCCEEDED not in team.events
    assert targets_of(personal_project("ada"), home=tmp_path) == ()


def test_a_target_does_not_show_where_it_leads(tmp_path: Path) -> None:
    shown = repr(targets_of(parse_project(FILE, name="ward-quality"), home=tmp_path))
    assert "example.org" not in shown
    assert "secrets" not in shown


@pytest.mark.parametrize(
    ("url", "scheme"),
    [("mailtos://u:p@h", "mailtos"), ("JSONS://h", "jsons"), ("file:///etc", None), ("json:/h", None), ("", None)],
)
def test_a_service_is_known_by_the_beginning_of_its_address(url: str, scheme: str | None) -> None:
    assert scheme_of(url) == scheme


def test_without_settings_there_is_no_mail_server_and_no_open_network() -> None:
    assert Settings().mail == MailSettings()
    assert Settings().mail.host is None
    assert Settings().notices.allow_networks == ()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"host": "mx.example.org"}, "a host needs a sender"),
        ({"host": "mx", "sender": "hub@example.org", "user": "hub"}, "give user and password_file together"),
        ({"sender": "hub@example.org\nBcc: x@y.z"}, "sender"),
        ({"host": "mx/../x", "sender": "hub@example.org"}, "host"),
        ({"password_file": "relative", "user": "hub"}, "give an absolute path"),
        ({"security": "ssl"}, "security"),
        (
            {"host": "m", "sender": "a@b", "user": "u", "password_file": "/x", "security": "none"},
            "a password would travel in the clear",
        ),
    ],
)
def test_a_mail_server_that_cannot_be_used_is_refused(given: dict[str, str], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        MailSettings.model_validate(given)


def test_networks_are_read_from_the_settings_file(tmp_path: Path) -> None:
    file = tmp_path / "cohorthub.toml"
    file.write_text('[notices]\nallow_networks = ["10.20.0.0/16", "fd00::/8"]\nper_hour = 5\n')
    loaded = load_settings(tmp_path)
    assert [str(each) for each in loaded.settings.notices.allow_networks] == ["10.20.0.0/16", "fd00::/8"]
    assert ("notices.per_hour", 5, str(file)) in list(loaded.rows())
    file.write_text('[notices]\nallow_networks = ["10.20.0.1/16"]\n')
    with pytest.raises(SettingsError, match="allow_networks"):
        load_settings(tmp_path)
    with pytest.raises(ValidationError):
        NoticeSettings(per_hour=0)
