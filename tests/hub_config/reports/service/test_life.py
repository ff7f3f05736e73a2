"""The service's own life: it starts fast, stops in time with all its runs, and tells the truth after a kill."""

import asyncio
import signal
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest
import sqlalchemy as sa
from tornado.web import create_signed_value

from hub_config.home import Home
from hub_config.reports.database import open_database
from hub_config.reports.database.tables import runners
from hub_config.reports.runners.names import new_runner_name
from hub_config.reports.runners.starting import HubServers

from .conftest import Place, free_port

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(180)]


@pytest.fixture
def one(sign_in, place):
    yield sign_in("researcher-1")
    if place.service is None:
        place.start_service()


def state_shown(one, run_id):
    """What the page of a run says, in a tab of its own: one that watched the run may be loading itself anew."""
    page = one.context.new_page()
    page.goto(f"{one.place.pages}runs/{run_id}")
    shown = page.locator("#state").inner_text()
    page.close()
    return shown


def processes_of(run_id):
    found = []
    for process in psutil.process_iter():
        try:
            words = [*process.cmdline(), *process.environ().values()]
            lives = process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            continue
        if lives and any(run_id in word for word in words):
            found.append(process)
    return found


def test_health_answers_without_signing_in_and_before_the_hub_is_asked(place):
    with urllib.request.urlopen(f"http://127.0.0.1:{place.service_port}/services/reports/health") as answer:
        assert answer.status == 200


def test_the_service_listens_on_loopback_only(place):
    listening = {
        connection.laddr.ip
        for connection in psutil.Process(place.service.pid).net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {"127.0.0.1"}


def test_the_service_stops_within_five_seconds_and_its_runs_go_on(one, place):
    running = one.start("steady", pause="25")
    one.page.wait_for_selector("#live-text:has-text('Cell 3 of 4')", timeout=60_000)
    second, third = one.start("steady", pause="0"), one.start("steady", pause="0")
    assert place.stop_service() < 5
    assert place.run(running).state == "running", "the run outlives the service"
    place.start_service()
    for run_id in (running, second, third):
        place.wait_for_run(run_id, "succeeded", within=60)
        assert state_shown(one, run_id) == "Succeeded"


def test_after_a_kill_the_next_service_hears_from_the_runs_that_go_on(one, place):
    run_id = one.start("steady", pause="8")
    one.page.wait_for_selector("#live-text:has-text('Cell 3 of 4')", timeout=60_000)
    assert place.service is not None
    place.service.send_signal(signal.SIGKILL)
    place.service.wait()
    place.start_service()
    place.wait_for_run(run_id, "succeeded", within=60)
    assert state_shown(one, run_id) == "Succeeded", "and nobody had to sign in again"


def test_a_run_whose_runner_is_killed_is_interrupted_and_nothing_of_it_is_left(one, place):
    run_id = one.start("steady", pause="120")
    one.page.wait_for_selector("#live-text:has-text('Cell 3 of 4')", timeout=60_000)
    runner = place.run(run_id).runner_id
    killed = [process for process in psutil.process_iter() if _is_runner(process, runner)]
    assert killed
    begin = time.monotonic()
    for process in killed:
        process.kill()
    place.wait_for_run(run_id, "interrupted", within=15)
    assert time.monotonic() - begin < 15
    assert processes_of(run_id) == []
    assert state_shown(one, run_id) == "Interrupted"


def _is_runner(process, name):
    try:
        return process.environ().get("JUPYTERHUB_SERVER_NAME") == name and "cohorthub-reports-runner" in " ".join(
            process.cmdline()
        )
    except psutil.Error:
        return False


def test_a_page_left_open_over_a_restart_goes_on(one, place):
    one.start("steady", pause="6")
    one.page.wait_for_selector("#live-text:has-text('Cell 3 of 4')", timeout=60_000)
    place.stop_service()
    place.start_service()
    one.wait_for_state("Succeeded", within=60)


def test_a_form_filled_in_before_a_restart_can_be_sent_after_it(one, place):
    one.page.goto(place.pages + "new/steady")
    one.page.fill("#p-words", "typed before")
    place.stop_service()
    place.start_service()
    one.page.click("text=Run the report")
    one.page.wait_for_url("**/runs/*")
    assert "typed before" in one.page.inner_text(".facts.mono")


def status_of(address, **headers):
    try:
        with urllib.request.urlopen(urllib.request.Request(address, headers=headers)) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_a_token_that_was_made_for_something_else_opens_nothing(place):
    status, _ = status_of(place.pages, Authorization=f"token {place.token}")
    assert status == 403


def test_when_the_hub_does_not_answer_the_page_says_so(tmp_path):
    alone = Place(
        folder=tmp_path,
        home=tmp_path / "home",
        url="",
        hub_port=free_port(),
        service_port=free_port(),
        token="0123",
        notebooks=tmp_path,
    )
    begin = time.monotonic()
    alone.start_service()
    assert time.monotonic() - begin < 15, "2 s on a quiet machine; it does not wait for the hub"
    try:
        address = f"http://127.0.0.1:{alone.service_port}/services/reports/"
        secret = Home(alone.home).secret("reports-cookie-secret")
        session = create_signed_value(secret, "service-reports", "0123").decode()
        status, page = status_of(address, Cookie=f"service-reports={session}")
    finally:
        alone.stop_service()
    assert status == 502
    assert "The hub does not answer at the moment." in page
    assert "Traceback" not in page


@pytest.fixture
def runner(place):
    """A runner of its own account, started by the hub and heard by the service; its name, and a look at its row."""
    name = new_runner_name()
    row = {"account": "project-two", "state": "starting", "capacity": 0, "heard": 0, "asked_at": "2026-11-27T00:00:00"}
    database = open_database(None, home=place.home)
    with database.writing() as tx:
        tx.execute(sa.insert(runners).values(id=name, **row))

    def look():
        with database.reading() as connection:
            return connection.execute(sa.select(runners).where(runners.c.id == name)).one()

    servers = HubServers(f"http://127.0.0.1:{place.hub_port}/hub/api", place.token)
    apart(servers.start("project-two", server=name))
    wait_until(lambda: look().state == "ready")
    yield name, look
    assert apart(servers.remove("project-two", server=name))
    database.close()


def apart(coroutine):
    """Wait for a coroutine in a thread of its own: the browser of another test has its loop in this one."""
    with ThreadPoolExecutor() as pool:
        return pool.submit(asyncio.run, coroutine).result()


def wait_until(condition, *, within=60):
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_a_runner_that_another_service_has_started_is_started(place, runner):
    """Two services on one database ask the hub for the same runner; whoever comes second must not call it a failure."""
    name, look = runner
    servers = HubServers(f"http://127.0.0.1:{place.hub_port}/hub/api", place.token)
    apart(servers.start("project-two", server=name))
    assert look().state == "ready"


def test_a_runner_that_is_started_a_second_time_ends_at_once_and_harms_nobody(place, runner):
    """As when Slurm puts a job into its queue again: the name and the token are those of the first."""
    name, look = runner
    (first,) = (one for one in psutil.process_iter() if is_runner(one, name))
    environment = {key: value for key, value in first.environ().items() if key != "JUPYTERHUB_SERVICE_URL"}
    second = psutil.Popen(first.cmdline(), env=environment, cwd=place.folder)
    try:
        assert second.wait(30) == 0
    finally:
        if second.is_running():
            second.kill()
            second.wait()
    heard = look().heard
    wait_until(lambda: look().heard > heard + 1)
    assert look().state == "ready", "the first goes on"


def is_runner(process, name):
    try:
        is_it = process.environ().get("JUPYTERHUB_SERVER_NAME") == name and "runner" in process.cmdline()[1]
        return is_it and process.parent().environ().get("JUPYTERHUB_SERVER_NAME") != name
    except (psutil.Error, IndexError):
        return False
