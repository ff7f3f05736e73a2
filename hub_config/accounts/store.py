"""The accounts file: names, whether they administer, and salted scrypt hashes of their passwords."""

import base64
import fcntl
import hashlib
import hmac
import json
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hub_config.errors import AccountError, HomeCorruptError
from hub_config.home import write_private

__all__ = ["NAME_PATTERN", "Account", "AccountStore", "make_password"]

# OWASP's second choice for scrypt (N=2^16 needs 64 MB for each attempt): 32 MB and about 0.1 s here.
_COST = {"n": 2**15, "r": 8, "p": 1}
_MEMORY = 64 * 2**20
_MAX_PASSWORD_CHARACTERS = 1024
# As narrow as what a folder, a URL and a future system account all carry unescaped.
NAME_PATTERN = r"[a-z][a-z0-9-]{0,31}"
# Read aloud without mistakes: no l, 1, I, O, 0. 16 of 57 signs are 93 bits.
_SIGNS = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_PASSWORD_LENGTH = 16


def make_password() -> str:
    """Draw a random password.

    Returns
    -------
    str
        16 letters and digits that cannot be mistaken for one another.
    """
    return "".join(secrets.choice(_SIGNS) for _ in range(_PASSWORD_LENGTH))


@dataclass(frozen=True)
class Account:
    """One person who may sign in.

    Parameters
    ----------
    name : str
        Lower-case letters, digits and hyphens, at most 32.
    admin : bool
        Whether they see the hub's admin page.
    """

    name: str
    admin: bool


class AccountStore:
    """The accounts in one file, read anew whenever it has changed.

    Parameters
    ----------
    file : Path
        ``secrets/accounts.json`` of the home.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self._stamp: tuple[int, int] | None = None
        self._cached: dict[str, dict[str, Any]] = {}
        # Verified against where a name is unknown, so that an answer takes as long as for a known one.
        self._nobody = _hash(secrets.token_hex())

    def accounts(self) -> list[Account]:
        """List all accounts, by name.

        Returns
        -------
        list of Account
            Empty where there is no file yet.
        """
        return [Account(name, bool(entry["admin"])) for name, entry in sorted(self._read().items())]

    def find(self, name: str) -> Account | None:
        """Look one account up.

        Parameters
        ----------
        name : str
            Its name.

        Returns
        -------
        Account or None
            None where there is none of that name.
        """
        entry = self._read().get(name)
        return None if entry is None else Account(name, bool(entry["admin"]))

    def verify(self, name: str, password: str) -> Account | None:
        """Check a password; takes as long for an unknown name as for a known one.

        Parameters
        ----------
        name : str
            What was typed as name.
        password : str
            What was typed as password.

        Returns
        -------
        Account or None
            The account, or None if name or password is wrong.
        """
        entry = self._read().get(name)
        hashed = self._nobody if entry is None else entry["scrypt"]
        matches = len(password) <= _MAX_PASSWORD_CHARACTERS and _matches(hashed, password)
        return Account(name, bool(entry["admin"])) if matches and entry is not None else None

    def add(self, name: str, password: str, *, admin: bool = False) -> Account:
        """Make an account.

        Parameters
        ----------
        name : str
            A name that no account has.
        password : str
            Its password.
        admin : bool, default False
            Whether it administers the hub.

        Returns
        -------
        Account
            The new account.

        Raises
        ------
        AccountError
            If the name is taken or not allowed.
        """
        if not re.fullmatch(NAME_PATTERN, name):
            raise AccountError(
                f"an account's name must be lower-case letters, digits and hyphens, begin with a letter and have at "
                f"most 32 of them; got {len(name)} characters. Choose another name."
            )
        with self._changing() as entries:
            if name in entries:
                raise AccountError(f"there is an account of this name; found {name}. Choose another name.")
            entries[name] = {"admin": admin, "scrypt": _hash(password)}
        return Account(name, admin)

    def set_password(self, name: str, password: str) -> None:
        """Give an account a new password.

        Parameters
        ----------
        name : str
            An account's name.
        password : str
            The new password.

        Raises
        ------
        AccountError
            If there is no such account.
        """
        with self._changing() as entries:
            _known(entries, name)["scrypt"] = _hash(password)

    def remove(self, name: str) -> None:
        """Take an account away; the person's folder stays.

        Parameters
        ----------
        name : str
            An account's name.

        Raises
        ------
        AccountError
            If there is no such account.
        """
        with self._changing() as entries:
            _known(entries, name)
            del entries[name]

    def _read(self) -> dict[str, dict[str, Any]]:
        try:
            status = self.file.stat()
        except FileNotFoundError:
            self._stamp, self._cached = None, {}
            return {}
        # Replaced, never rewritten in place, so a new content is a new inode.
        stamp = (status.st_ino, status.st_mtime_ns)
        if stamp != self._stamp:
            try:
                entries = json.loads(self.file.read_text(encoding="utf-8"))["accounts"]
                self._cached = {str(name): {"admin": e["admin"], "scrypt": e["scrypt"]} for name, e in entries.items()}
            except (ValueError, KeyError, TypeError, AttributeError) as broken:
                raise HomeCorruptError(
                    f"the accounts file is not what CohortHub writes; found {type(broken).__name__} in {self.file}. "
                    "Restore it from a backup; without it nobody can sign in."
                ) from broken
            self._stamp = stamp
        return self._cached

    @contextmanager
    def _changing(self) -> Iterator[dict[str, dict[str, Any]]]:
        """Read, let the caller change, write: one process at a time."""
        lock = os.open(self.file.with_suffix(".lock"), os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            entries = {name: dict(entry) for name, entry in self._read().items()}
            yield entries
            write_private(self.file, json.dumps({"version": 1, "accounts": entries}, indent=1) + "\n")
        finally:
            os.close(lock)


def _known(entries: Mapping[str, dict[str, Any]], name: str) -> dict[str, Any]:
    if name not in entries:
        raise AccountError(
            f"there is no such account; known are: {', '.join(sorted(entries)) or 'none'}. "
            "See `cohorthub account list`."
        )
    return entries[name]


def _hash(password: str) -> dict[str, Any]:
    salt = secrets.token_bytes(16)
    return {**_COST, "salt": _text(salt), "hash": _text(_scrypt(password, salt, **_COST))}


def _matches(hashed: Mapping[str, Any], password: str) -> bool:
    salt, wanted = base64.b64decode(hashed["salt"]), base64.b64decode(hashed["hash"])
    return hmac.compare_digest(_scrypt(password, salt, n=hashed["n"], r=hashed["r"], p=hashed["p"]), wanted)


def _scrypt(password: str, salt: bytes, *, n: int, r: int, p: int) -> bytes:
    # "surrogatepass": a form may carry any sequence of code points; none may break the sign-in page.
    secret = password.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(secret, salt=salt, n=n, r=r, p=p, maxmem=_MEMORY)


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")
