"""What the pages of definitions refuse, and with which status."""

import pytest

from .conftest import Bench, notebook

PATH = "projects/wards/reports/monthly"


@pytest.mark.parametrize("action", ["run", "pause", "remove", "approve", "discard"])
def test_a_reader_is_refused_whatever_their_browser_sends(bench: Bench, action: str) -> None:
    bench.save()
    bench.save("lee", approve=False, parameters={"ward": "Z"})
    row = bench.row()
    sent = {"document": row.draft_sha256, "template": row.draft_template_sha256, "key": "k" * 20}
    assert bench.reader("rho").post(f"{PATH}/{action}", **sent).status == 403
    assert bench.row() == row
    assert bench.runs() == []


def test_only_a_lead_approves(bench: Bench) -> None:
    bench.save("lee", approve=False)
    row = bench.row()
    sent = {"document": row.draft_sha256, "template": row.draft_template_sha256}
    for name in ("lee", "rho", "operator"):
        assert bench.reader(name).post(f"{PATH}/approve", **sent).status == 403, name
    assert bench.row().document is None


def test_a_draft_cannot_be_run_before_it_is_approved(bench: Bench) -> None:
    bench.save("lee", approve=False)
    answer = bench.reader("lee").post(f"{PATH}/run", key="k" * 20)
    assert answer.status == 409
    assert "Not approved yet" in answer.words
    assert bench.runs() == []


def test_a_full_queue_is_told_on_the_page(bench: Bench) -> None:
    file = bench.folder / "project.toml"
    file.write_text(file.read_text(encoding="utf-8") + "\n[limits]\nmax_queued = 1\n", encoding="utf-8")
    bench.save(sweep={"grid": {"ward": ["A", "B"]}})
    answer = bench.reader("lee").post(f"{PATH}/run", key="k" * 20)
    assert answer.status in {409, 422, 429}
    assert bench.runs() == []


def test_a_report_that_does_not_fit_any_more_is_refused_with_the_reason(bench: Bench) -> None:
    (bench.folder / "secrets").mkdir(mode=0o700)
    secret = bench.folder / "secrets" / "database"
    secret.write_text("correct-horse", encoding="utf-8")
    secret.chmod(0o600)
    bench.write_template(notebook('password: "Secret" = "database"  # of the database'))
    bench.save(parameters={"password": "database"})
    secret.rename(secret.with_name("other"))
    answer = bench.reader("lee").post(f"{PATH}/run", key="k" * 20)
    assert answer.status == 422
    assert "other" in answer.words


def test_running_needs_the_key_of_the_page(bench: Bench) -> None:
    bench.save()
    for key in ("", "<script>", "k" * 300):
        assert bench.reader("lee").post(f"{PATH}/run", key=key).status == 400
    assert bench.runs() == []


def test_a_double_click_on_run_now_makes_one_run(bench: Bench) -> None:
    bench.save()
    lee = bench.reader("lee")
    key = lee.get(PATH).value("key")
    first, second = (lee.post(f"{PATH}/run", key=key) for _ in range(2))
    assert first.url == second.url
    assert len(bench.runs()) == 1


@pytest.mark.parametrize("action", ["run", "pause", "remove", "approve", "discard"])
def test_nothing_is_done_without_the_pages_token(bench: Bench, action: str) -> None:
    bench.save()
    before = bench.row()
    kim = bench.reader("kim")
    kim.get(PATH)
    assert kim.post(f"{PATH}/{action}", _xsrf="", key="k" * 20).status == 403
    assert bench.row() == before


def test_strangers_find_nothing(bench: Bench) -> None:
    bench.save()
    for rest in ("", "/edit", "/draft"):
        assert bench.reader("max").get(PATH + rest).status == 404
    for action in ("run", "pause", "remove", "approve", "discard"):
        assert bench.reader("max").post(f"{PATH}/{action}", key="k" * 20).status == 404


def test_a_definition_of_another_version_is_told_and_not_an_error_of_ours(bench: Bench) -> None:
    bench.save()
    import sqlalchemy as sa

    from hub_config.reports.database.tables import definitions

    with bench.database.writing() as tx:
        tx.execute(sa.update(definitions).values(document={"name": "monthly", "title": "Monthly", "colour": "red"}))
    answer = bench.reader("kim").get(PATH)
    assert answer.status == 200
    assert "colour" in answer.words


def test_the_draft_shows_hostile_notebooks_and_titles_as_text(bench: Bench) -> None:
    from .conftest import CELL

    hostile = "<script>alert(1)</script>"
    bench.write_template(notebook(CELL, f"print('{hostile}')"))
    bench.save("lee", approve=False, title=hostile)
    page = bench.reader("kim").get(f"{PATH}/draft")
    assert hostile in page.words
    assert hostile not in page.text


@pytest.mark.parametrize("text", ["a" * 300_000, "[[[", "a." * 3000 + "b = 1"])
def test_text_that_is_no_definition_is_refused_and_kept(bench: Bench, text: str) -> None:
    answer = bench.reader("lee").post("projects/wards/new", text=text, do="save")
    assert answer.status == 422
    assert answer.area("text").strip() == text.strip()
