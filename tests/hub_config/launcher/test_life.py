"""A hub's life: it starts, starts again, survives what is killed, and leaves nothing behind."""

import json
import signal
import stat
import subprocess
import sys
import time
import urllib.error
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from .conftest import (
    STOP_LIMIT_SECONDS,
    HubClient,
    Launched,
    cohorthub,
    environment,
    launched,
    processes_of,
)

pytestmark = pytest.mark.timeout(400)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launched]:
    """One hub without demo, for the tests that leave it as they found it."""
    with launched(tmp_path_factory.mktemp("shared") / "home", "--no-demo") as up:
        yield up


def wait_for(condition: Callable[[], bool], *, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


def answers(hub: Launched) -> bool:
    try:
        return bool(json.loads(HubClient(hub.url).get("hub/api/"))["version"])
    except (urllib.error.URLError, ConnectionError):
        return False


def test_the_page_says_that_there_is_no_isolation(hub: Launched) -> None:
    page = HubClient(hub.url).get("hub/login")
    assert "there is no isolation between them" in page
    assert "<title>Sign in · CohortHub</title>" in page
    assert "no isolation" in hub.ready["notice"]


def test_home_and_secrets_are_closed_to_others(hub: Launched) -> None:
    open_to_others = [
        str(place.relative_to(hub.home))
        for place in (hub.home, *hub.home.iterdir(), *(hub.home / "secrets").iterdir(), *(hub.home / "run").iterdir())
        if stat.S_IMODE(place.lstat().st_mode) & 0o077
    ]
    assert open_to_others == []


def test_no_secret_is_on_a_command_line(hub: Launched) -> None:
    secrets = [
        word
        for file in (hub.home / "secrets").iterdir()
        if file.name != "accounts.json"
        for word in file.read_text(encoding="utf-8").split()
        if len(word) >= 16
    ]
    assert len(secrets) >= 3
    shown = [word for process in processes_of(hub.home) for word in process.cmdline()]
    assert not [word for word in shown if any(secret in word for secret in secrets)]


def test_everything_listens_on_loopback_only(hub: Launched) -> None:
    family = [psutil.Process(hub.process.pid), *psutil.Process(hub.process.pid).children(recursive=True)]
    listening = [
        connection.laddr.ip
        for process in family
        for connection in process.net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert listening
    assert set(listening) == {"127.0.0.1"}


def test_the_proxys_api_wants_a_password_and_shows_no_dashboard(hub: Launched) -> None:
    addresses = json.loads((hub.home / "run" / "addresses.json").read_text(encoding="utf-8"))
    proxy_api = HubClient(f"http://127.0.0.1:{addresses['proxy_api_port']}/")
    for path, status in {"api/overview": 401, "dashboard/": 404}.items():
        with pytest.raises(urllib.error.HTTPError) as refused:
            proxy_api.get(path)
        assert refused.value.code == status
        refused.value.close()


def test_a_second_up_names_the_first_and_touches_nothing(hub: Launched) -> None:
    before = {file: file.stat().st_mtime_ns for file in hub.home.rglob("*.json")}
    second = cohorthub("up", home=hub.home)
    assert second.returncode == 32
    assert f"already running (pid {hub.process.pid}, {hub.url})" in second.stderr
    assert {file: file.stat().st_mtime_ns for file in hub.home.rglob("*.json")} == before
    assert answers(hub)


def test_a_wrong_password_is_refused_and_guessing_must_wait(hub: Launched) -> None:
    client = HubClient(hub.url)
    client.get("hub/login")
    statuses = []
    for _ in range(6):
        with pytest.raises(urllib.error.HTTPError) as refused:
            client.sign_in("nobody", "guess")
        statuses.append(refused.value.code)
        page = refused.value.read().decode()
        refused.value.close()
    assert statuses == [403] * 5 + [429]
    assert "Too many wrong passwords" in page


def test_a_killed_hub_comes_back_and_still_knows_who_is_signed_in(hub: Launched) -> None:
    client = HubClient(hub.url)
    client.sign_in("operator", hub.password("operator"))
    killed = hub.part("jupyterhub_config.py")
    killed.kill()
    wait_for(lambda: hub.has_new_part("jupyterhub_config.py", other_than=killed.pid) and answers(hub))
    assert client.api("GET", "hub/api/user")["name"] == "operator"


def test_killed_proxy_and_reports_come_back_with_all_routes(hub: Launched) -> None:
    killed = {word: hub.part(word) for word in ("proxy.toml", "hub_config.reports.service")}
    for process in killed.values():
        process.kill()
    wait_for(lambda: all(hub.has_new_part(word, other_than=process.pid) for word, process in killed.items()))
    wait_for(lambda: answers(hub) and "ok" in reports_health(hub))


def reports_health(hub: Launched) -> str:
    try:
        HubClient(hub.url).get("services/reports/health")
    except (urllib.error.URLError, ConnectionError):
        return ""
    return "ok"


def test_an_idle_launcher_takes_next_to_no_processor_time(hub: Launched) -> None:
    launcher = psutil.Process(hub.process.pid)
    before = sum(launcher.cpu_times()[:2])
    time.sleep(10)
    assert sum(launcher.cpu_times()[:2]) - before < 0.3


def test_the_first_start_gives_data_and_accounts_and_the_second_keeps_them(home: Path) -> None:
    with launched(home) as first:
        assert {"url", "pid", "accounts_file"} <= first.ready.keys()
        assert first.ready["pid"] == first.process.pid
        accounts = (home / "secrets" / "demo-accounts.txt").read_text(encoding="utf-8")
        assert [line.split()[0] for line in accounts.splitlines()] == [
            "researcher-1",
            "researcher-2",
            "instructor",
            "operator",
        ]
        assert list((home / "data" / "gibleed").glob("*/manifest.json"))
        assert (home / "projects" / "demo" / "project.toml").is_file()
        assert first.stop() < STOP_LIMIT_SECONDS
    assert first.process.returncode == 0
    assert all(line.split()[1] in "".join(first.said) for line in accounts.splitlines())
    assert processes_of(home) == []
    with launched(home) as second:
        HubClient(second.url).sign_in("researcher-1", first.password("researcher-1"))
        assert (home / "secrets" / "demo-accounts.txt").read_text(encoding="utf-8") == accounts
        assert second.stop(signal.SIGINT) < STOP_LIMIT_SECONDS
    assert first.password("operator") not in "".join(second.said)
    assert processes_of(home) == []


def test_five_running_servers_with_kernels_are_gone_within_fifteen_seconds(home: Path) -> None:
    names = [f"student-{number}" for number in range(1, 6)]
    with launched(home, "--no-demo") as up:
        client = HubClient(up.url)
        client.sign_in("operator", up.password("operator"))
        for name in names:
            assert cohorthub("account", "add", name, home=home).returncode == 0
            client.api("POST", f"hub/api/users/{name}")
        client.start_servers(*names)
        for name in names:
            token = client.api("POST", f"hub/api/users/{name}/tokens", {"note": "test"})["token"]
            kernel = client.api("POST", f"user/{name}/api/kernels", {}, token=token)
            assert kernel["name"] == "cohort-analysis"
        connections = list(home.glob("users/*/.local/share/jupyter/runtime/kernel-*.json"))
        assert len(connections) == len(names)
        assert all("curve_secretkey" in json.loads(file.read_text()) for file in connections)
        assert len(processes_of(home)) >= 4 + 2 * len(names)
        begun = time.monotonic()
        down = cohorthub("down", "--json", home=home)
        assert time.monotonic() - begun < STOP_LIMIT_SECONDS
        assert (down.returncode, json.loads(down.stdout)["stopped"]) == (0, True)
        up.process.wait(timeout=5)
    assert up.process.returncode == 0
    assert processes_of(home) == []


def test_after_a_killed_launcher_the_next_up_ends_what_it_left_and_starts(
    home: Path, are_gone: Callable[[list[psutil.Process]], bool]
) -> None:
    with launched(home, "--no-demo") as killed:
        client = HubClient(killed.url)
        client.sign_in("operator", killed.password("operator"))
        client.start_servers("operator")
        time.sleep(2.5)  # the launcher writes its list every two seconds
        killed.process.kill()
        killed.process.wait()
        left = processes_of(home)
        assert len(left) >= 3
        bystander = subprocess.Popen(
            [left[0].exe(), "-c", "import time; time.sleep(600)"] if "python" in left[0].exe() else ["sleep", "600"],
            env=environment(),
        )
        try:
            with launched(home) as again:
                assert are_gone(left)  # whom the killed launcher left is waited for by the machine, not by us
                assert "ending" in "".join(again.said)
                HubClient(again.url).sign_in("operator", again.password("operator"))
                assert bystander.poll() is None
        finally:
            bystander.kill()
            bystander.wait()
    assert processes_of(home) == []


def test_down_ends_what_a_killed_launcher_left(home: Path) -> None:
    with launched(home, "--no-demo") as killed:
        killed.process.kill()
        killed.process.wait()
        assert processes_of(home)
        down = cohorthub("down", "--json", home=home)
        assert json.loads(down.stdout)["left_over"] >= 2
        assert processes_of(home) == []
    again = cohorthub("down", home=home)
    assert (again.returncode, again.stdout) == (0, "nothing runs on this home\n")


def test_an_end_while_starting_leaves_no_process_and_no_home(home: Path) -> None:
    starting = subprocess.Popen(
        [sys.executable, "-m", "hub_config.cli", "up", "--port", "0", "--home", str(home)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        env=environment(),
    )
    try:
        wait_for(lambda: len(processes_of(home)) >= 3)
        starting.send_signal(signal.SIGINT)
        assert starting.wait(timeout=STOP_LIMIT_SECONDS) == 130
    finally:
        starting.kill()
        starting.wait()
    assert processes_of(home) == []
    assert not home.exists()
