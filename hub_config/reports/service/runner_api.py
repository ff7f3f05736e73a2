"""Where runners speak to the service: JSON, with the token of their own server."""

import datetime as dt
import hashlib
import json
import logging
from typing import Any

import sqlalchemy as sa
from jupyterhub.services.auth import HubAuth
from tornado.web import HTTPError

from hub_config.reports.database.errors import DatabaseUnreachableError
from hub_config.reports.database.tables import runners
from hub_config.reports.runners.hearing import Hearing
from hub_config.reports.runners.messages import SyncRequest
from hub_config.reports.service.base import Answer

__all__ = ["RunnerSyncHandler"]

logger = logging.getLogger(__name__)

MOST_VOUCHED = 1000


class RunnerSyncHandler(Answer):
    """Hears a runner."""

    def check_xsrf_cookie(self) -> None:
        """No cookie signs a runner in, so there is nothing that another site could misuse."""

    async def post(self) -> None:
        """Write down what it says, and answer with what it shall do."""
        try:
            request = SyncRequest.from_document(json.loads(self.request.body))
        except (ValueError, RecursionError) as broken:
            logger.warning("A runner's request was refused: %s", broken)
            raise HTTPError(400, reason="Not a request of a runner") from broken
        hearing = self._hearing
        try:
            account = await self._account(request, hearing=hearing)
            answer = hearing.answer(request, account=account, now=dt.datetime.now(dt.UTC))
        except DatabaseUnreachableError as failure:
            raise HTTPError(503) from failure
        if answer is None:
            hearing.vouched.pop(request.runner_id, None)
            raise HTTPError(404)
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(answer.to_document()))

    @property
    def _hearing(self) -> Hearing:
        hearing: Hearing = self.settings["hearing"]
        return hearing

    @property
    def _auth(self) -> HubAuth:
        auth: HubAuth = self.settings["hub_auth"]
        return auth

    async def _account(self, request: SyncRequest, *, hearing: Hearing) -> str:
        """Say whose runner shows this token; the hub is asked once, so that a hub that is down stops no run.

        The token holds for the process that showed it first: a batch system that starts a job a second time starts
        the runner again under the same name, and the runs of the first process must not be given to it.
        """
        kind, _, token = self.request.headers.get("Authorization", "").partition(" ")
        if kind.lower() not in {"token", "bearer"} or not token:
            raise HTTPError(401)
        runner_id = request.runner_id
        digest = hashlib.sha256(f"{token}{request.process}".encode()).hexdigest()
        account, known = hearing.vouched.get(runner_id, ("", ""))
        if known == digest:
            return account  # whether it is a runner still is seen when it is written down that it was heard
        with hearing.database.reading() as connection:
            runner = connection.execute(sa.select(runners).where(runners.c.id == runner_id)).first()
        if runner is None or runner.state == "gone":
            raise HTTPError(404)
        if runner.token_sha256 is None:
            await self._ask_hub(token, runner=runner)
            with hearing.database.writing() as tx:
                tx.execute(sa.update(runners).where(runners.c.id == runner_id).values(token_sha256=digest))
        elif runner.token_sha256 != digest:
            logger.warning("Another process than that of runner %s speaks for it", runner_id)
            raise HTTPError(403)
        if len(hearing.vouched) >= MOST_VOUCHED:
            hearing.vouched.clear()  # runners come and go: the names of those that are gone would stay for ever
        hearing.vouched[runner_id] = (str(runner.account), digest)
        return str(runner.account)

    async def _ask_hub(self, token: str, *, runner: Any) -> None:
        """Have the hub vouch that the token is that of this very server."""
        try:
            model = await self._auth.user_for_token(token, sync=False)
        except HTTPError as failure:
            logger.warning("The hub did not say whose runner %s is: %s", runner.id, failure.log_message)
            raise HTTPError(502) from failure
        if model is None:
            raise HTTPError(403)
        server = f"access:servers!server={model.get('name')}/{runner.id}"
        if model.get("kind") != "user" or model.get("name") != runner.account or server not in model.get("scopes", ()):
            logger.warning("A token that is not that of runner %s was shown for it", runner.id)
            raise HTTPError(403)
