"""The Reports page in a real browser, behind a real hub: from signing in to the result."""

import io
import json
import re
import zipfile

import pytest

from .conftest import PASSWORD

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def one(sign_in):
    return sign_in("researcher-1")


@pytest.fixture(scope="module")
def two(sign_in):
    return sign_in("researcher-2")


@pytest.fixture(scope="module")
def operator(sign_in):
    return sign_in("operator")


@pytest.fixture(scope="module")
def good_run(one):
    """A run of the first researcher that has succeeded."""
    run_id = one.start("steady", words="<b>bold</b> & 'quoted'", count="2", loud=True)
    assert one.wait_for_state("Succeeded", "Failed") == "Succeeded"
    return run_id


@pytest.fixture(scope="module")
def slow_run(one, good_run):
    """A run of the first researcher that goes on until these tests are done."""
    run_id = one.start("steady", pause="600")
    one.page.wait_for_selector("#live-text:has-text('Cell 3 of 4')", timeout=60_000)
    yield run_id
    cancel(one, run_id)


def cancel(visitor, run_id):
    """Stop a run, as its page would."""
    form = visitor.context.request.get(visitor.place.pages + "new/steady").text()
    token = re.search(r'name="_xsrf" value="([^"]+)"', form)[1]
    return visitor.context.request.post(f"{visitor.place.pages}runs/{run_id}/cancel", form={"_xsrf": token})


def goes_on(visitor, run_id):
    """Whether a run is still going on and nobody has asked it to stop."""
    state = visitor.context.request.get(f"{visitor.place.pages}runs/{run_id}/state").json()
    return state["state"] == "running" and "Waiting" in state["text"]


def test_a_stranger_is_sent_to_the_hubs_sign_in_from_every_page(browser, place, good_run):
    context = browser.new_context()
    page = context.new_page()
    for path in ("", "new/steady", f"runs/{good_run}", f"runs/{good_run}/report.html", f"runs/{good_run}/folder.zip"):
        page.goto(place.pages + path)
        assert "/hub/login" in page.url, path
    for path in ("static/reports.css", "static/reports.js", f"runs/{good_run}/state", "nowhere"):
        assert "/hub/login" in context.request.get(place.pages + path).url, path
    assert context.request.get(place.pages + "health").json() == {"status": "ok"}
    context.close()


def test_signing_in_leads_to_the_page_that_was_asked_for(browser, place):
    context = browser.new_context()
    page = context.new_page()
    page.goto(place.pages + "new/steady?from=nothing")
    page.fill("input[name=username]", "researcher-1")
    page.fill("input[name=password]", PASSWORD)
    page.click("[type=submit]")
    page.wait_for_url("**/new/steady?from=nothing")
    context.close()


def test_the_address_without_its_last_slash_leads_to_the_first_page(one):
    one.page.goto(one.place.pages.rstrip("/"))
    assert one.page.url == one.place.pages


def test_the_first_page_lists_the_templates_with_what_they_are_for(one):
    one.page.goto(one.place.pages)
    assert one.page.locator(".card h2").all_inner_texts() == [
        "A failing report",
        "A steady report",
        "A stranger",
        "untagged",
    ]
    assert "It prints a few words, and waits if asked to." in one.page.inner_text("main")
    assert "no cell tagged 'parameters'" in one.page.locator(".card", has_text="untagged").inner_text()
    assert one.page.locator("html").get_attribute("lang") == "en"
    assert one.page.locator("header .inner").inner_text().split() == [
        "CohortHub",
        "Home",
        "Lab",
        "Reports",
        "한국어",
        one.name,
        "Sign",
        "out",
    ]
    assert "no isolation" in one.page.inner_text(".banner")


def test_the_form_shows_each_parameter_in_the_way_of_its_type(one):
    one.page.goto(one.place.pages + "new/steady")
    page = one.page
    assert page.locator("#p-ties option").all_inner_texts() == ["breslow", "efron"]
    assert page.locator("#p-loud").get_attribute("type") == "checkbox"
    assert page.locator("#p-count").get_attribute("inputmode") == "numeric"
    assert page.locator("#p-share").get_attribute("inputmode") == "decimal"
    assert page.locator("#p-begin").get_attribute("type") == "date"
    assert page.locator("#p-concept_ids").input_value() == "1118084, 1124300"
    assert "How often it is printed. Template's value: 3" in page.inner_text("#p-count-help")
    for field in page.locator("form.parameters input:not([type=hidden]), form.parameters select").all():
        assert page.locator(f"label[for={field.get_attribute('id')}]").count() == 1
        assert page.locator(f"#{field.get_attribute('aria-describedby').split()[-1]}").count() == 1


def test_a_form_with_errors_starts_nothing_says_where_and_keeps_what_was_typed(one):
    page = one.page
    page.goto(one.place.pages)
    before = page.locator(".runs tbody tr").count()
    page.goto(one.place.pages + "new/steady")
    page.fill("#p-count", "<script>many</script>")
    page.fill("#p-words", '"><img src=x onerror=alert(1)>')
    page.check("#p-loud")
    page.select_option("#p-ties", "efron")
    page.click("text=Run the report")
    page.wait_for_selector("#form-error")
    assert page.locator("#form-error").get_attribute("role") == "alert"
    assert page.evaluate("document.activeElement.id") == "form-error"
    assert page.inner_text("#p-count-error").startswith("Wanted a whole number")
    assert page.locator("#p-count").get_attribute("aria-invalid") == "true"
    assert page.locator("#p-count").input_value() == "<script>many</script>"
    assert page.locator("#p-words").input_value() == '"><img src=x onerror=alert(1)>'
    assert page.locator("#p-loud").is_checked()
    assert page.locator("#p-ties").input_value() == "efron"
    page.goto(one.place.pages)
    assert page.locator(".runs tbody tr").count() == before


def test_a_running_run_shows_where_it_is(one, slow_run):
    page = one.page
    page.goto(f"{one.place.pages}runs/{slow_run}")
    assert page.locator("#live-text").get_attribute("aria-live") == "polite"
    assert page.inner_text("#live-text") == "Cell 3 of 4: Waiting"
    assert page.locator("#live-bar").evaluate("bar => [bar.value, bar.max]") == [2, 4]
    took = page.inner_text("#live-took")
    page.wait_for_function("took => document.querySelector('#live-took').textContent !== took", arg=took)


def test_the_page_turns_to_the_result_by_itself(one):
    one.start("steady", concept_ids="3, 1, 2")
    assert one.wait_for_state("Succeeded", "Failed") == "Succeeded"
    report = one.page.frame_locator("iframe.result")
    assert "A steady report" in report.locator("h1").first.inner_text()
    assert "[1, 2, 3]" in report.locator("body").inner_text()


def test_the_result_names_its_parameters_and_marks_those_that_were_set(one, good_run):
    one.page.goto(f"{one.place.pages}runs/{good_run}")
    facts = dict(
        zip(
            one.page.locator(".facts.mono dt").all_inner_texts(),
            one.page.locator(".facts.mono dd").all_inner_texts(),
            strict=True,
        )
    )
    assert facts["words"] == "<b>bold</b> & 'quoted'"
    assert facts["loud"] == "yes"
    assert facts["limit"] == "–"
    assert sorted(one.page.locator(".facts.mono dd.given").all_inner_texts()) == ["2", "<b>bold</b> & 'quoted'", "yes"]
    assert one.page.locator("dl b").count() == 0
    report = one.page.frame_locator("iframe.result").locator("body").inner_text()
    assert report.count("<B>BOLD</B> & 'QUOTED'") == 2


def test_running_again_begins_with_the_same_values(one, good_run):
    one.page.goto(f"{one.place.pages}runs/{good_run}")
    one.page.click("text=Run again with these parameters")
    assert one.page.locator("#p-words").input_value() == "<b>bold</b> & 'quoted'"
    assert one.page.locator("#p-loud").is_checked()


def test_the_folder_can_be_downloaded(one, good_run):
    one.page.goto(f"{one.place.pages}runs/{good_run}")
    with one.page.expect_download() as waiting:
        one.page.click("text=Download the run's folder")
    assert waiting.value.suggested_filename == f"{good_run}.zip"
    with zipfile.ZipFile(io.BytesIO(waiting.value.path().read_bytes())) as archive:
        assert {f"{good_run}/{name}" for name in ("report.html", "report.ipynb", "run.json", "log.txt")} <= set(
            archive.namelist()
        )
        assert json.loads(archive.read(f"{good_run}/run.json"))["status"] == "succeeded"


def test_a_failed_run_says_where_and_what_kind_without_a_value_from_the_data(one):
    one.start("failing")
    assert one.wait_for_state("Failed", "Succeeded") == "Failed"
    words = one.page.inner_text("main")
    assert "The run failed in cell 2 of 2, “Table of secrets”. Kind of error: KeyError." in words
    assert "47110815" not in one.page.content()
    assert "1931-02-03" not in one.page.content()
    assert one.page.locator("iframe").count() == 0


def test_a_run_can_be_cancelled_and_says_so(one):
    one.start("steady", pause="120")
    one.page.wait_for_selector("#live-text:has-text('Cell 3 of 4')", timeout=60_000)
    one.page.once("dialog", lambda dialog: dialog.accept())
    one.page.click("text=Cancel the run")
    assert one.wait_for_state("Cancelled", within=15) == "Cancelled"
    assert "It has no result." in one.page.inner_text("main")


def test_saying_no_to_the_question_does_not_cancel(one, slow_run):
    one.page.goto(f"{one.place.pages}runs/{slow_run}")
    one.page.once("dialog", lambda dialog: dialog.dismiss())
    one.page.click("text=Cancel the run")
    assert goes_on(one, slow_run)


def test_the_list_follows_a_run_by_itself(one):
    run_id = one.start("steady", pause="1")
    one.page.goto(one.place.pages)
    row = one.page.locator(f"tr:has(a[href$='{run_id}'])")
    assert row.locator(".state").inner_text() in {"Queued", "Running"}
    row.locator(".state.succeeded").wait_for(timeout=60_000)


def test_nobody_elses_runs_are_found_listed_or_touched(one, two, good_run):
    two.page.goto(two.place.pages)
    assert good_run not in two.page.content()
    request = two.context.request
    two.page.goto(f"{two.place.pages}runs/{good_run}")
    assert "no such page, or it is not yours" in two.page.inner_text("main")
    for path in ("", "/state", "/report.html", "/folder.zip"):
        assert request.get(f"{two.place.pages}runs/{good_run}{path}").status == 404, path
    two.page.goto(f"{two.place.pages}new/steady?from={good_run}")
    assert two.page.locator("#p-words").input_value() == "good morning"


def test_another_person_cannot_cancel_a_run(one, two, slow_run):
    assert cancel(two, slow_run).status == 404
    assert goes_on(one, slow_run)


def test_an_operator_sees_everybodys_runs_and_whose_they_are(operator, good_run):
    operator.page.goto(operator.place.pages)
    row = operator.page.locator(f"tr:has(a[href$='{good_run}'])")
    assert "researcher-1" in row.inner_text()
    operator.page.goto(f"{operator.place.pages}runs/{good_run}")
    assert "A steady report" in operator.page.frame_locator("iframe.result").locator("h1").first.inner_text()


def test_nothing_is_started_or_cancelled_without_the_pages_own_token(one, slow_run):
    request, address = one.context.request, one.place.pages
    page = one.context.new_page()  # the other one may be just loading its list anew, and come back to it
    page.goto(f"{address}runs/{slow_run}")
    token = page.locator("input[name=_xsrf]").first.input_value()
    assert request.post(f"{address}runs/{slow_run}/cancel").status == 403
    assert request.post(f"{address}runs/{slow_run}/cancel", form={"_xsrf": "2|wrong"}).status == 403
    assert request.post(f"{address}new/steady", form={"p-words": "x"}).status == 403
    cross = {"Origin": "http://evil.example", "Sec-Fetch-Site": "cross-site"}
    assert request.post(f"{address}runs/{slow_run}/cancel", form={"_xsrf": token}, headers=cross).status == 403
    assert request.get(f"{address}runs/{slow_run}/cancel").status == 405
    assert goes_on(one, slow_run)


def test_a_page_of_another_site_cannot_start_a_run(one):
    page = one.context.new_page()
    page.set_content(f"<form method=post action='{one.place.pages}new/steady'><button>go</button></form>")
    with page.expect_response("**/new/steady") as answer:
        page.click("button")
    assert answer.value.status == 403
    page.wait_for_load_state()  # a page that is closed between the answer and its showing never says that it is closed
    page.close()


@pytest.mark.parametrize(
    "path",
    [
        "runs/..%2f..%2fhome",
        "runs/.asked",
        "runs/latest",
        "runs/latest/folder.zip",
        "new/..%2fsteady",
        "new/nothing",
        "static/..%2fapp.py",
        "static/reports.html",
        "<script>alert(1)</script>",
    ],
)
def test_an_address_that_does_not_exist_is_not_found_and_not_repeated(operator, path):
    answer = operator.context.request.get(operator.place.pages + path)
    assert answer.status == 404
    assert "alert(1)" not in answer.text()


def test_a_body_that_is_too_large_is_refused_with_a_page_through_the_proxy(one):
    answer = one.context.request.post(f"{one.place.pages}new/steady", data=b"x" * (8 * 1024 * 1024))
    assert answer.status == 413
    assert "4 MiB together" in answer.text()


def test_every_answer_tells_the_browser_to_be_careful(one, good_run):
    request = one.context.request
    for path in ("", "new/steady", f"runs/{good_run}", f"runs/{good_run}/state", "nowhere", "health"):
        headers = request.get(one.place.pages + path).headers
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["referrer-policy"] == "no-referrer", path
        assert headers["cache-control"] == "no-store", path
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy, path
        assert "frame-ancestors 'self'" in policy, path
        assert "unsafe" not in policy, path
        assert "tornado" not in headers.get("server", "").lower(), path


def test_two_answers_never_share_a_nonce(one):
    policies = [one.context.request.get(one.place.pages).headers["content-security-policy"] for _ in range(2)]
    first, second = (re.search(r"'nonce-([\w-]+)'", policy)[1] for policy in policies)
    assert first != second
    assert len(first) >= 22


def test_the_pages_work_without_scripts(sign_in):
    visitor = sign_in("researcher-2", java_script_enabled=False)
    page = visitor.page
    page.goto(visitor.place.pages + "new/steady")
    page.click("text=Run the report")
    page.wait_for_url("**/runs/*")
    page.locator("#state:has-text('Succeeded')").wait_for(timeout=60_000)  # the page reloads itself
    assert "A steady report" in page.frame_locator("iframe.result").locator("h1").first.inner_text()


def test_the_form_can_be_filled_in_and_sent_with_the_keyboard_alone(one):
    page = one.page
    page.goto(one.place.pages + "new/steady")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "p-count":
            break
    page.keyboard.press("Control+A")
    page.keyboard.type("7")
    page.keyboard.press("Enter")
    page.wait_for_url("**/runs/*")
    page.locator(".facts.mono dd", has_text=re.compile("^7$")).first.wait_for()  # the page may be loading itself anew
    cancel(one, page.url.rpartition("/")[2])


def test_nothing_is_wider_than_a_telephone(one, good_run):
    one.page.set_viewport_size({"width": 360, "height": 740})
    for path in ("", "new/steady", f"runs/{good_run}", "nowhere"):
        one.page.goto(one.place.pages + path)
        assert one.page.evaluate("document.documentElement.scrollWidth") <= 360, path
    one.page.set_viewport_size({"width": 1280, "height": 860})


def test_signing_out_ends_the_right_to_read(sign_in, good_run):
    visitor = sign_in("researcher-1")
    visitor.page.goto(f"{visitor.place.pages}runs/{good_run}")
    visitor.page.click("text=Sign out")
    visitor.page.goto(f"{visitor.place.pages}runs/{good_run}")
    assert "/hub/login" in visitor.page.url


def test_the_pages_turn_to_korean_and_stay_so(one):
    one.page.goto(one.place.pages + "new/steady")
    one.page.click("text=한국어")
    one.page.wait_for_selector("html[lang=ko]")
    assert one.page.url.endswith("/new/steady?lang=ko")
    assert one.page.locator("button.main").inner_text() == "보고서 실행"
    one.page.goto(one.place.pages)
    assert one.page.locator("h1").inner_text() == "보고서"
    one.page.click("text=English")
    one.page.wait_for_selector("html[lang=en]")
    assert one.page.locator("h1").inner_text() == "Reports"


def test_what_happens_to_a_run_is_listed_as_it_happens(one):
    run_id = one.start("steady", pause="3")
    one.page.wait_for_selector("#live-lines li:has-text('Cell 3 of 4: Waiting')", timeout=60_000)
    one.wait_for_state("Succeeded")
    lines = one.page.locator("#live-lines li").all_inner_texts()
    assert [any(word in line for line in lines) for word in ("Queued", "Running", "Cell 4 of 4", "Succeeded")] == [
        True
    ] * 4
    assert one.page.url.endswith(run_id)


def test_events_go_on_where_a_reader_left_off_and_end_with_the_run(one):
    run_id = one.start("steady")
    one.wait_for_state("Succeeded")
    token = one.page.evaluate("document.querySelector('[name=_xsrf]')?.value ?? ''")
    address = f"{one.place.pages}runs/{run_id}/events"
    whole = one.context.request.get(address, headers={"X-XSRFToken": token})
    assert whole.headers["content-type"] == "text/event-stream; charset=utf-8"
    ids = [int(line[4:]) for line in whole.text().splitlines() if line.startswith("id: ")]
    assert ids == sorted(ids)
    rest = one.context.request.get(address, headers={"X-XSRFToken": token, "Last-Event-ID": str(ids[-2])})
    assert [line for line in rest.text().splitlines() if line.startswith("id: ")] == [f"id: {ids[-1]}"]


def test_a_run_is_repeated_exactly_after_what_differs_was_said(one):
    first = one.start("steady", count="5")
    one.wait_for_state("Succeeded")
    one.page.click("text=Run exactly again")
    one.page.wait_for_url("**/again")
    assert "Nothing differs" in one.page.inner_text("main")
    one.page.click("text=Run it again")
    one.page.wait_for_url("**/runs/*")
    one.wait_for_state("Succeeded")
    assert one.page.locator(f".facts dd:has-text('{first}')").count() == 1


def test_notebook_and_pdf_can_be_had(one):
    run_id = one.start("steady")
    one.wait_for_state("Succeeded")
    get = one.context.request.get
    notebook = get(f"{one.place.pages}runs/{run_id}/report.ipynb")
    assert notebook.json()["nbformat"] == 4
    assert notebook.headers["content-disposition"] == f'attachment; filename="{run_id}.ipynb"'
    pdf = get(f"{one.place.pages}runs/{run_id}/report.pdf", timeout=60_000)
    assert (pdf.status, pdf.body()[:5]) == (200, b"%PDF-")
    assert get(f"{one.place.pages}runs/{run_id}/tables/0.csv").status == 404


def test_a_language_chosen_on_a_page_of_the_hub_holds_on_all_pages(sign_in):
    visitor = sign_in("researcher-1")
    page, hub = visitor.page, visitor.place.pages.replace("/services/reports/", "/hub/")
    page.goto(hub + "home")
    page.click("text=한국어")
    assert "researcher-1 님, 환영합니다" in page.inner_text("#content")
    assert page.locator("html").get_attribute("lang") == "ko"
    for path, word in (("token", "토큰 만들기"), ("nowhere", "그런 페이지가 없습니다")):
        page.goto(hub + path)
        assert word in page.inner_text("#content"), path
        assert "root" in page.inner_text(".banner") or "격리" in page.inner_text(".banner")
    page.goto(visitor.place.pages)
    assert page.locator("html").get_attribute("lang") == "ko"
    page.click("text=English")
    page.goto(hub + "home")
    assert "Welcome, researcher-1" in page.inner_text("#content")


def test_the_sign_in_is_in_the_language_of_the_browser(browser, place):
    context = browser.new_context(locale="ko-KR")
    page = context.new_page()
    page.goto(place.pages)
    page.fill("input[name=username]", "researcher-2")
    page.fill("input[name=password]", "not this one")
    page.click("[type=submit]")
    assert "사용자 이름이나 비밀번호가 맞지 않습니다." in page.inner_text(".login_error")
    context.close()
