"""The history with its filters, and choosing what a run is compared with, as pages that need no scripts."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from re import findall

import pytest
import sqlalchemy as sa

from hub_config.reports.database.tables import runs, slots

from ..planted import write_definition, write_project, write_runs
from ..served import Served, serve


@dataclass
class Planted:
    """What is there."""

    served: Served
    first: str
    second: str
    failed: str
    other: str


@pytest.fixture(scope="module")
def planted(tmp_path_factory) -> Iterator[Planted]:
    with serve(tmp_path_factory.mktemp("history") / "home") as served:
        write_project(served)
        write_project(served, "others")
        (served.home / "projects" / "others" / "project.toml").write_text(
            'title = "Others"\n[members]\nmax = "lead"\n', encoding="utf-8"
        )
        write_definition(served)
        (first,) = write_runs(served, 10, day=1)
        (second,) = write_runs(served, 12, day=2)
        (failed,) = write_runs(served, 99, day=3, state="failed")
        (other,) = write_runs(served, 1, day=4, definition=None, title="Once")
        write_runs(served, 1, day=4, project="others", definition="secret-plan", title="Others")
        with served.database.writing() as tx:
            tx.execute(sa.update(runs).where(runs.c.id == other).values(template_name="alone"))
            for run_id, who, release in (
                (first, "~schedule", "2026-09"),
                (second, "researcher-1", "2026-10"),
                (failed, "kim", "2026-10"),
            ):
                change = {"submitted_by": who, "releases": {"wards": release}}
                tx.execute(sa.update(runs).where(runs.c.id == run_id).values(**change))
        yield Planted(served, first, second, failed, other)


@pytest.fixture
def reader(planted):
    return planted.served.reader("researcher-2")


def options(text: str, name: str) -> list[str]:
    (inside,) = findall(rf'<select id="s-{name}".*?</select>', text.replace("\n", " "))
    return [unescape(value) for value in findall(r'<option value="([^"]*)"', inside)]


def shown(text: str) -> list[str]:
    return findall(r'<th scope="row" class="report"><a href="[^"]*/runs/([^"]*)"', text)


def test_the_filters_offer_what_the_runs_of_ones_projects_have_been(planted, reader):
    page = reader.get("history").text
    assert options(page, "project") == ["", "~researcher-2", "wards"]
    assert options(page, "definition") == ["", "monthly"]
    assert options(page, "who") == ["", "kim", "researcher-1", "~schedule"]
    assert options(page, "release") == ["", "wards@2026-10", "wards@2026-09"]
    assert "succeeded" in options(page, "state")
    assert "secret-plan" not in page
    assert "secret-plan" in planted.served.reader("operator").get("history").text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["other", "failed", "second", "first"]),
        ("definition=monthly", ["failed", "second", "first"]),
        ("who=~schedule", ["first"]),
        ("release=wards@2026-10", ["failed", "second"]),
        ("release=wards%402026-10&state=succeeded", ["second"]),
        ("release=none@2026-10", []),
        ("project=wards&since=2026-11-02&until=2026-11-03", ["second", "first"]),
        ("state=failed&who=kim&definition=monthly&project=wards", ["failed"]),
        ("who=nobody", []),
        ("project=others", []),
    ],
)
def test_runs_are_found_by_each_filter(planted, reader, query, found):
    answer = reader.get(f"history?{query}")
    assert answer.status == 200
    assert shown(answer.text) == [getattr(planted, name) for name in found]


def test_skipped_slots_that_are_not_listed_one_by_one_are_counted(planted):
    ids = write_runs(planted.served, *range(3), day=6, project="others", definition="hourly", state="skipped")
    with planted.served.database.writing() as tx:
        for number, run_id in enumerate(ids):
            slot = f"2026-11-06T0{number}:00:00.000Z"
            tx.execute(sa.update(runs).where(runs.c.id == run_id).values(slot=slot))
        decided = tx.execute(sa.select(runs.c.queued_at).where(runs.c.id == ids[0])).scalar_one()
        row = {"project": "others", "definition": "hourly", "slot": "2025-10-31T05:00:00.000Z", "n": 527_039}
        row |= {"until": "2026-11-05T23:00:00.000Z", "decision": "skipped", "reason": "missed", "decided_at": decided}
        tx.execute(sa.insert(slots).values(**row))
    (english,) = findall(r'<tr class="skipped-slots">.*?</tr>', found(planted, "en"))
    assert "More slots that were skipped before, not listed one by one: 527,039 (<time" in english
    assert 'datetime="2025-10-31T05:00:00' in english
    assert 'datetime="2026-11-05T23:00:00' in english
    assert "state=skipped" not in english
    (korean,) = findall(r'<tr class="skipped-slots">.*?</tr>', found(planted, "ko"))
    assert "목록에 하나하나 나오지 않는 예정된 실행: 527,039회" in korean


def found(planted, language: str) -> str:
    page = planted.served.reader("max", language).get("history?definition=hourly&state=skipped")
    assert len(shown(page.text)) == 3
    return page.text.replace("\n", " ")


def test_days_are_those_of_the_projects_zone(planted, reader):
    """The runs of day 1 are asked for at midnight UTC, which is nine o'clock in Seoul."""
    assert "From day (Asia/Seoul)" in reader.get("history?project=wards").words
    assert "From day (UTC)" in reader.get("history").words
    moment = dt.datetime(2026, 11, 2, tzinfo=dt.UTC) - dt.timedelta(hours=3)
    with planted.served.database.writing() as tx:
        tx.execute(
            sa.update(runs).where(runs.c.id == planted.first).values(queued_at=f"{moment:%Y-%m-%dT%H:%M:%S}.000Z")
        )
    assert planted.first in shown(reader.get("history?project=wards&since=2026-11-02&until=2026-11-02").text)
    assert planted.first not in shown(reader.get("history?since=2026-11-02&until=2026-11-02").text)


def test_what_was_asked_for_stays_chosen_also_if_it_is_not_known(reader):
    page = reader.get("history?definition=gone&who=~schedule&release=wards@2026-10&since=2026-11-02").text
    for value in ("gone", "~schedule", "wards@2026-10"):
        assert f'<option value="{value}" selected>' in page
    assert 'name="since" value="2026-11-02"' in page


def test_nothing_found_says_so_and_offers_all(reader, planted):
    page = reader.get("history?who=nobody")
    assert "No run fits these filters." in page.words
    assert 'href="/services/reports/history"' in page.text
    stranger = planted.served.reader("zoe").get("history")
    assert "There are no runs yet that you may see." in stranger.words
    assert "Show all" not in stranger.words
    assert "조건에 맞는 실행이 없습니다." in planted.served.reader("researcher-2", "ko").get("history?who=nobody").words


@pytest.mark.parametrize("query", ["state=closing", "since=2026-13-01", "until=9999-12-31", "release=x", "release=@1"])
def test_what_cannot_be_meant_is_refused(reader, query):
    assert reader.get(f"history?{query}").status == 422


def test_a_run_is_compared_with_one_that_is_chosen_from_a_list(reader, planted):
    assert f"compare?b={planted.second}" in reader.get(f"runs/{planted.second}").text
    page = reader.get(f"compare?b={planted.second}")
    assert page.status == 200
    assert shown(page.text) == [planted.failed, planted.first]
    compared = findall(r'href="/services/reports/(compare\?a=[^"]*)"', page.text)
    assert [unescape(one) for one in compared] == [
        f"compare?a={planted.second}&b={planted.failed}",
        f"compare?a={planted.first}&b={planted.second}",
    ]
    both = reader.get(unescape(compared[1]))
    assert "Two runs side by side" in both.words
    assert f"compare?b={planted.second}" in both.text
    assert f"compare?b={planted.first}" in both.text


def test_choosing_from_either_side_leads_to_the_same(reader, planted):
    assert reader.get(f"compare?a={planted.first}").words == reader.get(f"compare?b={planted.first}").words
    same = reader.get(f"compare?a={planted.first}&b={planted.first}")
    assert "With which run?" in same.words


def test_without_another_run_of_the_report_the_id_of_any_can_be_given(reader, planted):
    page = reader.get(f"compare?b={planted.other}")
    assert "There is no other run of this report" in page.words
    assert 'name="b"' in page.text
    assert reader.get(f"compare?a={planted.other}&b=none").status == 404


def test_strangers_choose_nothing(planted):
    assert planted.served.reader("max").get(f"compare?b={planted.first}").status == 404
    assert planted.served.reader("max").get("compare").status == 404
