"""What the servers said: apprise answers only yes or no, and the reason decides whether to try again."""

import functools
import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["Witness"]

_LONGEST_WAIT = 86_400


@dataclass
class Witness:
    """Notes answers as they pass; changes nothing.

    Parameters
    ----------
    http_status : int, default 0
        The last answer of a web server.
    smtp_code : int, default 0
        The last answer of a mail server that was an error.
    spoke_smtp : bool, default False
        Whether a mail server answered at all.
    lost : bool, default False
        Whether a mail server stopped answering.
    accepted : int, default 0
        How many mails were taken.
    tls_failed : bool, default False
        Whether encryption could not be agreed on, or the server could not prove who it is.
    retry_after_seconds : int or None, default None
        How long the server asked to wait.
    """

    http_status: int = 0
    smtp_code: int = 0
    spoke_smtp: bool = False
    lost: bool = False
    accepted: int = 0
    tls_failed: bool = False
    retry_after_seconds: int | None = None

    def watch(self) -> None:
        """Stand beside the libraries that speak with servers, in this process."""
        import requests

        self._beside(requests.Session, "send", told=self._http)
        self._beside(smtplib.SMTP, "getreply", told=self._reply, failed=self._no_reply)
        self._beside(smtplib.SMTP, "sendmail", told=self._mail)
        self._beside(ssl.SSLSocket, "do_handshake", told=lambda _: None, failed=self._no_handshake)

    @staticmethod
    def _beside(
        owner: type, name: str, *, told: Callable[[Any], None], failed: Callable[[Exception], None] | None = None
    ) -> None:
        original = getattr(owner, name)

        @functools.wraps(original)
        def beside(*words: Any, **named: Any) -> Any:
            try:
                answer = original(*words, **named)
            except Exception as failure:
                if failed is not None:
                    failed(failure)
                raise
            told(answer)
            return answer

        setattr(owner, name, beside)

    def _http(self, response: Any) -> None:
        self.http_status = int(response.status_code)
        asked = str(response.headers.get("Retry-After", ""))
        if asked.isascii() and asked.isdigit():
            self.retry_after_seconds = min(int(asked[:9]), _LONGEST_WAIT)

    def _reply(self, answer: tuple[int, bytes]) -> None:
        self.spoke_smtp = True
        if answer[0] >= 400:
            self.smtp_code = answer[0]

    def _no_reply(self, _failure: Exception) -> None:
        self.lost = True

    def _mail(self, _refused: Any) -> None:
        self.accepted += 1

    def _no_handshake(self, failure: Exception) -> None:
        self.tls_failed = isinstance(failure, ssl.SSLError)
