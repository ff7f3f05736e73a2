"""The process that sends one message: ``python -m hub_config.reports.notices.delivery``.

The job comes as JSON on stdin, the outcome goes as JSON to stdout. It is a process of its own because apprise brings
40 MB and 900 modules, its plugins wait as long as they like, and what is changed here (logging off, an audit hook on
every connection) must not be changed in the service.
"""

import json
import logging
import resource
import signal
import sys
import warnings
from ipaddress import ip_network
from typing import Any

from hub_config.reports.notices.addresses import Gate
from hub_config.reports.notices.mails import mail_writer
from hub_config.reports.notices.outcome import Outcome, State, judge
from hub_config.reports.notices.targets import PARAMETERS, SCHEMES
from hub_config.reports.notices.witness import Witness

__all__: list[str] = []

# An answer without end must not take the machine's memory; a usual message needs 65 MB.
_MOST_MEMORY = 2**30


def main() -> int:
    """Send the message.

    Returns
    -------
    int
        0 whenever the outcome could be written.
    """
    job = json.load(sys.stdin)
    # The parent ends this process in time; if the parent is gone, this does.
    signal.alarm(int(job["seconds"]) + 1)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core would hold passwords
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    logging.disable(sys.maxsize)
    warnings.simplefilter("ignore")
    try:
        outcome = _send(job)
    except Exception:  # noqa: BLE001 - a plugin may raise anything; its words may hold the address
        outcome = Outcome(State.LATER, "failed")
    json.dump({"state": outcome.state, "code": outcome.code, "retry_after": outcome.retry_after_seconds}, sys.stdout)
    return 0


def _send(job: dict[str, Any]) -> Outcome:
    import apprise

    gate = Gate(tuple(ip_network(each) for each in job["networks"]), operators=bool(job["operators"]))
    witness = Witness()
    asset = apprise.AppriseAsset(
        app_id="CohortHub",
        image_url_mask="",  # no pictures from elsewhere in chats
        image_url_logo="",
        app_desc="CohortHub",
        app_url="",
        async_mode=False,
        storage_mode="memory",
        http_redirects=False,
    )
    if isinstance(job["address"], str) and not _has_only_known_parameters(job["address"]):
        return Outcome(State.REFUSED, "parameter-not-allowed")
    plugin: Any = apprise.Apprise.instantiate(job["address"], asset=asset)
    if plugin is None or not plugin.schemas() & SCHEMES.keys():
        return Outcome(State.REFUSED, "address-not-understood")
    plugin.redirects = False
    plugin.socket_connect_timeout = plugin.socket_read_timeout = max(2, int(job["seconds"]) // 2)
    gate.encrypted = _is_encrypted(plugin)
    witness.watch()
    sys.addaudithook(gate.hook)
    if hasattr(plugin, "smtp_host"):
        from apprise.plugins.email.base import NotifyEmail

        service: Any = NotifyEmail
        service.prepare_emails = staticmethod(mail_writer(text=job["text"], page=job["page"]))
    sender = apprise.Apprise(asset=asset)
    sender.add(plugin)
    text: Any = apprise.NotifyFormat.TEXT
    accepted = bool(sender.notify(body=job["text"], title=job["subject"], body_format=text))
    return judge(witness, accepted=accepted, gate_refused=gate.refused)


def _has_only_known_parameters(url: str) -> bool:
    """Look at an address's parameters with apprise's own eyes, so that both read the same."""
    from apprise.url import URLBase

    parse: Any = URLBase.parse_url  # apprise gives it no types
    parsed = parse(url, verify_host=False)
    if not parsed:
        return False
    given = parsed.get("qsd") or {}
    return all(name in PARAMETERS or name[:1] in {"+", "-", ":"} for name in given)


def _is_encrypted(plugin: Any) -> bool:
    if hasattr(plugin, "secure_mode"):
        return plugin.secure_mode in {"starttls", "ssl"}
    # Services without an unencrypted scheme say so by having a `secure_protocol` alone.
    return bool(plugin.secure) or not getattr(plugin, "protocol", None)


if __name__ == "__main__":
    sys.exit(main())
