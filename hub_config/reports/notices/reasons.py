"""What each outcome of a sending means, for people who set a target up."""

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["REASONS"]

REASONS: Mapping[str, str] = MappingProxyType(
    {
        "sent": "The server took it.",
        "sent-partly": "Some of the target's mailboxes were refused.",
        "busy": "The server asked to come back later.",
        "unreachable": "No answer.",
        "timed-out": "No answer in time.",
        "login-refused": "User or password is wrong.",
        "no-encryption": "The server offers no encryption, or cannot prove who it is.",
        "no-mail-server": "The operator's settings name no mail server: `host` in [mail].",
        "secret-unreadable": "The file with the address or password is missing, open to others, or a link.",
        "failed": "Sending ended in another way.",
        "refused": "The server does not want it.",
        "redirected": "The server points elsewhere.",
        "address-not-allowed": "The address leads where messages may not go; see `allow_networks` in [notices].",
        "scheme-not-allowed": "The address is not of a service that can be used.",
        "parameter-not-allowed": "The address sets something that may not be set.",
        "address-not-understood": "The address cannot be understood.",
    }
)
"""A sentence for each code of an outcome; none repeats what was sent, or where to."""
