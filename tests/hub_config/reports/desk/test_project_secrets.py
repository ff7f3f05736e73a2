"""Setting secrets of a project: whose right it is, what needs which, and what is kept about it."""

import datetime as dt
import os
import pwd
import threading

import pytest

from hub_config.projects import ProjectError
from hub_config.reports.database.secret_changes import secret_changes_of
from hub_config.reports.desk import Person, project_secrets
from hub_config.reports.desk.errors import NotAllowedError, ProjectUnknownError
from hub_config.reports.desk.project_secrets import remove_secret, secrets_of, set_secret
from hub_config.reports.execution.secrets import read_secrets

from .conftest import ANALYST, LEAD, NOW, OPERATOR, PROJECT, READER, STRANGER, Bench, notebook

MARK = "Zx9-marked-value"
LOGIN = 'login: "Secret" = "warehouse"  # of the warehouse\nward: str = "A"  # which'


def put(bench: Bench, name: str = "warehouse", *, person: Person = LEAD, project: str = "wards") -> bool:
    return set_secret(bench.desk, name, project=project, value=MARK, person=person, now=bench.now)


def take(bench: Bench, name: str = "warehouse", *, person: Person = LEAD) -> bool:
    return remove_secret(bench.desk, name, project="wards", person=person, now=bench.now)


def changes(bench: Bench, project: str = "wards") -> list[tuple[str, str, str]]:
    with bench.database.reading() as connection:
        return [(one.who, one.change, one.name) for one in secret_changes_of(connection, project=project)]


def seen(bench: Bench) -> dict[str, tuple[bool, list[str]]]:
    """Whether each is there, and which definitions need it."""
    found = secrets_of(bench.desk, "wards", person=LEAD, now=bench.now)
    return {one.name: (one.set_at is not None, list(one.definitions)) for one in found.secrets}


@pytest.mark.parametrize("person", [ANALYST, READER, OPERATOR, STRANGER], ids=lambda one: one.name)
def test_none_but_a_lead_sees_sets_or_removes_one(bench: Bench, person: Person) -> None:
    put(bench)
    refusal = ProjectUnknownError if person is STRANGER else NotAllowedError
    for attempt in (
        lambda: put(bench, "other", person=person),
        lambda: take(bench, person=person),
        lambda: secrets_of(bench.desk, "wards", person=person, now=bench.now),
        lambda: put(bench, "other", person=person, project="~kim" if person is not OPERATOR else "wards"),
    ):
        with pytest.raises((refusal, ProjectUnknownError)):
            attempt()
    assert list(seen(bench)) == ["warehouse"]
    assert changes(bench) == [("kim", "set", "warehouse")]


def test_who_did_what_is_kept_and_nothing_that_was_refused(bench: Bench) -> None:
    assert put(bench) is False
    assert put(bench) is True
    with pytest.raises(ProjectError):
        set_secret(bench.desk, "warehouse", project="wards", value="short", person=LEAD, now=NOW)
    with pytest.raises(ProjectError):
        put(bench, "../warehouse")
    assert take(bench) is True
    assert take(bench) is False
    assert changes(bench) == [("kim", "removed", "warehouse"), ("kim", "set", "warehouse"), ("kim", "set", "warehouse")]


def test_what_could_not_be_written_is_not_kept_as_done(bench: Bench) -> None:
    (bench.folder / "secrets" / "warehouse").mkdir(parents=True)
    (bench.folder / "secrets").chmod(0o700)
    with pytest.raises(ProjectError):
        put(bench)
    assert changes(bench) == []


def test_everybody_leads_a_project_of_their_own_whose_folder_is_made(bench: Bench) -> None:
    set_secret(bench.desk, "own", project="~lee", value=MARK, person=ANALYST, now=NOW)
    folder = bench.home / "projects" / "~lee"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert [one.name for one in secrets_of(bench.desk, "~lee", person=ANALYST, now=NOW).secrets] == ["own"]
    for person in (LEAD, OPERATOR):
        with pytest.raises((ProjectUnknownError, NotAllowedError)):
            set_secret(bench.desk, "own", project="~lee", value="another-value", person=person, now=NOW)
    assert read_secrets(["own"], folder=folder / "secrets").values == {"own": MARK}


def test_after_the_last_day_secrets_are_taken_away_and_none_is_set(bench: Bench) -> None:
    put(bench)
    (bench.folder / "project.toml").write_text(f"expires = 2020-01-01\n{PROJECT}", encoding="utf-8")
    bench.desk.book._read_at = -1.0
    with pytest.raises(NotAllowedError):
        put(bench, "other")
    assert take(bench) is True


def test_what_needs_a_secret_is_found_in_what_was_approved_in_drafts_defaults_and_sweeps(bench: Bench) -> None:
    put(bench)
    bench.save()
    assert seen(bench) == {"warehouse": (True, [])}
    bench.write_template(notebook(LOGIN))
    for name in ("archive", "spare"):
        put(bench, name)
    bench.save(name="by-default")
    bench.save(name="by-value", parameters={"login": "archive"})
    bench.save(name="by-sweep", sweep={"grid": {"login": ["archive", "warehouse"], "ward": ["A", "B"]}})
    bench.save(ANALYST, approve=False, name="by-value", parameters={"login": "spare"})
    (bench.folder / "secrets" / "spare").unlink()
    assert seen(bench) == {
        "archive": (True, ["by-sweep", "by-value"]),
        "spare": (False, ["by-value"]),
        "warehouse": (True, ["by-default", "by-sweep"]),
    }


def test_a_notebook_without_such_a_parameter_is_not_even_read(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.save()
    monkeypatch.setattr(project_secrets, "template_from_content", lambda *_: pytest.fail("was read"))
    assert seen(bench) == {}


def test_a_definition_of_which_nothing_can_be_said_is_named(bench: Bench) -> None:
    bench.write_template(notebook(LOGIN))
    put(bench)
    bench.save()
    with bench.database.writing() as tx:
        tx.exec_driver_sql("""UPDATE definitions SET document = '{"from": "another version"}'""")
    found = secrets_of(bench.desk, "wards", person=LEAD, now=NOW)
    assert list(found.unread) == ["monthly"]
    assert [one.definitions for one in found.secrets] == [()]


def test_an_address_of_notices_is_told_with_its_targets(bench: Bench) -> None:
    text = PROJECT + '[notify.chat]\nurl_file = "secrets/chat-address"\n'
    (bench.folder / "project.toml").write_text(text, encoding="utf-8")
    bench.desk.book._read_at = -1.0
    (one,) = secrets_of(bench.desk, "wards", person=LEAD, now=NOW).secrets
    assert (one.name, one.set_at, list(one.targets)) == ("chat-address", None, ["chat"])


def test_the_record_is_in_the_order_of_the_files_when_many_set_one_at_once(bench: Bench) -> None:
    """Two leads and two services: the last of the record is who wrote what stands there."""
    text = PROJECT.replace('lee = "analyst"', 'lee = "lead"')
    (bench.folder / "project.toml").write_text(text, encoding="utf-8")
    desks = {"kim": bench.another_desk(), "lee": bench.another_desk()}
    failures: list[BaseException] = []

    def keep_setting(person: str) -> None:
        try:
            for number in range(6):
                value = f"value-{number}-of-{person}"
                set_secret(desks[person], "shared", project="wards", value=value, person=Person(person), now=NOW)
        except BaseException as failure:  # noqa: BLE001 - told below
            failures.append(failure)

    threads = [threading.Thread(target=keep_setting, args=(person,)) for person in desks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(changes(bench)) == 12
    assert (bench.folder / "secrets" / "shared").read_text() == f"value-5-of-{changes(bench)[0][0]}"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_the_account_of_the_project_owns_it_at_once_and_an_address_of_notices_never(bench: Bench) -> None:
    account = pwd.getpwnam("nobody")
    text = 'account = "nobody"\n' + PROJECT + '[notify.chat]\nurl_file = "secrets/chat"\n'
    (bench.folder / "project.toml").write_text(text, encoding="utf-8")
    bench.desk.book._read_at = -1.0
    put(bench)
    put(bench, "chat")
    for name, owner in (("warehouse", account.pw_uid), ("chat", 0)):
        state = (bench.folder / "secrets" / name).stat()
        assert (state.st_uid, state.st_mode & 0o777) == (owner, 0o600), name
    state = (bench.folder / "secrets").stat()
    assert (state.st_uid, state.st_gid, state.st_mode & 0o777) == (0, account.pw_gid, 0o750)
    assert take(bench)


def test_the_value_is_in_no_byte_of_the_database(bench: Bench) -> None:
    put(bench)
    take(bench)
    put(bench)
    files = [file for file in bench.home.rglob("*") if file.is_file() and MARK.encode() in file.read_bytes()]
    assert files == [bench.folder / "secrets" / "warehouse"]


def test_the_time_is_that_of_the_file(bench: Bench) -> None:
    put(bench)
    file = bench.folder / "secrets" / "warehouse"
    moment = dt.datetime(2026, 3, 4, 5, 6, 7, tzinfo=dt.UTC).timestamp()
    os.utime(file, (moment, moment))
    (one,) = secrets_of(bench.desk, "wards", person=LEAD, now=NOW).secrets
    assert one.set_at == "2026-03-04T05:06:07.000Z"
