"""Sign-in against the accounts file."""

import asyncio
import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from jupyterhub.auth import Authenticator
from tornado.web import HTTPError
from traitlets import Unicode

from hub_config.accounts.store import AccountStore
from hub_config.accounts.throttle import Throttle

__all__ = ["AccountsAuthenticator"]


class AccountsAuthenticator(Authenticator):
    """JupyterHub authenticator over `AccountStore`, with a throttle against guessing.

    Parameters
    ----------
    **kwargs : traitlets
        As JupyterHub gives them to every authenticator; ``accounts_file`` is set in its configuration.
    """

    accounts_file = Unicode(config=True, help="The accounts file.")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.store = AccountStore(Path(self.accounts_file))
        self.throttle = Throttle()
        # Two at a time: each check takes 32 MB and a core for a tenth of a second, and anybody may ask for one.
        self._checking = ThreadPoolExecutor(max_workers=2, thread_name_prefix="password")

    async def authenticate(self, _handler: Any, data: dict[str, str]) -> dict[str, Any] | None:
        """Check what was typed into the form.

        Parameters
        ----------
        data : dict
            ``username`` and ``password``.

        Returns
        -------
        dict or None
            JupyterHub's auth model, or None where name or password is wrong.

        Raises
        ------
        HTTPError
            429 while the name must wait.
        """
        name = self.normalize_username(data.get("username", ""))
        name = name[:64]  # no account's name is longer, and the throttle remembers what is typed
        wait = self.throttle.wait_seconds(name)
        if wait > 0:
            raise HTTPError(
                429, f"Too many wrong passwords for this name. Please try again in {math.ceil(wait)} seconds."
            )
        self.throttle.begin(name)
        loop = asyncio.get_running_loop()
        account = await loop.run_in_executor(self._checking, self.store.verify, name, data.get("password", ""))
        if account is None:
            return None
        self.throttle.succeed(name)
        return {"name": account.name, "admin": account.admin}

    async def refresh_user(self, user: Any, _handler: Any = None, **_kwargs: Any) -> bool | dict[str, Any]:
        """Sign out whoever's account was taken away, and follow a change of the admin flag.

        Parameters
        ----------
        user : jupyterhub.user.User
            Who is signed in.

        Returns
        -------
        bool or dict
            False where the account is gone, else the auth model.
        """
        account = self.store.find(user.name)
        return False if account is None else {"name": account.name, "admin": account.admin}
