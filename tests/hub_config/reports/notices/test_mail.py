"""Notices by mail, through real mail servers on loopback."""

import email.policy
import logging
import socket
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from hub_config.projects import Event
from hub_config.reports.notices import Letter, Outcome, State, Target, send
from hub_config.reports.notices.mails import mail_writer
from hub_config.reports.notices.wording import page_of, subject_of, text_of

from .conftest import PASSWORD, MailBox, a_letter, a_notice, mail_server, settings

SENDER = {"host": "127.0.0.1", "sender": "hub@example.org"}
NOTHING_REACHED = Outcome(State.LATER, "unreachable")


def plain(box: MailBox) -> dict[str, Any]:
    return {**SENDER, "port": box.port, "security": "none"}


def part(mail: Any, kind: str) -> str:
    return next(p.get_content() for p in mail.walk() if p.get_content_type() == kind)


def test_a_mail_says_what_happened_and_where_to_look(mailbox: MailBox, by_mail: Target) -> None:
    assert send(a_letter(), by_mail, settings=settings(**plain(mailbox))) == Outcome(State.SENT, "sent")
    (mail,) = mailbox.mails
    assert mail["Subject"] == "[CohortHub] Failed: Monthly quality (ward-quality)"
    assert mail["To"] == "team@example.org"
    assert mail["From"] == "CohortHub <hub@example.org>"
    assert mailbox.envelopes[0].mail_from == "hub@example.org"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"]
    assert mail.get_content_type() == "multipart/alternative"
    text = part(mail, "text/plain").replace("\r\n", "\n")
    assert "\nhttps://hub.example.org/services/reports/runs/20261127-070000-abc\n" in text
    assert "Reason: REPORT-CELL-FAILED" in text
    assert "Time: 2026-11-27 07:00 UTC" in text
    page = part(mail, "text/html")
    assert '<html lang="en">' in page
    assert "<script" not in page
    assert "<img" not in page


def test_korean_and_emoji_travel_in_subject_and_text(mailbox: MailBox, by_mail: Target) -> None:
    letter = a_letter(title="병동 질 보고서 🏥", language="ko")
    assert send(letter, by_mail, settings=settings(**plain(mailbox))).state is State.SENT
    (mail,) = mailbox.mails
    assert mail["Subject"] == "[CohortHub] 실패: 병동 질 보고서 🏥 (ward-quality)"
    assert "보고서 ‘병동 질 보고서 🏥’ 실행에 실패했습니다." in part(mail, "text/plain")
    head = mailbox.raw[0].split(b"\r\n\r\n")[0]
    assert head.isascii()
    assert b"=?utf-8?" in head
    assert [line for line in head.split(b"\r\n") if len(line) > 78 and b"boundary" not in line] == []


TITLES = [
    "a\r\nBcc: eve@example.org\r\n\r\nhello",
    "🏥" * 10_000,
    "=?utf-8?q?=0ABcc:_eve@example.org?=",
    "a\nX-Evil: 1",
    "a\u2028Bcc: eve@example.org",
    "a\x85Bcc: eve@example.org",
    "\x00\x1b[31m\u202eevil",
    "x" * 10_000,
    "병" * 10_000,
    "=?utf-8?b?CkJjYzogZXZlQGV4YW1wbGUub3Jn?= =?us-ascii?q?=0D=0A?=",
    "<script>alert(1)</script>&<b>\"'",
    "{title} %s {0.__class__}",
    "",
]
HEADERS = {
    *("content-type", "mime-version", "auto-submitted", "x-auto-response-suppress", "x-application"),
    *("subject", "from", "to", "message-id", "date"),
}


@pytest.mark.parametrize("title", TITLES[:3], ids=range(3))
def test_a_title_cannot_add_a_header_or_a_page(mailbox: MailBox, by_mail: Target, title: str) -> None:
    assert send(a_letter(title=title), by_mail, settings=settings(**plain(mailbox))).state is State.SENT
    (mail,) = mailbox.mails
    assert {name.lower() for name in mail.keys()} == HEADERS  # noqa: SIM118 - a mail is no dictionary
    assert mailbox.envelopes[0].rcpt_tos == ["team@example.org"]


@pytest.mark.parametrize("title", TITLES, ids=range(len(TITLES)))
@pytest.mark.parametrize("language", ["en", "ko"])
def test_any_title_makes_a_mail_that_every_server_takes(title: str, language: str) -> None:
    letter = a_letter(title=title, language=language)
    write = mail_writer(text=text_of(letter), page=page_of(letter))
    (made,) = write(
        subject=subject_of(letter),
        from_addr=(title[:50], "hub@example.org"),
        to=[(title[:50], "team@example.org")],
        headers={"X-Application": title[:50], "Bcc": "eve@example.org", "X-A\nBcc": "eve@example.org"},
    )
    assert made.body.isascii()
    assert [line for line in made.body.split("\r\n") if len(line) > 250] == []
    mail = email.message_from_string(made.body, policy=email.policy.default)
    assert {name.lower() for name in mail.keys()} == HEADERS  # noqa: SIM118 - a mail is no dictionary
    assert made.to_addrs == ["team@example.org"]
    assert len(mail["Subject"]) < 200
    assert "<script" not in part(mail, "text/html")
    assert "\x1b" not in part(mail, "text/plain")
    assert part(mail, "text/plain").replace("\r\n", "\n") == text_of(letter)


def test_copies_go_to_whom_the_address_names() -> None:
    (made,) = mail_writer(text="t", page="p")(
        subject="s",
        from_addr=(None, "hub@example.org"),
        to=[("Ops", "team@example.org")],
        cc={"c@example.org", "team@example.org"},
        bcc={"blind@example.org"},
        reply_to={"r@example.org"},
    )
    assert sorted(made.to_addrs) == ["blind@example.org", "c@example.org", "team@example.org"]
    assert "blind@example.org" not in made.body
    assert "Reply-To: r@example.org" in made.body


def test_a_login_over_starttls_takes_any_password(secure_mailbox: MailBox, by_mail: Target, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(PASSWORD + "\n", encoding="utf-8")
    file.chmod(0o600)
    mail = {**SENDER, "port": secure_mailbox.port, "user": "hub@example.org", "password_file": file}
    assert send(a_letter(), by_mail, settings=settings(**mail)) == Outcome(State.SENT, "sent")
    assert secure_mailbox.logins == [(b"hub@example.org", PASSWORD.encode())]
    assert len(secure_mailbox.mails) == 1
    file.write_text("p\xe4ss", encoding="utf-8")
    assert send(a_letter(), by_mail, settings=settings(**mail)) == Outcome(State.LATER, "secret-unreadable")
    file.write_text("wrong", encoding="utf-8")
    assert send(a_letter(), by_mail, settings=settings(**mail)) == Outcome(State.LATER, "login-refused")


def test_a_server_that_cannot_prove_who_it_is_gets_no_password(
    secure_mailbox: MailBox, by_mail: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    file = tmp_path / "password"
    file.write_text(PASSWORD, encoding="utf-8")
    file.chmod(0o600)
    mail = {**SENDER, "port": secure_mailbox.port, "user": "hub", "password_file": file}
    assert send(a_letter(), by_mail, settings=settings(**mail)) == Outcome(State.LATER, "no-encryption")
    assert secure_mailbox.logins == []


def test_a_server_without_encryption_gets_nothing_where_it_is_asked_for(mailbox: MailBox, by_mail: Target) -> None:
    wanted = settings(**SENDER, port=mailbox.port, security="starttls")
    assert send(a_letter(), by_mail, settings=wanted) == Outcome(State.LATER, "no-encryption")
    assert mailbox.mails == []


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ("550 no such mailbox", Outcome(State.REFUSED, "refused")),
        ("451 try later", Outcome(State.LATER, "busy")),
        ("452 mailbox full", Outcome(State.LATER, "busy")),
    ],
)
def test_a_refusal_for_good_and_one_for_now_are_told_apart(
    mailbox: MailBox, by_mail: Target, answer: str, outcome: Outcome
) -> None:
    mailbox.rcpt = answer
    assert send(a_letter(), by_mail, settings=settings(**plain(mailbox))) == outcome
    mailbox.rcpt, mailbox.data = None, answer
    assert send(a_letter(), by_mail, settings=settings(**plain(mailbox))) == outcome


def test_a_hanging_server_holds_nobody_longer_than_the_limit(hanging_port: int, by_mail: Target) -> None:
    start = time.monotonic()
    hanging = settings(seconds=5, **SENDER, port=hanging_port, security="none")
    outcome = send(a_letter(), by_mail, settings=hanging)
    assert outcome.state is State.LATER
    assert outcome.code in {"unreachable", "timed-out"}
    assert time.monotonic() - start < 8


def test_a_server_that_drips_is_cut_off(by_mail: Target) -> None:
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def drip() -> None:
            taken, _ = listening.accept()
            with taken:
                while not stop.wait(0.5):
                    try:
                        taken.sendall(b"220-wait\r\n")
                    except OSError:
                        return

        thread = threading.Thread(target=drip)
        thread.start()
        start = time.monotonic()
        slow = settings(seconds=5, **SENDER, port=listening.getsockname()[1], security="none")
        assert send(a_letter(), by_mail, settings=slow) == Outcome(State.LATER, "timed-out")
        assert time.monotonic() - start < 8
        stop.set()
        thread.join(5)


def test_no_server_is_no_error_of_the_notice(by_mail: Target) -> None:
    assert send(a_letter(), by_mail, settings=settings()) == Outcome(State.LATER, "no-mail-server")
    nobody = settings(**SENDER, port=9, security="none")
    assert send(a_letter(), by_mail, settings=nobody) == NOTHING_REACHED


def test_many_failures_are_one_mail_that_names_twenty(mailbox: MailBox, by_mail: Target) -> None:
    notices = tuple(a_notice(run_id=f"run-{n}", link=f"https://hub.example.org/runs/run-{n}") for n in range(20))
    assert send(Letter(notices, more=480), by_mail, settings=settings(**plain(mailbox))).state is State.SENT
    (mail,) = mailbox.mails
    assert mail["Subject"] == "[CohortHub] 500 notices about ward-quality"
    lines = part(mail, "text/plain").splitlines()
    assert sum(line.startswith("https://hub.example.org/runs/run-") for line in lines) == 20
    assert "and 480 more" in lines


def test_some_mailboxes_refused_is_sent_and_not_sent_again(by_url: Any, mailbox: MailBox) -> None:
    mailbox.rcpt = "550 no such mailbox"
    hook = by_url(
        f"mailto://127.0.0.1:{mailbox.port}?smtp=127.0.0.1&from=hub@example.org&to=good@example.org,bad@example.org"
    )
    assert send(a_letter(), hook, settings=settings()) == Outcome(State.SENT, "sent-partly")
    assert len(mailbox.mails) == 1


def test_a_projects_own_mail_address_goes_by_its_own_server(by_url: Any, mailbox: MailBox) -> None:
    hook = by_url(f"mailto://127.0.0.1:{mailbox.port}?smtp=127.0.0.1&from=hub@example.org&to=team@example.org")
    assert send(a_letter(), hook, settings=settings()) == Outcome(State.SENT, "sent")
    assert mailbox.mails[0]["To"] == "team@example.org"
    assert mailbox.mails[0]["Auto-Submitted"] == "auto-generated"
    assert send(a_letter(), hook, settings=settings(networks=[])) == Outcome(State.REFUSED, "address-not-allowed")
    assert len(mailbox.mails) == 1


def test_passwords_and_addresses_are_in_no_log_and_no_repr(
    by_mail: Target,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    mailbox: MailBox,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    file = tmp_path / "password"
    file.write_text("hunter2", encoding="utf-8")
    file.chmod(0o644)
    mail = {**SENDER, "port": mailbox.port, "user": "hub", "password_file": file}
    assert send(a_letter(), by_mail, settings=settings(**mail)) == Outcome(State.LATER, "secret-unreadable")
    file.chmod(0o600)
    send(a_letter(), by_mail, settings=settings(**mail))
    said = caplog.text + repr(by_mail) + "".join(capfd.readouterr())
    assert "ward-quality/ops" in said
    assert "hunter2" not in said
    assert "team@example.org" not in said


@pytest.mark.parametrize("event", Event)
@pytest.mark.parametrize("language", ["en", "ko"])
def test_every_event_has_its_words(event: Event, language: str) -> None:
    letter = a_letter(event=event, language=language, error_code=None)
    assert "Monthly quality" in subject_of(letter)
    assert "Monthly quality" in text_of(letter)
    assert f'<html lang="{language}">' in page_of(letter)


def test_a_greeting_of_the_server_is_not_believed_to_be_success(by_mail: Target) -> None:
    with mail_server(data_size_limit=10) as box:
        assert send(a_letter(), by_mail, settings=settings(**plain(box))).state is not State.SENT
        assert box.mails == []
