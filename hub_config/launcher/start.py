"""The order in which a hub comes up, and how it is taken down again."""

import errno
import http.client
import importlib.util
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hub_config.addresses import Addresses, write_addresses
from hub_config.errors import DemoDataError, HomeUnwritableError, StartFailedError
from hub_config.home import LAYOUT_VERSION, Home, check_room, make_home, read_record, write_private
from hub_config.hub.places import REPORTS_PREFIX, data_dir, reports_environment
from hub_config.kernels import ensure_kernel
from hub_config.launcher.demo import clean_environment, demo_data_part, make_demo_accounts, make_operator
from hub_config.launcher.occupancy import Occupancy, already_running, is_held, left_over
from hub_config.launcher.ports import free_ports, public_port
from hub_config.launcher.processes import become_subreaper, end_processes
from hub_config.launcher.supervisor import Part, StopRequestedError, Supervisor
from hub_config.proxy import proxy_argv, write_proxy_config
from hub_config.settings import Loaded

__all__ = ["Launch", "Wishes"]

START_SECONDS = 90.0
IMPORT_SECONDS = 180.0
# All of a stop takes 15 s at most: this, then TERM and KILL for what is left.
GRACEFUL_STOP_SECONDS = 8.0
# The demo data take 8 MB, databases and logs some more; a start that runs out of room midway fails in odd places.
FIRST_START_BYTES = 100 * 2**20
LATER_START_BYTES = 20 * 2**20


_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


@dataclass(frozen=True)
class Wishes:
    """What the command line asked for.

    Parameters
    ----------
    ip, port : str, int
        Where to listen.
    demo : bool
        Whether a new home gets demo data and accounts.
    config : Path or None
        Another settings file.
    """

    ip: str
    port: int
    demo: bool
    config: Path | None


@dataclass
class Launch:
    """One run of `cohorthub up` on one home.

    Parameters
    ----------
    home : Home
        The home.
    loaded : Loaded
        The settings.
    wishes : Wishes
        What the command line asked for.
    say : callable
        Takes one line for the person at the terminal.
    """

    home: Home
    loaded: Loaded
    wishes: Wishes
    say: Callable[[str], None]
    new_accounts: list[tuple[str, str]] = field(default_factory=list)

    def run(self, on_ready: Callable[[Addresses], None]) -> None:
        """Start everything, watch over it until somebody asks for the end, and end it.

        Parameters
        ----------
        on_ready : callable
            Called once all parts answer.
        """
        record = read_record(self.home)
        if is_held(self.home):
            raise already_running(self.home)
        # Asked before anything is made: neither a taken port nor a full disk may leave a trace.
        port = public_port(self.wishes.ip, self.wishes.port)
        check_room(self.home, needed=FIRST_START_BYTES if record is None else LATER_START_BYTES)
        made = make_home(self.home)
        try:
            # Whoever is refused here leaves the home alone, made or not: another launcher has it.
            occupancy = Occupancy(self.home)
            try:
                self._run_in_home(occupancy, port, on_ready=on_ready)
            except (StartFailedError, DemoDataError) as failed:
                if not made:
                    raise
                kept = tempfile.mkdtemp(prefix="cohorthub-logs-")
                shutil.copytree(self.home.logs, kept, dirs_exist_ok=True)
                raise type(failed)(str(failed).replace(str(self.home.logs), kept)) from failed
            finally:
                self._give_back(occupancy, made=made)
        except OSError as refused:
            if refused.errno not in _NO_ROOM:
                raise
            raise HomeUnwritableError(
                f"the home cannot be written; {refused.filename or self.home.path}: {refused.strerror}. "
                "Free some space there, or give --home another place."
            ) from refused

    def _give_back(self, occupancy: Occupancy, *, made: bool) -> None:
        try:
            # Removed while the lock is still held, so that nobody begins in a home that is about to go.
            if made and read_record(self.home) is None and occupancy.is_clear():
                shutil.rmtree(self.home.path, ignore_errors=True)
        finally:
            occupancy.release()

    def _run_in_home(self, occupancy: Occupancy, port: int, *, on_ready: Callable[[Addresses], None]) -> None:
        record = read_record(self.home)  # anew: before the lock was ours, another launcher may have written it
        supervisor = Supervisor(occupancy, self.say)
        try:
            # Before anything is ended or started: Ctrl-C is noted, and never cuts clearing up short.
            with supervisor.signals():
                try:
                    occupancy.say(ready=False)
                    become_subreaper()
                    self._clear_left_over()
                    if supervisor.stop_requests:
                        raise StopRequestedError
                    addresses = self._choose_addresses(port)
                    self._start_all(supervisor, record, addresses=addresses)
                    occupancy.say(ready=True, url=addresses.url)
                    on_ready(addresses)
                    supervisor.watch()
                    self.say("stopping the hub and the servers")
                finally:
                    supervisor.stop(first=("the hub", "the reports service"), seconds=GRACEFUL_STOP_SECONDS)
        finally:
            supervisor.close()

    def _clear_left_over(self) -> None:
        left = left_over(self.home)
        if left:
            self.say(f"ending {len(left)} processes that a killed launcher left")
            end_processes(left, grace_seconds=4.0)

    def _choose_addresses(self, port: int) -> Addresses:
        reports = importlib.util.find_spec("hub_config.reports.service.__main__") is not None
        proxy_api, hub, reports_port = free_ports(3)
        addresses = Addresses(self.wishes.ip, port, proxy_api, hub, reports_port if reports else None)
        write_addresses(self.home, addresses)
        return addresses

    def _start_all(self, supervisor: Supervisor, record: Mapping[str, Any] | None, *, addresses: Addresses) -> None:
        begun = time.monotonic()
        ensure_kernel(self.home.path)
        importing = self._prepare_demo(record)
        if importing is not None:
            self.say("importing the demo data (GiBleed, 2,694 persons)")
            supervisor.start(importing)
        if record is None:
            self.say("making accounts")
            self.new_accounts = (make_demo_accounts if self.wishes.demo else make_operator)(self.home)
        self.say("starting proxy, reports and hub" if addresses.reports_port else "starting proxy and hub")
        for part in self._parts(addresses):
            supervisor.start(part)
        supervisor.wait_until(lambda: _all_answer(addresses), seconds=START_SECONDS, what="the hub")
        self.say(f"the hub answers after {time.monotonic() - begun:.1f} s")
        if importing is not None:
            self._finish_import(supervisor, importing)
        if record is None and self.wishes.demo:
            self._make_demo_project()
        if record is None:
            document = {"layout": LAYOUT_VERSION, "demo": self.wishes.demo}
            write_private(self.home.record, json.dumps(document) + "\n")

    def _make_demo_project(self) -> None:
        from hub_config.launcher.demo_project import make_demo_project  # the database is needed at first starts only

        settings = self.loaded.settings
        data = data_dir(self.home, settings)
        make_demo_project(self.home.path, data=data, database_url=settings.reports.database_url())

    def _prepare_demo(self, record: Mapping[str, Any] | None) -> Part | None:
        wanted = self.wishes.demo if record is None else bool(record.get("demo"))
        if not (wanted and self.wishes.demo):
            return None
        data = data_dir(self.home, self.loaded.settings)
        return demo_data_part(self.home, data, environment=clean_environment())

    def _finish_import(self, supervisor: Supervisor, importing: Part) -> None:
        supervisor.wait_until(
            lambda: importing.status is not None, seconds=IMPORT_SECONDS, what="the import of the demo data"
        )
        if importing.status != 0:
            raise DemoDataError(
                f"the demo data could not be imported; the import ended with status {importing.status}. Its words are "
                f"in {importing.log}; `--no-demo` starts without."
            )

    def _parts(self, addresses: Addresses) -> list[Part]:
        environment = clean_environment()
        write_proxy_config(
            self.home,
            public=f"{addresses.host}:{addresses.port}",
            api=f"127.0.0.1:{addresses.proxy_api_port}",
        )
        hub_environment = {**environment, "COHORTHUB_HOME": str(self.home.path)}
        if self.wishes.config is not None:
            hub_environment["COHORTHUB_SETTINGS"] = str(self.wishes.config.absolute())
        config_file = Path(__file__).parent.parent / "hub" / "jupyterhub_config.py"
        python = [sys.executable, "-P", "-m", "hub_config.lean_imports"]
        parts = [self._part("the proxy", proxy_argv(self.home), environment=environment)]
        if addresses.reports_port is not None:
            settings = reports_environment(self.home, self.loaded.settings, addresses=addresses)
            argv = [*python, "hub_config.reports.service"]
            parts.append(self._part("the reports service", argv, environment={**environment, **settings}))
        parts.append(
            self._part("the hub", [*python, "jupyterhub", "-f", str(config_file)], environment=hub_environment)
        )
        return parts

    def _part(self, name: str, argv: list[str], *, environment: Mapping[str, str]) -> Part:
        log = self.home.logs / f"{name.removeprefix('the ').replace(' service', '')}.log"
        if log.exists():
            log.replace(log.with_suffix(".previous.log"))  # so that a log never grows over more than one run
        return Part(name, argv, environment=environment, log=log, cwd=self.home.run)


def _all_answer(addresses: Addresses) -> bool:
    paths = ["/hub/api/health", *([f"{REPORTS_PREFIX}health"] if addresses.reports_port is not None else [])]
    return all(_answers(addresses, path) for path in paths)


def _answers(addresses: Addresses, path: str) -> bool:
    connection = http.client.HTTPConnection(addresses.ip, addresses.port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
