"""The little web server by which JupyterHub sees that a runner is up: a process of its own, which knows nothing."""

import contextlib
import http.server
import os
import socket
from urllib.parse import urlsplit

from hub_config.reports.execution.warm.descendants import die_with_parent

__all__ = ["start_answering"]


class _Answer(http.server.BaseHTTPRequestHandler):
    """Says that the runner is there, whatever is asked."""

    server_version = "cohorthub"
    sys_version = ""
    timeout = 5

    def do_GET(self) -> None:
        """Answer."""
        content = b"This is a runner of reports. There is nothing to see here.\n"
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's own name
        """Keep quiet."""


def start_answering(url: str, *, port: int | None = None) -> int | None:
    """Start the server, in a process that ends with this one.

    Parameters
    ----------
    url : str
        Where the hub looks: ``JUPYTERHUB_SERVICE_URL``.
    port : int, optional
        Another port than that of `url`, for spawners that choose it late.

    Returns
    -------
    int or None
        The process; None if the address has no port.
    """
    parts = urlsplit(url)
    chosen = port or parts.port
    if not chosen:
        return None
    host = parts.hostname or "127.0.0.1"
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((host, chosen))
    listening.listen(16)
    parent = os.getpid()
    process = os.fork()
    if process:
        listening.close()
        return process
    try:
        die_with_parent(parent)
        server = http.server.HTTPServer((host, chosen), _Answer, bind_and_activate=False)
        server.socket.close()
        server.socket = listening
        server.serve_forever(poll_interval=5)
    finally:
        os._exit(0)
