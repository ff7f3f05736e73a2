"""Live progress: every cell is told, once, to all who watch, by one look at the database; and it ends with the run."""

import asyncio
import datetime as dt
import json
import threading
import urllib.request
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from hub_config.reports.database.submissions import note_event
from hub_config.reports.database.tables import events, runs
from hub_config.reports.service.live import MOST_WAITING, LiveEvents

from .planted import write_project, write_runs
from .served import Served, serve

NOW = dt.datetime(2026, 11, 27, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Iterator[Served]:
    with serve(tmp_path_factory.mktemp("live") / "home") as served:
        write_project(served)
        yield served


def begin(served: Served, *, day: int = 1, state: str = "running") -> str:
    (run_id,) = write_runs(served, 1, day=day, state=state)
    return run_id


def note(served: Served, run_id: str, *kinds: str) -> list[int]:
    """Write events down; give their ids."""
    with served.database.writing() as tx:
        for kind in kinds:
            note_event(tx, run_id, kind=kind, now=NOW, text="1/9 A cell" if kind == "cell" else "")
            if kind == "succeeded":
                tx.execute(sa.update(runs).where(runs.c.id == run_id).values(state=kind))
        asked = sa.select(events.c.id).where(events.c.run_id == run_id).order_by(events.c.id)
        return list(tx.execute(asked).scalars())[-len(kinds) :]


def counted(served: Served) -> list[str]:
    """The statements from now on."""
    said: list[str] = []
    sa.event.listen(served.database.engine, "before_cursor_execute", lambda *given: said.append(given[2]), named=False)
    return said


def test_nothing_is_passed_over_between_two_looks_however_much_happens(served):
    run_id = begin(served)

    async def follow() -> list[int]:
        live = LiveEvents(served.database)
        async with live.watch(run_id, person="kim", after=0) as watcher:
            seen: list[int] = []
            for _ in range(5):
                note(served, run_id, *["cell"] * 700)
                await live.look(NOW)
                seen += [event.id for event in (await watcher.news()).events]
            return seen

    seen = asyncio.run(follow())
    with served.database.reading() as connection:
        there = connection.execute(sa.select(events.c.id).where(events.c.run_id == run_id).order_by(events.c.id))
        assert seen == list(there.scalars())
    assert len(seen) > 3500


def test_a_long_history_of_one_run_keeps_nobody_from_the_news_of_another(served):
    long, quiet = begin(served), begin(served)
    note(served, long, *["cell"] * 4500)

    async def follow() -> tuple[list[bool], int]:
        live = LiveEvents(served.database)
        async with (
            live.watch(quiet, person="kim", after=0) as first,
            live.watch(long, person="kim", after=0) as second,
        ):
            whole = []
            for _ in range(3):
                await live.look(NOW)
                whole.append((await second.news()).is_whole)
            note(served, quiet, "cell")
            await live.look(NOW)
            found = 0
            while not first.waiting.empty():
                found += len((await first.news()).events)
            return whole, found

    whole, found = asyncio.run(follow())
    assert whole == [False, False, True], "an end is told with the last event only"
    assert found == 2


def test_a_reader_that_stands_still_loses_nothing_and_holds_up_nobody(served):
    run_id = begin(served)

    async def follow() -> tuple[int, int]:
        live = LiveEvents(served.database)
        async with (
            live.watch(run_id, person="kim", after=0) as slow,
            live.watch(run_id, person="lee", after=0) as quick,
        ):
            quickly = slowly = 0
            for _ in range(MOST_WAITING + 20):
                note(served, run_id, "cell")
                await live.look(NOW)
                quickly += len((await quick.news()).events)
            for _ in range(MOST_WAITING):
                slowly += len((await slow.news()).events)
            await live.look(NOW)
            slowly += len((await slow.news()).events)
            return quickly, slowly

    quickly, slowly = asyncio.run(follow())
    assert quickly == slowly > MOST_WAITING


def test_a_hundred_readers_cost_one_look(served):
    run_id, waiting = begin(served), begin(served, state="queued")

    async def follow() -> tuple[int, int]:
        live = LiveEvents(served.database)
        async with asyncio.TaskGroup() as group, asyncio.timeout(20):
            done = asyncio.Event()

            async def one(name: str, run: str) -> int:
                async with live.watch(run, person=name, after=0) as watcher:
                    news = await watcher.news()
                    await done.wait()
                    return len(news.events)

            tasks = [group.create_task(one(f"p{n}", run_id if n % 2 else waiting)) for n in range(100)]
            await asyncio.sleep(0.05)
            said = counted(served)
            await live.look(NOW)
            first = len(said)
            await live.look(NOW + dt.timedelta(seconds=0.4))
            done.set()
        assert all(task.result() >= 1 for task in tasks)
        return first, len(said) - first

    first, quiet = asyncio.run(follow())
    assert first <= 3, "events, runs, and the place in the queue of the one that waits"
    assert quiet == 1


@pytest.fixture
def looks(served) -> Iterator[None]:
    """The service looks, as its keeper has it do."""
    live: LiveEvents = served.service.server.request_callback.settings["live"]
    stopping = threading.Event()

    async def look() -> None:
        while not stopping.is_set():
            await live.look(dt.datetime.now(dt.UTC))
            await asyncio.sleep(0.02)

    looking = asyncio.run_coroutine_threadsafe(look(), served.loop)
    yield
    stopping.set()
    looking.result(5)


def stream(served: Served, run_id: str, **headers: str):
    sent = {"X-Person": "researcher-2", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return urllib.request.urlopen(urllib.request.Request(f"{served.url}runs/{run_id}/events", headers=sent), timeout=20)


def told(answer) -> Iterator[dict]:
    """Each event of a stream, as it comes."""
    one: dict = {}
    for line in answer:
        name, _, value = line.decode().rstrip("\n").partition(": ")
        if name:
            one[name] = json.loads(value) if name == "data" else value
        elif one:
            if "data" in one:
                yield one
            one = {}


@pytest.mark.usefixtures("looks")
def test_a_stream_tells_every_event_goes_on_where_it_broke_off_and_ends_with_the_run(served):
    run_id = begin(served)
    with stream(served, run_id) as answer:
        following = told(answer)
        ids = [int(next(following)["id"]) for _ in range(1)]
        ids += note(served, run_id, "cell", "cell", "cell")
        got = ids[:1]
        while len(got) < 4:
            one = next(following)
            got += [int(one["id"])] if "id" in one else []
            assert one["data"]["active"] is True
    assert got == ids
    more = note(served, run_id, "cell", "cell", "succeeded")
    with stream(served, run_id, Last_Event_ID=str(ids[-1])) as answer:
        rest = list(told(answer))
    assert [int(one["id"]) for one in rest] == more
    assert [one["data"]["active"] for one in rest] == [True, True, False]
    assert rest[-1]["data"]["state"] == "succeeded"
    with stream(served, run_id, Last_Event_ID=str(more[-1])) as answer:
        assert [one["data"]["active"] for one in told(answer)] == [False]


@pytest.mark.usefixtures("looks")
def test_a_reader_that_leaves_is_forgotten(served):
    run_id = begin(served)
    live: LiveEvents = served.service.server.request_callback.settings["live"]
    with stream(served, run_id) as answer:
        next(told(answer))
        assert run_id in live._watchers
    end = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=5)
    while run_id in live._watchers and dt.datetime.now(dt.UTC) < end:
        threading.Event().wait(0.02)
    assert run_id not in live._watchers
