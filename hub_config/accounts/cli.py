"""`cohorthub account`: who may sign in."""

from typing import TYPE_CHECKING

import click

from hub_config.cli import Session

if TYPE_CHECKING:
    from hub_config.accounts.store import AccountStore

__all__ = ["account"]


@click.group()
def account() -> None:
    """List, add and remove the accounts that may sign in.

    Example: cohorthub account add ada
    """


@account.command(name="list")
@click.pass_obj
def list_accounts(session: Session) -> None:
    """List all accounts.

    Example: cohorthub account list
    """
    accounts = _store(session).accounts()
    session.emit(
        {"accounts": [{"name": each.name, "admin": each.admin} for each in accounts]},
        "\n".join(f"{each.name}{'  (admin)' if each.admin else ''}" for each in accounts) or "no accounts",
    )


@account.command()
@click.argument("name")
@click.option("--admin", is_flag=True, help="Let the account see the hub's admin page.")
@click.pass_obj
def add(session: Session, name: str, *, admin: bool) -> None:
    """Add the account NAME with a random password, which is shown once. A running hub knows it at once.

    Example: cohorthub account add ada
    """
    from hub_config.accounts.store import make_password

    password = make_password()
    _store(session).add(name, password, admin=admin)
    session.emit({"name": name, "admin": admin, "password": password}, f"{name} {password}")


@account.command()
@click.argument("name")
@click.pass_obj
def password(session: Session, name: str) -> None:
    """Give the account NAME a new random password, which is shown once.

    Example: cohorthub account password ada
    """
    from hub_config.accounts.store import make_password

    new = make_password()
    _store(session).set_password(name, new)
    session.emit({"name": name, "password": new}, f"{name} {new}")


@account.command()
@click.argument("name")
@click.pass_obj
def remove(session: Session, name: str) -> None:
    """Remove the account NAME; its folder stays, and the hub's pages are closed to it within a minute.

    A server of its owner that already runs goes on until the operator stops it on the hub's admin page.

    Example: cohorthub account remove ada
    """
    _store(session).remove(name)
    session.emit({"name": name, "removed": True}, f"{name} removed")


def _store(session: Session) -> "AccountStore":
    from hub_config.accounts.store import AccountStore
    from hub_config.errors import AccountError
    from hub_config.home import Home, read_record

    home = Home(session.home)
    if read_record(home) is None:
        raise AccountError(f"there is no home yet; looked at {home.path}. Make it with `cohorthub up`, or give --home.")
    return AccountStore(home.secrets / "accounts.json")
