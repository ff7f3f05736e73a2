"""How a sending ended, and which answers of servers mean what."""

from dataclasses import dataclass
from enum import StrEnum

from hub_config.reports.notices.witness import Witness

__all__ = ["Outcome", "State", "judge"]


class State(StrEnum):
    """What to do next about a letter."""

    SENT = "sent"
    REFUSED = "refused"  # for good: trying again would change nothing
    LATER = "later"


@dataclass(frozen=True)
class Outcome:
    """How a sending ended.

    Parameters
    ----------
    state : State
        Sent, refused for good, or to be tried again later.
    code : str
        A stable word that says why; never a server's own words, which may repeat what was sent.
    retry_after_seconds : int or None, default None
        How long the server asked to wait.
    """

    state: State
    code: str
    retry_after_seconds: int | None = None


# A login that fails and an address that is not there yet are mended by people, so they are tried again.
_LOGIN = frozenset({401, 403, 407, 454, 530, 534, 535, 538})
_BUSY_HTTP = frozenset({408, 409, 421, 423, 425, 429})


def judge(witness: Witness, *, accepted: bool, gate_refused: bool) -> Outcome:
    """Say how a sending ended from what was seen of it.

    Parameters
    ----------
    witness : Witness
        What the servers answered.
    accepted : bool
        Whether apprise says that it was sent.
    gate_refused : bool
        Whether a connection was refused by our own rules.

    Returns
    -------
    Outcome
        The outcome.
    """
    if accepted:
        return Outcome(State.SENT, "sent")
    if witness.accepted:
        # Some of a target's mailboxes have it; sending again would tell them twice.
        return Outcome(State.SENT, "sent-partly")
    if gate_refused:
        return Outcome(State.REFUSED, "address-not-allowed")
    if witness.http_status:
        return _by_http_status(witness.http_status, witness.retry_after_seconds)
    return _by_mail_server(witness)


def _by_mail_server(witness: Witness) -> Outcome:
    if witness.smtp_code in _LOGIN:
        return Outcome(State.LATER, "login-refused")
    if witness.smtp_code:
        return Outcome(State.LATER, "busy") if witness.smtp_code < 500 else Outcome(State.REFUSED, "refused")
    if witness.tls_failed or (witness.spoke_smtp and not witness.lost):
        # A mail server that answered well up to the end did not offer encryption.
        return Outcome(State.LATER, "no-encryption")
    return Outcome(State.LATER, "unreachable")


def _by_http_status(status: int, retry_after: int | None) -> Outcome:
    if 300 <= status < 400:
        return Outcome(State.REFUSED, "redirected")
    if status in _LOGIN:
        return Outcome(State.LATER, "login-refused", retry_after)
    if status in _BUSY_HTTP or status >= 500:
        return Outcome(State.LATER, "busy", retry_after)
    return Outcome(State.REFUSED, "refused") if status >= 400 else Outcome(State.LATER, "unreachable")
