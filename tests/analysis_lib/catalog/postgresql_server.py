"""A real PostgreSQL server of the tests' own: in a temporary folder, on loopback, stopped by its process."""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.analysis_lib.catalog.find_postgresql import HOW_TO_GET_IT, find_postgresql

PASSWORD = "oPen-sesame-77"  # of a server that lives for a minute; tests look for it in every output
START_LIMIT_S = 60


@dataclass(frozen=True)
class Server:
    """A running server."""

    programs: Path
    folder: Path
    port: int

    def url(self, database: str, *, user: str = "postgres", password: str | None = PASSWORD) -> str:
        """Address a database, with the password in it unless there is none."""
        login = user if password is None else f"{user}:{password}"
        return f"postgresql://{login}@127.0.0.1:{self.port}/{database}"

    def run(self, sql: str, *, database: str = "postgres") -> str:
        """Run statements as the administrator and return what psql prints."""
        words = ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", self.url(database)]
        done = subprocess.run(
            [str(self.programs / words[0]), *words[1:]], input=sql, text=True, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


@contextlib.contextmanager
def running_server() -> Iterator[Server]:
    """Make a cluster, start it, and take both away again."""
    programs = find_postgresql()
    assert programs is not None, HOW_TO_GET_IT
    # A short path that the server's account can enter: its socket's name may have 107 letters, and pytest's own
    # temporary folders are closed to others.
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    process = None
    try:
        (folder / "password").write_text(PASSWORD, encoding="ascii")
        account = _account()
        if account:
            shutil.chown(folder, *account.values())
            shutil.chown(folder / "password", *account.values())
        _initdb(programs, folder, account)
        server = Server(programs, folder, _free_port())
        process = _start(server, account)
        yield server
    finally:
        if process is not None:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _account() -> dict[str, int]:
    """PostgreSQL refuses to run as root, so there it runs as the account that its package made, or as nobody."""
    if os.geteuid() != 0:
        return {}
    names = {entry.pw_name for entry in pwd.getpwall()}
    entry = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    return {"user": entry.pw_uid, "group": entry.pw_gid}


def _initdb(programs: Path, folder: Path, account: dict[str, int]) -> None:
    words = ["-D", "data", "-U", "postgres", "-A", "scram-sha-256", "--pwfile=password", "-E", "UTF8", "--no-sync"]
    done = subprocess.run(
        [str(programs / "initdb"), *words, "--locale=C"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        extra_groups=[] if account else None,
        **account,
    )
    assert done.returncode == 0, done.stderr


def _free_port() -> int:
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        return int(chosen.getsockname()[1])


def _start(server: Server, account: dict[str, int]) -> "subprocess.Popen[bytes]":
    settings = {"listen_addresses": "127.0.0.1", "fsync": "off", "shared_buffers": "16MB", "max_connections": "20"}
    words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    with (server.folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [str(server.programs / "postgres"), "-D", "data", "-p", str(server.port), "-k", str(server.folder), *words],
            cwd=server.folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            extra_groups=[] if account else None,
            **account,
        )
    ready = [str(server.programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(server.port)]
    until = time.monotonic() + START_LIMIT_S
    while subprocess.run(ready, check=False).returncode:
        assert process.poll() is None, (server.folder / "log").read_text()
        assert time.monotonic() < until, "the server did not come up"
        time.sleep(0.1)
    return process
