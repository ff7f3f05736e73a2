"""Putting the service together."""

import logging
from dataclasses import dataclass
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.web import RedirectHandler

from hub_config.home import Home
from hub_config.isolation import isolation_notices
from hub_config.reports.database import bring_up_to_date, open_database
from hub_config.reports.desk import Desk, ProjectBook
from hub_config.reports.desk.run_places import RunPlaces
from hub_config.reports.exports import PdfCache
from hub_config.reports.keeper import Keeper, Task
from hub_config.reports.keeper.adopted_runs import AdoptedRuns
from hub_config.reports.keeper.due_slots import DueSlots
from hub_config.reports.keeper.lost_runs import LostRuns
from hub_config.reports.keeper.old_runs import OldRuns
from hub_config.reports.keeper.removed_runs import RemovedRuns
from hub_config.reports.keeper.runner_supply import RunnerSupply
from hub_config.reports.keeper.sent_notices import SentNotices
from hub_config.reports.keeper.settled_runs import SettledRuns
from hub_config.reports.runners.hearing import Hearing
from hub_config.reports.runners.starting import HubServers
from hub_config.reports.service.api import Kit, api_addresses
from hub_config.reports.service.api.rate_limits import RateLimit
from hub_config.reports.service.base import CallbackHandler, NotFoundHandler
from hub_config.reports.service.board import Board
from hub_config.reports.service.downloads import (
    ArchiveHandler,
    NotebookHandler,
    PdfHandler,
    ReportHandler,
    TableHandler,
)
from hub_config.reports.service.files import AssetHandler, HealthHandler
from hub_config.reports.service.intake import LARGEST_READ, LARGEST_READ_HEADERS, Intake, take_large_forms
from hub_config.reports.service.keeping_pages import KeepHandler, RemoveRunHandler
from hub_config.reports.service.live import LiveEvents
from hub_config.reports.service.pages import FormHandler, ListHandler
from hub_config.reports.service.reading.comparing import BatchHandler, BatchTableHandler, CompareHandler
from hub_config.reports.service.reading.comparisons import Comparisons
from hub_config.reports.service.reading.history import HistoryHandler
from hub_config.reports.service.reading.known_values import KnownValues
from hub_config.reports.service.reading.latest import LatestHandler, LatestReportHandler
from hub_config.reports.service.reading.portal import Portal
from hub_config.reports.service.run_pages import (
    AgainHandler,
    CancelHandler,
    EventsHandler,
    RunHandler,
    StateHandler,
)
from hub_config.reports.service.runner_api import RunnerSyncHandler
from hub_config.reports.service.settings import ServiceSettings
from hub_config.reports.service.shelf import Shelf
from hub_config.reports.service.sign_in import BrowserSession
from hub_config.reports.service.site import Site
from hub_config.reports.service.writing import (
    ApproveHandler,
    ChangedTemplateHandler,
    DefinitionHandler,
    DiscardHandler,
    DraftHandler,
    EditHandler,
    NewHandler,
    PauseHandler,
    ProjectHandler,
    RemoveHandler,
    RunNowHandler,
)
from hub_config.reports.service.writing.secrets_page import RemoveSecretHandler, SecretsHandler
from hub_config.settings import load_settings
from hub_config.shipped import notebooks_dir

__all__ = ["Service", "make_service"]

logger = logging.getLogger(__name__)

# A connection on which no whole request's headers come for this long is closed; the hub's proxy keeps its own for 90 s.
IDLE_S, SLOWEST_BODY_S = 120, 120
# How long the hub's word about who somebody is holds; a person who was removed loses these pages after it.
SIGN_IN_KNOWN_FOR = 30


@dataclass
class Service:
    """The service, ready to listen.

    Parameters
    ----------
    settings : ServiceSettings
        Its settings.
    desk : Desk
        Where requests are checked.
    server : HTTPServer
        Not yet listening.
    keeper : Keeper
        Not yet begun.
    supply : RunnerSupply
        Starts runners.
    sent : SentNotices
        Sends notices.
    """

    settings: ServiceSettings
    desk: Desk
    server: HTTPServer
    keeper: Keeper
    supply: RunnerSupply
    sent: SentNotices

    def start(self) -> None:
        """Listen, and begin to keep what has to be kept."""
        self.server.listen(self.settings.port, address=self.settings.host)
        self.keeper.start()
        logger.info("Reports service on %s:%d%s", self.settings.host, self.settings.port, self.settings.prefix)

    async def stop(self) -> None:
        """Take no more requests; runs go on, and the next service hears from their runners."""
        self.server.stop()
        await self.keeper.stop()
        await self.supply.close()
        await self.sent.close()
        self.desk.database.close()


def make_service(settings: ServiceSettings) -> Service:
    """Put the service together.

    Parameters
    ----------
    settings : ServiceSettings
        What the environment said.

    Returns
    -------
    Service
        Not yet listening.
    """
    home = Home(settings.home)
    for folder in (home.secrets, settings.home / "runs"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    database = open_database(settings.database_url, home=settings.home)
    bring_up_to_date(database)
    book = ProjectBook(settings.home)
    desk = Desk(database=database, book=book, data=settings.data)
    hearing = Hearing(
        database=database,
        place_of=RunPlaces(book),
        home=settings.home,
        most_running=settings.max_running,
        idle_s=settings.runner_idle_s,
    )
    supply = RunnerSupply(
        database=database,
        servers=HubServers(settings.hub_api_url, settings.token),
        most_runners_of=book.most_runners_of,
        runs_per_runner=settings.runs_per_runner,
    )
    live = LiveEvents(database)
    auth = _set_up_sign_in(settings)
    board, shelf = Board(database=database, book=book), Shelf(notebooks_dir() / "reports")
    limit = RateLimit(settings.api_per_second, settings.api_burst)
    application = Intake(
        _addresses(settings.prefix),
        api_kit=Kit(desk=desk, board=board, shelf=shelf, prefix=settings.prefix, limit=limit),
        board=board,
        desk=desk,
        hearing=hearing,
        live=live,
        comparisons=Comparisons(database),
        portal=Portal(database),
        known_values=KnownValues(database),
        pdfs=PdfCache(book.pdfs),
        hub_auth=auth,
        shelf=shelf,
        site=Site(prefix=settings.prefix, hub_base_url=settings.hub_base_url, banners=isolation_notices()),
        # Kept in the home, so that a restart of the service signs nobody out in the middle of a form.
        cookie_secret=home.secret("reports-cookie-secret"),
        xsrf_cookies=True,
        cross_origin_protection=True,
        default_handler_class=NotFoundHandler,
        log_function=_log_request,
    )
    take_large_forms()
    server = HTTPServer(
        application,
        xheaders=True,
        max_body_size=LARGEST_READ,
        max_header_size=LARGEST_READ_HEADERS,
        idle_connection_timeout=IDLE_S,
        body_timeout=SLOWEST_BODY_S,
    )
    sent = SentNotices(
        database=database,
        book=book,
        settings=load_settings(settings.home, config=settings.settings_file).settings,
        pages=settings.public_url,
    )
    keeper = Keeper([*_tasks(settings, desk=desk, supply=supply, sent=sent), Task("live events", 0.4, live.look)])
    application.settings["keeper_spent"] = keeper.spent
    return Service(settings=settings, desk=desk, server=server, keeper=keeper, supply=supply, sent=sent)


def _tasks(settings: ServiceSettings, *, desk: Desk, supply: RunnerSupply, sent: SentNotices) -> list[Task]:
    database, book = desk.database, desk.book
    lost = LostRuns(database=database, root_of=book.runs_root, home=settings.home)
    adopted = AdoptedRuns(database=database, home=settings.home)
    return [
        Task("due slots", 1.0, DueSlots(desk).look),
        Task("lost runs", 1.0, lost.look),
        Task("ended runs", 1.0, SettledRuns(database=database, book=book).look),
        Task("notices", 2.0, sent.look),
        Task("old runs", 3600.0, OldRuns(database=database, book=book).look),
        Task("removed runs", 2.0, RemovedRuns(database=database, book=book).look),
        Task("starting runners", 0.5, supply.look),
        Task("forgetting runners", 30.0, supply.tidy),
        Task("runs from the command line", 3.0, adopted.look),
    ]


def _addresses(prefix: str) -> list[tuple[Any, ...]]:
    run = rf"{prefix}runs/([A-Za-z0-9_-]{{1,80}})"
    report = rf"{prefix}projects/([~\w.-]{{1,80}})/reports/([a-z0-9-]{{1,40}})"
    return [
        # The browser's cookie is for the address with the slash; without it signing in would go round in circles.
        (rf"{prefix.rstrip('/')}", RedirectHandler, {"url": prefix, "permanent": False}),
        (rf"{prefix}", ListHandler),
        (rf"{prefix}new/([\w.-]{{1,200}})", FormHandler),
        (run, RunHandler),
        (rf"{run}/state", StateHandler),
        (rf"{run}/events", EventsHandler),
        (rf"{run}/cancel", CancelHandler),
        (rf"{run}/again", AgainHandler),
        (rf"{run}/keep", KeepHandler),
        (rf"{run}/remove", RemoveRunHandler),
        (rf"{run}/report\.html", ReportHandler),
        (rf"{run}/report\.ipynb", NotebookHandler),
        (rf"{run}/report\.pdf", PdfHandler),
        (rf"{run}/tables/(\d{{1,4}})\.csv", TableHandler),
        (rf"{run}/folder\.zip", ArchiveHandler),
        (rf"{prefix}compare", CompareHandler),
        (rf"{prefix}history", HistoryHandler),
        (rf"{prefix}projects/([~\w.-]{{1,80}})", ProjectHandler),
        (rf"{prefix}batches/([A-Za-z0-9_-]{{1,80}})", BatchHandler),
        (rf"{prefix}batches/([A-Za-z0-9_-]{{1,80}})\.csv", BatchTableHandler),
        (rf"{prefix}projects/([~\w.-]{{1,80}})/new", NewHandler),
        (rf"{prefix}projects/([~\w.-]{{1,80}})/secrets", SecretsHandler),
        (rf"{prefix}projects/([~\w.-]{{1,80}})/secrets/remove", RemoveSecretHandler),
        (report, DefinitionHandler),
        (rf"{report}/run", RunNowHandler),
        (rf"{report}/pause", PauseHandler),
        (rf"{report}/remove", RemoveHandler),
        (rf"{report}/edit", EditHandler),
        (rf"{report}/draft", DraftHandler),
        (rf"{report}/approve", ApproveHandler),
        (rf"{report}/discard", DiscardHandler),
        (rf"{report}/template", ChangedTemplateHandler),
        (rf"{report}/latest", LatestHandler),
        (rf"{report}/latest/report\.html", LatestReportHandler),
        (rf"{prefix}static/([a-z.]{{1,40}})", AssetHandler),
        (rf"{prefix}oauth_callback", CallbackHandler),
        (rf"{prefix}health", HealthHandler),
        (rf"{prefix}runner/sync", RunnerSyncHandler),
        *api_addresses(prefix),
    ]


def _set_up_sign_in(settings: ServiceSettings) -> BrowserSession:
    """Configure JupyterHub's part; without scopes it would let in any token of the hub, whatever it was made for."""
    auth: BrowserSession = BrowserSession.instance(cache_max_age=SIGN_IN_KNOWN_FOR)
    if not auth.access_scopes:
        auth.access_scopes = {"access:services", f"access:services!service={settings.service_name}"}
    return auth


def _log_request(handler: object) -> None:
    """Log errors of ours only: addresses hold names, and the proxy keeps its own log."""
    from hub_config.reports.service.base import Answer

    if isinstance(handler, Answer) and handler.get_status() >= 500:
        logger.error("%s %s: %d", handler.request.method, handler.request.path, handler.get_status())
