"""A mail as it travels: plain text and a page, in headers that every mail server takes.

apprise writes a subject of any length into one line and one encoded word, which RFC 2047 forbids and servers refuse
(a title of 120 Korean letters was), and makes the plain text out of the page. So apprise finds out who is written to,
by which server and with which login, and the mail itself is written here.
"""

import email.policy
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import make_msgid
from typing import Any

__all__ = ["PreparedMail", "mail_writer"]

_POLICY = email.policy.SMTP.clone(cte_type="7bit")
# RFC 3834, and what Exchange obeys instead: no holiday replies.
_AUTOMATIC = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}

# What an address may add; everything else about a mail is for us to say.
_OWN_HEADER = re.compile(r"X-[A-Za-z0-9-]{1,40}")


@dataclass(frozen=True)
class PreparedMail:
    """What apprise hands to the mail server, by apprise's names.

    Parameters
    ----------
    recipient : str
        Whom it is to.
    to_addrs : list of str
        Every mailbox that gets it.
    body : str
        Headers and parts, in ASCII.
    """

    recipient: str
    to_addrs: list[str]
    body: str


def mail_writer(*, text: str, page: str) -> Callable[..., Iterator[PreparedMail]]:
    """Make what stands in for apprise's own writer of mails.

    Parameters
    ----------
    text : str
        The plain text.
    page : str
        The same as HTML.

    Returns
    -------
    callable
        Takes what apprise knows of senders and recipients; gives one mail for each recipient.
    """

    def write(
        *,
        subject: str,
        from_addr: tuple[str | None, str],
        to: Iterable[tuple[str | None, str]],
        cc: Iterable[str] = (),
        bcc: Iterable[str] = (),
        reply_to: Iterable[str] = (),
        headers: Mapping[str, str] | None = None,
        **_others: Any,
    ) -> Iterator[PreparedMail]:
        for name, address in to:
            mail = EmailMessage(policy=_POLICY)
            mail["Subject"] = _harmless(subject)
            mail["From"] = _mailbox(*from_addr)
            mail["To"] = _mailbox(name, address)
            copies, blind = sorted(set(cc) - set(bcc) - {address}), sorted(set(bcc) - {address})
            for header, addresses in (("Cc", copies), ("Reply-To", sorted(set(reply_to) - {address}))):
                if addresses:
                    mail[header] = [_mailbox(None, each) for each in addresses]
            mail["Date"] = datetime.now(UTC)
            mail["Message-ID"] = make_msgid(domain=from_addr[1].rpartition("@")[2])
            given = {header: value for header, value in (headers or {}).items() if _OWN_HEADER.fullmatch(header)}
            for header, value in {**given, **_AUTOMATIC}.items():
                mail[header] = _harmless(value)
            mail.set_content(text)
            mail.add_alternative(page, subtype="html")
            yield PreparedMail(recipient=address, to_addrs=[address, *copies, *blind], body=mail.as_string())

    return write


def _mailbox(name: str | None, address: str) -> Address:
    return Address(display_name=_harmless(name or ""), addr_spec=address)


def _harmless(text: str) -> str:
    """Make text one line that means itself.

    Python up to 3.11.9 decodes what looks like an encoded word in a header's text, and then the line end in
    ``=?utf-8?q?=0A…?=`` ends the header (CVE-2024-6923).
    """
    return " ".join(text.split()).replace("=?", "= ?")
