"""What a project's file may say, and what is said about a wrong one."""

import time
from datetime import UTC, date, datetime

import pytest
from pydantic import ValidationError

from hub_config.projects import Event, Limits, Project, ProjectError, Role, personal_project
from hub_config.projects.parsing import parse_project

MEMBERS = '[members]\nada = "lead"\n'
MARK = "hunter2-4711"


def parse(text: str, name: str = "ward-quality") -> Project:
    return parse_project(text, name=name)


def test_a_title_and_a_lead_are_enough() -> None:
    project = parse(f'title = "Ward quality"\n{MEMBERS}')
    assert project.name == "ward-quality"
    assert project.account == "project-ward-quality"
    assert project.timezone == "UTC"
    assert project.expires is None
    assert project.members == {"ada": Role.LEAD}
    assert project.datasets == ()
    assert project.limits == Limits(
        max_running=2, max_queued=500, max_runners=1, cell_seconds=600, run_seconds=3600, keep_days=None
    )
    assert project.notify == {}


def test_every_field_is_read() -> None:
    project = parse(
        """
title = "병동 질 보고서"
purpose = "Monthly quality report."
account = "ward-runs"
timezone = "Asia/Seoul"
expires = 2027-06-30
datasets = ["ehr-main", "claims"]
[members]
ada = "lead"
grace = "analyst"
kim = "reader"
[limits]
max_running = 4
max_queued = 100
max_runners = 2
cell_seconds = 60
run_seconds = 120
keep_days = 400
max_priority = 9
[notify.ops]
url_file = "secrets/mail"
events = ["failed", "succeeded"]
language = "ko"
[notify.team]
email = "team@example.org"
"""
    )
    assert project.title == "병동 질 보고서"
    assert project.expires == date(2027, 6, 30)
    assert project.members["kim"] is Role.READER
    assert project.limits.keep_days == 400
    assert project.notify["ops"].events == (Event.FAILED, Event.SUCCEEDED)
    assert project.notify["team"].language == "en"
    assert project.notice_secrets == {"mail"}
    assert project.model_dump(mode="json")["notify"]["team"]["email"] == "team@example.org"


def test_failures_are_told_by_default_and_successes_only_if_asked() -> None:
    told = set(parse(f'title = "T"\n{MEMBERS}[notify.a]\nemail = "a@example.org"\n').notify["a"].events)
    assert {Event.FAILED, Event.TIMED_OUT, Event.INTERRUPTED, Event.LATE, Event.ALERT} <= told
    assert not told & {Event.SUCCEEDED, Event.SKIPPED, Event.CANCELLED}


def test_a_project_is_frozen_with_all_that_is_in_it() -> None:
    project = parse(f'title = "T"\n{MEMBERS}')
    with pytest.raises(ValidationError):
        project.title = "other"  # type: ignore[misc]
    with pytest.raises(TypeError):
        project.members["eve"] = Role.LEAD  # type: ignore[index]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (MEMBERS, "title is missing"),
        ('title = "T"\n', "members is missing"),
        ('title = "T"\n[members]\n', "members: must have at least one entry|members: found a table, must have"),
        ('title = "T"\n[members]\nada = "reader"\n', "at least one member must be a lead"),
        ('title = "T"\n[members]\nada = "leed"\n', r"members.ada: found text, must be .*\(did you mean lead\?\)"),
        ('title = "T"\n[members]\nada = 3\n', "members.ada: found a whole number, must be 'lead'"),
        ('title = "T"\n[members]\nAda = "lead"\n', "members.Ada: found text, must be an account's name"),
        ('title = "T"\nmembers = ["ada"]\n', "members: found a list, must be a table"),
        (f'titel = "T"\n{MEMBERS}', r"titel is not a field \(did you mean title\?\)"),
        (f'title = ""\n{MEMBERS}', "title: found text"),
        (f'title = "a\\nb"\n{MEMBERS}', "title: found text, must be one line"),
        (f'title = "a\\u202eb"\n{MEMBERS}', "title: found text, must be one line"),
        (
            f'title = "{"x" * 201}"\n{MEMBERS}',
            "title: found text, String must have at most 200|title: found text, must",
        ),
        (f"title = 5\n{MEMBERS}", "title: found a whole number, must be text"),
        (f'title = "T"\npurpose = "a\\u0007b"\n{MEMBERS}', "purpose: found text, must be printable"),
        (f'title = "T"\nname = "x"\n{MEMBERS}', "must not hold a name"),
        (f'title = "T"\naccount = "root!"\n{MEMBERS}', "account: found text, must be an account's name"),
        (f'title = "T"\naccount = "a\\n"\n{MEMBERS}', "account: found text, must be an account's name"),
        (f'title = "T"\ntimezone = "Asia/Soul"\n{MEMBERS}', r"must be an IANA time zone.*did you mean Asia/Seoul"),
        (f'title = "T"\ntimezone = "../../etc/passwd"\n{MEMBERS}', "must be an IANA time zone"),
        (f'title = "T"\ntimezone = "localtime"\n{MEMBERS}', "must be an IANA time zone"),
        (f'title = "T"\ntimezone = "Asia"\n{MEMBERS}', "must be an IANA time zone"),
        (f'title = "T"\ntimezone = "ROK"\n{MEMBERS}', "must be an IANA time zone"),
        (f'title = "T"\ntimezone = "EST"\n{MEMBERS}', "must be an IANA time zone"),
        (f'title = "T"\ntimezone = "posix/Asia/Seoul"\n{MEMBERS}', "must be an IANA time zone"),
        (f'title = "T"\ntimezone = ""\n{MEMBERS}', "must be an IANA time zone"),
        (f'title = "T"\ntimezone = 9\n{MEMBERS}', "timezone: found a whole number"),
        (f'title = "T"\nexpires = "2027-01-01"\n{MEMBERS}', "expires: found text, must be a day without quotes"),
        (f'title = "T"\nexpires = 2027-01-01T00:00:00\n{MEMBERS}', "expires: found a date with a time"),
        (f'title = "T"\ndatasets = ["*", "a"]\n{MEMBERS}', "datasets: found a list, either names"),
        (f'title = "T"\ndatasets = ["a", "a"]\n{MEMBERS}', "names a data set twice"),
        (f'title = "T"\ndatasets = ["../a"]\n{MEMBERS}', "datasets.0: found text, must be a data set's name"),
        (f'title = "T"\ndatasets = "a"\n{MEMBERS}', "datasets: found text, must be a list"),
        (
            f'title = "T"\n{MEMBERS}[limits]\nmax_runing = 1\n',
            r"max_runing is not a field \(did you mean max_running\?\)",
        ),
        (f'title = "T"\n{MEMBERS}[limits]\nmax_running = 0\n', "limits.max_running: found a whole number, must be"),
        (f'title = "T"\n{MEMBERS}[limits]\nmax_running = true\n', "found true or false, must be a whole number"),
        (f'title = "T"\n{MEMBERS}[limits]\nmax_running = "2"\n', "found text, must be a whole number"),
        (f'title = "T"\n{MEMBERS}[limits]\nmax_running = 1.5\n', "found a number, must be a whole number"),
        (f'title = "T"\n{MEMBERS}[limits]\ncell_seconds = 7200\n', "cell_seconds must not be more than run_seconds"),
        (f'title = "T"\n{MEMBERS}[limits]\nmax_priority = 10\n', "limits.max_priority: found a whole number"),
        (f'title = "T"\n{MEMBERS}[notify.a]\n', "notify.a: give either url_file or email"),
        (f'title = "T"\n{MEMBERS}[notify.a]\nemail = "a@b.org"\nurl_file = "secrets/a"\n', "give either url_file or"),
        (f'title = "T"\n{MEMBERS}[notify.a]\nemail = "a@b.org, c@d.org"\n', "must be one plain e-mail address"),
        (f'title = "T"\n{MEMBERS}[notify.a]\nemail = "a@b.org\\nBcc: x@y.org"\n', "must be one plain e-mail address"),
        (
            f'title = "T"\n{MEMBERS}[notify.a]\nurl_file = "../b/secrets/x"\n',
            "notify.a.url_file: found text, must be s",
        ),
        (f'title = "T"\n{MEMBERS}[notify.a]\nurl_file = "secrets/.."\n', "notify.a.url_file: found text, must be s"),
        (
            f'title = "T"\n{MEMBERS}[notify.a]\nurl_file = "mailto://u:p@h"\n',
            "notify.a.url_file: found text, must be s",
        ),
        (f'title = "T"\n{MEMBERS}[notify.a]\nemail = "a@b.org"\nevents = ["faild"]\n', "did you mean failed"),
        (f'title = "T"\n{MEMBERS}[notify.a]\nemail = "a@b.org"\nevents = []\n', "events: found a list, must have"),
        (f'title = "T"\n{MEMBERS}[notify.a]\nemail = "a@b.org"\nlanguage = "kr"\n', "must be 'en' or 'ko'"),
        (f'title = "T"\n{MEMBERS}[notify."A b"]\nemail = "a@b.org"\n', "must be a name of lower-case letters"),
        ("title = \n", "is not TOML; stopped .at line 1"),
        ("a = 1\na = 2\n", "is not TOML"),
        ("title = 1\n\n[title]\n", "is not TOML"),
    ],
)
def test_a_wrong_file_is_refused_with_field_type_and_rule(text: str, said: str) -> None:
    with pytest.raises(ProjectError, match=said):
        parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "a" + ".a" * 30_000 + " = 1",
        "a = " + "[" * 1900,
        "a = " + "{a=" * 600,
        "a = " + "9" * 60_000,
        "\n".join("a" + ".a" * 990 + f".b{i} = 1" for i in range(30)),
        "\n".join(f"[[a.b{'.c' * 100}]]" for _ in range(250)),
    ],
    ids=["dots", "lists", "tables", "number", "many dots", "arrays of tables"],
)
def test_a_bomb_is_refused_at_once(text: str) -> None:
    start = time.process_time()
    with pytest.raises(ProjectError):
        parse(text)
    assert time.process_time() - start < 2


def test_no_value_is_repeated_and_all_faults_are_named_at_once() -> None:
    with pytest.raises(ProjectError) as refused:
        parse(
            f'title = ["{MARK}"]\npurpose = 1\naccount = "{MARK}!"\ntimezone = "{MARK}"\nexpires = "{MARK}"\n'
            f'datasets = ["{MARK} x"]\n[members]\n"{MARK} y" = "{MARK}"\n[notify.a]\nemail = "{MARK}"\n'
            f'url_file = "{MARK}"\n'
        )
    assert str(refused.value).count(";") >= 8
    assert MARK not in str(refused.value)
    assert refused.value.__cause__ is None
    with pytest.raises(ProjectError) as broken:
        parse(f'title = "{MARK}" "{MARK}"')
    assert MARK not in str(broken.value)


def test_a_file_of_many_faults_names_ten() -> None:
    with pytest.raises(ProjectError, match="and 42 more"):
        parse("\n".join(f"x{i} = 1" for i in range(50)))


@pytest.mark.parametrize("name", ["", "A", "a b", "-a", "a/b", "..", "a" * 41, "a\n", "프로젝트", "~ada"])
def test_a_name_that_is_no_folders_is_refused(name: str) -> None:
    with pytest.raises(ProjectError, match="a project's name must be"):
        parse(f'title = "T"\n{MEMBERS}', name=name)


def test_a_long_name_needs_an_account_of_its_own() -> None:
    long = "a" * 40
    with pytest.raises(ProjectError, match="account is needed"):
        parse(f'title = "T"\n{MEMBERS}', name=long)
    assert parse(f'title = "T"\naccount = "short"\n{MEMBERS}', name=long).account == "short"


def test_data_sets_are_those_listed_or_all() -> None:
    assert not parse(f'title = "T"\n{MEMBERS}').may_use("ehr")
    listed = parse(f'title = "T"\ndatasets = ["ehr"]\n{MEMBERS}')
    assert listed.may_use("ehr")
    assert not listed.may_use("claims")
    assert not listed.may_use("*")
    for star in ('"*"', '["*"]'):
        assert parse(f'title = "T"\ndatasets = {star}\n{MEMBERS}').may_use("claims")


def test_a_project_ends_with_its_last_day_in_its_own_zone() -> None:
    project = parse(f'title = "T"\ntimezone = "Asia/Seoul"\nexpires = 2027-06-30\n{MEMBERS}')
    assert not project.is_expired(datetime(2027, 6, 30, 14, 59, tzinfo=UTC))
    assert project.is_expired(datetime(2027, 6, 30, 15, 0, tzinfo=UTC))
    assert not parse(f'title = "T"\n{MEMBERS}').is_expired(datetime(2999, 1, 1, tzinfo=UTC))


def test_everybody_has_a_project_of_their_own() -> None:
    mine = personal_project("ada")
    assert (mine.name, mine.account, dict(mine.members)) == ("~ada", "ada", {"ada": Role.LEAD})
    assert mine.may_use("anything")
    with pytest.raises(ValidationError):
        personal_project("../eve")
