"""Every page in Korean, over data in Korean: what is English on it is a name, a code, or a gap."""

import datetime as dt
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa

import hub_config.reports.service as service
from hub_config.isolation import isolation_notices
from hub_config.projects.secrets import set_secret
from hub_config.reports.changes.texts import TEXTS as CHANGES
from hub_config.reports.database.decided_slots import decide_slot
from hub_config.reports.database.states import FINAL
from hub_config.reports.database.submissions import note_event
from hub_config.reports.database.tables import definitions, runs, templates
from hub_config.reports.definitions.reading import parse_definition
from hub_config.reports.desk import Person
from hub_config.reports.desk.defining import save_definition
from hub_config.reports.service.site import Site
from hub_config.reports.service.texts import LANGUAGES

from .planted import write_runs
from .served import Served, serve
from .writing.conftest import notebook

LEAD = "researcher-1"
TEMPLATES = Path(service.__file__).parent / "page_templates"
PROJECT = """
title = "병동 질 관리"
purpose = "병동의 질을 살핍니다."
timezone = "Asia/Seoul"
expires = 2099-12-31

[members]
researcher-1 = "lead"
researcher-2 = "reader"

[notify.ops]
email = "ops@example.org"
"""
BROKEN = 'title = 5\nmembres = {}\ntimezone = "Nowhere/Place"\n'
CELL = """ward: str = "A"  # 병동
n: int = 3  # 1 to 9; 개수
share: float = 0.5  # > 0; 비율
first: 'date' = "2026-01-01"  # <= today; 첫날
at: 'datetime' = "2026-01-01T07:00"  # 시각
way: "Literal['breslow', 'efron']" = "efron"  # 방법
several: list[int] = [1]  # at most 3 items; 목록
strict: bool = False  # 엄격하게
target: float | None = None  # 0 < x <= 1; 목표"""
DOCUMENT: dict[str, Any] = {
    "name": "monthly", "title": "Monthly", "title_ko": "월간 보고", "template": "quality.ipynb", "missed": "all",
    "schedule": ["first working day of the month at 07:00", "0 7 * * 1-5"], "holidays": ["2027-01-01"],
    "until": "2099-01-31", "retries": 2, "safe_to_retry": True, "late_after_seconds": 3600, "priority": 3,
    "retention": {"successes": 5, "days": 90}, "alerts": ["events > 20"],
    "recipients": [{"target": "ops", "events": ["failed", "late", "alert", "skipped"]}],
    "sweep": {"grid": {"ward": ["A", "B"]}},
}  # fmt: skip
ENGLISH_TITLE = "What the wards did each month"
WRONG = """name = "x y"
title = ""
template = "no_such_report"
schedule = ["0 25 * * *", "when the moon is full at 7", "5 4 * *", "@daily", "0 7 31 2 *", "*/99 * * * *"]
alerts = ["events >", "events = 3", "[", "", "events changed by 3", "n_persons > 1e999", "t.c[1] > 2"]
timezone = "Soul"
cuont = 2
priority = 99
retries = 1

[[recipients]]
target = "nobody"
events = ["faild"]
"""
GOOD_BUT_UNFIT = """name = "unfit"
title = "맞지 않음"
template = "quality.ipynb"
schedule = ["0 25 * * *", "when the moon is full at 7", "5 4 * *", "@daily", "0 7 31 2 *", "99/2 * * * *"]
alerts = ["events >", "events = 3", "[", "events changed by 3", "n_persons > 1e999", 't.c[1] > 2', "a b"]
priority = 9

[limits]
cell_seconds = 86400
run_seconds = 86400

[[recipients]]
target = "opss"
events = ["failed"]

[parameters]
ward = 5
n = 99
share = "half"
first = "{month:-1.finish}"
at = "soon"
way = "cox"
several = [1, 2, 3, 4]
strict = "yes"
target = 2.0
wrad = "A"
"""


def english_sentences() -> set[str]:
    """What the tables say in English, without what is filled in; single words may be names."""
    tables = [LANGUAGES["en"].words, CHANGES["en"], isolation_notices()]
    texts = [text for table in tables[:2] for text in table.values()] + [isolation_notices()["en"]]
    longest = [max(re.split(r"\{\w+\}", text), key=len).strip(" .:;,") for text in texts]
    return {one for one in longest if len(one.split()) > 1}


def visible(html: str) -> str:
    """What a reader sees or hears, without source, values typed and quoted examples."""
    body = re.sub(r'<div class="diff".*?</div>', " ", html, flags=re.DOTALL)
    body = re.sub(r"<(style|script|svg|pre|code|textarea|option)\b.*?</\1>", " ", body, flags=re.DOTALL)
    spoken = " ".join(re.findall(r'(?:aria-label|title|placeholder)="([^"]*)"', body))
    bare = re.sub(r"<[^>]*>", " | ", body)
    return " ".join(re.sub(r"“[^”]*”", "“”", f"{bare} | {spoken}").split())


@pytest.fixture(scope="module")
def shown() -> Iterator[set[str]]:
    """The names of all templates that pages were made from."""
    names: set[str] = set()
    patch, real = pytest.MonkeyPatch(), Site.render

    def render(self: Site, page: str, **given: Any) -> str:
        names.add(page)
        return real(self, page, **given)

    patch.setattr(Site, "render", render)
    yield names
    patch.undo()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, shown: set[str]) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("korean") / "home"
    for name, text in (("wards", PROJECT), ("broken", BROKEN)):
        folder = home / "projects" / name
        folder.mkdir(parents=True, mode=0o700)
        (folder / "project.toml").write_text(text, encoding="utf-8")
        (folder / "project.toml").chmod(0o600)
    (home / "projects" / "wards" / "quality.ipynb").write_bytes(notebook(CELL))
    set_secret(home / "projects" / "wards", "warehouse", value="of no warehouse")
    with serve(home) as made:
        plant(made)
        yield made


def plant(made: Served) -> None:
    """Two definitions, one approved and changed since, one a draft; and a run in every state."""
    desk, now = made.service.desk, dt.datetime.now(dt.UTC)
    for name, approve in (("monthly", True), ("waiting", False)):
        document = parse_definition(DOCUMENT | {"name": name})
        save_definition(desk, document, project="wards", person=Person(LEAD), now=now, approve_too=approve)
    write_runs(made, 4.0, day=1, title=ENGLISH_TITLE, title_ko="월간 보고")
    write_runs(made, 5.0, 6.0, day=2, title=ENGLISH_TITLE, title_ko="월간 보고")
    for day, state in enumerate(FINAL, start=3):
        (run_id,) = write_runs(made, 1.0, day=day, title=ENGLISH_TITLE, title_ko="월간 보고", state=state)
        error = {"code": "REPORT-KERNEL-DIED", "cell": None, "message": "the run was stopped from outside."}
        values = {"state_reason": "past the end date" if state == "skipped" else state}
        with made.database.writing() as tx:
            tx.execute(sa.update(runs).where(runs.c.id == run_id).values(error=error, **values))
            for kind in ("stop", "late", "retry", "alert", "removed", "lost", "interrupted"):
                text = "runner-silent" if kind == "interrupted" else "r-1" if kind == "retry" else ""
                note_event(tx, run_id, kind=kind, who=LEAD, now=now, text=text)
    with made.database.writing() as tx:
        tx.execute(sa.update(templates).where(templates.c.sha256 == "0" * 64).values(content=notebook(CELL)))
    (row,) = [one for one in rows(made) if one.name == "monthly"]
    with made.database.writing() as tx:
        for day, reason in enumerate(("missed", "superseded", "over the limit", "no-project", "REPORT-QUEUE-FULL")):
            slot = dt.datetime(2026, 11, 2 + day, 7, tzinfo=dt.UTC)
            decide_slot(tx, row, slot=slot, decision="skipped", reason=reason, now=now)
        broken = (
            "[REPORT-NOT-APPROVED] The report definition has not been approved; found a draft. A lead of the project "
        )
        broken += "approves it on its page."
        tx.execute(sa.update(definitions).where(definitions.c.name == "monthly").values(broken=broken))
    (made.home / "projects" / "wards" / "quality.ipynb").write_bytes(notebook(CELL.replace("= 3", "= 4")))


def rows(made: Served) -> list[Any]:
    with made.database.reading() as connection:
        return list(connection.execute(sa.select(definitions)).all())


def run_ids(made: Served) -> list[Any]:
    with made.database.reading() as connection:
        return list(connection.execute(sa.select(runs.c.id, runs.c.state, runs.c.batch_id).order_by(runs.c.id)).all())


def addresses(made: Served) -> list[str]:
    """Every page that can be looked at."""
    found = run_ids(made)
    done = [one.id for one in found if one.state == "succeeded"]
    report = "projects/wards/reports/monthly"
    return [
        "", "?part=runs", "history", "history?state=failed&since=2026-11-01", "history?state=nosuch&since=x", "nosuch",
        "projects/wards", "projects/wards/new", "projects/wards/secrets", "projects/broken", "projects/nosuch",
        report, f"{report}/edit",
        f"{report}/draft", f"{report}/latest", "projects/wards/reports/waiting/draft", "projects/wards/reports/waiting",
        *(f"runs/{one.id}" for one in found), *(f"runs/{one}/again" for one in done[:1]),
        f"compare?a={done[0]}", f"compare?a={done[0]}&b={done[1]}",
        "compare?a=x&b=y",
        *{f"batches/{one.batch_id}" for one in found},
        *(f"new/{name}" for name in ("cohort_profile", "comparative_safety", "data_quality", "quality_indicator")),
        f"runs/{done[0]}/tables/9.csv",
    ]  # fmt: skip


def gaps(text: str) -> list[str]:
    """Stretches of English: three words and more, none of the language of alert rules or a template's value."""
    bare = re.sub(r"(?:\b\w+ )?(?:\b(?:changed|rose|fell) )?\bby (?:more than|at least)", " ", text)
    bare = re.sub(r"`[^`]*`", " ", bare)  # a command
    bare = re.sub(r"템플릿의 값: [^|]*", " ", bare)
    return re.findall(r"(?:\b[A-Za-z][a-z']+ ){2,}[A-Za-z][a-z']+", bare)


def test_no_page_holds_an_english_sentence_of_the_tables_or_any_other(served: Served, shown: set[str]) -> None:
    english = english_sentences()
    for who in (LEAD, "operator"):
        reader = served.reader(who, "ko")
        for address in addresses(served):
            text = visible(reader.get(address).text)
            assert re.search("[가-힣]", text), address
            assert [one for one in english if one in text] == [], address
            assert gaps(text) == [], address


def test_runs_are_called_what_their_definition_called_them_in_the_readers_language(served: Served) -> None:
    done = [one for one in run_ids(served) if one.state == "succeeded"]
    pages = [
        "", "history", "history?state=skipped", f"runs/{done[0].id}",
        f"runs/{done[0].id}/again", f"compare?b={done[0].id}", f"compare?a={done[0].id}&b={done[1].id}",
        f"batches/{done[1].batch_id}",
    ]  # fmt: skip
    for address in pages:
        korean, english = (served.reader(LEAD, language).get(address).text for language in ("ko", "en"))
        assert "월간 보고" in korean, address
        assert ENGLISH_TITLE not in korean, address
        assert ENGLISH_TITLE in english, address


@pytest.mark.parametrize("text", [WRONG, GOOD_BUT_UNFIT])
def test_everything_that_is_wrong_with_a_definition_is_told_in_korean(served: Served, text: str) -> None:
    reader = served.reader(LEAD, "ko")
    reader.get("projects/wards/new")
    token = next(cookie.value for cookie in reader.jar if cookie.name == "_xsrf")
    body = urlencode({"_xsrf": token, "text": text, "do": "check"}).encode()
    said = visible(reader.post("projects/wards/new", body, Content_Type="application/x-www-form-urlencoded").text)
    assert "고쳐야 합니다" in said
    assert "영어로 된 설명" not in said
    assert gaps(said) == []


@pytest.mark.parametrize(
    "template", ["cohort_profile", "comparative_safety", "data_quality", "quality_indicator", "broken.ipynb"]
)
def test_the_fields_of_every_template_are_shown_in_korean(served: Served, template: str) -> None:
    (served.home / "projects" / "wards" / "broken.ipynb").write_bytes(notebook("ward = 1"))
    reader = served.reader(LEAD, "ko")
    reader.get("projects/wards/new")
    token = next(cookie.value for cookie in reader.jar if cookie.name == "_xsrf")
    for wish in ("template", "check"):
        body = urlencode({"_xsrf": token, "template": template, "do": wish, "name": "a b", "schedule.how": "week"})
        form = reader.post("projects/wards/new", body.encode(), Content_Type="application/x-www-form-urlencoded")
        said = visible(form.text)
        assert "영어로 된 설명" not in said
        assert gaps(said) == []


def test_everything_that_is_wrong_with_a_form_is_told_in_korean(served: Served) -> None:
    reader = served.reader(LEAD, "ko")
    reader.get("new/comparative_safety")
    token = next(cookie.value for cookie in reader.jar if cookie.name == "_xsrf")
    fields = {"p-washout_days": "99999", "p-target_concept_id": "x", "p-prior_condition_ids": "[1", "p-data_set": "A B"}
    body = urlencode({"_xsrf": token, **fields}).encode()
    said = visible(reader.post("new/comparative_safety", body, Content_Type="application/x-www-form-urlencoded").text)
    assert "다시 확인해 주세요" in said
    assert "영어로 된 설명" not in said
    assert gaps(said) == []


def test_all_templates_were_looked_at(served: Served, shown: set[str]) -> None:
    reader = served.reader(LEAD, "ko")
    for address in addresses(served):
        reader.get(address)
    with served.database.writing() as tx:
        values = {"document": json.loads('{"name": "monthly", "moon": 1}'), "draft": None}
        tx.execute(sa.update(definitions).where(definitions.c.name == "monthly").values(**values))
    text = visible(reader.get("projects/wards/reports/monthly").text)
    assert gaps(text) == []
    every = "".join(file.read_text(encoding="utf-8") for file in TEMPLATES.glob("*.html"))
    parts = set(re.findall(r'{% (?:extends|include|import|from) "([a-z_]+\.html)"', every))
    assert {file.name for file in TEMPLATES.glob("*.html")} - shown - parts - {"project_broken.html"} == set()
    assert visible(served.reader("operator", "ko").get("projects/broken").text).count("project.toml")
    assert "project_broken.html" in shown
