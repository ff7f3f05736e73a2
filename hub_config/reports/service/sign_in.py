"""Who is signed in: what a browser's own session says, and nothing else."""

from typing import Any

from jupyterhub.services.auth import HubOAuth, HubOAuthenticated
from tornado.web import RequestHandler

__all__ = ["BrowserSession", "SignedIn", "brings_token"]


class BrowserSession(HubOAuth):
    """JupyterHub's sign-in, which by itself also takes tokens: from the header, and from the address.

    A token is made for programs and has scopes of its own; on a page it would stand for its whole person. Only the
    API takes tokens, and looks at their scopes itself.
    """

    def get_token(self, handler: RequestHandler, in_cookie: bool = True) -> str | None:
        """Give the token of the session's cookie, which this service has signed.

        Parameters
        ----------
        handler : RequestHandler
            Of the request.
        in_cookie : bool, default True
            False asks for tokens that stand elsewhere; there are none.

        Returns
        -------
        str or None
            None if nobody has signed in.
        """
        token: str | None = self._get_token_cookie(handler) if in_cookie else None
        return token


class SignedIn(HubOAuthenticated):
    """What asks who is signed in."""

    hub_auth_class: Any = BrowserSession


def brings_token(handler: RequestHandler) -> bool:
    """Tell whether a request brings a token in its header or address, as a program would.

    Parameters
    ----------
    handler : RequestHandler
        Of the request.

    Returns
    -------
    bool
        True for any, also one that is not good.
    """
    return "Authorization" in handler.request.headers or "token" in handler.request.query_arguments
