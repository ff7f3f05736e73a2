"""The page of one definition: what it says, and what its buttons do."""

import pytest

from .conftest import Bench, notebook

PATH = "projects/wards/reports/monthly"
HOSTILE = "<script>alert(1)</script>"


@pytest.mark.parametrize(("language", "schedule", "told"), [
    ("en", "every working day at 07:00", "ops (failed, late)"),
    ("ko", "매 근무일", "ops (실패, 지연)"),
])  # fmt: skip
def test_it_says_what_runs_when_and_who_is_told(bench: Bench, language: str, schedule: str, told: str) -> None:
    bench.save(
        schedule=["every working day at 07:00"],
        parameters={"ward": HOSTILE, "first": "{month:-1.start}"},
        recipients=[{"target": "ops", "events": ["failed", "late"]}],
        title=HOSTILE,
    )
    page = bench.reader("kim", language).get(PATH)
    assert page.status == 200
    for words in (schedule, told, "{month:-1.start}", HOSTILE):
        assert words in page.words
    assert page.words.count("07:00 UTC+09:00") == 5
    assert HOSTILE not in page.text


def test_a_sweep_tells_how_many_runs_it_makes_and_leads_to_them(bench: Bench) -> None:
    bench.save(sweep={"grid": {"ward": ["A", HOSTILE]}})
    lee = bench.reader("lee")
    page = lee.get(PATH)
    assert "2 runs each time" in page.words
    assert "month 2026-01" in page.words, "also what the template says, where all runs have it"
    assert "newest success" not in page.words.lower(), "there is none yet"
    assert f"ward={HOSTILE}" in page.words
    assert HOSTILE not in page.text
    assert "/batches/" in lee.post(f"{PATH}/run", key=page.value("key")).url
    assert f"ward={HOSTILE}" in lee.get(PATH).words.partition("Newest runs")[2]


def test_what_keeps_it_from_running_now_is_told(bench: Bench) -> None:
    (bench.folder / "secrets").mkdir(mode=0o700)
    secret = bench.folder / "secrets" / "database"
    secret.write_text("correct-horse", encoding="utf-8")
    secret.chmod(0o600)
    bench.write_template(notebook('password: "Secret" = "database"  # of the database'))
    bench.save(parameters={"password": "database"})
    assert "It could not run now" not in bench.reader("rho").get(PATH).words
    secret.rename(secret.with_name("other"))
    assert "It could not run now:" in bench.reader("rho").get(PATH).words


def test_a_file_of_a_sweep_that_was_changed_is_told_and_is_a_difference_of_its_draft(bench: Bench) -> None:
    (bench.folder / "wards.csv").write_text("ward\nA\nB\n", encoding="utf-8")
    bench.save(sweep={"csv": "wards.csv"})
    (bench.folder / "wards.csv").write_text("ward\nA\nC\n", encoding="utf-8")
    page = bench.reader("rho").get(PATH).words
    assert "The file of the notebook or of the sweep has changed since it was approved" in page
    assert "It could not run now" not in page
    bench.save("lee", approve=False, sweep={"csv": "wards.csv"})
    draft = bench.reader("kim").get(f"{PATH}/draft").words
    assert "sweep.csv.content" in draft
    assert '["B"]' in draft
    assert '["C"]' in draft


def test_readers_and_operators_are_offered_no_button(bench: Bench) -> None:
    bench.save()
    bench.write_template(notebook("ward: str = 'B'  # which"))
    for name in ("rho", "operator"):
        page = bench.reader(name).get(PATH)
        assert "has changed since" in page.words
        assert "<form" not in page.text


def test_removing_asks_first_also_without_scripts(bench: Bench) -> None:
    bench.save()
    kim = bench.reader("kim")
    page = kim.get(PATH)
    assert "Remove this report? Its runs stay. Yes, remove it" in page.words
    assert "Yes, remove it" not in bench.reader("lee").get(PATH).words
    assert kim.post(f"{PATH}/remove").status == 200
    assert kim.get(PATH).status == 404


def test_a_notebook_that_changed_on_the_disk_becomes_a_draft(bench: Bench) -> None:
    bench.save()
    lee = bench.reader("lee")
    assert "has changed since" not in lee.get(PATH).words
    assert lee.post(f"{PATH}/template").status == 409
    bench.write_template(notebook("ward: str = 'B'  # which", "print(ward)"))
    assert "has changed since" in lee.get(PATH).words
    assert bench.reader("rho").post(f"{PATH}/template").status == 403
    assert lee.post(f"{PATH}/template").url.endswith("/draft")
    assert bench.row().draft is not None
    assert "has changed since" not in lee.get(PATH).words
    bench.write_template(notebook("ward: str = 'C'  # which", "print(ward)"))
    assert "has changed since" in lee.get(PATH).words


def test_the_page_of_a_run_leads_to_its_project_and_its_definition_while_there_is_one(bench: Bench) -> None:
    bench.save()
    kim = bench.reader("kim")
    run = kim.post(f"{PATH}/run", key=kim.get(PATH).value("key")).url.partition("/services/reports/")[2]
    crumbs = kim.get(run).text.partition('class="crumbs"')[2].partition("</p>")[0]
    assert 'href="/services/reports/projects/wards">Ward &lt;b&gt;quality&lt;/b&gt;</a>' in crumbs
    assert 'href="/services/reports/projects/wards/reports/monthly">monthly</a>' in crumbs
    kim.post(f"{PATH}/remove")
    crumbs = kim.get(run).text.partition('class="crumbs"')[2].partition("</p>")[0]
    assert 'projects/wards"' in crumbs
    assert "reports/monthly" not in crumbs


@pytest.mark.parametrize(
    ("cell", "example"),
    [
        ('month: str = "2026-01"  # which month, YYYY-MM', "{month:-1}."),
        ('first: str = "2026-01-01"  # first day, YYYY-MM-DD', "{month:-1.start}."),
        ('first: "date" = "2026-01-01"  # first day', "{month:-1.start}."),
    ],
)
def test_the_form_shows_what_depends_on_the_run_as_the_field_wants_it(bench: Bench, cell: str, example: str) -> None:
    bench.write_template(notebook(cell))
    bench.save()
    words = bench.reader("kim").get(f"{PATH}/edit").words
    assert f"such as {example}" in words
