"""A project with targets, and real servers on loopback: for mail (plain, encrypted, refusing, hanging) and the web."""

import asyncio
import datetime as dt
import email.message
import email.policy
import ipaddress
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hub_config.projects import Event
from hub_config.reports.notices import Letter, Notice, Target
from hub_config.settings import MailSettings, NoticeSettings, Settings

LOOPBACK = ["127.0.0.0/8"]
PASSWORD = "s3cret/@:?&#=%+ pass"


def a_notice(**changes: Any) -> Notice:
    given: dict[str, Any] = {
        "project": "ward-quality",
        "title": "Monthly quality",
        "run_id": "20261127-070000-abc",
        "event": Event.FAILED,
        "when": dt.datetime(2026, 11, 27, 7, 0, tzinfo=dt.UTC),
        "link": "https://hub.example.org/services/reports/runs/20261127-070000-abc",
        "error_code": "REPORT-CELL-FAILED",
    }
    return Notice(**{**given, **changes})


def a_letter(**changes: Any) -> Letter:
    return Letter((a_notice(**changes),))


@pytest.fixture
def project_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "projects" / "ward-quality"
    (folder / "secrets").mkdir(parents=True, mode=0o700)
    folder.chmod(0o700)
    return folder


@pytest.fixture
def by_mail(project_folder: Path) -> Target:
    return target(project_folder, email="team@example.org")


@pytest.fixture
def by_url(project_folder: Path) -> Callable[[str], Target]:
    """Write an address into a secret file; gives the target that names it."""

    def write(url: str) -> Target:
        secret = project_folder / "secrets" / "hook"
        secret.write_text(url + "\n", encoding="utf-8")
        secret.chmod(0o600)
        return target(project_folder, url_file="secrets/hook")

    return write


def target(folder: Path, *, url_file: str | None = None, email: str | None = None) -> Target:
    return Target("ward-quality/ops", folder, url_file, email, frozenset({Event.FAILED}), "en")


def settings(*, seconds: int = 20, networks: list[str] | None = None, **mail: Any) -> Settings:
    notices = NoticeSettings(allow_networks=LOOPBACK if networks is None else networks, timeout_seconds=seconds)
    return Settings(mail=MailSettings(**mail), notices=notices)


# Mail


@dataclass
class MailBox:
    """A mail server, and what it was given."""

    port: int = 0
    mails: list[email.message.EmailMessage] = field(default_factory=list)
    envelopes: list[Any] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    logins: list[tuple[bytes, bytes]] = field(default_factory=list)
    rcpt: str | None = None
    data: str = "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if self.rcpt is not None and not (address.startswith("good") and self.rcpt.startswith("550")):
            return self.rcpt
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        self.raw.append(envelope.content)
        self.envelopes.append(envelope)
        self.mails.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return self.data


@contextmanager
def mail_server(**words: Any) -> Iterator[MailBox]:
    box, ready = MailBox(), threading.Event()
    loop = asyncio.new_event_loop()

    def serve() -> None:
        asyncio.set_event_loop(loop)
        listening = loop.run_until_complete(
            loop.create_server(lambda: SMTP(box, hostname="mx.example.org", loop=loop, **words), "127.0.0.1", 0)
        )
        box.port = listening.sockets[0].getsockname()[1]
        ready.set()
        loop.run_forever()
        listening.close()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0.05))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()

    thread = threading.Thread(target=serve)
    thread.start()
    assert ready.wait(10)
    try:
        yield box
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)


@pytest.fixture
def mailbox() -> Iterator[MailBox]:
    with mail_server() as box:
        yield box


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a certificate for 127.0.0.1, which is its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tests")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.fixture
def secure_mailbox(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MailBox]:
    """A mail server that wants STARTTLS and a login."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    seen: list[tuple[bytes, bytes]] = []

    def login(_server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
        seen.append((given.login, given.password))
        return AuthResult(success=given.password == PASSWORD.encode(), handled=False)

    with mail_server(tls_context=context, require_starttls=True, auth_required=True, authenticator=login) as box:
        box.logins = seen
        yield box


@pytest.fixture
def hanging_port() -> Iterator[int]:
    """A server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


# The web


@dataclass
class WebServer:
    """A web server, and what it was sent."""

    port: int = 0
    requests: list[tuple[str, dict[str, str], str]] = field(default_factory=list)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    hang: threading.Event | None = None
    endless: bool = False

    def everything(self) -> str:
        return json.dumps(self.requests, ensure_ascii=False)


@pytest.fixture
def start_web_server() -> Iterator[Callable[[], WebServer]]:
    servers: list[tuple[ThreadingHTTPServer, WebServer, threading.Thread]] = []

    def start() -> WebServer:
        web = WebServer()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                web.requests.append((self.path, dict(self.headers), body))
                if web.hang is not None:
                    web.hang.wait(60)
                self.send_response(web.status)
                length = str(2**40) if web.endless else "0"
                for name, value in {"Content-Length": length, **web.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                block = bytes(2**22)
                while web.endless:
                    self.wfile.write(block)

            do_GET = do_POST  # noqa: N815

            def log_message(self, *words: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.handle_error = lambda *_: None  # type: ignore[method-assign]
        web.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        servers.append((server, web, thread))
        return web

    yield start
    for server, web, thread in servers:
        if web.hang is not None:
            web.hang.set()
        server.shutdown()
        server.server_close()
        thread.join(10)


@pytest.fixture
def web(start_web_server: Callable[[], WebServer]) -> WebServer:
    return start_web_server()
