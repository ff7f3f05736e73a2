"""What a request may weigh: a body or headers that are too large get an answer, and are not kept in memory."""

from collections.abc import Awaitable
from typing import Any

from tornado.httputil import (
    HTTPHeaders,
    HTTPMessageDelegate,
    HTTPServerRequest,
    ParseBodyConfig,
    ParseMultipartConfig,
    RequestStartLine,
    ResponseStartLine,
    set_parse_body_config,
)
from tornado.web import Application, HTTPError, RequestHandler

from hub_config.reports.service.api.handler import ApiAnswer
from hub_config.reports.service.base import Answer

__all__ = ["LARGEST_BODY", "LARGEST_HEADERS", "LARGEST_READ", "LARGEST_READ_HEADERS", "Intake", "take_large_forms"]

LARGEST_BODY = 4 * 1024 * 1024  # of a form with its files; the API takes less, a file may have less, each with a reason
LARGEST_HEADERS = 32 * 1024
# What is larger is read to its end and thrown away, as browsers and proxies read no answer before they have sent all.
# Beyond this nobody waits: the connection is closed.
LARGEST_READ = 256 * 1024 * 1024
LARGEST_READ_HEADERS = 256 * 1024
MOST_FIELDS = 5_000  # of one form: a definition with all that it may have; tornado takes 100 where it is not told
API_PLACES = ("api/", "metrics", "runner/")


def take_large_forms() -> None:
    """Let forms with files have as many fields as a definition needs; tornado knows this for a whole process only."""
    set_parse_body_config(ParseBodyConfig(multipart=ParseMultipartConfig(max_parts=MOST_FIELDS)))


class _TooLarge(RequestHandler):
    """Says so, to anybody: who asks is not looked up for what is not taken."""

    def initialize(self, status: int) -> None:
        self.why = status

    def check_xsrf_cookie(self) -> None:
        """Nothing is done with the request."""

    def prepare(self) -> None:
        raise HTTPError(self.why)


class _TooLargePage(_TooLarge, Answer):
    """Says it as a page."""


class _TooLargeAnswer(_TooLarge, ApiAnswer):
    """Says it as the API does."""


class Intake(Application):
    """An application that weighs what it is sent."""

    def get_handler_delegate(self, request: HTTPServerRequest, *args: Any, **kwargs: Any) -> Any:
        """Weigh what comes before a handler has it.

        Parameters
        ----------
        request : HTTPServerRequest
            Whose headers have come.
        *args, **kwargs : object
            Tornado's own.

        Returns
        -------
        HTTPMessageDelegate
            Takes the body.
        """
        return _Weighed(self, request, inner=super().get_handler_delegate(request, *args, **kwargs))

    def refusal(self, request: HTTPServerRequest, *, status: int) -> HTTPMessageDelegate:
        """Give what answers a request that is too large.

        Parameters
        ----------
        request : HTTPServerRequest
            Which.
        status : int
            413 for its body, 431 for its headers.

        Returns
        -------
        HTTPMessageDelegate
            Answers as soon as it is finished.
        """
        request.headers.pop("Content-Type", None)  # nothing of the body is kept that could be parsed
        place = request.path.removeprefix(self.settings["site"].prefix)
        handler = _TooLargeAnswer if place.startswith(API_PLACES) else _TooLargePage
        return super().get_handler_delegate(request, handler, {"status": status})


class _Weighed(HTTPMessageDelegate):
    def __init__(self, application: Intake, request: HTTPServerRequest, *, inner: HTTPMessageDelegate) -> None:
        self.application, self.request, self.inner = application, request, inner
        self.size = 0
        self.refused: int | None = None

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Awaitable[None] | None:
        weight = len(self.request.uri or "") + sum(len(name) + len(value) + 4 for name, value in headers.get_all())
        declared = headers.get("Content-Length", "")
        length = int(declared) if declared.isascii() and declared.isdecimal() and len(declared) < 20 else 0
        if weight > LARGEST_HEADERS:
            self._refuse(431)
        elif length > LARGEST_BODY:
            self._refuse(413)
        else:
            return self.inner.headers_received(start_line, headers)
        if length > LARGEST_READ:
            self.request.connection.set_max_body_size(length)  # type: ignore[union-attr]  # answered before it is read
            self.inner.finish()
        return None

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        self.size += len(chunk)
        if self.refused is None and self.size > LARGEST_BODY:  # its length was not said before
            self.inner.on_connection_close()
            self._refuse(413)
        return None if self.refused is not None else self.inner.data_received(chunk)

    def _refuse(self, status: int) -> None:
        self.refused = status
        self.inner = self.application.refusal(self.request, status=status)

    def finish(self) -> None:
        self.inner.finish()

    def on_connection_close(self) -> None:
        self.inner.on_connection_close()
