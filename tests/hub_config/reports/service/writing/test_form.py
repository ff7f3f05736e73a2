"""A definition is written in a form: what is wrong is told beside its field, and nothing is half saved."""

import json
import re
import tomllib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub_config.projects import Project
from hub_config.reports.definitions import document_sha256
from hub_config.reports.definitions.reading import parse_definition
from hub_config.reports.parameters import KnownNames
from hub_config.reports.service.site import Site
from hub_config.reports.service.texts import LANGUAGES
from hub_config.reports.service.writing.form import Opened, document_of, typed_from, typed_of
from hub_config.reports.service.writing.form.drawing import Drawing
from hub_config.reports.service.writing.form.layout import sections_of

from .conftest import PROJECT, Answer, Bench, Reader, notebook
from .form_reader import SentForm
from .test_form_conversion import DECLARED, DOCUMENTS

NEW, PATH = "projects/wards/new", "projects/wards/reports/monthly"
SITE = Site(prefix="/services/reports/", hub_base_url="/")
Values = dict[str, list[str]]


def form(page: Answer) -> Values:
    return SentForm(page.text).values()


def send(reader: Reader, path: str, sent: Values, *, do: str = "check", upload: bytes = b"", **changes: Any) -> Answer:
    """Press a button of the form after some fields were changed."""
    changed = {name.replace("__", "."): value for name, value in changes.items()}
    values = sent | {name: value if isinstance(value, list) else [value] for name, value in changed.items()}
    fields = [(name, one) for name, several in values.items() for one in several if name != "_xsrf"]
    return reader.send_form(path, [*fields, ("do", do)], {"sweep.upload": upload} if upload else {})


def begun(reader: Reader) -> Values:
    """A new form with the fields of the project's notebook."""
    first = form(reader.get(NEW))
    page = send(reader, NEW, first, do="template", template="quality.ipynb")
    assert "These are the fields of the chosen template" in page.words
    return form(page) | {"name": ["monthly"], "title": ["Monthly quality"]}


def told(page: Answer) -> SentForm:
    """A page with problems: each is linked from the top, and said of its field."""
    assert page.status in {409, 422}, page.words
    read = SentForm(page.text)
    names = [link[1:] for link in read.links if link.startswith("#") and link != "#content"]
    places = [page.text.index(f'id="{name}"') for name in names]
    assert places == sorted(places)
    for name in names:
        assert name in read.ids
        assert name in read.wrong, name
        assert f"{name}-error" in read.described[name].split()
        assert f"{name}-error" in read.ids
    return read


def test_from_an_empty_form_to_a_draft(bench: Bench) -> None:
    lee = bench.reader("lee")
    sent = begun(lee)
    changes: dict[str, Any] = {
        "title_ko": "월간 품질", "purpose": "Which wards\r\nneed help", "parameters__ward": "B", "parameters__n": "7",
        "parameters__first": "{month:-1.start}", "parameters__strict": ["", "on"], "schedule__how": "period",
        "schedule__nth": "1", "schedule__what": "working day", "schedule__time": "07:30", "timezone": "Asia/Tokyo",
        "until": "2030-12-31", "holidays": "2027-01-01\r\n2027-02-08", "missed": "all", "missed_limit": "3",
        "late_after_seconds": "2", "late_after_seconds__unit": "h", "limits__cell_seconds": "5",
        "limits__cell_seconds__unit": "min", "safe_to_retry": ["", "on"], "retries": "2", "priority": "1",
        "recipients__0__target": "ops", "recipients__0__events": ["", "failed", "late"], "alerts__0": "events > 20",
        "compare__0__id": "median-stay", "compare__0__absolute": "0.5", "retention__successes": "24",
    }  # fmt: skip
    page = send(lee, NEW, sent, **changes)
    assert "It is good." in page.words
    assert "first working day of the month at 07:30, Asia/Tokyo" in page.words
    assert page.words.count("07:30 UTC+09:00") == 10  # on top, and beside the chooser
    assert re.search(r"first : 20\d\d-\d\d-01", page.words)
    page = send(lee, NEW, form(page), do="save")
    assert page.url.endswith("/reports/monthly/draft")
    assert bench.row().draft == {
        "name": "monthly", "title": "Monthly quality", "title_ko": "월간 품질", "purpose": "Which wards\nneed help",
        "template": "quality.ipynb",
        "parameters": {"ward": "B", "n": 7, "first": "{month:-1.start}", "strict": True},
        "schedule": ["first working day of the month at 07:30"], "timezone": "Asia/Tokyo", "until": "2030-12-31",
        "holidays": ["2027-01-01", "2027-02-08"], "missed": "all", "missed_limit": 3, "late_after_seconds": 7_200,
        "limits": {"cell_seconds": 300}, "safe_to_retry": True, "retries": 2, "priority": 1,
        "recipients": [{"target": "ops", "events": ["failed", "late"]}], "alerts": ["events > 20"],
        "compare": {"median-stay": {"absolute": 0.5}}, "retention": {"successes": 24},
    }  # fmt: skip


@pytest.mark.parametrize("language", ["en", "ko"])
def test_all_that_is_wrong_is_told_at_once_beside_its_field_and_kept_as_typed(bench: Bench, language: str) -> None:
    lee = bench.reader("lee")
    sent = begun(lee)
    lee.language = language
    wrong = {
        "name": "Not A Name", "title": "", "parameters.n": "many", "parameters.first": "{month:-1.finish}",
        "schedule.how": "week", "timezone": "Asia/Soul", "until": "soon", "limits.cell_seconds": "9999999",
        "retries": "2", "priority": "9", "compare.0.absolute": "-1", "compare.0.id": "stay", "alerts.0": "what",
        "retention.days": "0",
    }  # fmt: skip
    page = send(lee, NEW, sent, do="save", **{name.replace(".", "__"): value for name, value in wrong.items()})
    read = told(page)
    assert {name for name in wrong if name not in {"schedule.how", "compare.0.id", "retries"}} <= read.wrong
    assert {"schedule.days"} <= read.wrong
    for name, text in wrong.items():
        assert read.values()[name] == [text]
    if language == "ko":
        assert "영어로 된 설명" not in page.text
    with pytest.raises(Exception, match="no such report definition"):
        bench.row()


def test_a_contradiction_is_told_beside_the_field_that_it_is_about(bench: Bench) -> None:
    lee = bench.reader("lee")
    sent = begun(lee)
    page = send(lee, NEW, sent, retries="2", schedule__how="day")
    assert "safe_to_retry" in told(page).wrong
    assert page.words.count("07:00 UTC+09:00") == 5  # the times are shown whatever else is wrong
    assert "release.policy" in told(send(lee, NEW, sent, release__policy="pinned")).wrong
    limits = {"limits__cell_seconds": "9", "limits__run_seconds": "5"}
    assert "limits.cell_seconds" in told(send(lee, NEW, sent, **limits)).wrong


def test_a_name_that_is_taken_is_told_beside_it(bench: Bench) -> None:
    bench.save()
    lee = bench.reader("lee")
    for wish in ("check", "save"):
        assert "name" in told(send(lee, NEW, begun(lee), do=wish)).wrong
    assert bench.row().draft is None


def test_a_definition_opened_and_saved_has_the_same_document(bench: Bench) -> None:
    document: dict[str, Any] = {
        "purpose": "two\nlines", "parameters": {"ward": "two\nlines, {{braces}}", "n": 3, "strict": False},
        "sweep": {"sets": [{"ward": "A"}, {"n": 2}]}, "schedule": ["0 7 * * 1", "every day at 08:00 and 20:00"],
        "recipients": [{"target": "ops", "events": ["late", "failed"]}], "compare": {"x": {"relative": 1e-12}},
        "retry_after": ["timed_out", "interrupted"], "late_after_seconds": 3_601, "release": "latest",
    }  # fmt: skip
    bench.save(**document)
    kim, before = bench.reader("kim"), bench.row().document_sha256
    page = kim.get(f"{PATH}/edit")
    assert send(kim, f"{PATH}/edit", form(page), do="save").url.endswith("/draft")
    assert bench.row().draft == bench.row().document
    assert bench.row().draft_sha256 == before
    again = kim.get(f"{PATH}/edit")
    send(kim, f"{PATH}/edit", form(again), do="approve", priority="2")
    assert bench.row().document == bench.row().document | {"priority": 2}
    changed = {**bench.row().document}
    changed.pop("priority")
    bench.save(**{name: value for name, value in changed.items() if name not in {"name", "title", "template"}})
    assert bench.row().document_sha256 == before


@pytest.mark.parametrize("wish", ["save", "approve"])
def test_an_edit_does_not_replace_what_somebody_else_wrote_meanwhile(bench: Bench, wish: str) -> None:
    bench.save()
    kim = bench.reader("kim")
    mine = form(kim.get(f"{PATH}/edit"))
    bench.save("lee", approve=False, parameters={"ward": "L"})
    page = send(kim, f"{PATH}/edit", mine, do=wish, parameters__ward="K")
    assert page.status == 409
    assert "Somebody has changed this report" in page.words
    assert bench.row().draft["parameters"] == {"ward": "L"}
    send(kim, f"{PATH}/edit", form(page), do="save")
    assert bench.row().draft["parameters"] == {"ward": "K"}


def test_a_definition_with_hundreds_of_rows_goes_through_the_form(bench: Bench) -> None:
    bench.save(
        compare={f"table-{number}": {"absolute": number / 2} for number in range(400)},
        sweep={"sets": [{"ward": f"W{number}"} for number in range(900)]},
    )
    kim, before = bench.reader("kim"), bench.row().document_sha256
    assert send(kim, f"{PATH}/edit", form(kim.get(f"{PATH}/edit")), do="save").url.endswith("/draft")
    assert bench.row().draft_sha256 == before


def test_rows_are_added_and_taken_away_without_a_script(bench: Bench) -> None:
    lee = bench.reader("lee")
    page = send(lee, NEW, begun(lee), do="add.alerts", alerts__0="events > 20")
    page = send(lee, NEW, form(page), do="add.alerts", alerts__1="n > 3", title="Kept")
    sent = form(page)
    assert [name for name in sent if name.startswith("alerts.")] == ["alerts.0", "alerts.1", "alerts.2"]
    assert sent["title"] == ["Kept"]
    page = send(lee, NEW, sent, do="remove.alerts.0")
    assert "alerts.0" not in form(page)
    send(lee, NEW, form(page), do="save")
    assert bench.row().draft["alerts"] == ["n > 3"]
    page = bench.reader("lee").get(f"{PATH}/edit")
    assert [name for name in form(page) if name.startswith("alerts.")] == ["alerts.0", "alerts.1"]


def test_a_csv_of_sets_is_uploaded_checked_and_saved(bench: Bench) -> None:
    lee = bench.reader("lee")
    page = send(lee, NEW, begun(lee), upload=b"ward,n\nA,1\nB,many\n")
    read = told(page)
    assert "sweep.sets" in read.wrong
    assert read.values()["sweep.sets"] == ["ward,n\r\nA,1\r\nB,many\r\n"]
    fixed = read.values() | {"sweep.sets": ["ward,n\r\nA,1\r\nB,2\r\n"]}
    send(lee, NEW, fixed, do="save")
    assert bench.row().draft["sweep"] == {"sets": [{"ward": "A", "n": 1}, {"ward": "B", "n": 2}]}


@pytest.mark.parametrize("content", [b"ward\n" + b"A\n" * 700_000, b"\xff\xfe", b"wrad\nA\n", b"ward\nA\nA\n", b"\n\n"])
def test_a_csv_that_cannot_be_used_is_told_beside_its_table(bench: Bench, content: bytes) -> None:
    lee = bench.reader("lee")
    assert "sweep.sets" in told(send(lee, NEW, begun(lee), do="save", upload=content)).wrong
    assert bench.runs() == []


def test_another_template_brings_its_own_fields_and_drops_nothing_unasked(bench: Bench) -> None:
    (bench.folder / "deep").mkdir()
    (bench.folder / "deep" / "other.ipynb").write_bytes(notebook('ward: str = "Z"  # which\nyear: int = 2026  # when'))
    bench.save(parameters={"ward": "B", "n": 5}, schedule="every day at 07:00")
    kim = bench.reader("kim")
    sent = form(kim.get(f"{PATH}/edit"))
    page = send(kim, f"{PATH}/edit", sent, do="save", template="deep/other.ipynb", title="Kept")
    assert bench.row().draft is None  # the new fields are looked at first
    sent = form(page)
    assert sent["parameters.ward"] == ["B"]
    assert sent["parameters.year"] == ["2026"]
    assert sent["kept.parameters"] == ["", "n"]
    assert sent["title"] == ["Kept"]
    assert "kept.parameters" in told(send(kim, f"{PATH}/edit", sent, do="save")).wrong
    send(kim, f"{PATH}/edit", sent, do="save", kept__parameters="")
    assert bench.row().draft["parameters"] == {"ward": "B"}
    assert bench.row().draft["schedule"] == ["every day at 07:00"]


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_template_that_cannot_be_read_keeps_the_values_and_says_why(bench: Bench, language: str) -> None:
    bench.save(parameters={"ward": "B", "n": 5})
    kim = bench.reader("kim", language)
    for content in (None, b"{}", notebook("import os")):
        (bench.folder / "quality.ipynb").unlink() if content is None else bench.write_template(content)
        page = kim.get(f"{PATH}/edit")
        assert LANGUAGES[language].text("form_template_unreadable", why="").strip() in page.words
        assert form(page)["kept.parameters"] == ["", "ward", "n"]
        assert "template" in told(send(kim, f"{PATH}/edit", form(page), do="save")).wrong
    bench.write_template(notebook())
    page = send(kim, f"{PATH}/edit", form(page), do="template")
    assert form(page)["parameters.n"] == ["5"]
    send(kim, f"{PATH}/edit", form(page), do="save")
    assert bench.row().draft["parameters"] == {"ward": "B", "n": 5}


def test_the_same_definition_is_shown_as_text_and_as_a_form(bench: Bench) -> None:
    lee = bench.reader("lee")
    page = send(lee, NEW, begun(lee), do="text", parameters__ward="Q", retries="many")
    text = page.area("text")
    assert 'ward = "Q"' in text
    assert 'retries = "many"' in text
    page = lee.post(NEW, text=text, do="form")
    assert page.status == 422
    page = lee.post(NEW, text=text.replace('"many"', "2").replace("[par", "safe_to_retry = true\n[par"), do="form")
    assert form(page)["parameters.ward"] == ["Q"]
    send(lee, NEW, form(page), do="save")
    assert bench.row().draft["retries"] == 2


def test_what_a_project_has_can_be_chosen(bench: Bench) -> None:
    release = bench.home / "data" / "ehr" / "2026-01"
    release.mkdir(parents=True)
    (release / "manifest.json").write_text("{}")
    project = bench.folder / "project.toml"
    project.write_text(project.read_text(encoding="utf-8").replace("[members]", 'datasets = ["ehr"]\n[members]'))
    bench.write_template(notebook('data: "Dataset" = "ehr"  # which\nkey: "Secret | None" = None  # which'))
    (bench.folder / "secrets").mkdir(mode=0o700)
    (bench.folder / "secrets" / "token").write_text("x")
    lee = bench.reader("lee")
    page = send(lee, NEW, form(lee.get(NEW)), do="template", template="quality.ipynb")
    for option in ("ehr", "ehr@2026-01", "token"):
        assert f'<option value="{option}"' in page.text
    sent = form(page) | {"name": ["monthly"], "title": ["M"]}
    pinned: dict[str, Any] = {
        "release__policy": "pinned",
        "release__datasets__ehr": "2026-01",
        "parameters__key": "token",
    }
    send(lee, NEW, sent, do="save", **pinned)
    assert bench.row().draft["release"] == {"policy": "pinned", "datasets": {"ehr": "2026-01"}}
    assert bench.row().draft["parameters"] == {"key": "token"}


CHOICES = """from typing import Literal
ways: list[Literal["breslow", "efron", "two words"]] = ["efron", "breslow"]  # how ties are treated
years: list[Literal[2024, 2025]] | None = None  # which years
wards: list[Literal["A", "B", "C"]] = ["A"]  # 1 to 2 items; which wards"""


def test_choices_are_ticked_kept_when_something_is_wrong_and_saved(bench: Bench) -> None:
    bench.write_template(notebook(CHOICES))
    lee = bench.reader("lee")
    sent = begun(lee)
    assert sent["parameters.ways"] == ["", '"breslow"', '"efron"']
    assert sent["parameters.years"] == ["", "null"]
    wrong: dict[str, Any] = {
        "parameters__ways": ["", '"two words"'], "parameters__years": ["", "null", "2025"], "parameters__wards": "",
    }  # fmt: skip
    page = send(lee, NEW, sent, do="save", **wrong)
    read = told(page)
    assert read.wrong == {"parameters.years", "parameters.wards"}
    for name, texts in wrong.items():
        assert read.values()[name.replace("__", ".")] == ([texts] if isinstance(texts, str) else texts)
    for name in ("ways", "years", "wards"):
        assert f"parameters.{name}-help" in read.described[f"parameters.{name}"].split()
    send(lee, NEW, form(page), do="save", parameters__years=["", "2025"], parameters__wards=["", '"C"', '"A"'])
    assert bench.row().draft["parameters"] == {"ways": ["two words"], "years": [2025], "wards": ["A", "C"]}
    page = lee.get(f"{PATH}/edit")
    assert form(page)["parameters.wards"] == ["", '"A"', '"C"']
    send(lee, f"{PATH}/edit", form(page), do="save", sweep__how="grid", sweep__list__wards='[["A"], ["B", "C"]]')
    assert bench.row().draft["sweep"] == {"grid": {"wards": [["A"], ["B", "C"]]}}


def test_a_choice_that_the_template_has_no_more_is_shown_and_told(bench: Bench) -> None:
    bench.write_template(notebook(CHOICES))
    bench.save(parameters={"ways": ["efron"], "wards": ["C"]})
    bench.write_template(notebook(CHOICES.replace('"B", "C"', '"B"').replace("list[Literal[2024, 2025]]", "str")))
    kim = bench.reader("kim")
    page = kim.get(f"{PATH}/edit")
    assert "C (not there any more)" in page.words
    assert "parameters.wards" in told(send(kim, f"{PATH}/edit", form(page), do="save")).wrong
    send(kim, f"{PATH}/edit", form(page), do="save", parameters__wards=["", '"B"'])
    assert bench.row().draft["parameters"] == {"ways": ["efron"], "wards": ["B"]}


@pytest.mark.parametrize("language", ["en", "ko"])
def test_every_field_has_a_label_and_what_is_said_of_it_is_there(bench: Bench, language: str) -> None:
    bench.save(parameters={"ward": "B"}, alerts=["events > 20"], compare={"x": {}})
    read = SentForm(bench.reader("kim", language).get(f"{PATH}/edit").text)
    assert set(read.controls) <= read.labelled
    for ids in read.described.values():
        assert set(ids.split()) <= read.ids


def test_hostile_texts_are_shown_as_text_and_a_form_that_is_none_of_ours_is_refused(bench: Bench) -> None:
    lee = bench.reader("lee")
    sent = begun(lee)
    hostile = '"><script>alert(1)</script></textarea>'
    page = send(lee, NEW, sent, title=hostile, purpose=hostile, parameters__ward=hostile, alerts__0=hostile)
    assert "<script>alert" not in page.text
    assert form(page)["purpose"] == [hostile]
    for opened in ("[]", "{", '{"recipients": 5}', '{"title": 3}', "[" * 100_000):
        assert send(lee, NEW, sent, opened=opened).status == 400
    for shown in ("../../etc/passwd", "/etc/passwd", "nowhere", "runs/x.ipynb"):
        assert send(lee, NEW, sent, template__shown=shown).status < 500


@pytest.mark.parametrize("name", ["rho", "operator"])
def test_who_may_not_define_is_refused(bench: Bench, name: str) -> None:
    sent = begun(bench.reader("lee"))
    assert send(bench.reader(name), NEW, sent, do="save").status == 403


def test_an_analyst_cannot_approve_what_they_write(bench: Bench) -> None:
    lee = bench.reader("lee")
    page = send(lee, NEW, begun(lee), do="approve", title="Kept")
    assert page.status == 403
    assert form(page)["title"] == ["Kept"]
    assert LANGUAGES["en"]["refused_REPORT-NOT-ALLOWED"] in page.words


@given(DOCUMENTS, st.sampled_from([DECLARED, {}]), st.sampled_from(["en", "ko"]))
@settings(max_examples=40, deadline=None)
def test_any_definition_goes_through_the_page_and_comes_back_the_same(
    document: dict[str, Any], declared: dict[str, Any], language: str
) -> None:
    opened = Opened(parse_definition(document).to_document(), declared)
    texts, project = LANGUAGES[language], Project(name="wards", **tomllib.loads(PROJECT))
    draw = Drawing(typed_of(opened), texts, project, KnownNames())
    sections = sections_of(draw, opened, templates=(("quality.ipynb", "quality.ipynb"),), is_new=False)
    values = {
        "nonce": "", "person": None, "xsrf_token": "", "languages": [], "project": project, "name": "monthly",
        "opened": json.dumps(opened.document), "sections": sections, "units": draw.seconds_units(), "seen": "",
        "shown": "", "template": None, "unreadable": "", "may_approve": True, "zone": "", "due": [], "times": [],
        "problems": [], "error": "", "notice": "", "is_good": False, "values": [],
    }  # fmt: skip
    page = SITE.render("definition_form.html", texts=texts, values=values)
    sent = SentForm(page).values()
    typed = typed_from({name: [text.encode() for text in values] for name, values in sent.items()})
    read = document_of(typed, Opened(json.loads(sent["opened"][0]), declared))
    assert read.problems == []
    assert document_sha256(parse_definition(read.document)) == document_sha256(parse_definition(document))
