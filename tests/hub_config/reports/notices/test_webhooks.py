"""Notices by webhook, through real web servers on loopback, and where they may not go."""

import json
import logging
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hub_config.reports.notices import Outcome, State, Target, send
from hub_config.reports.notices.sending import logger

from .conftest import WebServer, a_letter, settings

ByUrl = Callable[[str], Target]
# What children took is known for all of a process's together, so the sender has a process whose only child it is.
SEND_ALONE = """
import pickle, resource, sys
from hub_config.reports.notices import send
letter, target, settings = pickle.load(sys.stdin.buffer)
outcome = send(letter, target, settings=settings)
print(outcome.state.value, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def test_a_webhook_gets_title_and_text_and_nothing_else(web: WebServer, by_url: ByUrl) -> None:
    hook = by_url(f"json://127.0.0.1:{web.port}/hooks/1?+X-Token=abc")
    assert send(a_letter(title="병동 보고서"), hook, settings=settings()) == Outcome(State.SENT, "sent")
    ((path, headers, body),) = web.requests
    assert path == "/hooks/1"
    assert headers["X-Token"] == "abc"
    document = json.loads(body)
    assert document.keys() == {"version", "title", "message", "attachments", "type"}
    assert document["title"] == "[CohortHub] Failed: 병동 보고서 (ward-quality)"
    assert "\nhttps://hub.example.org/services/reports/runs/20261127-070000-abc\n" in document["message"]
    assert document["attachments"] == []


@pytest.mark.parametrize("scheme", ["json", "xml", "form", "mmost", "rocket", "ntfy", "gotify"])
def test_the_services_a_hospital_can_run_itself_are_reached(web: WebServer, by_url: ByUrl, scheme: str) -> None:
    path = {
        "mmost": "/3ccdd113474722377935511fc85d3dd4",
        "rocket": "/room",
        "ntfy": "/topic",
        "gotify": "/A1b2C3d4E5f6G7h",
    }.get(scheme, "/in")
    login = "token/abcdefgh1234567890@" if scheme == "rocket" else ""
    outcome = send(a_letter(), by_url(f"{scheme}://{login}127.0.0.1:{web.port}{path}"), settings=settings())
    assert outcome == Outcome(State.SENT, "sent")
    assert "Monthly" in web.everything()
    assert "themes" not in web.everything()


@pytest.mark.parametrize("scheme", ["mmost", "ntfy", "gotify"])
def test_a_title_calls_nobody_in_a_chat(web: WebServer, by_url: ByUrl, scheme: str) -> None:
    path = {"mmost": "/3ccdd113474722377935511fc85d3dd4", "ntfy": "/topic", "gotify": "/A1b2C3d4E5f6G7h"}[scheme]
    hook = by_url(f"{scheme}://127.0.0.1:{web.port}{path}")
    assert send(a_letter(title="@everyone <!channel> @here"), hook, settings=settings()).state is State.SENT
    assert "@everyone" not in web.everything()
    assert "<!channel" not in web.everything()


@pytest.mark.parametrize(
    ("status", "headers", "outcome"),
    [
        (204, {}, Outcome(State.SENT, "sent")),
        (500, {}, Outcome(State.LATER, "busy")),
        (503, {"Retry-After": "120"}, Outcome(State.LATER, "busy", 120)),
        (429, {"Retry-After": "99999999999999999999"}, Outcome(State.LATER, "busy", 86_400)),
        (429, {"Retry-After": "Fri, 27 Nov 2026 07:00:00 GMT"}, Outcome(State.LATER, "busy")),
        (400, {}, Outcome(State.REFUSED, "refused")),
        (404, {}, Outcome(State.REFUSED, "refused")),
        (410, {}, Outcome(State.REFUSED, "refused")),
        (401, {}, Outcome(State.LATER, "login-refused")),
        (403, {}, Outcome(State.LATER, "login-refused")),
    ],
)
def test_what_a_server_answers_decides_about_the_next_attempt(
    web: WebServer, by_url: ByUrl, status: int, headers: dict[str, str], outcome: Outcome
) -> None:
    web.status, web.headers = status, headers
    assert send(a_letter(), by_url(f"json://127.0.0.1:{web.port}"), settings=settings()) == outcome
    assert len(web.requests) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(start_web_server: Callable[[], WebServer], by_url: ByUrl, status: int) -> None:
    first, second = start_web_server(), start_web_server()
    first.status, first.headers = status, {"Location": f"http://127.0.0.1:{second.port}/elsewhere"}
    assert send(a_letter(), by_url(f"json://127.0.0.1:{first.port}"), settings=settings()) == Outcome(
        State.REFUSED, "redirected"
    )
    assert second.requests == []


def test_a_hanging_server_holds_nobody_longer_than_the_limit(web: WebServer, by_url: ByUrl) -> None:
    web.hang = threading.Event()
    start = time.monotonic()
    outcome = send(a_letter(), by_url(f"json://127.0.0.1:{web.port}"), settings=settings(seconds=5))
    assert outcome.state is State.LATER
    assert time.monotonic() - start < 8


def test_an_answer_without_end_takes_neither_memory_nor_time(web: WebServer, by_url: ByUrl) -> None:
    web.endless = True
    job = pickle.dumps((a_letter(), by_url(f"json://127.0.0.1:{web.port}"), settings(seconds=8)))
    start = time.monotonic()
    done = subprocess.run([sys.executable, "-c", SEND_ALONE], input=job, capture_output=True, timeout=60, check=True)
    assert time.monotonic() - start < 14
    state, kilobytes = done.stdout.split()
    assert State(state.decode()) is State.LATER
    assert 20_000 < int(kilobytes) < 1_200_000


def test_slow_servers_do_not_hold_a_quick_one(start_web_server: Callable[[], WebServer], tmp_path: Path) -> None:
    from .conftest import target

    slow, quick = start_web_server(), start_web_server()
    slow.hang = threading.Event()

    def to(web: WebServer) -> Outcome:
        folder = tmp_path / f"p{web.port}"
        (folder / "secrets").mkdir(parents=True, mode=0o700, exist_ok=True)
        folder.chmod(0o700)
        secret = folder / "secrets" / "hook"
        secret.write_text(f"json://127.0.0.1:{web.port}")
        secret.chmod(0o600)
        return send(a_letter(), target(folder, url_file="secrets/hook"), settings=settings(seconds=30))

    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(to, slow) for _ in range(2)]
        assert pool.submit(to, quick).result(20) == Outcome(State.SENT, "sent")
        slow.hang.set()
        assert all(each.result(30).state is State.SENT for each in waiting)


@pytest.mark.parametrize(
    ("scheme", "host"),
    [
        *(("json", host) for host in ("localhost", "127.1", "2130706433", "0x7f.1", "0.0.0.0", "[::ffff:127.0.0.1]")),
        *(("jsons", "127.0.0.1"), ("mailto", "127.0.0.1"), ("mailtos", "localhost")),
    ],
)
def test_a_projects_address_does_not_lead_to_this_machine(
    web: WebServer, by_url: ByUrl, host: str, scheme: str
) -> None:
    rest = "?from=a@example.org&to=b@example.org&smtp=" + host if scheme.startswith("mailto") else "/"
    outcome = send(a_letter(), by_url(f"{scheme}://{host}:{web.port}{rest}"), settings=settings(networks=[]))
    assert outcome.state is not State.SENT
    assert web.requests == []


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "100.100.100.200", "[fd00:ec2::254]", "10.0.0.1", "192.168.0.1"]
)
def test_a_projects_address_does_not_lead_to_metadata_or_into_the_house(by_url: ByUrl, address: str) -> None:
    start = time.monotonic()
    outcome = send(a_letter(), by_url(f"json://{address}/latest"), settings=settings(networks=[]))
    assert outcome == Outcome(State.REFUSED, "address-not-allowed")
    assert time.monotonic() - start < 10


def test_metadata_stays_closed_in_networks_that_the_operator_allows(by_url: ByUrl) -> None:
    everywhere = settings(networks=["0.0.0.0/0", "::/0"])
    outcome = send(a_letter(), by_url("json://169.254.169.254/latest"), settings=everywhere)
    assert outcome == Outcome(State.REFUSED, "address-not-allowed")


def test_an_unencrypted_message_stays_in_the_operators_networks(by_url: ByUrl) -> None:
    public = settings(networks=[])
    assert send(a_letter(), by_url("json://1.1.1.1/"), settings=public) == Outcome(State.REFUSED, "address-not-allowed")


@pytest.mark.parametrize(
    "url",
    [
        *("file:///etc/passwd", "syslog://", "rsyslog://127.0.0.1", "dbus://", "gnome://", "windows://", "macosx://"),
        *("https://hooks.slack.com/services/T1/B2/x", "http://127.0.0.1/", "irc://host/#c", "mqtt://host/t"),
        *(
            "apprise://host/token",
            "exec://ls",
            "python://x",
            "config://x",
            "",
            "json",
            "://",
            "JSON ://h",
            "\x00json://h",
        ),
    ],
)
def test_a_service_that_is_not_on_the_list_is_refused(by_url: ByUrl, url: str) -> None:
    assert send(a_letter(), by_url(url), settings=settings()).state is State.REFUSED


FORBIDDEN = [
    *("template=/etc/passwd", "redirect=yes", "verify=no", "cto=9999", "rto=9999", "retry=99", "overflow=split"),
    *("%74emplate=/etc/passwd", "a=1;template=/etc/passwd", "pgpprv=/etc/shadow", "pgppub=/x", "wkd=yes", "pgp=sign"),
    *(
        "schema=syslog",
        "attach-as=x",
        "store=yes",
        "tz=x",
        "Template=/etc/passwd",
        "attach=/etc/passwd",
        "=x",
        "wait=9",
    ),
]


def test_a_parameter_that_is_not_on_the_list_is_refused(web: WebServer, by_url: ByUrl) -> None:
    hook = by_url(f"json://127.0.0.1:{web.port}/?{FORBIDDEN[0]}")
    assert send(a_letter(), hook, settings=settings()) == Outcome(State.REFUSED, "parameter-not-allowed")
    assert web.requests == []
    program = (
        "import sys\nfrom hub_config.reports.notices.delivery import _has_only_known_parameters as known\n"
        "print([p for p in sys.argv[1:] if known('jsons://h/?' + p) or known('slack://a/b/c?' + p)])\n"
        "print(known('jsons://h/?method=PUT&+X-Token=a&:extra=b&-query=c'))"
    )
    done = subprocess.run([sys.executable, "-c", program, *FORBIDDEN], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\nTrue\n"


@pytest.mark.parametrize("url", ["json://h/\njson://g/", "json://h/ json://g/", "json://h/é", "json://h/\x07"])
def test_an_address_of_two_lines_or_strange_signs_is_refused(by_url: ByUrl, url: str) -> None:
    assert send(a_letter(), by_url(url), settings=settings()) == Outcome(State.REFUSED, "address-not-understood")


def test_a_secret_that_others_can_read_or_that_is_a_link_is_not_used(
    web: WebServer, by_url: ByUrl, project_folder: Path, tmp_path: Path
) -> None:
    hook = by_url(f"json://127.0.0.1:{web.port}")
    secret = project_folder / "secrets" / "hook"
    unreadable = Outcome(State.LATER, "secret-unreadable")
    secret.chmod(0o640)
    assert send(a_letter(), hook, settings=settings()) == unreadable
    secret.rename(tmp_path / "moved")
    (tmp_path / "moved").chmod(0o600)
    assert send(a_letter(), hook, settings=settings()) == unreadable
    secret.symlink_to(tmp_path / "moved")
    assert send(a_letter(), hook, settings=settings()) == unreadable
    secret.unlink()
    secret.write_text("json://h/" + "x" * 5000)
    secret.chmod(0o600)
    assert send(a_letter(), hook, settings=settings()) == unreadable
    assert web.requests == []


def test_the_services_environment_and_its_proxies_are_not_passed_on(
    start_web_server: Callable[[], WebServer], by_url: ByUrl, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    web, proxy = start_web_server(), start_web_server()
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login eve password hunter2\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "hunter2")
    assert send(a_letter(), by_url(f"json://127.0.0.1:{web.port}"), settings=settings()).state is State.SENT
    assert proxy.requests == []
    assert "Authorization" not in web.requests[0][1]
    assert "hunter2" not in web.everything()


def test_no_part_of_an_address_is_logged_or_shown(
    web: WebServer, by_url: ByUrl, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    for status in (200, 500, 400, 302):
        web.status = status
        hook = by_url(f"json://user:hunter2@127.0.0.1:{web.port}/hunter2?+X-Token=hunter2")
        send(a_letter(), hook, settings=settings())
        send(a_letter(), by_url("syslog://hunter2"), settings=settings())
        send(a_letter(), by_url("json://127.0.0.1:1/hunter2?template=hunter2"), settings=settings())
    said = caplog.text + "".join(capfd.readouterr()) + repr(hook)
    assert "ward-quality/ops" in said
    assert "hunter2" not in said
    assert logger.name.startswith("hub_config")
