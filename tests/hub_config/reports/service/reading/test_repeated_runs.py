"""The page of an exact repetition says whether it gave exactly what the first run gave."""

import json
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from hub_config.reports.database.tables import runs

from ..planted import write_project, write_runs
from ..served import Served, serve


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Iterator[Served]:
    with serve(tmp_path_factory.mktemp("repeated") / "home") as served:
        write_project(served)
        yield served


@pytest.fixture
def repeat(served: Served):
    """Plant a run and one that repeats it; give the page of the second."""

    def plant(first: float, second: float, *, language: str = "en", declared: bool = True) -> str:
        (one,), (two,) = write_runs(served, first, day=1), write_runs(served, second, day=2)
        with served.database.writing() as tx:
            tx.execute(sa.update(runs).where(runs.c.id == two).values(rerun_of=one))
        for run_id in () if declared else (one, two):
            (served.home / "projects" / "wards" / "runs" / run_id / "outputs.json").unlink()
        reader = served.reader("researcher-2")
        return " ".join(reader.get(f"runs/{two}?lang={language}").text.split())

    return plant


@pytest.mark.parametrize(
    ("language", "same", "since"),
    [
        ("en", "Exactly the same as in the run that it repeats", "Compared with the run that it repeats, of"),
        ("ko", "반복한 실행과 정확히 같습니다. 선언된 결과물 1개가 모두 같고", "반복한 실행과 비교:"),
    ],
)
def test_a_repetition_that_gave_the_same_says_so(repeat, language, same, since):
    page = repeat(0.1 + 0.2, 0.1 + 0.2, language=language)
    assert same in page
    assert since in page


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("Not exactly the same as in the run that it repeats:", "<li>falls: value is not the same</li>")),
        ("ko", ("반복한 실행과 정확히 같지는 않습니다:", "<li>falls: value의 값이 다름</li>")),
    ],
)
def test_the_last_bit_of_a_number_is_told_as_a_difference(repeat, language, words):
    page = repeat(0.1 + 0.2, 0.3, language=language)
    assert all(one in page for one in words)


def test_a_repetition_without_declared_outputs_claims_nothing(repeat):
    page = repeat(1, 1, declared=False)
    assert "cannot be told: a run declared no outputs" in page
    assert "Exactly the same" not in page


@pytest.mark.parametrize(("language", "words"), [("en", "wrote is gone"), ("ko", "정확히 같은지 알 수 없습니다")])
def test_a_repetition_of_what_was_removed_says_that_nothing_can_be_told(served, language, words):
    (one,), (two,) = write_runs(served, 1, day=7), write_runs(served, 1, day=8)
    with served.database.writing() as tx:
        tx.execute(sa.update(runs).where(runs.c.id == two).values(rerun_of=one))
        tx.execute(sa.update(runs).where(runs.c.id == one).values(removal_asked_by="researcher-1"))
    page = served.reader("researcher-2").get(f"runs/{two}?lang={language}").text
    assert words in page
    assert "Exactly the same" not in page


def test_a_run_that_repeats_nothing_has_no_such_words(served):
    write_runs(served, 1, day=3)
    (second,) = write_runs(served, 1, day=4)
    page = served.reader("researcher-2").get(f"runs/{second}").text
    assert 'id="exact"' not in page
    assert "Compared with the last success before it" in page


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "no number and no table in common"), ("ko", "서로 비교할 수 있는 수치나 표가 없습니다")],
)
def test_runs_that_cannot_be_compared_are_not_said_to_be_unchanged(served, language, words):
    (one,), (two,) = write_runs(served, 1, day=5), write_runs(served, 2, day=6)
    for run_id in (one, two):
        (served.home / "projects" / "wards" / "runs" / run_id / "outputs.json").unlink()
    reader = served.reader("researcher-2")
    for path in (f"compare?a={one}&b={two}&", f"runs/{two}?"):
        page = reader.get(f"{path}lang={language}").text
        assert words in page
        assert "No output changed" not in page
        assert "달라진 결과물이 없습니다" not in page


def test_sameness_is_claimed_only_of_what_was_compared(served):
    (one,), (two,) = write_runs(served, 1, day=9), write_runs(served, 1, day=10)
    file = served.home / "projects" / "wards" / "runs" / two / "outputs.json"
    document = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps(document | {"outputs": [*document["outputs"], {"id": 5}]}), encoding="utf-8")
    page = served.reader("researcher-2").get(f"compare?a={one}&b={two}").text
    assert "some of it could not be" in page
    assert "No output changed." not in page
