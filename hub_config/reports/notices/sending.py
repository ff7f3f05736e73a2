"""Sending one letter to one target, in a process that can be ended at any moment."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hub_config.projects import ProjectError
from hub_config.projects.files import open_folder, read_text
from hub_config.reports.notices.notice import Letter
from hub_config.reports.notices.outcome import Outcome, State
from hub_config.reports.notices.targets import SCHEMES, Target, scheme_of
from hub_config.reports.notices.wording import page_of, subject_of, text_of
from hub_config.settings import Settings
from hub_config.settings.notices import MailSettings

__all__ = ["send"]

logger = logging.getLogger(__name__)

_LONGEST_SECRET = 4096
_SECURE_MODES = {"starttls": "starttls", "tls": "ssl", "none": "insecure"}
# What the process needs to find Python, our code, the time and the certificates; nothing that the service was told.
_KEPT = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")


@dataclass(frozen=True)
class _Address:
    """Where to: an address for apprise, as text or in its parts; it holds passwords, so it is never shown."""

    value: str | dict[str, Any] = field(repr=False)
    kind: str = "mail"
    operators: bool = False


class _NoAddressError(Exception):
    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.code)
        self.outcome = outcome


def send(letter: Letter, target: Target, *, settings: Settings) -> Outcome:
    """Send a letter; waits until it is sent, refused, or the time is up, so call it in a thread.

    Parameters
    ----------
    letter : Letter
        What to say.
    target : Target
        Whom to tell.
    settings : Settings
        The operator's mail server, networks and time limit.

    Returns
    -------
    Outcome
        Whatever happens: nothing is raised, and nothing that holds an address is logged.
    """
    try:
        address = _address_of(target, settings.mail)
        job = {
            "address": address.value,
            "operators": address.operators,
            "networks": [str(network) for network in settings.notices.allow_networks],
            "seconds": settings.notices.timeout_seconds,
            "subject": subject_of(letter, chat=address.kind == "chat"),
            "text": text_of(letter, chat=address.kind == "chat"),
            "page": page_of(letter),
        }
        outcome = _deliver(job, seconds=settings.notices.timeout_seconds)
    except _NoAddressError as without:
        outcome = without.outcome
    except Exception as failure:  # noqa: BLE001 - one notice must not stop the others
        logger.warning("notice to %s could not be sent (%s)", target.recipient, type(failure).__name__)
        outcome = Outcome(State.LATER, "failed")
    logger.info("notice to %s: %s (%s)", target.recipient, outcome.state, outcome.code)
    return outcome


def _deliver(job: Mapping[str, Any], *, seconds: float) -> Outcome:
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
    environment |= {"LC_ALL": "C.UTF-8", "HOME": "/nonexistent", "PYTHONDONTWRITEBYTECODE": "1"}  # no ~/.netrc
    try:
        done = subprocess.run(
            [sys.executable, "-m", "hub_config.reports.notices.delivery"],
            input=json.dumps(job),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # a traceback would hold the address
            timeout=seconds,
            check=False,
            text=True,
            encoding="utf-8",
            env=environment,
            start_new_session=True,
        )
    except subprocess.TimeoutExpired:
        return Outcome(State.LATER, "timed-out")
    if done.returncode != 0:
        return Outcome(State.LATER, "failed")
    answer = json.loads(done.stdout)
    return Outcome(State(answer["state"]), str(answer["code"]), answer["retry_after"])


def _address_of(target: Target, mail: MailSettings) -> _Address:
    if target.email is not None:
        return _Address(_mail_address(target.email, mail), operators=True)
    folder, _, name = str(target.url_file).partition("/")
    try:
        os.close(open_folder(target.folder))
        url = _secret(target.folder / folder, name)
    except ProjectError as unreadable:
        logger.warning("the secret of %s cannot be read: %s", target.recipient, unreadable)
        raise _NoAddressError(Outcome(State.LATER, "secret-unreadable")) from None
    scheme = scheme_of(url)
    if scheme is None:
        logger.warning("the address of %s must begin with one of: %s", target.recipient, ", ".join(SCHEMES))
        raise _NoAddressError(Outcome(State.REFUSED, "scheme-not-allowed"))
    if not url.isascii() or not url.isprintable() or " " in url:
        raise _NoAddressError(Outcome(State.REFUSED, "address-not-understood"))
    return _Address(url, kind=SCHEMES[scheme])


def _secret(folder: Path, name: str) -> str:
    opened = open_folder(folder)
    try:
        return read_text(opened, name, limit=_LONGEST_SECRET, private=True).strip()
    finally:
        os.close(opened)


def _mail_address(email: str, mail: MailSettings) -> dict[str, Any]:
    """Give apprise the operator's mail server in its parts, where no sign of a password can be misread."""
    if mail.host is None:
        raise _NoAddressError(Outcome(State.LATER, "no-mail-server"))
    address: dict[str, Any] = {
        "schema": "mailto" if mail.security == "none" else "mailtos",
        "secure": mail.security != "none",
        "host": str(mail.sender).rpartition("@")[2],
        "smtp_host": mail.host,
        "port": mail.port or {"starttls": 587, "tls": 465, "none": 25}[mail.security],
        "secure_mode": _SECURE_MODES[mail.security],
        "from_addr": f"CohortHub <{mail.sender}>",
        "targets": [email],
    }
    if mail.user is not None and mail.password_file is not None:
        try:
            password = _secret(mail.password_file.parent, mail.password_file.name)
        except ProjectError as unreadable:
            logger.warning("the mail server's password cannot be read: %s", unreadable)
            raise _NoAddressError(Outcome(State.LATER, "secret-unreadable")) from None
        if not password.isascii():
            logger.warning("the mail server's password must be ASCII: Python's mail client sends no other")
            raise _NoAddressError(Outcome(State.LATER, "secret-unreadable"))
        address |= {"user": mail.user, "password": password}
    return address
