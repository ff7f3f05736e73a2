"""A house of reports: real hub, proxy and service, and projects; each can be killed and started by itself."""

import contextlib
import datetime as dt
import html
import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import requests

from hub_config.home import Home
from hub_config.kernels import ensure_kernel
from hub_config.proxy import API_USER, ENTRYPOINT, proxy_argv, routes_file, write_proxy_config
from hub_config.reports.database import Database, NewRun, Submission, bring_up_to_date, open_database
from hub_config.reports.database.states import ACTIVE, HELD
from hub_config.reports.database.submissions import keep_template, submit
from hub_config.reports.database.tables import events, runs
from hub_config.reports.desk import Desk, Person, ProjectBook
from hub_config.reports.templates.templates import template_from_content

START_LIMIT_S = 60
SIMPLE_SPAWNER = """
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = os.environ["T_FOLDER"] + "/users/{username}"
"""
HUB_CONFIG = """
import os
c = get_config()
c.JupyterHub.bind_url = os.environ["T_URL"]
c.JupyterHub.hub_bind_url = "http://127.0.0.1:" + os.environ["T_HUB_PORT"]
c.JupyterHub.db_url = "sqlite:///hub.sqlite"
c.JupyterHub.cookie_secret_file = os.environ["T_FOLDER"] + "/hub/cookie-secret"
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.proxy_class = "traefik_file"
c.TraefikFileProviderProxy.should_start = False
c.TraefikFileProviderProxy.enable_setup_dynamic_config = False
c.TraefikFileProviderProxy.dynamic_config_file = os.environ["T_ROUTES"]
c.TraefikFileProviderProxy.traefik_entrypoint = os.environ["T_ENTRYPOINT"]
c.TraefikFileProviderProxy.traefik_api_url = "http://127.0.0.1:" + os.environ["T_TRAEFIK_PORT"]
c.TraefikFileProviderProxy.traefik_api_username = os.environ["T_TRAEFIK_USER"]
c.TraefikFileProviderProxy.traefik_api_password = os.environ["T_TRAEFIK_PASSWORD"]
c.JupyterHub.service_check_interval = 0
c.JupyterHub.services = [{
    "name": "reports",
    "url": "http://127.0.0.1:" + os.environ["T_SERVICE_PORT"],
    "api_token": os.environ["T_TOKEN"],
    "oauth_client_id": "service-reports",
    "oauth_no_confirm": True,
}]
c.JupyterHub.load_roles = [
    {"name": "user", "scopes": ["self", "access:services!service=reports"]},
    {"name": "reports-service", "scopes": ["admin:users", "admin:servers"], "services": ["reports"]},
]
c.JupyterHub.allow_named_servers = True
c.Spawner.interrupt_timeout = c.Spawner.term_timeout = c.Spawner.kill_timeout = 3
from hub_config.reports.runners.spawning import PrepareRunner
c.Spawner.pre_spawn_hook = PrepareRunner({
    "COHORTHUB_REPORTS_URL": "http://127.0.0.1:" + os.environ["T_SERVICE_PORT"] + "/services/reports",
    "COHORTHUB_HOME": os.environ["T_HOME"],
    "COHORTHUB_DATA": os.environ["T_HOME"] + "/data",
    "COHORTHUB_RUNNER_CAPACITY": os.environ["T_CAPACITY"],
    "JUPYTER_PATH": os.environ["T_HOME"] + "/jupyter",
    "TMPDIR": os.environ["T_FOLDER"] + "/tmp",
})
"""


def free_port() -> int:
    """Return a port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


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


def report(*cells: str, parameters: str = "pause: float = 0.0  # seconds") -> bytes:
    """Make a tiny notebook."""
    sources = [(parameters, ["parameters"]), *((cell, []) for cell in cells)]
    made = [
        {"cell_type": "code", "id": f"c{number}", "metadata": {"tags": tags}, "source": source, "outputs": [],
         "execution_count": None}
        for number, (source, tags) in enumerate(sources)
    ]  # fmt: skip
    title = {"cell_type": "markdown", "id": "t", "metadata": {}, "source": "# A tiny report"}
    kernel = {"name": "cohort-analysis", "display_name": "Cohort analysis", "language": "python"}
    document = {"cells": [title, *made], "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(document).encode()


@dataclass
class House:
    """Hub, proxy and service of one folder, and what tests ask of them."""

    folder: Path
    database_url: str | None = None
    spawner: str = SIMPLE_SPAWNER
    capacity: int = 2
    environment: Mapping[str, str] = field(default_factory=dict)  # of the service
    hub_environment: Mapping[str, str] = field(default_factory=dict)
    python: str = sys.executable
    ports: list[int] = field(default_factory=lambda: [free_port() for _ in range(4)])
    token: str = field(default_factory=lambda: secrets.token_hex(16))
    started: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)
    enter: Callable[..., list[str]] = lambda *words: list(words)  # into another view of the machine
    _database: Database | None = None

    @property
    def home(self) -> Path:
        """The CohortHub home."""
        return self.folder / "home"

    @property
    def database(self) -> Database:
        """The queue."""
        if self._database is None:
            self._database = open_database(self.database_url, home=self.home)
            bring_up_to_date(self._database)
        return self._database

    @property
    def desk(self) -> Desk:
        """The desk, as the service has it."""
        return Desk(database=self.database, book=ProjectBook(self.home), data=self.home / "data")

    def build(self, projects: Mapping[str, str], *, accounts: Mapping[str, str] | None = None) -> None:
        """Make the folders, and a project of each name with these limits."""
        for name in ("home", "home/data", "home/run", "home/secrets", "home/projects", "tmp", "users", "hub"):
            (self.folder / name).mkdir(mode=0o700)
        ensure_kernel(self.home)
        for name, limits in projects.items():
            folder = self.home / "projects" / name
            folder.mkdir(mode=0o700)
            account = f'account = "{accounts[name]}"\n' if accounts else ""
            text = f'title = "{name}"\n{account}[members]\nkim = "lead"\nlee = "analyst"\n[limits]\n{limits}\n'
            (folder / "project.toml").write_text(text, encoding="utf-8")
            (folder / "project.toml").chmod(0o600)
        (self.folder / "hub" / "jupyterhub_config.py").write_text(HUB_CONFIG + self.spawner, encoding="utf-8")
        write_proxy_config(Home(self.home), public=f"127.0.0.1:{self.ports[0]}", api=f"127.0.0.1:{self.ports[3]}")

    def start(self, name: str) -> None:
        """Start ``proxy``, ``hub`` or ``service``, and wait until it answers."""
        words, environment, url = self._command(name)
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("JUPYTERHUB_", "COHORTHUB_"))}
        with (self.folder / f"{name}.log").open("ab") as log:
            self.started[name] = subprocess.Popen(
                self.enter("env", "-C", str(self.folder / "hub"), *words),
                env=kept | {"TMPDIR": str(self.folder / "tmp")} | environment,
                cwd=self.folder / "hub",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        if url is not None:
            assert answers(url, within=START_LIMIT_S), self.log(name)[-3000:]

    def _command(self, name: str) -> tuple[list[str], dict[str, str], str | None]:
        if name == "proxy":
            return proxy_argv(Home(self.home)), {}, None
        hub_api = f"http://127.0.0.1:{self.ports[1]}/hub/api"
        if name == "hub":
            environment = {
                "PATH": f"{Path(self.python).parent}{os.pathsep}{os.environ['PATH']}",
                "T_URL": f"http://127.0.0.1:{self.ports[0]}",
                "T_HUB_PORT": str(self.ports[1]),
                "T_SERVICE_PORT": str(self.ports[2]),
                "T_TRAEFIK_PORT": str(self.ports[3]),
                "T_TRAEFIK_USER": API_USER,
                "T_TRAEFIK_PASSWORD": Home(self.home).secret("proxy-api-password"),
                "T_ENTRYPOINT": ENTRYPOINT,
                "T_ROUTES": str(routes_file(Home(self.home))),
                "T_TOKEN": self.token,
                "T_FOLDER": str(self.folder),
                "T_HOME": str(self.home),
                "T_CAPACITY": str(self.capacity),
                **self.hub_environment,
            }
            return [self.python, "-m", "jupyterhub"], environment, hub_api + "/"
        environment = {
            "JUPYTERHUB_API_TOKEN": self.token,
            "JUPYTERHUB_API_URL": hub_api,
            "JUPYTERHUB_BASE_URL": "/",
            "JUPYTERHUB_SERVICE_NAME": "reports",
            "JUPYTERHUB_SERVICE_PREFIX": "/services/reports/",
            "JUPYTERHUB_SERVICE_URL": f"http://127.0.0.1:{self.ports[2]}",
            "JUPYTERHUB_CLIENT_ID": "service-reports",
            "JUPYTERHUB_OAUTH_CALLBACK_URL": "/services/reports/oauth_callback",
            "COHORTHUB_HOME": str(self.home),
            "COHORTHUB_DATA": str(self.home / "data"),
            "JUPYTER_PATH": str(self.home / "jupyter"),
            "COHORTHUB_REPORTS_RUNS_PER_RUNNER": str(self.capacity),
            **({"COHORTHUB_REPORTS_DATABASE": self.database_url} if self.database_url else {}),
            **self.environment,
        }
        health = f"http://127.0.0.1:{self.ports[2]}/services/reports/health"
        return [self.python, "-m", "hub_config.reports.service"], environment, health

    def kill(self, name: str) -> None:
        """Kill one of them, as the system does when memory runs out."""
        process = self.started.pop(name)
        process.kill()
        process.wait()

    def log(self, name: str) -> str:
        """What one of them has said."""
        return (self.folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")

    def submit(
        self,
        content: bytes,
        *,
        project: str,
        n: int = 1,
        values: Sequence[Mapping[str, Any]] = ({},),
        retry: Mapping[str, Any] | None = None,
        priority: int = 0,
        limits: Mapping[str, float] | None = None,
    ) -> list[str]:
        """Queue runs of a notebook; `values` are taken in turn."""
        template = template_from_content(content, name="tiny")
        defaults = {one.name: one.default for one in template.parameters}
        ones = [
            NewRun(
                template_name="tiny",
                template_sha256=template.sha256,
                title="A tiny report",
                parameters=defaults | dict(values[number % len(values)]),
                given=list(values[number % len(values)]),
                limits={"cell_s": 60.0, "run_s": 120.0} | dict(limits or {}),
                retry=retry or {},
                priority=priority,
            )
            for number in range(n)
        ]
        account = self.desk.book.get(project).account  # type: ignore[union-attr]
        now = dt.datetime.now(dt.UTC)
        with self.database.writing() as tx:
            keep_template(tx, sha256=template.sha256, name="tiny", content=content, now=now)
            made = submit(
                tx, Submission(project=project, account=account, submitted_by="kim", runs=ones, most_queued=2000),
                now=now,
            )  # fmt: skip
        return list(made.run_ids)

    def cancel(self, run_id: str) -> None:
        """Cancel a run at the desk, as API and command line do."""
        assert self.desk.cancel(run_id, person=Person("kim"), now=dt.datetime.now(dt.UTC))

    def sign_in(self, name: str) -> requests.Session:
        """Sign somebody in through the hub, as a browser would."""
        session = requests.Session()
        until = time.monotonic() + 30
        # The proxy has its routes a moment after the hub answers.
        while (page := session.get(f"{self.pages}", timeout=20)).status_code == 404 and time.monotonic() < until:
            time.sleep(0.2)
        form = {"username": name, "password": "", "_xsrf": token_in(page.text)}
        session.post(page.url, data=form, timeout=20).raise_for_status()
        session.get(self.pages, timeout=20).raise_for_status()
        return session

    @property
    def pages(self) -> str:
        """The first page of the service."""
        return f"http://127.0.0.1:{self.ports[0]}/services/reports/"

    def cancel_on_page(self, run_id: str, *, session: requests.Session) -> None:
        """Cancel a run with the button of its page."""
        page = session.get(f"{self.pages}runs/{run_id}", timeout=20)
        page.raise_for_status()
        sent = session.post(f"{self.pages}runs/{run_id}/cancel", data={"_xsrf": token_in(page.text)}, timeout=20)
        sent.raise_for_status()

    def rows(self, *, states: Sequence[str] | None = None) -> list[Any]:
        """All runs, or those in some states."""
        asked = sa_select_runs(states)
        with self.database.reading() as connection:
            return list(connection.execute(asked))

    def row(self, run_id: str) -> Any:
        """One run."""
        return next(row for row in self.rows() if row.id == run_id)

    def happened(self) -> dict[str, list[str]]:
        """What happened to each run, in order."""
        found: dict[str, list[str]] = {}
        with self.database.reading() as connection:
            for row in connection.execute(events.select().order_by(events.c.id)):
                found.setdefault(row.run_id, []).append(row.kind)
        return found

    def held(self) -> list[Any]:
        """Runs that a runner has."""
        return self.rows(states=HELD)

    def wait_until_done(self, *, within: float) -> None:
        """Wait until nothing waits or runs."""
        self.wait(lambda: not self.rows(states=ACTIVE), within=within, what="all runs have ended")

    def wait(self, condition: Callable[[], Any], *, within: float, what: str) -> Any:
        """Wait for something."""
        end = time.monotonic() + within
        while not (found := condition()):
            if time.monotonic() > end:
                left = [(row.id, row.project, row.state, row.runner_id) for row in self.rows(states=ACTIVE)]
                raise AssertionError(f"not within {within} s: {what}; {left[:10]}\n{self.log('service')[-3000:]}")
            time.sleep(0.1)
        return found

    def processes(self) -> list[psutil.Process]:
        """All processes of this house: those that name its folder, and what is below them."""
        found = {}
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                words = [*process.cmdline(), *process.environ().values(), process.cwd()]
                if process.status() != psutil.STATUS_ZOMBIE and any(str(self.folder) in word for word in words):
                    found[process.pid] = process
                    for child in process.children(recursive=True):
                        found[child.pid] = child
        found.pop(os.getpid(), None)
        return list(found.values())

    def roles(self) -> dict[str, list[psutil.Process]]:
        """The processes by what they do."""
        found: dict[str, list[psutil.Process]] = {
            role: [] for role in ("runner", "run process", "worker", "kernel", "warm parent", "service", "hub")
        }
        for name in ("service", "hub"):
            if name in self.started:
                found[name].append(psutil.Process(self.started[name].pid))
        for process in self.processes():
            with contextlib.suppress(psutil.Error):
                role = _role(process)
                if role is not None:
                    found[role].append(process)
        return found

    def left(self) -> list[str]:
        """What runs have left beside their folders: hidden folders, scratch folders."""
        hidden = [str(path) for path in self.home.glob("projects/*/runs/.*")]
        return hidden + [str(path) for path in (self.folder / "tmp").glob("cohorthub-*")]

    def stop(self) -> None:
        """End everything."""
        for name in ("service", "hub", "proxy"):
            process = self.started.pop(name, None)
            if process is not None:
                process.terminate()
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
        for process in self.processes():
            with contextlib.suppress(psutil.Error):
                process.kill()
        if self._database is not None:
            self._database.close()
            self._database = None


def token_in(page: str) -> str:
    """Read the token of a form; attributes may stand in any order."""
    field_ = next(one for one in re.findall(r"<input[^>]*>", page) if 'name="_xsrf"' in one)
    return html.unescape(re.search(r'value="([^"]*)"', field_)[1])  # type: ignore[index]


def sa_select_runs(states: Sequence[str] | None) -> Any:
    """Ask for runs, the oldest first."""
    asked = runs.select().order_by(runs.c.queued_at, runs.c.id)
    return asked if states is None else asked.where(runs.c.state.in_(states))


def _role(process: psutil.Process) -> str | None:
    words = " ".join(process.cmdline())
    if "cohorthub-reports-runner" not in words and "boot.py" not in words:
        return "kernel" if "ipykernel_launcher" in words else None
    parent = process.parent()
    above = " ".join(parent.cmdline()) if parent is not None else ""
    if "boot.py" in words:  # the parent, the hosts below it, and their kernels
        if "boot.py" not in above:
            return "warm parent"
        grand = parent.parent() if parent is not None else None
        return "kernel" if grand is not None and "boot.py" in " ".join(grand.cmdline()) else None
    if "cohorthub-reports-runner" not in above or "batchspawner" in above or "srun" in above:
        return "runner"
    grand = parent.parent() if parent is not None else None
    if grand is not None and "cohorthub-reports-runner" in " ".join(grand.cmdline()):
        return "worker"
    return "run process" if process.children() else None


@contextlib.contextmanager
def running_house(projects: Mapping[str, str], *, parent: Path | None = None, **options: Any) -> Iterator[House]:
    """Build a house, start all of it, and take it away again."""
    # A short path: the names of the kernels' sockets may have 107 letters.
    folder = Path(tempfile.mkdtemp(prefix="rh-", dir=parent))
    house = House(folder, **options)
    try:
        house.build(projects)
        for name in ("proxy", "service", "hub"):
            house.start(name)
        yield house
    finally:
        house.stop()
        shutil.rmtree(folder, ignore_errors=True)
