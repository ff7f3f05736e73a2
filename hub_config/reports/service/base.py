"""What all pages share: who is asking, the headers, and how an error looks."""

import logging
import secrets
from functools import cached_property
from http import HTTPStatus
from typing import Any

from jupyterhub.services.auth import HubOAuthCallbackHandler
from tornado.web import HTTPError, RequestHandler

from hub_config.languages import language_of, other_languages
from hub_config.reports.database.errors import DatabaseUnreachableError
from hub_config.reports.desk import Desk, Person
from hub_config.reports.service.board import Board, Run
from hub_config.reports.service.security import COMMON_HEADERS, page_policy
from hub_config.reports.service.sign_in import SignedIn, brings_token
from hub_config.reports.service.site import Site
from hub_config.reports.service.statuses import status_of
from hub_config.reports.service.texts import LANGUAGES, Texts

__all__ = ["Answer", "CallbackHandler", "NotFoundHandler", "PageHandler"]

logger = logging.getLogger(__name__)

FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


class Answer(RequestHandler):
    """Headers and error pages, also for the few answers that need nobody to be signed in."""

    person: Person | None = None

    def set_default_headers(self) -> None:
        """Begin every answer, errors included, with the headers that hold for all."""
        for name, value in COMMON_HEADERS.items():
            self.set_header(name, value)
        self.set_header("Content-Security-Policy", page_policy(self.nonce))
        self.clear_header("Server")

    @cached_property
    def nonce(self) -> str:
        """This answer's licence for our own script and style."""
        return secrets.token_urlsafe(18)

    @cached_property
    def texts(self) -> Texts:
        """The words of this answer; a language that the address asks for is kept for the next ones."""
        return LANGUAGES[language_of(self)]

    @property
    def board(self) -> Board:
        """All runs, running and past."""
        board: Board = self.settings["board"]
        return board

    @property
    def desk(self) -> Desk:
        """Where requests are checked and written down."""
        desk: Desk = self.settings["desk"]
        return desk

    @property
    def site(self) -> Site:
        """The pages' frame."""
        site: Site = self.settings["site"]
        return site

    def show(self, page: str, /, **values: Any) -> None:
        """Answer with a page.

        Parameters
        ----------
        page : str
            Name of the Jinja2 template.
        **values : object
            What the template shows; escaped there.
        """
        # Making the token sets its cookie, so it is made only for a person.
        made: object = self.xsrf_token if self.person is not None else ""
        token = made.decode("ascii") if isinstance(made, bytes) else str(made)
        languages = other_languages(self, self.texts.language)
        values |= {"nonce": self.nonce, "person": self.person, "xsrf_token": token, "languages": languages}
        self.finish(self.site.render(page, texts=self.texts, values=values))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Show an error as a page, without a word of what was sent.

        Parameters
        ----------
        status_code : int
            The answer's status.
        **kwargs : object
            What tornado knows about the error; not shown.
        """
        failure = kwargs.get("exc_info", (None, None, None))[1]
        status_code = status_of(failure) or status_code
        explanation = self._explanation(failure, status_code)
        self.set_status(status_code)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Content-Security-Policy", page_policy(self.nonce))
        self.show("error.html", status=status_code, explanation=self.texts[explanation])

    def _explanation(self, failure: BaseException | None, status_code: int) -> str:
        """Choose the words for an error: those of its own reason, else those of its status."""
        if isinstance(failure, DatabaseUnreachableError):
            return "error_no_room" if failure.is_full else "error_database"
        reason = failure.reason if isinstance(failure, HTTPError) else f"refused_{getattr(failure, 'code', '')}"
        general = "error_400" if status_code < HTTPStatus.INTERNAL_SERVER_ERROR else "error_500"
        return next(
            (word for word in (reason, f"error_{status_code}") if word is not None and word in self.texts.words),
            general,
        )

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:  # noqa: PLR0917 - tornado's own
        """Log what went wrong here; a refusal is no failure of the service.

        Parameters
        ----------
        typ : type or None
            Of the exception.
        value : BaseException or None
            The exception.
        tb : traceback or None
            Where it was raised.
        """
        if (status_of(value) or HTTPStatus.INTERNAL_SERVER_ERROR) >= HTTPStatus.INTERNAL_SERVER_ERROR:
            super().log_exception(typ, value, tb)


class PageHandler(SignedIn, Answer):
    """A page for a person who is signed in."""

    person: Person

    async def prepare(self) -> None:
        """Take forms only, and only from those who are signed in."""
        if self.request.body and not self.request.headers.get("Content-Type", "").startswith(FORMS):
            raise HTTPError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)  # its fields would look like empty ones
        await self.sign_in()

    async def sign_in(self) -> None:
        """Find out who asks, without holding up others meanwhile; send them to the hub if nobody is signed in.

        Raises
        ------
        HTTPError
            If it cannot be found out, or is no person.
        """
        try:
            await self.hub_auth.get_user(self, sync=False)
            model = self.current_user
        except HTTPError as failure:  # the hub is being restarted, or does not accept our token
            logger.warning("The hub did not say who asks: %s", failure.log_message)
            raise HTTPError(HTTPStatus.BAD_GATEWAY) from failure
        if model is None:
            self._send_to_sign_in()
            return
        if model["kind"] != "user":
            raise HTTPError(403, reason="error_people_only")
        self.person = Person(name=model["name"], is_operator=bool(model.get("admin")))

    def _send_to_sign_in(self) -> None:
        """Redirect a page view to the hub; answer all else with a refusal, as a redirect would lose what was sent."""
        if brings_token(self):  # a program would take the hub's form for the page
            raise HTTPError(403, reason="error_token")
        is_page = self.request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate"
        if self.request.method not in {"GET", "HEAD"} or not is_page:
            raise HTTPError(403, reason="error_signed_out")
        self.redirect(self.get_login_url())

    def page_number(self) -> int:
        """Read which page of a list is asked for.

        Returns
        -------
        int
            At least 1.
        """
        given = self.get_query_argument("page", "1")
        return max(int(given), 1) if given.isascii() and given.isdecimal() and len(given) < 7 else 1

    def run_or_404(self, run_id: str) -> Run:
        """Return a run that this person may see.

        Parameters
        ----------
        run_id : str
            From the address.

        Returns
        -------
        Run
            As it is now.

        Raises
        ------
        HTTPError
            404 if there is none, and just so if it is somebody else's.
        """
        run = self.board.find(run_id, person=self.person)
        if run is None:
            raise HTTPError(404)
        return run


class CallbackHandler(SignedIn, HubOAuthCallbackHandler, Answer):
    """The last step of signing in: the hub sends the browser here."""


class NotFoundHandler(PageHandler):
    """Any other address, for people who are signed in."""

    def get(self) -> None:
        """Say that there is no such page."""
        raise HTTPError(404)
