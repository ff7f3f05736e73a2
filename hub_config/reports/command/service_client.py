"""Asking the reports service from the command line: its address, a token, and what it answers."""

import json
import os
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from hub_config.errors import HubError
from hub_config.reports.service.errors import ApiError

__all__ = ["ServiceClient", "connect", "exit_code_of"]

TOKEN_VARIABLE = "COHORTHUB_TOKEN"  # noqa: S105 - the name of a variable
PREFIX = "services/reports/"
LARGEST_ANSWER = 64 * 2**20
LONGEST_TOKEN = 1000
PATIENCE_S = 60


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the token to wherever it points."""

    def redirect_request(self, *_: Any) -> None:
        return None


@dataclass(frozen=True)
class ServiceClient:
    """A reports service, and somebody's token for it.

    Parameters
    ----------
    root : str
        Address of the API.
    token : str
        Of the hub.
    """

    root: str
    token: str = field(repr=False)

    def get(self, *path: str, **query: object) -> dict[str, Any]:
        """Ask for something.

        Parameters
        ----------
        *path : str
            Parts of the address below the API's root.
        **query : object
            Fields of the query; None leaves one out.

        Returns
        -------
        dict
            The answer.
        """
        return self.ask("GET", *path, query=query)

    def ask(
        self,
        method: str,
        *path: str,
        query: Mapping[str, object] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Send a request.

        Parameters
        ----------
        method : str
            HTTP's.
        *path : str
            Parts of the address below the API's root.
        query : mapping, optional
            Fields of the query; None leaves one out.
        body : object, optional
            Sent as JSON.
        headers : mapping, optional
            Beside the token.

        Returns
        -------
        dict
            The answer.

        Raises
        ------
        ApiError
            If the service refuses, with the code of the reason, or does not answer.
        """
        given = {name.rstrip("_"): value for name, value in (query or {}).items() if value is not None}
        address = (
            self.root + "/".join(quote(part, safe="~") for part in path) + (f"?{urlencode(given)}" if given else "")
        )
        request = urllib.request.Request(address, method=method, headers={"Authorization": f"token {self.token}"})  # noqa: S310 - http or https, looked at before
        for name, value in (headers or {}).items():
            request.add_header(name, value)
        if body is not None:
            request.data = json.dumps(body, ensure_ascii=False, allow_nan=False).encode("utf-8", "surrogatepass")
            request.add_header("Content-Type", "application/json")
        try:
            with _opener(self.root).open(request, timeout=PATIENCE_S) as answer:
                return _document(answer.read(LARGEST_ANSWER + 1), status=answer.status)
        except urllib.error.HTTPError as refused:
            with refused:
                raise _refusal(_document(refused.read(LARGEST_ANSWER + 1), status=refused.code), refused.code) from None
        except (OSError, ValueError) as failure:
            reason = getattr(failure, "reason", failure)
            raise ApiError(
                f"The reports service does not answer; found {type(reason).__name__}. "
                "See that the hub runs (`cohorthub up`), or give its address with --url.",
                status=503,
            ) from failure


def connect(home: Path, *, url: str | None, token_file: Path | None) -> ServiceClient:
    """Find the service and a token.

    Parameters
    ----------
    home : Path
        Where a hub of this machine keeps its addresses.
    url : str or None
        The hub's public address, for a hub elsewhere.
    token_file : Path or None
        A file with a token; the variable ``COHORTHUB_TOKEN`` when not given.

    Returns
    -------
    ServiceClient
        Not yet asked anything.

    Raises
    ------
    ApiError
        If there is no hub, no token, or a token would be sent where others can read it.
    """
    hub, service = _addresses_at(url) if url is not None else _addresses_in(home)
    token = _token_in(token_file) if token_file is not None else os.environ.get(TOKEN_VARIABLE, "").strip()
    if not token:
        raise ApiError(
            f"The reports service asks for a token; found none. Make one at {hub}hub/token (scopes custom:reports:read "
            "and custom:reports:run, or custom:reports for everything), keep it in a file that only you can read, and "
            f"give --token-file FILE or set {TOKEN_VARIABLE}.",
            status=401,
        )
    if len(token) > LONGEST_TOKEN or not token.isascii() or not token.isprintable() or " " in token:
        raise ApiError(
            f"The token cannot be one of the hub's; found {len(token)} characters that are not all of one word. "
            "Keep nothing but the token in the file.",
            status=401,
        )
    return ServiceClient(f"{service}api/v1/", token)


def exit_code_of(code: str | None) -> int:
    """Give the exit code that belongs to an error's code.

    Parameters
    ----------
    code : str or None
        Such as ``REPORT-CELL-FAILED``.

    Returns
    -------
    int
        Of the API where the code is not known.
    """
    from hub_config.reports.database import errors as _database  # noqa: F401 - makes their classes known
    from hub_config.reports.definitions import errors as _definitions  # noqa: F401
    from hub_config.reports.desk import errors as _desk  # noqa: F401

    return next((kind.exit_code for kind in _kinds(HubError) if kind.code == code), ApiError.exit_code)


def _kinds(root: type[HubError]) -> Iterator[type[HubError]]:
    for kind in root.__subclasses__():
        yield kind
        yield from _kinds(kind)


def _opener(root: str) -> urllib.request.OpenerDirector:
    handlers: list[urllib.request.BaseHandler] = [_NoRedirects()]
    if _is_loopback(urlsplit(root).hostname or ""):
        handlers.append(urllib.request.ProxyHandler({}))
    return urllib.request.build_opener(*handlers)


def _addresses_in(home: Path) -> tuple[str, str]:
    from hub_config.addresses import read_addresses
    from hub_config.home import Home

    try:
        found = read_addresses(Home(home))
    except (OSError, ValueError, TypeError) as missing:
        raise ApiError(
            f"No hub runs on this home; looked in {home}. Start it with `cohorthub up`, give --home, or --url of a hub "
            "elsewhere.",
            status=503,
        ) from missing
    if found.reports_port is None:
        raise ApiError(
            "This hub has no reports service; it is not installed there. Install it, or give --url.", status=503
        )
    return found.url, f"http://127.0.0.1:{found.reports_port}/{PREFIX}"


def _addresses_at(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        parts, host = urlsplit(""), ""
    if parts.scheme not in {"http", "https"} or not host or parts.username or parts.query or parts.fragment:
        raise ApiError("The address is not that of a hub; found other text. Write it like https://hub.example.org/.")
    if parts.scheme == "http" and not _is_loopback(host):
        raise ApiError("The token would travel unencrypted; found an address with http. Use https.")
    hub = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}/"
    return hub, f"{hub}{PREFIX}"


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _token_in(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            return opened.read(LONGEST_TOKEN + 2).decode("ascii").strip()
    except (OSError, ValueError) as unreadable:
        raise ApiError(
            f"The token file cannot be read; found {type(unreadable).__name__}. Put one token into it, no more.",
            status=401,
        ) from unreadable


def _document(content: bytes, *, status: int) -> dict[str, Any]:
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise ApiError(
            f"The answer is not that of a reports service; found status {status} and no JSON. "
            "See that the address is the hub's, and that the hub runs.",
            status=503,
        )
    return document


def _refusal(document: Mapping[str, Any], status: int) -> ApiError:
    error = document.get("error")
    error = error if isinstance(error, dict) else {}
    code = str(error.get("code") or ApiError.code)
    return ApiError(
        str(error.get("message") or f"The service refused with status {status}."),
        status=status,
        code=code,
        exit_code=exit_code_of(code),
    )
