"""What a role may not, no page does for it; and a refusal is told as one, not as a failure of the service."""

import datetime as dt
import io
import logging
import shutil
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from hub_config.reports.database.tables import runs
from hub_config.reports.desk import Person

from .writing.conftest import PREFIX, Bench, served_bench

MARK = "Kim-Minsu-19540312"
FILES = ("report.html", "report.ipynb", "log.txt", "run.json", "outputs.json")


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with served_bench(tmp_path) as made:
        yield made


def ended(bench: Bench, state: str) -> str:
    """Leave a run that has ended, with data in all that it printed; give its id."""
    bench.save()
    now = dt.datetime.now(dt.UTC)
    batch = bench.desk.run_definition("monthly", project="wards", person=Person("kim"), now=now)
    (run_id,) = batch.run_ids
    folder = bench.folder / "runs" / run_id
    folder.mkdir(parents=True)
    for name in FILES:
        (folder / name).write_text(f'{{"{name}": "{MARK}"}}')
    with bench.database.writing() as tx:
        values = {"state": state, "ended_at": f"{now:%Y-%m-%dT%H:%M:%S}.000Z"}
        tx.execute(sa.update(runs).where(runs.c.id == run_id).values(**values))
    return run_id


@pytest.mark.parametrize("name", ["report.html", "report.ipynb", "report.pdf", "folder.zip"])
@pytest.mark.parametrize("state", ["failed", "timed_out", "cancelled", "interrupted"])
def test_what_a_run_that_did_not_succeed_printed_is_not_for_readers(bench: Bench, state: str, name: str) -> None:
    run_id = ended(bench, state)
    answer = bench.reader("rho").get(f"runs/{run_id}/{name}")
    assert answer.status == 403
    assert MARK not in answer.text
    assert "Your role in the project does not allow this" in answer.words
    assert bench.reader("max").get(f"runs/{run_id}/{name}").status == 404


@pytest.mark.parametrize("person", ["kim", "lee", "operator"])
def test_who_may_see_logs_opens_a_run_that_failed(bench: Bench, person: str) -> None:
    run_id = ended(bench, "failed")
    assert MARK in bench.reader(person).get(f"runs/{run_id}/report.ipynb").text
    assert MARK in bench.reader(person).get(f"runs/{run_id}/report.html").text


def names_in_archive(bench: Bench, person: str, run_id: str) -> set[str]:
    request = urllib.request.Request(bench.url + PREFIX + f"runs/{run_id}/folder.zip", headers={"X-Person": person})
    with urllib.request.urlopen(request, timeout=20) as answer:
        content = answer.read()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name.partition("/")[2] for name in archive.namelist()}


def test_the_archive_for_readers_is_without_the_log(bench: Bench) -> None:
    run_id = ended(bench, "succeeded")
    assert MARK in bench.reader("rho").get(f"runs/{run_id}/report.html").text
    assert names_in_archive(bench, "rho", run_id) == set(FILES) - {"log.txt"}
    assert names_in_archive(bench, "lee", run_id) == set(FILES)


def test_a_wish_that_the_role_does_not_allow_is_refused_and_not_a_failure(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    run_id = ended(bench, "queued")
    lee = bench.reader("lee")
    lee.get(f"runs/{'x' * 20}/report.html")
    with caplog.at_level(logging.ERROR):
        answer = lee.post(f"runs/{run_id}/cancel", _xsrf=next(one.value for one in lee.jar if one.name == "_xsrf"))
    assert answer.status == 403
    assert "Your role in the project does not allow this" in answer.words
    assert caplog.records == []
    assert bench.runs()[0].stop_asked_by is None


def test_a_runner_cannot_show_the_run_of_another_project_as_its_own(bench: Bench) -> None:
    """Whoever executes a project's notebooks could speak for its runner."""
    own = ended(bench, "succeeded")
    (bench.folder / "runs" / own).rename(bench.folder / "elsewhere")
    other = bench.home / "projects" / "oncology" / "runs" / own
    other.mkdir(parents=True)
    (other / "report.html").write_text(MARK)
    reader = bench.reader("kim")
    for told in (f"projects/oncology/runs/{own}", str(other), f"projects/wards/runs/../../oncology/runs/{own}"):
        with bench.database.writing() as tx:
            tx.execute(sa.update(runs).where(runs.c.id == own).values(folder=told))
        answer = reader.get(f"runs/{own}/report.html")
        assert (answer.status, MARK in answer.text) == (404, False), told
    (bench.folder / "elsewhere").rename(bench.folder / "runs" / own)
    assert reader.get(f"runs/{own}/report.html").status == 200


def test_runs_from_the_command_line_are_read_where_they_lie(bench: Bench) -> None:
    run_id = ended(bench, "succeeded")
    (bench.folder / "runs" / run_id).rename(bench.home / "runs" / run_id)
    with bench.database.writing() as tx:
        tx.execute(sa.update(runs).where(runs.c.id == run_id).values(folder=f"runs/{run_id}", project="~kim"))
    assert MARK in bench.reader("kim").get(f"runs/{run_id}/report.html").text


def left_by_its_runner(bench: Bench, *, record: str | None) -> str:
    """Leave a run whose runner fell silent, and that no runner has closed."""
    run_id = ended(bench, "interrupted")
    folder = bench.folder / "runs" / run_id
    building = folder.with_name(f".{run_id}.running")
    folder.rename(building)
    if record is not None:
        (building / "run.json").write_text(record)
    else:
        shutil.rmtree(building)
    with bench.database.writing() as tx:
        tx.execute(sa.update(runs).where(runs.c.id == run_id).values(state_reason="runner-silent"))
    return run_id


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_page_says_where_a_run_lies_that_no_runner_has_closed(bench: Bench, language: str) -> None:
    run_id = left_by_its_runner(bench, record='{"host": "node-7.example.org"}')
    words = bench.reader("kim", language).get(f"runs/{run_id}").words
    assert f"projects/wards/runs/.{run_id}.running" in words
    assert "node-7.example.org" in words
    assert "node-7" not in bench.reader("rho", language).get(f"runs/{run_id}").words
    bench_folder = bench.folder / "runs" / f".{run_id}.running"
    bench_folder.rename(bench.folder / "runs" / run_id)
    assert "node-7" not in bench.reader("kim", language).get(f"runs/{run_id}").words, "closed meanwhile"


def test_the_page_says_so_where_that_cannot_be_seen_from_here(bench: Bench) -> None:
    run_id = left_by_its_runner(bench, record=None)
    words = bench.reader("kim").get(f"runs/{run_id}").words
    assert "is not found from here" in words
    assert f"projects/wards/runs/.{run_id}.running" in words
