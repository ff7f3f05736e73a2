"""What a notice can say at all, and that marked values come through nowhere."""

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hub_config.projects import Event
from hub_config.reports.notices import Letter, Notice, NoticeError, State, Target, send
from hub_config.reports.notices.notice import LONGEST_TITLE
from hub_config.reports.notices.texts import TEXTS
from hub_config.reports.notices.wording import page_of, subject_of, text_of

from .conftest import MailBox, WebServer, a_letter, a_notice, settings

MARK = "Person 47110815, born 1950-01-01"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("project", MARK),
        ("project", "../x"),
        ("project", "Ward"),
        ("run_id", MARK),
        ("run_id", "a/b"),
        ("run_id", "a\n"),
        ("event", "failed"),
        ("event", MARK),
        ("when", datetime(2026, 1, 1)),  # noqa: DTZ001 - what is refused
        ("link", f"https://h/?p={MARK}"),
        ("link", "https://hub.example.org/run?age=47"),
        ("link", "https://hub.example.org/run#4711"),
        ("link", "https://ada:pass@hub.example.org/run"),
        ("link", "javascript:alert(1)"),
        ("link", "//hub.example.org/run"),
        ("link", "https:///run"),
        ("link", 'https://h/"onclick="x'),
        ("link", "https://h/\nBcc:x@y"),
        ("link", "https://h/" + "x" * 1000),
        ("link", "https://[/run"),
        ("error_code", MARK),
        ("error_code", "ValueError: 4711"),
        ("error_code", "CODE-4711"),
        ("error_code", ""),
        ("language", "kr"),
    ],
)
def test_what_is_no_name_no_known_word_and_no_address_of_ours_is_refused(field: str, value: Any) -> None:
    with pytest.raises(NoticeError, match=f"a notice's {field} must be") as refused:
        a_notice(**{field: value})
    assert "4711" not in str(refused.value)


def test_there_is_no_field_for_a_message_a_parameter_or_a_number() -> None:
    assert set(Notice.__dataclass_fields__) == {
        *("project", "title", "run_id", "event", "when", "link", "error_code", "language", "is_test"),
    }


def test_a_title_is_one_short_line_whatever_it_was() -> None:
    assert a_notice(title=" a\r\n\tb\u2028c\x00\u202ed ").title == "a b c d"
    assert len(a_notice(title="x" * 10**6).title) == LONGEST_TITLE
    assert a_notice(title="x" * LONGEST_TITLE).title == "x" * LONGEST_TITLE
    assert a_notice(title="\n\u200b").title == "ward-quality"


def test_a_letter_is_of_one_project_and_one_language() -> None:
    with pytest.raises(NoticeError):
        Letter(())
    with pytest.raises(NoticeError):
        Letter((a_notice(), a_notice(project="other")))
    changed = Letter((a_notice(), a_notice(language="ko")))
    assert text_of(changed).startswith("프로젝트 ward-quality에 알림 2건이 있습니다.")
    assert "Failed" not in text_of(changed) + subject_of(changed)


def test_a_personal_project_can_have_notices() -> None:
    assert "~ada" in text_of(a_letter(project="~ada"))


def test_the_time_is_shown_in_the_zone_it_was_given_in() -> None:
    when = datetime(2026, 11, 27, 7, 0, tzinfo=ZoneInfo("Asia/Seoul"))
    assert "2026-11-27 07:00 Asia/Seoul" in text_of(a_letter(when=when))
    assert "2026-11-26 22:00 UTC" in text_of(a_letter(when=when.astimezone(UTC)))


def test_both_languages_say_everything_with_the_same_gaps() -> None:
    from string import Formatter

    assert TEXTS["en"].keys() == TEXTS["ko"].keys()
    for key, english in TEXTS["en"].items():
        gaps = [{name for _, name, _, _ in Formatter().parse(said) if name} for said in (english, TEXTS["ko"][key])]
        assert gaps[0] == gaps[1], key
    assert {event.value for event in Event} <= TEXTS["en"].keys()
    assert {f"said_{event.value}" for event in Event} <= TEXTS["en"].keys()


def test_a_title_is_text_wherever_it_stands() -> None:
    letter = a_letter(title="<img src=x onerror=alert(1)>&amp;{project}")
    assert "<img" not in page_of(letter)
    assert "&lt;img src=x onerror=alert(1)&gt;&amp;amp;{project}" in page_of(letter)
    assert "<img src=x onerror=alert(1)>&amp;{project}" in subject_of(letter)
    many = Letter((a_notice(title="<b>"), a_notice(title="</p>")))
    assert "<b>" not in page_of(many)
    assert page_of(many).count("</p>") == page_of(many).count("<p")


def test_marked_values_reach_no_server(
    mailbox: MailBox,
    web: WebServer,
    by_url: Callable[[str], Target],
    by_mail: Target,
    project_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All that the service knows of a run is marked: files, environment, process title, other secrets."""
    for name in ("PARAMETER_ward", "COHORTHUB_HOME", "JUPYTERHUB_API_TOKEN", "USER", "LOGNAME", "HOSTNAME", "LANG"):
        monkeypatch.setenv(name, MARK)
    monkeypatch.setattr(sys, "argv", [MARK])
    (project_folder / "project.toml").write_text(f'title = "{MARK}"')
    (project_folder / "secrets" / "other").write_text(MARK)
    hook = by_url(f"json://127.0.0.1:{web.port}/in")
    ours = settings(host="127.0.0.1", port=mailbox.port, sender="hub@example.org", security="none")
    events = (Event.FAILED, Event.ALERT)
    for event in events:
        letter = a_letter(event=event)
        assert send(letter, hook, settings=ours).state is State.SENT
        assert send(letter, by_mail, settings=ours).state is State.SENT
    seen = web.everything() + "".join(raw.decode() for raw in mailbox.raw)
    seen += "".join(
        str(mail["Subject"]) + "".join(p.get_payload() for p in mail.walk() if not p.is_multipart())
        for mail in mailbox.mails
    )
    assert len(web.requests) == len(mailbox.mails) == len(events)
    assert "47110815" not in seen
    assert "1950-01-01" not in seen


def test_the_service_does_not_carry_apprise() -> None:
    program = "import sys, hub_config.reports.notices; print({'apprise', 'requests', 'urllib3'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
