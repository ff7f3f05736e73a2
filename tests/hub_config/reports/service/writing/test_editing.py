"""Writing a definition: nobody's work is overwritten unseen, problems are told in the reader's language."""

from typing import Any

import pytest
import sqlalchemy as sa

import hub_config.reports.desk.defining as defining
from hub_config.reports.database import tables
from hub_config.reports.desk import Person
from hub_config.reports.desk.checking import check_definition
from hub_config.reports.desk.errors import DefinitionUnknownError
from hub_config.reports.service.texts import LANGUAGES

from .conftest import CELL, Answer, Bench, notebook

HOSTILE = "<script>alert(1)</script>"
PATH = "projects/wards/reports/monthly"


def text(ward: str = "A", *, name: str = "monthly", more: str = "") -> str:
    head = f'name = "{name}"\ntitle = "Monthly quality"\ntemplate = "quality.ipynb"\n{more}\n'
    return f'{head}[parameters]\nward = "{ward}"\n'


def seen(page: Answer) -> dict[str, str]:
    return {"seen": page.value("seen")}


@pytest.mark.parametrize("wish", ["save", "approve", "check"])
def test_a_new_report_never_takes_the_name_of_another(bench: Bench, wish: str) -> None:
    bench.save()
    before = bench.row()
    answer = bench.reader("kim").post("projects/wards/new", text=text("Z"), do=wish)
    assert answer.status == 422
    assert "There is a report of this name already" in answer.words
    assert 'ward = "Z"' in answer.area("text")
    assert bench.row() == before


@pytest.mark.parametrize("wish", ["save", "approve"])
def test_an_edit_does_not_replace_what_somebody_else_wrote_meanwhile(bench: Bench, wish: str) -> None:
    bench.save()
    kim, lee = bench.reader("kim"), bench.reader("lee")
    mine, theirs = seen(kim.get(f"{PATH}/edit")), seen(lee.get(f"{PATH}/edit"))
    assert lee.post(f"{PATH}/edit", text=text("L"), do="save", **theirs).url.endswith("/draft")
    answer = kim.post(f"{PATH}/edit", text=text("K"), do=wish, **mine)
    assert answer.status == 409
    assert "Somebody has changed this report" in answer.words
    assert 'ward = "K"' in answer.area("text")
    assert bench.row().draft["parameters"] == {"ward": "L"}
    kim.post(f"{PATH}/edit", text=answer.area("text"), do="save", **seen(answer))
    assert bench.row().draft["parameters"] == {"ward": "K"}


def save_during_the_check(bench: Bench, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    """Let somebody else save after a page has looked at the database, and before it writes."""
    checked = check_definition

    def check(*args: Any, **options: Any) -> Any:
        monkeypatch.setattr(defining, "check_definition", checked)
        found = checked(*args, **options)
        bench.save("lee", approve=False, **changes)
        return found

    monkeypatch.setattr(defining, "check_definition", check)


@pytest.mark.parametrize("wish", ["save", "approve"])
def test_what_is_saved_while_an_edit_is_checked_is_not_replaced(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, wish: str
) -> None:
    bench.save()
    kim = bench.reader("kim")
    mine = seen(kim.get(f"{PATH}/edit"))
    save_during_the_check(bench, monkeypatch, parameters={"ward": "L"})
    answer = kim.post(f"{PATH}/edit", text=text("K"), do=wish, **mine)
    assert answer.status == 409
    assert "Somebody has changed this report" in answer.words
    assert 'ward = "K"' in answer.area("text")
    assert bench.row().draft["parameters"] == {"ward": "L"}
    assert seen(answer)["seen"] == bench.row().draft_sha256


@pytest.mark.parametrize("wish", ["save", "approve"])
def test_a_name_that_is_taken_while_a_new_report_is_checked_stays_with_its_report(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, wish: str
) -> None:
    save_during_the_check(bench, monkeypatch, parameters={"ward": "L"})
    answer = bench.reader("kim").post("projects/wards/new", text=text("K"), do=wish)
    assert answer.status == 422
    assert "There is a report of this name already" in answer.words
    assert bench.row().draft["parameters"] == {"ward": "L"}


def test_a_report_that_is_removed_while_an_edit_is_checked_does_not_come_back(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.save()
    kim = bench.reader("kim")
    mine = seen(kim.get(f"{PATH}/edit"))
    checked = check_definition

    def check(desk: Any, *args: Any, **options: Any) -> Any:
        monkeypatch.setattr(defining, "check_definition", checked)
        defining.remove(desk, "monthly", project="wards", person=Person("kim"))
        return checked(desk, *args, **options)

    monkeypatch.setattr(defining, "check_definition", check)
    answer = kim.post(f"{PATH}/edit", text=text("K"), do="save", **mine)
    assert answer.status == 409
    with pytest.raises(DefinitionUnknownError):
        bench.row()


def test_a_check_writes_nothing_and_keeps_what_was_seen(bench: Bench) -> None:
    bench.save()
    kim = bench.reader("kim")
    first = kim.get(f"{PATH}/edit")
    checked = kim.post(f"{PATH}/edit", text=text("K", more='schedule = "0 7 * * *"'), do="check", **seen(first))
    assert checked.words.count("07:00 UTC+09:00") == 5
    assert seen(checked) == seen(first)
    assert bench.row().draft is None


def test_an_edit_whose_definition_was_removed_meanwhile_is_not_found(bench: Bench) -> None:
    bench.save()
    kim = bench.reader("kim")
    known = seen(kim.get(f"{PATH}/edit"))
    kim.post(f"{PATH}/remove")
    assert kim.post(f"{PATH}/edit", text=text("K"), do="save", **known).status == 404


def test_no_value_is_repeated_in_what_is_told(bench: Bench) -> None:
    wrong = text("A", more='timezone = "Secret/Place"\nuntil = "no day at all"\nschedule = "on Secret days at 07:00"')
    answer = bench.reader("lee").post("projects/wards/new", text=wrong, do="save")
    assert answer.status == 422
    told = answer.text.partition("<form")[0]
    assert "Secret" not in told
    assert "no day at all" not in told
    assert bench.runs() == []


def test_hostile_text_is_shown_as_text(bench: Bench) -> None:
    answer = bench.reader("lee").post("projects/wards/new", text=f"</textarea>{HOSTILE}", do="save")
    assert answer.status == 422
    assert HOSTILE not in answer.text
    assert HOSTILE in answer.area("text")


@pytest.mark.parametrize("name", ["rho", "operator"])
def test_who_may_not_define_is_refused(bench: Bench, name: str) -> None:
    bench.save()
    for path in ("projects/wards/new", f"{PATH}/edit"):
        assert bench.reader(name).get(path).status == 403
        assert bench.reader(name).post(path, text=text("Z"), do="save").status == 403
    assert bench.row().draft is None


def test_an_analyst_cannot_approve_what_they_write(bench: Bench) -> None:
    answer = bench.reader("lee").post("projects/wards/new", text=text("Z"), do="approve")
    assert answer.status == 403
    assert 'ward = "Z"' in answer.area("text")


NEWER = {"name": "monthly", "title": "T", "template": "quality.ipynb", "colour": "of a newer version"}


def write_as_another_version(bench: Bench, **columns: Any) -> None:
    with bench.database.writing() as tx:
        tx.execute(sa.update(tables.definitions).values(**columns))


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("page", ["", "/edit", "/draft"])
def test_a_definition_of_another_version_is_shown_as_such(bench: Bench, page: str, language: str) -> None:
    bench.save()
    bench.save("lee", approve=False, parameters={"ward": "Z"})
    write_as_another_version(bench, document=NEWER, draft=NEWER)
    before = bench.row()
    answer = bench.reader("kim", language).get(PATH + page)
    assert answer.status in {200, 409}
    assert LANGUAGES[language]["unreadable_title"] in answer.words
    assert "colour" in answer.words
    assert bench.row() == before


def test_a_draft_can_be_approved_where_another_version_wrote_what_was_approved(bench: Bench) -> None:
    bench.save()
    bench.save("lee", approve=False, parameters={"ward": "Z"})
    write_as_another_version(bench, document=NEWER)
    kim = bench.reader("kim")
    page = kim.get(f"{PATH}/draft")
    assert page.status == 200
    assert "written by another version" in page.words
    kim.post(f"{PATH}/approve", document=page.value("document"), template=page.value("template"))
    assert bench.row().document["parameters"] == {"ward": "Z"}


@pytest.mark.parametrize("action", ["approve", "pause", "run", "discard", "template", "edit"])
def test_nothing_that_is_asked_of_a_definition_of_another_version_fails_without_a_page(
    bench: Bench, action: str
) -> None:
    bench.save()
    bench.save("lee", approve=False, parameters={"ward": "Z"})
    write_as_another_version(bench, document=NEWER, draft=NEWER)
    row = bench.row()
    sent = {"document": row.draft_sha256, "template": row.draft_template_sha256, "key": "k" * 20, "text": "x = 1"}
    assert bench.reader("kim").post(f"{PATH}/{action}", **sent).status < 500


def test_a_changed_notebook_does_not_replace_a_draft_that_is_written_meanwhile(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.save()
    bench.write_template(notebook(CELL, "print(ward)"))
    save_during_the_check(bench, monkeypatch, parameters={"ward": "L"})
    answer = bench.reader("kim").post(f"{PATH}/template")
    assert answer.status == 409
    assert bench.row().draft["parameters"] == {"ward": "L"}
