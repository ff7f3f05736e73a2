"""Writing a definition: nobody's work is overwritten unseen, problems are told in the reader's language."""

import pytest

from .conftest import Answer, Bench

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
