"""What a notebook writes never runs in the reader's browser: payloads that fire elsewhere do not fire here."""

import base64
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from .planted import write_project, write_runs

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(180)]

# Each asks the canary for CANARY/NAME, in a way of its own, without anybody's help.
FIRE = "new Image().src='CANARY/NAME'"
PAYLOADS = {
    "script": f"<script>{FIRE}</script>",
    "script-src": "<script src='CANARY/NAME'></script>",
    "module": "<script type=module>import('CANARY/NAME')</script>",
    "fetch": "<script>fetch('CANARY/NAME', {mode: 'no-cors'})</script>",
    "beacon": "<script>navigator.sendBeacon('CANARY/NAME')</script>",
    "img-onerror": f'<img src=x onerror="{FIRE}">',
    "svg-onload": f'<svg onload="{FIRE}"></svg>',
    "svg-script": f"<svg><script>{FIRE}</script></svg>",
    "svg-animate": f'<svg><animate attributeName="x" dur="1s" onbegin="{FIRE}"></animate></svg>',
    "svg-image": "<svg width=9 height=9><image href='CANARY/NAME' width=9 height=9></image></svg>",
    "body-onload": f'<body onload="{FIRE}">',
    "details": f'<details open ontoggle="{FIRE}"><p>x</p></details>',
    "video-source": f'<video><source onerror="{FIRE}" src="x"></video>',
    "autofocus": f'<input autofocus onfocus="{FIRE}">',
    "srcdoc": f'<iframe srcdoc="<script>{FIRE}</script>"></iframe>',
    "frame-script": "<iframe src=\"javascript:parent.eval(atob('{}'))\"></iframe>",
    "frame": "<iframe src='CANARY/NAME'></iframe>",
    "object": "<object data='CANARY/NAME'></object>",
    "embed": "<embed src='CANARY/NAME' type='text/html'>",
    "img": "<img src='CANARY/NAME'>",
    "css-import": "<style>@import 'CANARY/NAME';</style>",
    "css-url": "<div style=\"background: url('CANARY/NAME')\">x</div>",
    "css-font": "<style>@font-face { font-family: z; src: url('CANARY/NAME') } p { font-family: z }</style><p>x</p>",
    "stylesheet": "<link rel=stylesheet href='CANARY/NAME'>",
    "preload": "<link rel=preload as=image href='CANARY/NAME'>",
    "base": "<base href='CANARY/'><img src='NAME'>",
    "form": "<form action='CANARY/NAME' id=f></form><script>f.submit()</script>",
    "refresh": "<meta http-equiv=refresh content='0; url=CANARY/NAME'>",
    "top": "<script>top.location = 'CANARY/NAME'</script>",
    "audio": "<audio autoplay src='CANARY/NAME'></audio>",
}


def filled(name: str, canary: str) -> str:
    """Write one payload for one canary."""
    inner = base64.b64encode(FIRE.replace("CANARY", canary).replace("NAME", name).encode()).decode()
    return PAYLOADS[name].replace("{}", inner).replace("CANARY", canary).replace("NAME", name)


@dataclass
class Canary:
    """A server that notes what it is asked for, and serves pages without any protection."""

    address: str = ""
    heard: set[str] = field(default_factory=set)
    pages: dict[str, str] = field(default_factory=dict)


@pytest.fixture(scope="module")
def canary() -> Iterator[Canary]:
    """A server on loopback; `heard` collects the names of the payloads that fired."""
    canary = Canary()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.split("?")[0].lstrip("/")
            page = canary.pages.get(name)
            if page is None:
                canary.heard.add(name)
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write((page or "").encode())

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    canary.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield canary
    server.shutdown()
    server.server_close()
    thread.join(timeout=5)


def heard_within(canary: Canary, name: str, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end and name not in canary.heard:
        time.sleep(0.02)
    return name in canary.heard


def plant_run(place, run_id: str, html: str) -> None:
    """Write a finished run whose page is `html`, as if the renderer had let everything through."""
    asked = place.home / "runs" / ".asked"
    asked.mkdir(exist_ok=True)
    (asked / f"{run_id}.json").write_text(json.dumps({"requested_by": "researcher-1"}))
    folder = place.home / "runs" / f".{run_id}.draft"
    folder.mkdir()
    (folder / "report.html").write_text(html, encoding="utf-8")
    (folder / "run.json").write_text(json.dumps({"run_id": run_id, "status": "succeeded", "title": "Planted"}))
    folder.rename(place.home / "runs" / run_id)
    place.wait_for_run(run_id)


@pytest.fixture(scope="module")
def one(sign_in):
    return sign_in("researcher-1")


@pytest.mark.parametrize("name", PAYLOADS)
def test_each_payload_fires_where_nothing_holds_it(browser, canary, name):
    """Else the tests below would pass for want of a working payload."""
    page = browser.new_page()
    canary.heard.discard(name)
    canary.pages[f"page-{name}"] = filled(name, canary.address)
    page.goto(f"{canary.address}/page-{name}", wait_until="commit")
    assert heard_within(canary, name, 5)
    # The page stays until the browser goes: one that is closed on its way elsewhere may never say that it is closed.


def test_no_payload_fires_on_the_reports_own_page(one, canary):
    everything = "".join(f"<section>{filled(name, canary.address)}</section>" for name in PAYLOADS)
    plant_run(one.place, "planted-all", f"<!DOCTYPE html><h1>Planted</h1>{everything}<p id=end>end</p>")
    canary.heard.clear()
    one.page.goto(f"{one.place.pages}runs/planted-all/report.html")
    assert one.page.locator("#end").inner_text() == "end", "the whole page was read"
    assert not heard_within(canary, "any", 2)
    assert canary.heard == set()
    assert one.page.url.endswith("/report.html"), "nothing led away"


def test_no_payload_fires_at_the_address_of_the_newest_success_either(one, canary):
    everything = "".join(f"<section>{filled(name, canary.address)}</section>" for name in PAYLOADS)
    write_project(one.place, "sandboxed")
    time.sleep(1.1)  # the service looks at projects once a second
    write_runs(one.place, 1, day=1, project="sandboxed", html=f"<!DOCTYPE html>{everything}<p id=end>end</p>")
    latest = f"{one.place.pages}projects/sandboxed/reports/monthly/latest"
    canary.heard.clear()
    one.page.goto(f"{latest}/report.html")
    assert one.page.locator("#end").inner_text() == "end"
    assert not heard_within(canary, "any", 2)
    one.page.goto(latest)
    assert one.page.frame_locator("iframe.result").locator("#end").inner_text() == "end"
    assert not heard_within(canary, "any", 2)
    assert canary.heard == set()
    policy = one.context.request.get(f"{latest}/report.html").headers["content-security-policy"]
    assert (
        policy
        == one.context.request.get(f"{one.place.pages}{_newest(one)}/report.html").headers["content-security-policy"]
    )


def _newest(visitor):
    """The part of the address of the run that is shown."""
    return "runs/" + visitor.page.locator("iframe.result").get_attribute("src").split("/runs/")[1].split("/")[0]


def test_no_payload_fires_in_the_frame_of_the_runs_page(one, canary):
    everything = "".join(f"<section>{filled(name, canary.address)}</section>" for name in PAYLOADS)
    plant_run(one.place, "planted-frame", f"<!DOCTYPE html><h1>Planted</h1>{everything}<p id=end>end</p>")
    canary.heard.clear()
    dialogs = []
    one.page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    one.page.goto(f"{one.place.pages}runs/planted-frame")
    assert one.page.frame_locator("iframe.result").locator("#end").inner_text() == "end"
    assert not heard_within(canary, "any", 2)
    assert canary.heard == set()
    assert dialogs == []
    assert one.page.url.endswith("/planted-frame")
    assert one.page.title().startswith("Planted")


@pytest.mark.parametrize(
    "link",
    [
        "<a id=l href=\"javascript:location='CANARY/link'\">x</a>",
        "<a id=l href='CANARY/link' target=_top>x</a>",
        "<a id=l href='CANARY/link' target=_blank>x</a>",
        "<a id=l href='#end' ping='CANARY/link'>x</a>",
        "<form action='CANARY/link'><button id=l>x</button></form>",
        "<a id=l href='CANARY/link'>x</a>",
    ],
)
def test_a_click_in_the_frame_leads_nowhere(one, canary, link):
    run_id = f"planted-link-{abs(hash(link))}"
    plant_run(one.place, run_id, link.replace("CANARY", canary.address))
    canary.heard.clear()
    one.page.goto(f"{one.place.pages}runs/{run_id}")
    one.page.frame_locator("iframe.result").locator("#l").click()
    assert not heard_within(canary, "link", 1)
    assert one.page.url.endswith(run_id)


def test_what_a_real_run_shows_does_not_fire_either(one, canary):
    everything = "".join(filled(name, canary.address) for name in PAYLOADS)
    canary.heard.clear()
    run_id = one.start("stranger", markup=everything[:9_000])
    assert one.wait_for_state("Succeeded", "Failed") == "Succeeded"
    one.page.frame_locator("iframe.result").locator("h1").first.wait_for()
    one.page.goto(f"{one.place.pages}runs/{run_id}/report.html")
    assert not heard_within(canary, "any", 2)
    assert canary.heard == set()
    assert one.page.title() != "fired"


def test_the_reports_own_page_is_sandboxed_by_its_headers(one):
    plant_run(one.place, "planted-headers", "<p>x</p>")
    headers = one.context.request.get(f"{one.place.pages}runs/planted-headers/report.html").headers
    policy = {part.split()[0]: part.split()[1:] for part in headers["content-security-policy"].split(";")}
    assert policy["sandbox"] == [], "no scripts, no origin, no forms"
    assert policy["default-src"] == ["'none'"]
    assert policy["img-src"] == policy["font-src"] == ["data:"]
    assert policy["style-src"] == ["'unsafe-inline'"]
    assert policy["frame-ancestors"] == ["'self'"]
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert headers["x-content-type-options"] == "nosniff"


def test_a_report_that_is_a_link_to_another_file_is_not_served(one):
    plant_run(one.place, "planted-symlink", "x")
    page = one.place.home / "runs" / "planted-symlink" / "report.html"
    page.unlink()
    page.symlink_to(one.place.home / "secrets" / "reports-cookie-secret")
    assert one.context.request.get(f"{one.place.pages}runs/planted-symlink/report.html").status == 404
