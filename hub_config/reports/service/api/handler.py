"""Between HTTP and the endpoints: who asks, with which scope, what was sent, and how the answer is written."""

import asyncio
import datetime as dt
import json
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel, ValidationError
from tornado.iostream import StreamClosedError
from tornado.web import HTTPError

from hub_config.errors import HubError
from hub_config.reports.definitions import Problem
from hub_config.reports.desk import Person
from hub_config.reports.service.api.conditions import condition_of, tag
from hub_config.reports.service.api.endpoints import (
    IDEMPOTENCY_KEY,
    PATH_PARTS,
    Call,
    Download,
    Endpoint,
    Made,
    Versioned,
)
from hub_config.reports.service.api.kit import Kit
from hub_config.reports.service.api.openapi import openapi_document
from hub_config.reports.service.api.refusals import as_refusal, document_of, lacks_scope, nothing_here, problems_in
from hub_config.reports.service.api.strict_json import read_json
from hub_config.reports.service.base import Answer
from hub_config.reports.service.errors import ApiError
from hub_config.reports.service.sign_in import SignedIn

__all__ = ["ApiAnswer", "ApiHandler", "DescriptionHandler"]

logger = logging.getLogger(__name__)

TOKEN = re.compile(r"(?:token|bearer) +([!-~]{1,1000})", re.IGNORECASE)
JSON_TYPE = re.compile(r'application/json(;\s*charset="?utf-8"?)?', re.IGNORECASE)
PIECE = 256 * 1024
HOW_TO_GET_ONE = "Make a token on the hub's token page (/hub/token), and send it as 'Authorization: token TOKEN'."


class ApiAnswer(SignedIn, Answer):
    """How the API refuses: always JSON, always one shape; and how it finds out who asks."""

    model: Mapping[str, Any]
    allowed: Sequence[str] = ("GET",)

    @property
    def kit(self) -> Kit:
        """The rooms behind the API."""
        kit: Kit = self.settings["api_kit"]
        return kit

    def check_xsrf_cookie(self) -> None:
        """Ask for the page's own token where only a cookie says who it is; a hub token is no cookie."""
        if self._token_given is None and self.request.cookies:
            super().check_xsrf_cookie()

    @property
    def _token_given(self) -> str | None:
        """What stands in the header; it alone decides, so that a cookie never helps a request with a bad token."""
        return self.request.headers.get("Authorization")

    async def sign_in(self) -> Mapping[str, Any]:
        """Find out who asks.

        Returns
        -------
        mapping
            What the hub says about them.

        Raises
        ------
        ApiError
            If nobody does, or too often.
        """
        given = self._token_given
        token = TOKEN.fullmatch(given.strip()) if given is not None else None
        sender = f"token {token.group(1)}" if token is not None else f"address {self.request.remote_ip}"
        self._hold_back(self.kit.limit.take(sender))
        try:
            if given is None:
                model = await self.hub_auth.get_user(self, sync=False)  # of the session's cookie only
            else:
                model = await self.hub_auth.user_for_token(token.group(1), sync=False) if token is not None else None
        except HTTPError as failure:
            if failure.status_code == HTTPStatus.FORBIDDEN and given is not None:
                model = None
            else:
                logger.warning("The hub did not say who asks: %s", failure.log_message)
                raise as_refusal(None, status=503) from failure
        if model is None:
            found = "no token" if given is None else "one that the hub does not know"
            raise ApiError(f"Nobody is signed in; found {found}. {HOW_TO_GET_ONE}", status=401)
        return dict(model)

    @staticmethod
    def _hold_back(wait: float) -> None:
        if wait > 0:
            seconds = max(1, round(wait + 0.5))
            raise ApiError(
                f"Too many requests; the next is taken in {seconds} s. Ask less often.",
                status=429,
                retry_after_s=seconds,
            )

    def may(self, scope: str) -> bool:
        """Tell whether who asks may use a scope; a page's cookie stands for the whole person.

        Parameters
        ----------
        scope : str
            Of the hub.

        Returns
        -------
        bool
            True if the token has it, for all or for its person.
        """
        if self._token_given is None:
            return bool(self.hub_auth.check_scopes(self.hub_scopes, self.model))
        return bool(self.hub_auth.check_scopes({scope, f"{scope}!user={self.model['name']}"}, self.model))

    def refuse(self, refused: ApiError) -> None:
        """Answer with a refusal.

        Parameters
        ----------
        refused : ApiError
            What is wrong.
        """
        self.set_status(refused.status)
        if refused.status == HTTPStatus.METHOD_NOT_ALLOWED:
            self.set_header("Allow", ", ".join(self.allowed))
        if refused.retry_after_s is not None:
            self.set_header("Retry-After", str(refused.retry_after_s))
        if refused.status == HTTPStatus.UNAUTHORIZED:
            self.set_header("WWW-Authenticate", "token")
        self.write_json(document_of(refused))

    def write_json(self, document: Mapping[str, Any]) -> None:
        """End the answer with a document.

        Parameters
        ----------
        document : mapping
            Of types that JSON knows.
        """
        self.set_header("Content-Type", "application/json")
        self.set_header("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
        self.finish(json.dumps(document, ensure_ascii=False, allow_nan=False))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Refuse what tornado, or a failure that nobody foresaw, stopped.

        Parameters
        ----------
        status_code : int
            The answer's status.
        **kwargs : object
            What tornado knows about it; not shown.
        """
        failure = kwargs.get("exc_info", (None, None, None))[1]
        self.refuse(as_refusal(failure, status=status_code))


class DescriptionHandler(ApiAnswer):
    """The API's description; it names nobody's things, so nobody has to sign in."""

    def get(self) -> None:
        """Send it."""
        self.write_json(openapi_document(f"{self.kit.prefix}api/v1/"))


class ApiHandler(ApiAnswer):
    """All methods of one address."""

    def initialize(self, endpoints: Mapping[str, Endpoint], names: tuple[str, ...]) -> None:
        """Take the declarations.

        Parameters
        ----------
        endpoints : mapping
            By method.
        names : tuple of str
            Of the parts of the address.
        """
        self.endpoints = endpoints
        self.allowed = sorted(endpoints)
        self.names = names
        self._version = ""

    async def serve(self, *parts: str) -> None:
        """Answer a request.

        Parameters
        ----------
        *parts : str
            The names in the address.
        """
        try:
            answer = await self._answer(parts)
        except HubError as refused:
            self.refuse(as_refusal(refused))
            return
        if isinstance(answer, Download):
            await self._send(answer)
            return
        if isinstance(answer, Made):
            self.set_status(answer.status)
            self.set_header("Location", f"{self.kit.prefix}api/v1/{quote(answer.address)}")
            answer = answer.document
        elif isinstance(answer, Versioned):
            self._version = answer.version
            if self.request.method != "GET":  # there tornado asks `compute_etag`, and may answer 304
                self.set_header("ETag", tag(answer.version))
            answer = answer.document
        self.write_json(answer.model_dump(mode="json"))

    get = head = post = put = patch = delete = options = serve  # those that are not declared are refused there

    def compute_etag(self) -> str | None:
        """Give the tag of what was read: what is saved, and what is told of it now.

        Returns
        -------
        str or None
            For the header.
        """
        content = super().compute_etag()
        return tag(self._version, content.strip('"')[:16]) if self._version and content else content

    async def _answer(self, parts: tuple[str, ...]) -> BaseModel | Made | Versioned | Download:
        endpoint = self.endpoints.get(self.request.method or "")
        if endpoint is None:
            raise as_refusal(None, status=405)
        self.model = await self.sign_in()
        if not self.may(endpoint.scope):
            raise lacks_scope(endpoint.scope)
        if self.model.get("kind", "user") != "user":
            raise ApiError("The API is for people; found a service's token. Use a person's.", status=403)
        call = self._call(endpoint, parts)
        return await asyncio.get_running_loop().run_in_executor(self.kit.threads, endpoint.do, call)

    def _call(self, endpoint: Endpoint, parts: tuple[str, ...]) -> Call:
        path = dict(zip(self.names, parts, strict=True))
        for name, part in path.items():
            if re.fullmatch(PATH_PARTS[name].pattern, part) is None:
                raise nothing_here(name)
        return Call(
            kit=self.kit,
            person=Person(name=self.model["name"], is_operator=bool(self.model.get("admin"))),
            now=dt.datetime.now(dt.UTC),
            path=path,
            may=self.may,
            query=self._query(endpoint),
            body=self._body(endpoint),
            idempotency_key=self._idempotency_key(endpoint),
            condition=condition_of(
                self.request.headers, takes_version=endpoint.takes_version, takes_new=endpoint.takes_new
            ),
        )

    def _query(self, endpoint: Endpoint) -> BaseModel | None:
        given = dict(_single(self.request.query_arguments))
        if endpoint.query is None:
            if given:
                raise _not_wanted("query", "has fields that are not known here")
            return None
        try:
            return endpoint.query.model_validate(given)
        except ValidationError as faults:
            raise _unfit("query", problems_in(faults, place="query")) from None

    def _body(self, endpoint: Endpoint) -> Any:
        content = self.request.body
        if endpoint.body is None:
            if content:
                raise _not_wanted("body", "is not wanted here")
            return None
        if JSON_TYPE.fullmatch(self.request.headers.get("Content-Type", "").strip()) is None:
            text = "must be application/json in UTF-8"
            raise ApiError(
                f"The body is of another type; it {text}.", status=415, problems=[Problem("content-type", "type", text)]
            )
        document = read_json(content)
        if not endpoint.parses_body:
            return document
        try:
            return endpoint.body.model_validate(document)
        except ValidationError as faults:
            raise _unfit("body", problems_in(faults, place="body")) from None

    def _idempotency_key(self, endpoint: Endpoint) -> str | None:
        given = self.request.headers.get_list("Idempotency-Key")
        if not given or not endpoint.is_idempotent:
            return None
        if len(given) > 1 or re.fullmatch(IDEMPOTENCY_KEY, given[0]) is None:
            text = "must be 1 to 200 printable ASCII characters without blanks"
            raise _unfit("headers", [Problem("headers.Idempotency-Key", "pattern", text)])
        return given[0]

    async def _send(self, answer: Download) -> None:
        for name, value in answer.headers.items():
            self.set_header(name, value)
        self.set_header("Content-Disposition", f'attachment; filename="{answer.name}"')
        with answer.file as file:
            pieces = answer.convert(file) if answer.convert is not None else iter(lambda: file.read(PIECE), b"")
            try:
                while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
                    self.write(piece)
                    await self.flush()
            except StreamClosedError:  # the reader has gone
                return
        await self.finish()


def _single(arguments: Mapping[str, list[bytes]]) -> Iterator[tuple[str, str]]:
    for name, values in arguments.items():
        field = f"query.{name}" if name.isidentifier() and name.isascii() and len(name) <= 60 else "query"
        if len(values) > 1:
            raise _unfit("query", [Problem(field, "twice", "must be given once")])
        try:
            text = values[0].decode("utf-8")
        except UnicodeDecodeError:
            raise _unfit("query", [Problem(field, "encoding", "must be text in UTF-8")]) from None
        if "\0" in text:
            raise _unfit("query", [Problem(field, "nul", "must not have a NUL in it")])
        yield name, text


def _unfit(place: str, problems: list[Problem]) -> ApiError:
    said = "; ".join(str(problem) for problem in problems[:10])
    return ApiError(f"The request's {place} cannot be used; {said}. See openapi.json.", problems=problems)


def _not_wanted(place: str, text: str) -> ApiError:
    return ApiError(
        f"The request's {place} {text}; found some. Leave it out.", problems=[Problem(place, "unknown-field", text)]
    )
