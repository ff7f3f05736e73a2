"""Starting and ending runners at the hub: named servers of the projects' accounts."""

import json
import logging
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest, HTTPResponse

__all__ = ["HUB_SILENT", "HubServers", "StartRefusedError"]

logger = logging.getLogger(__name__)

HUB_SILENT = "hub-silent"
# What JupyterHub says, with status 400, of a server that is up or about to be: somebody else has asked for it.
UNDER_WAY = ("is already running", "is pending spawn", "is pending check")
START_LIMIT_S = 30
LIMIT_S = 10


class StartRefusedError(Exception):
    """The hub did not start a runner.

    Parameters
    ----------
    reason : str
        In a word, without an address.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class HubServers:
    """The hub's API, as far as runners need it.

    Parameters
    ----------
    api_url : str
        Of the hub.
    token : str
        The service's own.
    """

    api_url: str
    token: str

    async def start(self, account: str, *, server: str) -> None:
        """Ask the hub to start a runner; it is up when it is heard. One that was asked for before is not started twice.

        Parameters
        ----------
        account : str
            As whom; made known to the hub if it is not.
        server : str
            The runner's name.

        Raises
        ------
        StartRefusedError
            If the hub does not answer or will not.
        """
        user = f"users/{quote(account, safe='')}"
        made = await self._ask("POST", user)
        if made.code not in {201, 409}:
            raise StartRefusedError(f"account-{made.code}")
        started = await self._ask("POST", f"{user}/servers/{server}", limit_s=START_LIMIT_S)
        if started.code not in {201, 202} and not _is_under_way(started):
            raise StartRefusedError(f"server-{started.code}")

    async def remove(self, account: str, *, server: str) -> bool:
        """Have the hub end a runner, if it is there, and forget it.

        Parameters
        ----------
        account : str
            Whose.
        server : str
            The runner's name.

        Returns
        -------
        bool
            Whether it is gone.
        """
        path = f"users/{quote(account, safe='')}/servers/{server}"
        try:
            gone = await self._ask("DELETE", path, body={"remove": True}, limit_s=START_LIMIT_S)
        except StartRefusedError:
            return False
        return gone.code in {202, 204, 404}

    async def _ask(
        self, method: str, path: str, *, body: dict[str, Any] | None = None, limit_s: float = LIMIT_S
    ) -> HTTPResponse:
        request = HTTPRequest(
            f"{self.api_url.rstrip('/')}/{path}",
            method=method,
            headers={"Authorization": f"token {self.token}", "Content-Type": "application/json"},
            body=json.dumps(body or {}) if method != "GET" else None,
            allow_nonstandard_methods=True,
            request_timeout=limit_s,
            connect_timeout=LIMIT_S,
        )
        try:
            response = await AsyncHTTPClient().fetch(request, raise_error=False)
        except (OSError, HTTPClientError) as silent:
            raise StartRefusedError(HUB_SILENT) from silent
        if response.code == 599:
            raise StartRefusedError(HUB_SILENT)
        return response


def _is_under_way(answer: HTTPResponse) -> bool:
    if answer.code != 400:
        return False
    try:
        said = json.loads(answer.body)["message"]
    except (ValueError, KeyError, TypeError):
        return False
    return isinstance(said, str) and said.endswith(UNDER_WAY)
