"""From an analyst's draft to a lead's approval and a run, in a real browser."""

import json

import pytest

from .api_client import make_project

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(240)]

PROJECT = """
title = "Ward <b>quality</b>"
timezone = "Asia/Seoul"

[members]
writer-1 = "analyst"
writer-2 = "lead"
"""
DEFINITION = """
name = "monthly"
title = "Monthly <i>quality</i>"
title_ko = "월간 품질 보고"
template = "steady.ipynb"
schedule = "first working day of the month at 07:00"

[parameters]
count = 2
"""


@pytest.fixture(scope="module")
def folder(place):
    return make_project(place, "writing", text=PROJECT)


@pytest.fixture(scope="module")
def analyst(sign_in, folder):
    return sign_in("writer-1")


@pytest.fixture(scope="module")
def lead(sign_in, folder):
    return sign_in("writer-2")


def pages(visitor, rest=""):
    return f"{visitor.place.pages}projects/writing{rest}"


def test_from_a_draft_to_an_approved_report_and_its_run(analyst, lead, folder):
    page = analyst.page
    page.goto(pages(analyst))
    page.click("text=New report")
    page.click("text=Show as TOML")
    page.fill("#text", DEFINITION.replace("count = 2", 'cuont = 2\nbegin = "not a day"'))
    page.click("button[value=check]")
    page.wait_for_selector("#form-error")
    said = page.inner_text("#form-error")
    assert "cuont" in said
    assert "begin" in said
    assert "not a day" not in said
    page.fill("#text", DEFINITION)
    page.click("button[value=check]")
    page.wait_for_selector("[role=status]:has-text('It is good.')")
    assert page.locator("[role=status] li").count() == 5
    assert "07:00" in page.locator("[role=status] li").first.inner_text()
    assert page.locator("button[value=approve]").count() == 0
    page.click("button[value=save]")
    page.wait_for_url("**/reports/monthly/draft")
    assert "It is new" in page.inner_text("main")
    assert page.locator("text=Approve this draft").count() == 0

    page = lead.page
    page.goto(pages(lead, "/reports/monthly"))
    assert page.locator("h1").inner_text() == "Monthly <i>quality</i>"
    page.click("text=Look at what it changes")
    page.fill("#comment", "looks right")
    page.click("text=Approve this draft")
    page.wait_for_url("**/reports/monthly")
    assert "looks right" in page.inner_text("main")
    assert page.locator("ol li").count() == 5
    page.click("text=Run now")
    page.wait_for_url("**/runs/*")
    lead.wait_for_state("Succeeded")


def test_an_edit_shows_field_by_field_and_line_by_line_what_it_changes(analyst, lead, folder):
    template = folder / "steady.ipynb"
    notebook = json.loads(template.read_text(encoding="utf-8"))
    notebook["cells"][-1]["source"] = "print('<script>alert(1)</script>', sorted(concept_ids), limit)"
    template.write_text(json.dumps(notebook), encoding="utf-8")
    page = analyst.page
    page.goto(pages(analyst, "/reports/monthly"))
    assert "The file of the notebook or of the sweep has changed" in page.inner_text("main")
    page.click("text=Edit")
    page.click("text=Show as TOML")
    page.fill("#text", page.input_value("#text").replace("count = 2", "count = 3"))
    page.click("button[value=save]")
    page.wait_for_url("**/draft")
    assert "parameters.count" in page.inner_text("main")
    assert page.locator(".diff .added").count() >= 1
    assert page.locator(".diff script").count() == 0
    seen = lead.page
    seen.goto(pages(lead, "/reports/monthly/draft"))
    page.goto(pages(analyst, "/reports/monthly/edit?as=text"))
    page.fill("#text", page.input_value("#text").replace("count = 3", "count = 4"))
    page.click("button[value=save]")
    page.wait_for_url("**/draft")
    seen.click("text=Approve this draft")  # of what is another draft by now
    seen.wait_for_selector("#form-error")
    assert "changed since you looked" in seen.inner_text("#form-error")
    seen.click("text=Approve this draft")
    seen.wait_for_url("**/reports/monthly")


def press_to(page, name, *, value=None):
    """Go to a field or button with the tabulator alone."""
    wanted = (
        "([name, value]) => document.activeElement.name === name && (!value || document.activeElement.value === value)"
    )
    for _ in range(150):
        page.keyboard.press("Tab")
        if page.evaluate(wanted, [name, value]):
            return
    pytest.fail(f"no way to {name} by keyboard")


def type_into(page, name, text):
    press_to(page, name)
    page.keyboard.press("Control+A")
    page.keyboard.type(text)


def test_a_report_is_defined_in_the_form_with_the_keyboard_alone(analyst, folder):
    page = analyst.page
    page.goto(pages(analyst, "/new"))
    type_into(page, "name", "by-keyboard")
    type_into(page, "title", "Made by keyboard")
    press_to(page, "template")
    page.keyboard.type("steady.ipynb")
    press_to(page, "do", value="template")
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=status]:has-text('fields of the chosen template')")
    page.wait_for_selector("#form-error:focus")  # what is new is read out
    type_into(page, "parameters.count", "many")
    press_to(page, "schedule.how")
    for _ in range(4):  # down to: every month, quarter or year
        page.keyboard.press("ArrowDown")
    press_to(page, "schedule.nth")
    press_to(page, "schedule.what")
    page.keyboard.type("working")
    press_to(page, "do", value="save")
    page.keyboard.press("Enter")
    page.wait_for_selector("#form-error:focus")
    link = page.locator("#form-error a")
    assert link.count() == 1
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # the link leads to its field
    assert page.evaluate("location.hash") == "#parameters.count"
    assert page.get_attribute("[id='parameters.count']", "aria-invalid") == "true"
    type_into(page, "parameters.count", "4")
    press_to(page, "do", value="save")
    page.keyboard.press("Enter")
    page.wait_for_url("**/reports/by-keyboard/draft*")
    said = page.inner_text("main")
    assert "on the first working day of the month at 07:00" in said
    assert "count = 4" in said


def test_the_pages_speak_korean(lead):
    lead.page.goto(pages(lead, "/reports/monthly?lang=ko"))
    assert lead.page.locator("h1").inner_text() == "월간 품질 보고"
    words = lead.page.inner_text("main")
    assert "다음 실행 시각" in words
    lead.page.goto(pages(lead, "/reports/monthly?lang=en"))


def test_a_paused_report_has_no_next_time_and_goes_on_again(lead):
    lead.page.goto(pages(lead, "/reports/monthly"))
    lead.page.click("text=Pause the schedule")
    lead.page.wait_for_selector("text=Go on with the schedule")
    assert lead.page.locator(".columns ol li").count() == 0
    lead.page.click("text=Go on with the schedule")
    lead.page.wait_for_selector("text=Pause the schedule")


def test_who_is_no_member_sees_nothing_of_it(sign_in, folder):
    stranger = sign_in("somebody-else")
    for rest in ("", "/new", "/reports/monthly", "/reports/monthly/edit", "/reports/monthly/draft"):
        answer = stranger.context.request.get(pages(stranger, rest))
        assert answer.status == 404, rest
