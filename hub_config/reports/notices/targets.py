"""Whom a project tells, and by which services."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from hub_config.projects import Event, Project
from hub_config.reports.notices.notice import Language

__all__ = ["PARAMETERS", "SCHEMES", "Target", "scheme_of", "targets_of"]

SCHEMES: Mapping[str, str] = MappingProxyType(
    {
        # mail: what every team has
        **dict.fromkeys(("mailto", "mailtos"), "mail"),
        # a team's own receiver: one POST of title and text
        **dict.fromkeys(("json", "jsons", "xml", "xmls", "form", "forms"), "webhook"),
        # chats that teams use, by webhook or bot: they take a text and answer whether they did
        **dict.fromkeys(("slack", "discord", "tgram", "workflow", "workflows", "gchat", "webex", "wxteams"), "chat"),
        # chats and push services that a hospital can run itself
        **dict.fromkeys(("mmost", "mmosts", "rocket", "rockets", "zulip"), "chat"),
        **dict.fromkeys(("ntfy", "ntfys", "gotify", "gotifys"), "chat"),
    }
)
"""The services of apprise that may be used, by kind.

The others stay out: `dbus`, `gnome`, `syslog`, `rsyslog`, `windows`, `macosx` and the like speak to the machine that
the hub runs on; `irc`, `mqtt`, `amqp`, `xmpp`, `smpp` keep connections that no time limit of a request ends; telephone
and social services cost money or publish. A new one needs a look at what its parameters can read or start.
"""

PARAMETERS = frozenset(
    {
        # mail
        *("to", "from", "name", "cc", "bcc", "reply", "smtp", "mode", "port", "user", "pass", "password"),
        # webhooks
        *("method",),
        # chats
        *("token", "auth", "key", "channel", "channels", "team", "thread", "topic", "workspace", "botname", "webhook"),
        *("id", "sig", "ver", "api-version", "route", "routeid", "powerautomate"),
        *("silent", "priority", "avatar", "image"),
    }
)
"""Parameters of an address that may be set.

Above all not `template`, `pgppub`, `pgpprv` (they read files), `redirect`, `verify` (they switch checks off), `cto`,
`rto`, `retry`, `wait` (they stretch times), `overflow` and `store`.
"""
_SCHEME = re.compile(r"([a-z]{3,12})://", re.IGNORECASE)


@dataclass(frozen=True)
class Target:
    """Somebody who is told.

    Parameters
    ----------
    recipient : str
        ``PROJECT/NAME``, for records and logs: it is no address.
    folder : Path
        The project's folder, in which secrets lie.
    url_file : str or None
        File below it that holds an address for apprise.
    email : str or None
        An e-mail address, reached through the operator's mail server.
    events : frozenset of Event
        What to tell of.
    language : {"en", "ko"}
        Language of what is told.
    """

    recipient: str
    folder: Path = field(repr=False)
    url_file: str | None = field(repr=False)
    email: str | None = field(repr=False)
    events: frozenset[Event]
    language: Language


def targets_of(project: Project, *, home: Path) -> tuple[Target, ...]:
    """List whom a project tells.

    Parameters
    ----------
    project : Project
        The project.
    home : Path
        The home.

    Returns
    -------
    tuple of Target
        Those of its file; a personal project has none.
    """
    folder = home / "projects" / project.name
    return tuple(
        Target(
            recipient=f"{project.name}/{name}",
            folder=folder,
            url_file=each.url_file,
            email=each.email,
            events=frozenset(each.events),
            language=each.language,
        )
        for name, each in project.notify.items()
    )


def scheme_of(url: str) -> str | None:
    """Find the service that an address names.

    Parameters
    ----------
    url : str
        An address for apprise.

    Returns
    -------
    str or None
        One of `SCHEMES`; None if it names another, or is no address.
    """
    found = _SCHEME.match(url)
    return found[1].lower() if found and found[1].lower() in SCHEMES else None
