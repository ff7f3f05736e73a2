"""People are told how reports went: by real mail, once, within a minute, and never a value."""

import asyncio
import datetime as dt
import errno
import json
import shutil
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa

import hub_config.reports.keeper.settled_runs as settled_runs_module
from hub_config.reports.changes import check_alerts
from hub_config.reports.database.definitions import one_definition
from hub_config.reports.database.leases import begin_closing, end_run, take_runs
from hub_config.reports.database.tables import definitions, notices, runners, runs
from hub_config.reports.keeper.due_slots import DueSlots
from hub_config.reports.keeper.sent_notices import SentNotices
from hub_config.reports.keeper.settled_runs import SettledRuns
from hub_config.settings import MailSettings, NoticeSettings, Settings

from ..desk.conftest import ANALYST, LEAD, Bench
from ..notices.conftest import MailBox, mail_server

MARK = "Kim-Minsu-19540312"


@pytest.fixture
def mailbox() -> Iterator[MailBox]:
    with mail_server() as box:
        yield box


@pytest.fixture
def settle(bench: Bench) -> Callable[[], None]:
    return lambda: asyncio.run(SettledRuns(database=bench.database, book=bench.desk.book).look(bench.now))


@pytest.fixture
def send(bench: Bench, mailbox: MailBox) -> Callable[[], None]:
    return sender(bench, mailbox)


def sender(bench: Bench, mailbox: MailBox, **more: Any) -> Callable[[], None]:
    """Send what is due, as the keeper does, and wait until nothing is in flight."""
    settings = Settings(
        mail=MailSettings(host="127.0.0.1", port=mailbox.port, sender="hub@example.org", security="none"),
        notices=NoticeSettings(allow_networks=["127.0.0.0/8"], **more),
    )

    async def once() -> None:
        sent = SentNotices(bench.database, bench.desk.book, settings, "https://hub.example.org/services/reports/")
        await sent.look(bench.now)
        while sent._in_flight:
            await asyncio.sleep(0.05)
        await sent.close()

    return lambda: asyncio.run(once())


def recipients(*events: str) -> list[dict[str, Any]]:
    return [{"target": "ops", "events": list(events)}]


def end(bench: Bench, state: str, *, outputs: dict[str, Any] | None = None, which: int = -1) -> Any:
    """Let the newest run end as its runner would tell it."""
    run = bench.runs(states=["queued"])[which]
    with bench.database.writing() as tx:
        if tx.execute(sa.select(runners.c.id)).first() is None:
            tx.execute(
                sa.insert(runners).values(id="r", account=run.account, state="ready", capacity=9, heard=0, asked_at="")
            )
        leases = take_runs(
            tx, runner_id="r", account=run.account, free=50, most_running=50, limit_of=lambda _: 50, now=bench.now
        )
        for lease in leases:
            status = state if lease.run.id == run.id else "succeeded"
            error = {"code": "REPORT-CELL-FAILED", "message": MARK, "ename": MARK} if status == "failed" else None
            begin_closing(tx, run_id=lease.run.id, lease_id=lease.lease_id, verdict={"status": status, "error": error})
            folder = bench.folder / "runs" / lease.run.id
            folder.mkdir(parents=True)
            (folder / "outputs.json").write_text(json.dumps(outputs or {}))
            end_run(tx, run_id=lease.run.id, state=status, error=error, facts={}, now=bench.now)
    return run


def number(value: int) -> dict[str, Any]:
    entry = {
        "id": "events", "kind": "number", "title": "Events", "value": value, "persons": {"all": value}, "file": None,
        "files": [], "method": None, "n": None, "events": None, "exclusions": {}, "estimates": [],
    }  # fmt: skip
    return {
        "schema": "cohorthub.outputs/1", "library_version": "0.1.0", "data_releases": [], "cohorts": [],
        "outputs": [entry],
    }  # fmt: skip


def test_a_failure_is_mailed_with_a_code_and_without_a_value(
    bench: Bench, mailbox: MailBox, settle: Any, send: Any
) -> None:
    bench.save(recipients=recipients("failed"), parameters={"ward": MARK})
    bench.run()
    run = end(bench, "failed")
    began = time.monotonic()
    settle()
    send()
    assert time.monotonic() - began < 30
    (mail,) = mailbox.mails
    text = mail.as_string()
    assert "REPORT-CELL-FAILED" in text
    assert f"https://hub.example.org/services/reports/runs/{run.id}" in text
    assert MARK not in text
    settle()
    send()
    assert len(mailbox.mails) == 1


def test_success_is_told_only_to_who_asked(bench: Bench, mailbox: MailBox, settle: Any, send: Any) -> None:
    bench.save(recipients=recipients("failed"))
    bench.run()
    end(bench, "succeeded")
    bench.save(recipients=recipients("succeeded"))
    settle()  # by what the definition says now
    send()
    assert [mail["subject"] for mail in mailbox.mails] == ["[CohortHub] Succeeded: Monthly quality (wards)"]


def test_notices_give_the_title_in_the_language_of_their_target(bench: Bench, settle: Any) -> None:
    project = bench.folder / "project.toml"
    project.write_text(
        project.read_text() + '\n[notify.team]\nemail = "team@example.org"\nlanguage = "ko"\n'
        'events = ["approval_needed"]\n',
        encoding="utf-8",
    )
    bench.desk.book._projects = None
    told = [{"target": name, "events": ["succeeded", "skipped"]} for name in ("ops", "team")]
    bench.save(recipients=told, title_ko="월간 품질", schedule="0 * * * *", missed="skip")
    bench.run()
    end(bench, "succeeded")
    settle()
    asyncio.run(DueSlots(bench.desk).look(bench.now + dt.timedelta(hours=1)))
    bench.save(ANALYST, approve=False, title_ko="월간 낙상", title="Monthly falls")
    bench.save(name="second", recipients=told)
    bench.desk.run_definition("second", project="wards", person=LEAD, now=bench.now)
    end(bench, "succeeded")
    settle()
    with bench.database.reading() as connection:
        rows = connection.execute(sa.select(notices).order_by(notices.c.id)).all()
    assert [(row.event, row.target, row.content["title"]) for row in rows] == [
        ("succeeded", "ops", "Monthly quality"), ("succeeded", "team", "월간 품질"),
        ("skipped", "ops", "Monthly quality"), ("skipped", "team", "월간 품질"),
        ("approval_needed", "ops", "Monthly falls"), ("approval_needed", "team", "월간 낙상"),
        ("succeeded", "ops", "Monthly quality"), ("succeeded", "team", "Monthly quality"),
    ]  # fmt: skip


def test_a_failure_that_is_tried_again_is_not_told(bench: Bench, mailbox: MailBox, settle: Any, send: Any) -> None:
    bench.save(
        recipients=recipients("failed"), retries=1, safe_to_retry=True, retry_after=["failed"], retry_delay_seconds=0
    )
    bench.run()
    end(bench, "failed")
    settle()
    send()
    assert mailbox.mails == []
    end(bench, "failed")
    settle()
    send()
    assert len(mailbox.mails) == 1


def test_a_report_that_is_late_is_told_once(bench: Bench, mailbox: MailBox, settle: Any, send: Any) -> None:
    bench.save(recipients=recipients("late", "failed"), late_after_seconds=600)
    bench.run()
    settle()
    assert bench.runs()[0].is_late is False
    bench.now += dt.timedelta(seconds=601)
    settle()
    settle()
    send()
    assert [mail["subject"] for mail in mailbox.mails] == ["[CohortHub] Late: Monthly quality (wards)"]


def test_an_alert_is_checked_against_the_last_success_and_told_without_numbers(
    bench: Bench, mailbox: MailBox, settle: Any, send: Any
) -> None:
    rules = ["events > 20", "events changed by more than 10 %"]
    bench.save(recipients=recipients("alert"), alerts=rules)
    bench.run()
    end(bench, "succeeded", outputs=number(19))
    settle()
    assert "alerts" not in bench.runs()[0].facts or not any(
        one["state"] == "fired" for one in bench.runs()[0].facts["alerts"]
    )
    bench.now += dt.timedelta(days=1)
    bench.run()
    end(bench, "succeeded", outputs=number(47110815))
    settle()
    send()
    fired = [one["state"] for one in bench.runs()[1].facts["alerts"]]
    assert fired == ["fired", "fired"]
    (mail,) = mailbox.mails
    assert "47110815" not in mail.as_string()


def test_an_earlier_run_that_is_removed_while_it_is_read_raises_no_alert(
    bench: Bench, settle: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.save(recipients=recipients("alert"), alerts=["events changed by more than 10 %"])
    for value in (19, 47):
        bench.run()
        end(bench, "succeeded", outputs=number(value))
        bench.now += dt.timedelta(seconds=1)
    earlier = bench.folder / "runs" / bench.runs()[0].id

    def check(*words: Any, **more: Any) -> Any:
        if more["before"] is None:
            return check_alerts(*words, **more)
        (earlier / "outputs.json").unlink()
        found = check_alerts(*words, **more)
        shutil.rmtree(earlier)
        return found

    monkeypatch.setattr(settled_runs_module, "check_alerts", check)
    settle()
    assert ("alerts" in bench.runs()[1].facts, bench.runs()[1].is_settled) == (False, True)


def test_a_rule_that_cannot_be_read_any_more_is_told_as_unchecked_and_keeps_nobody_waiting(
    bench: Bench, mailbox: MailBox, settle: Any, send: Any
) -> None:
    bench.save(name="older", recipients=recipients("alert"), alerts=["events > 20"])
    bench.save(recipients=recipients("succeeded"))
    with bench.database.writing() as tx:  # a version with other words approved it
        row = one_definition(tx, project="wards", name="older")
        document = {**row.document, "alerts": ["events were odd", "events > 20"]}
        tx.execute(sa.update(definitions).where(definitions.c.name == "older").values(document=document))
    bench.desk.run_definition("older", project="wards", person=LEAD, now=bench.now)
    end(bench, "succeeded", outputs=number(21))
    bench.now += dt.timedelta(seconds=1)
    bench.run()
    end(bench, "succeeded")
    settle()
    send()
    assert sorted(mail["subject"].split(":")[0] for mail in mailbox.mails) == [
        "[CohortHub] Alert",
        "[CohortHub] Succeeded",
    ]
    found = bench.runs()[0].facts["alerts"]
    assert [one["state"] for one in found] == ["unchecked", "fired"]
    assert found[0]["text"] == "Cannot be checked: events were odd"


def test_a_run_that_cannot_be_settled_does_not_keep_the_others_waiting(
    bench: Bench, mailbox: MailBox, settle: Any, send: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.save(recipients=recipients("succeeded"), alerts=["events > 20"])
    for _ in range(2):
        bench.run()
        end(bench, "succeeded", outputs=number(1))
        bench.now += dt.timedelta(seconds=1)
    spoiled = bench.folder / "runs" / bench.runs()[0].id

    def check(*words: Any, after: Any, **more: Any) -> Any:
        if after == spoiled:
            raise OSError(errno.EIO, "a bad sector")
        return check_alerts(*words, after=after, **more)

    monkeypatch.setattr(settled_runs_module, "check_alerts", check)
    settle()
    assert [run.is_settled for run in bench.runs()] == [False, True]
    monkeypatch.undo()
    settle()
    send()
    assert len(mailbox.mails) == 2


def test_sixty_ends_at_once_are_few_mails_and_none_is_forgotten(
    bench: Bench, mailbox: MailBox, settle: Any, send: Any
) -> None:
    wards = [f"w{number}" for number in range(60)]
    bench.save(recipients=recipients("succeeded"), sweep={"grid": {"ward": wards}})
    bench.run()
    end(bench, "succeeded")
    for _ in range(3):
        settle()
    for _ in range(3):
        send()
    assert 1 <= len(mailbox.mails) <= 10
    with bench.database.reading() as connection:
        unsettled = connection.execute(
            sa.select(runs.c.id).where(runs.c.is_settled.is_(False), runs.c.state == "succeeded")
        ).all()
    assert unsettled == []
    bench.now += dt.timedelta(hours=2)
    send()
    with bench.database.reading() as connection:
        left = connection.execute(sa.select(notices.c.id).where(notices.c.due_at.is_not(None))).all()
    assert left == []


def test_a_recipient_gets_no_more_in_an_hour_than_the_operator_allows(
    bench: Bench, mailbox: MailBox, settle: Any
) -> None:
    send = sender(bench, mailbox, per_hour=1)
    bench.now = dt.datetime.now(dt.UTC)
    bench.save(recipients=recipients("succeeded"))
    for n_mails in (1, 1):
        bench.run()
        end(bench, "succeeded")
        settle()
        send()
        assert len(mailbox.mails) == n_mails
        bench.now += dt.timedelta(minutes=20)
    bench.now += dt.timedelta(hours=1)
    send()
    assert len(mailbox.mails) == 2


def test_a_mail_server_that_is_down_is_tried_again(bench: Bench, settle: Any, mailbox: MailBox, send: Any) -> None:
    bench.save(recipients=recipients("failed"))
    bench.run()
    end(bench, "failed")
    settle()
    mailbox.rcpt = "451 try again later"
    send()
    assert mailbox.mails == []
    mailbox.rcpt = None
    bench.now = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=2)
    send()
    assert len(mailbox.mails) == 1
