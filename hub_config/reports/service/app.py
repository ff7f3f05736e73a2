"""Putting the service together."""

import logging
from dataclasses import dataclass
from typing import Any

from jupyterhub.services.auth import HubOAuth
from tornado.httpserver import HTTPServer
from tornado.web import Application, RedirectHandler

from hub_config.home import Home
from hub_config.isolation import isolation_notice
from hub_config.reports.service.asked import AskedStore
from hub_config.reports.service.base import CallbackHandler, NotFoundHandler
from hub_config.reports.service.board import Board
from hub_config.reports.service.files import ArchiveHandler, AssetHandler, HealthHandler, ReportHandler
from hub_config.reports.service.folders import FolderReader
from hub_config.reports.service.line import RunLine
from hub_config.reports.service.pages import CancelHandler, FormHandler, ListHandler, RunHandler, StateHandler
from hub_config.reports.service.settings import ServiceSettings
from hub_config.reports.service.shelf import Shelf
from hub_config.reports.service.site import Site
from hub_config.shipped import notebooks_dir

__all__ = ["Service", "make_service"]

logger = logging.getLogger(__name__)

LARGEST_BODY = 256 * 1024
# How long the hub's word about who somebody is holds; a person who was removed loses these pages after it.
SIGN_IN_KNOWN_FOR = 30


@dataclass
class Service:
    """The service, ready to listen.

    Parameters
    ----------
    settings : ServiceSettings
        Its settings.
    board : Board
        All runs.
    server : HTTPServer
        Not yet listening.
    """

    settings: ServiceSettings
    board: Board
    server: HTTPServer

    def start(self) -> None:
        """Close what an earlier service left open, and listen."""
        self.board.line.recover()
        self.board.line.close_folders()
        self.server.listen(self.settings.port, address=self.settings.host)
        logger.info("Reports service on %s:%d%s", self.settings.host, self.settings.port, self.settings.prefix)

    async def stop(self) -> None:
        """Take no more requests and end all runs."""
        self.server.stop()
        await self.board.line.close()


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
    asked = AskedStore(settings.home / "runs" / ".asked")
    board = Board(
        folders=FolderReader(settings.home / "runs"),
        asked=asked,
        line=RunLine(home=settings.home, store=asked, max_running=settings.max_running),
    )
    application = Application(
        _addresses(settings.prefix),
        board=board,
        shelf=Shelf(notebooks_dir() / "reports"),
        site=Site(prefix=settings.prefix, hub_base_url=settings.hub_base_url, banner=isolation_notice()),
        # Kept in the home, so that a restart of the service signs nobody out in the middle of a form.
        cookie_secret=home.secret("reports-cookie-secret"),
        xsrf_cookies=True,
        cross_origin_protection=True,
        default_handler_class=NotFoundHandler,
        log_function=_log_request,
    )
    _set_up_sign_in(settings)
    server = HTTPServer(application, xheaders=True, max_body_size=LARGEST_BODY, max_header_size=32 * 1024)
    return Service(settings=settings, board=board, server=server)


def _addresses(prefix: str) -> list[tuple[Any, ...]]:
    run = rf"{prefix}runs/([A-Za-z0-9_-]{{1,80}})"
    return [
        # The browser's cookie is for the address with the slash; without it signing in would go round in circles.
        (rf"{prefix.rstrip('/')}", RedirectHandler, {"url": prefix, "permanent": False}),
        (rf"{prefix}", ListHandler),
        (rf"{prefix}new/([\w.-]{{1,200}})", FormHandler),
        (run, RunHandler),
        (rf"{run}/state", StateHandler),
        (rf"{run}/cancel", CancelHandler),
        (rf"{run}/report\.html", ReportHandler),
        (rf"{run}/folder\.zip", ArchiveHandler),
        (rf"{prefix}static/([a-z.]{{1,40}})", AssetHandler),
        (rf"{prefix}oauth_callback", CallbackHandler),
        (rf"{prefix}health", HealthHandler),
    ]


def _set_up_sign_in(settings: ServiceSettings) -> None:
    """Configure JupyterHub's part; without scopes it would let in any token of the hub, whatever it was made for."""
    auth = HubOAuth.instance(cache_max_age=SIGN_IN_KNOWN_FOR)
    if not auth.access_scopes:
        auth.access_scopes = {"access:services", f"access:services!service={settings.service_name}"}


def _log_request(handler: object) -> None:
    """Log errors of ours only: addresses hold names, and the proxy keeps its own log."""
    from hub_config.reports.service.base import Answer

    if isinstance(handler, Answer) and handler.get_status() >= 500:
        logger.error("%s %s: %d", handler.request.method, handler.request.path, handler.get_status())
