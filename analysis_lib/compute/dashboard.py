"""A door before Dask's dashboard, which has none: every request needs a cookie, and a link gives one cookie, once.

The dashboard listens on loopback, where every account of the machine can reach it, and through jupyter-server-proxy
also every other user of the hub. It shows code, logs and arguments, so the gate stands before the whole HTTP server:
pages, JSON, metrics and websockets alike (docs/decisions/0003 tells what else was tried). A link is good for one visit
because a notebook keeps what its cells showed, and notebooks are handed on.
"""

import hmac
import secrets
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from tornado.httputil import HTTPMessageDelegate, HTTPServerRequest
from tornado.routing import Router
from tornado.web import Application, RequestHandler

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Gate", "link_key"]


def link_key(secret: str) -> str:
    """Make the key of a new dashboard link.

    Parameters
    ----------
    secret : str
        What the cluster's process and its owner share.

    Returns
    -------
    str
        A random word and its signature; no two are the same.
    """
    word = secrets.token_hex(12)
    return f"{word}.{_signature(secret, word)}"


class Gate(Router):
    """Pass a request on to the dashboard if it carries the cookie; exchange a link's key for a cookie, once.

    Parameters
    ----------
    dashboard : tornado.web.Application
        What stands behind the gate.
    secret : str
        What `link_key` was given.
    port : int
        Where the dashboard listens; it tells the cookies of several clusters apart, as browsers do not.
    """

    def __init__(self, dashboard: Application, *, secret: str, port: int) -> None:
        self._dashboard = dashboard
        self._secret = secret
        self._cookie = f"cohorthub-dashboard-{port}"
        self._used: set[str] = set()
        self._visitors: set[str] = set()
        entrance = {"cookie": self._cookie, "admit": self._admit}
        self._refusal = Application([(r".*", _Refusal)], log_function=_log_nothing)
        self._entrance = Application([(r".*", _Entrance, entrance)], log_function=_log_nothing)

    def find_handler(self, request: HTTPServerRequest, **kwargs: Any) -> HTTPMessageDelegate | None:
        """Choose who answers: the dashboard, the entrance or the refusal.

        Parameters
        ----------
        request : HTTPServerRequest
            Start line and headers of the request.
        **kwargs : object
            Passed on.

        Returns
        -------
        HTTPMessageDelegate
            What goes on with the request.
        """
        cookie = request.cookies.get(self._cookie)
        if cookie is not None and cookie.value in self._visitors:
            return self._dashboard.find_handler(request, **kwargs)
        if request.method == "GET" and self._spend(request.query_arguments.get("key", [b""])[-1]):
            return self._entrance.find_handler(request, **kwargs)
        return self._refusal.find_handler(request, **kwargs)

    def _spend(self, key: bytes) -> bool:
        """Say whether `key` is genuine and new, and never accept it again."""
        word, _, signature = key.decode("ascii", "replace").partition(".")
        genuine = hmac.compare_digest(signature.encode(), _signature(self._secret, word).encode())
        if not genuine or word in self._used:
            return False
        self._used.add(word)
        return True

    def _admit(self) -> str:
        value = secrets.token_urlsafe(32)
        self._visitors.add(value)
        return value


class _Refusal(RequestHandler):
    """Says what to do instead; never what stands behind the gate."""

    def prepare(self) -> None:
        self.set_status(403)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(
            "This dashboard belongs to one person's cluster. A link to it works once, in one browser: "
            "for a new link, show the cluster again (a cell that holds just its name).\n"
        )


class _Entrance(RequestHandler):
    """Gives the cookie and leads on to the same page without the key."""

    def initialize(self, cookie: str, admit: "Callable[[], str]") -> None:
        self._name, self._admit = cookie, admit

    def get(self) -> None:
        # jupyter-server-proxy names the path it serves us under; the cookie must go to no other server of the hub.
        path = self.request.headers.get("X-ProxyContextPath", "").rstrip("/") + "/"
        self.set_cookie(self._name, self._admit(), path=path, httponly=True, samesite="Strict")
        self.set_header("Cache-Control", "no-store")
        self.set_header("Referrer-Policy", "no-referrer")
        self.set_status(302)
        self.set_header("Location", self.request.path.rsplit("/", 1)[-1] or ".")


def _log_nothing(_handler: RequestHandler) -> None:
    """Keep keys, which stand in the address, out of the log."""


def _signature(secret: str, word: str) -> str:
    return hmac.new(secret.encode(), word.encode(), sha256).hexdigest()
