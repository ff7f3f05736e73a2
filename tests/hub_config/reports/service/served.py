"""The whole service over a home of its own, without a hub: only the word on who asks is given by the test."""

import asyncio
import re
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from html import unescape
from http.cookiejar import CookieJar
from pathlib import Path

import pytest
from tornado.netutil import bind_sockets

from hub_config.reports.database import Database
from hub_config.reports.desk import Person
from hub_config.reports.service.app import Service, make_service
from hub_config.reports.service.base import PageHandler
from hub_config.reports.service.settings import ServiceSettings
from hub_config.reports.service.sign_in import BrowserSession

PREFIX = "/services/reports/"


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: Message
    text: str

    @property
    def words(self) -> str:
        """What a reader sees, without markup."""
        body = re.sub(r"<(style|script|svg)\b.*?</\1>", " ", self.text, flags=re.DOTALL)
        return " ".join(unescape(re.sub(r"<[^>]*>", " ", body)).split())


@dataclass
class Reader:
    """Somebody with a browser without scripts."""

    url: str
    name: str
    language: str = "en"
    jar: CookieJar = field(default_factory=CookieJar)

    def get(self, path: str, **headers: str) -> Answer:
        return self._ask(path, None, headers)

    def post(self, path: str, body: bytes, **headers: str) -> Answer:
        return self._ask(path, body, headers)

    def _ask(self, path: str, data: bytes | None, headers: dict[str, str]) -> Answer:
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        asked = urllib.request.Request(
            self.url + path, data=data, headers={"X-Person": self.name, "Accept-Language": self.language, **sent}
        )
        try:
            with opener.open(asked, timeout=20) as answer:
                return Answer(answer.status, answer.headers, answer.read().decode())
        except urllib.error.HTTPError as refused:
            with refused:
                return Answer(refused.code, refused.headers, refused.read().decode())


@dataclass
class Served:
    """The service as it runs, and where it keeps things."""

    home: Path
    service: Service
    port: int
    loop: asyncio.AbstractEventLoop

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{PREFIX}"

    @property
    def database(self) -> Database:
        return self.service.desk.database

    def reader(self, name: str, language: str = "en") -> Reader:
        return Reader(self.url, name, language)


async def _as_said(self: PageHandler) -> None:
    name = self.request.headers["X-Person"]
    self.current_user = {"name": name, "kind": "user"}
    self.person = Person(name, is_operator=name == "operator")


@contextmanager
def serve(home: Path, *, database_url: str | None = None, keeps: bool = False) -> Iterator[Served]:
    """Serve all pages for as long as the context lasts; `keeps` also begins what is done once a second."""
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    settings = ServiceSettings(
        home=home, host="127.0.0.1", port=0, hub_api_url="http://127.0.0.1:9/hub/api", token="0123", data=home / "data",
        database_url=database_url,
    )  # fmt: skip
    patch = pytest.MonkeyPatch()
    patch.setattr(PageHandler, "sign_in", _as_said)
    patch.setenv("JUPYTERHUB_API_TOKEN", "0123")
    patch.setenv("JUPYTERHUB_CLIENT_ID", "service-reports")
    BrowserSession.clear_instance()
    ready, made = threading.Event(), []

    async def run() -> None:
        service = make_service(settings)
        sockets = bind_sockets(0, "127.0.0.1")
        service.server.add_sockets(sockets)
        if keeps:
            service.keeper.start()
        stop = asyncio.Event()
        made.extend((service, sockets[0].getsockname()[1], asyncio.get_running_loop(), stop))
        ready.set()
        await stop.wait()
        if not keeps:
            service.keeper.start()  # what was never begun cannot be stopped
        await service.stop()
        await service.server.close_all_connections()

    thread = threading.Thread(target=asyncio.run, args=(run(),), daemon=True)
    thread.start()
    try:
        assert ready.wait(20)
        service, port, loop, stop = made
        try:
            yield Served(home, service, port, loop)
        finally:
            loop.call_soon_threadsafe(stop.set)
            thread.join(20)
            assert not thread.is_alive()
    finally:
        BrowserSession.clear_instance()
        patch.undo()
