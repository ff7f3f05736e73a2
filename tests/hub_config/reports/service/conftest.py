"""A real hub, a real proxy and the real service, on free ports in a folder of their own."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from hub_config.kernels import ensure_kernel
from hub_config.reports.database import open_database
from hub_config.reports.database.history import one_run

from .notebooks import write_templates

PASSWORD = "only-for-this-test"
HUB_CONFIG = """
import os
c = get_config()
c.JupyterHub.bind_url = os.environ["T_URL"]
c.JupyterHub.hub_bind_url = "http://127.0.0.1:" + os.environ["T_HUB_PORT"]
c.JupyterHub.db_url = "sqlite:///hub.sqlite"
c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = os.environ["T_PASSWORD"]
c.Authenticator.allow_all = True
c.Authenticator.admin_users = {"operator"}
c.JupyterHub.spawner_class = "simple"
c.JupyterHub.proxy_class = "traefik_file"
c.TraefikFileProviderProxy.traefik_api_url = "http://127.0.0.1:" + os.environ["T_TRAEFIK_PORT"]
c.TraefikFileProviderProxy.static_config_file = "traefik.toml"
c.TraefikFileProviderProxy.dynamic_config_file = "rules.toml"
c.JupyterHub.services = [{
    "name": "reports",
    "url": "http://127.0.0.1:" + os.environ["T_SERVICE_PORT"],
    "api_token": os.environ["T_TOKEN"],
    "oauth_client_id": "service-reports",
    "oauth_no_confirm": True,
}, {"name": "token-desk", "api_token": os.environ["T_TOKEN"][::-1]}]
from hub_config.reports.service.scopes import CUSTOM_SCOPES
c.JupyterHub.custom_scopes = {name: dict(scope) for name, scope in CUSTOM_SCOPES.items()}
c.JupyterHub.load_roles = [
    {"name": "user", "scopes": ["self", "access:services!service=reports", *CUSTOM_SCOPES]},
    {"name": "reports-service", "scopes": ["admin:users", "admin:servers"], "services": ["reports"]},
    {"name": "token-desk", "scopes": ["admin:users", "tokens", "read:metrics"], "services": ["token-desk"]},
]
c.JupyterHub.allow_named_servers = True
from hub_config.hub.configure import apply_pages
apply_pages(c, reports=True)
c.SimpleLocalProcessSpawner.home_dir_template = os.environ["T_FOLDER"] + "/users/{username}"
from hub_config.reports.runners.spawning import PrepareRunner
c.Spawner.pre_spawn_hook = PrepareRunner({
    "COHORTHUB_REPORTS_URL": "http://127.0.0.1:" + os.environ["T_SERVICE_PORT"] + "/services/reports",
    "COHORTHUB_HOME": os.environ["T_FOLDER"] + "/home",
    "COHORTHUB_DATA": os.environ["T_FOLDER"] + "/home/data",
    "JUPYTER_PATH": os.environ["T_FOLDER"] + "/home/jupyter",
})
"""


def free_port() -> int:
    """Return a port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answers(url: str, *, within: float) -> bool:
    """Wait until `url` answers with any status below 500."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return True
        except urllib.error.HTTPError as error:
            error.close()
            if error.code < 500 and error.code != 404:
                return True
        except OSError:
            pass
        time.sleep(0.1)
    return False


@dataclass
class Place:
    """Where the hub, the service and their files are."""

    folder: Path
    home: Path
    url: str
    hub_port: int
    service_port: int
    token: str
    notebooks: Path
    service: subprocess.Popen[bytes] | None = None

    @property
    def pages(self) -> str:
        """The first page."""
        return f"{self.url}/services/reports/"

    def start_service(self, **environment: str) -> subprocess.Popen[bytes]:
        """Start the service as the launcher does, and wait until it answers."""
        env = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTERHUB_")}
        env.update(
            JUPYTERHUB_API_TOKEN=self.token,
            JUPYTERHUB_API_URL=f"http://127.0.0.1:{self.hub_port}/hub/api",
            JUPYTERHUB_BASE_URL="/",
            JUPYTERHUB_SERVICE_NAME="reports",
            JUPYTERHUB_SERVICE_PREFIX="/services/reports/",
            JUPYTERHUB_SERVICE_URL=f"http://127.0.0.1:{self.service_port}",
            JUPYTERHUB_CLIENT_ID="service-reports",
            JUPYTERHUB_OAUTH_CALLBACK_URL="/services/reports/oauth_callback",
            COHORTHUB_HOME=str(self.home),
            COHORTHUB_DATA=str(self.home / "data"),
            JUPYTER_PATH=str(self.home / "jupyter"),
            **environment,
        )
        with (self.folder / "service.log").open("ab") as log:
            self.service = subprocess.Popen(
                [sys.executable, "-c", SERVICE, str(self.notebooks)], env=env, stdout=log, stderr=log, cwd=self.folder
            )
        assert answers(f"http://127.0.0.1:{self.service_port}/services/reports/health", within=20), self.log()
        return self.service

    def stop_service(self) -> float:
        """Stop the service with SIGTERM; return how many seconds it took."""
        assert self.service is not None
        begin = time.monotonic()
        self.service.send_signal(signal.SIGTERM)
        try:
            self.service.wait(timeout=15)
        finally:
            self.service.kill()
            self.service.wait()
        self.service = None
        return time.monotonic() - begin

    def run(self, run_id: str) -> Any:
        """What the queue knows of a run; None if nothing."""
        database = open_database(None, home=self.home)
        try:
            with database.reading() as connection:
                return one_run(connection, run_id)
        finally:
            database.close()

    def wait_for_run(self, run_id: str, *states: str, within: float = 30) -> Any:
        """Wait until the queue knows a run, in one of `states` if some are given."""
        end = time.monotonic() + within
        while (run := self.run(run_id)) is None or (states and run.state not in states):
            assert time.monotonic() < end, (run_id, run.state if run is not None else None, self.log()[-2000:])
            time.sleep(0.1)
        return run

    def log(self) -> str:
        """What the service has said."""
        return (self.folder / "service.log").read_text(encoding="utf-8")


# The service itself, with the folder of templates exchanged for the test's own: nothing else can set it.
SERVICE = """
import pathlib, sys
import hub_config.shipped
folder = pathlib.Path(sys.argv[1])
hub_config.shipped.notebooks_dir = lambda: folder
from hub_config.reports.service.__main__ import main
sys.exit(main())
"""


@pytest.fixture(scope="package")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A hub with the service behind it; two researchers and an operator may sign in with `PASSWORD`."""
    folder = tmp_path_factory.mktemp("hub")
    ports = [free_port() for _ in range(4)]
    place = Place(
        folder=folder,
        home=folder / "home",
        url=f"http://127.0.0.1:{ports[0]}",
        hub_port=ports[1],
        service_port=ports[2],
        token=secrets.token_hex(16),
        notebooks=folder / "notebooks",
    )
    for needed in (place.home / "data", place.home / "runs", place.home / "run", place.notebooks / "reports"):
        needed.mkdir(parents=True, mode=0o700)
    ensure_kernel(place.home)
    write_templates(place.notebooks / "reports")
    (folder / "jupyterhub_config.py").write_text(HUB_CONFIG, encoding="utf-8")
    env = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "T_URL": place.url,
        "T_HUB_PORT": str(place.hub_port),
        "T_SERVICE_PORT": str(place.service_port),
        "T_TRAEFIK_PORT": str(ports[3]),
        "T_TOKEN": place.token,
        "T_PASSWORD": PASSWORD,
        "T_FOLDER": str(folder),
    }
    place.start_service()
    with (folder / "hub.log").open("wb") as log:
        hub = subprocess.Popen([sys.executable, "-m", "jupyterhub"], env=env, stdout=log, stderr=log, cwd=folder)
    try:
        assert answers(f"{place.url}/hub/api/", within=60), (folder / "hub.log").read_text(encoding="utf-8")[-3000:]
        assert answers(f"{place.pages}health", within=20)
        yield place
    finally:
        hub.send_signal(signal.SIGTERM)
        try:
            hub.wait(timeout=20)
        finally:
            hub.kill()
            hub.wait()
            if place.service is not None:
                place.stop_service()


def _finder() -> ModuleType:
    """The end-to-end tests' way to find Chromium, or to say how to get it."""
    file = Path(__file__).parents[3] / "end_to_end" / "find_chromium.py"
    spec = spec_from_file_location("find_chromium", file)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# Not for longer than a module: playwright keeps an event loop running, in which other tests could not start theirs.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium; where there is none the tests fail, because nobody reads a skip."""
    finder = _finder()
    found = finder.find_chromium()
    if found is None:
        pytest.fail(finder.HOW_TO_GET_IT, pytrace=False)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(found), args=finder.FLAGS)
        yield chromium
        chromium.close()


@dataclass
class Visitor:
    """Somebody with a browser of their own."""

    page: Page
    place: Place
    name: str

    @property
    def context(self) -> BrowserContext:
        """The browser's cookies."""
        return self.page.context

    def start(self, template: str, **values: str | bool) -> str:
        """Fill in the form of a template and send it; return the run's id."""
        self.page.goto(f"{self.place.pages}new/{template}")
        for name, value in values.items():
            field = self.page.locator(f"#p-{name}")
            if isinstance(value, bool):
                field.set_checked(value)
            else:
                field.fill(value)
        self.page.click("text=Run the report")
        self.page.wait_for_url("**/runs/*")
        return self.page.url.rpartition("/")[2]

    def wait_for_state(self, *states: str, within: float = 60) -> str:
        """Stay on the run's page until it shows one of `states`."""
        self.page.wait_for_function(
            "states => states.includes(document.querySelector('#state')?.textContent)",
            arg=list(states),
            timeout=within * 1000,
        )
        return self.page.locator("#state").inner_text()


def _go_also_from_a_live_page(page: Page) -> None:
    """Let `goto` hold against a page that is just loading itself anew."""
    go = page.goto

    def goto(url: str, **options: Any) -> Any:
        try:
            return go(url, **options)
        except PlaywrightError as crossed:
            if "interrupted by another navigation" not in crossed.message:
                raise
            return go(url, **options)

    page.goto = goto  # type: ignore[method-assign]


@pytest.fixture(scope="module")
def sign_in(browser: Browser, place: Place) -> Iterator[Callable[..., Visitor]]:
    """Sign somebody in, in a browser context of their own."""
    contexts = []

    def visit(name: str, **options: object) -> Visitor:
        context = browser.new_context(viewport={"width": 1280, "height": 860}, **options)  # type: ignore[arg-type]
        context.set_default_timeout(20_000)
        contexts.append(context)
        page = context.new_page()
        _go_also_from_a_live_page(page)
        page.goto(place.pages)
        page.fill("input[name=username]", name)
        page.fill("input[name=password]", PASSWORD)
        page.click("[type=submit]")
        page.wait_for_url("**/services/reports/")
        return Visitor(page, place, name)

    yield visit
    for context in contexts:
        context.close()
