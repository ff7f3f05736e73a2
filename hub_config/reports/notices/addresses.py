"""Where a message may travel: to public addresses, and to networks that the operator has named.

A project's own webhook address is a stranger's: it could lead to the hub's own ports, to a cloud's metadata service, or
into the hospital's network. It is judged when a connection is made, by the address that the name has turned out to
have, so that neither a redirect nor a name that changes its address leads around it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any

__all__ = ["ConnectionRefusedByPolicyError", "Gate", "is_reachable"]

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
# Cloud metadata services: they hand out credentials to whoever asks from inside, and some have public addresses.
_METADATA = frozenset(
    ip_address(each)
    for each in ("169.254.169.254", "169.254.170.2", "100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254")
)
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address


class ConnectionRefusedByPolicyError(PermissionError):
    """A connection to an address that a notice may not travel to."""


def is_reachable(address: str, *, networks: Iterable[Network]) -> bool:
    """Tell whether a project's own address may lead to a machine.

    Parameters
    ----------
    address : str
        An IP address, as a connection is about to be made to.
    networks : iterable of IPv4Network or IPv6Network
        What the operator allows besides public addresses.

    Returns
    -------
    bool
        Never True for a name or a cloud's metadata service.
    """
    ways = list(_all_ways_to_read(address))
    if not ways or any(way in _METADATA for way in ways):
        return False
    return is_within(address, networks=networks) or all(way.is_global and not way.is_multicast for way in ways)


def is_within(address: str, *, networks: Iterable[Network]) -> bool:
    """Tell whether an address lies in one of the operator's networks.

    Parameters
    ----------
    address : str
        An IP address.
    networks : iterable of IPv4Network or IPv6Network
        The networks.

    Returns
    -------
    bool
        An IPv4 address written as IPv6 counts as what it is.
    """
    listed = list(networks)
    return any(way in network for way in _all_ways_to_read(address) for network in listed)


def _all_ways_to_read(address: str) -> Iterator[Address]:
    """Give an address, and the IPv4 address that is inside it, if any."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return
    if isinstance(parsed, IPv4Address):
        yield parsed
        return
    inner = parsed.ipv4_mapped or parsed.sixtofour or (parsed.teredo[1] if parsed.teredo else None)
    if parsed in _NAT64:
        inner = IPv4Address(int(parsed) & 0xFFFFFFFF)
    if inner is not None:
        yield inner
    if parsed.ipv4_mapped is None and parsed not in _NAT64:  # these two are nothing but their inner address
        yield parsed


@dataclass
class Gate:
    """Looks at every connection that this process makes, and at every program it would start.

    Parameters
    ----------
    networks : tuple of IPv4Network or IPv6Network
        What the operator allows besides public addresses.
    operators : bool
        Whether the address is the operator's own, which may be anywhere.
    encrypted : bool, default False
        Whether what travels is encrypted; without, only the operator's networks may be reached.
    refused : bool, default False
        Set when something was refused.
    """

    networks: tuple[Network, ...]
    operators: bool
    encrypted: bool = False
    refused: bool = field(default=False, init=False)

    def hook(self, event: str, details: tuple[Any, ...]) -> None:
        """Judge what is about to happen; an audit hook of Python, which cannot be taken out again.

        Parameters
        ----------
        event : str
            Name of the audit event.
        details : tuple
            Its arguments.

        Raises
        ------
        ConnectionRefusedByPolicyError
            If it must not happen.
        """
        if event in {
            "subprocess.Popen",
            "os.system",
            "os.exec",
            "os.posix_spawn",
            "os.fork",
            "os.forkpty",
            "pty.spawn",
        }:
            self._refuse()
        if event in {"socket.connect", "socket.sendto", "socket.sendmsg"} and not self._may_go_to(details[1]):
            self._refuse()

    def _may_go_to(self, place: Any) -> bool:
        if not isinstance(place, tuple) or not isinstance(place[0], str):
            return False  # a Unix socket, or something stranger
        if self.operators:
            return True
        if not is_reachable(place[0], networks=self.networks):
            return False
        return self.encrypted or is_within(place[0], networks=self.networks)

    def _refuse(self) -> None:
        self.refused = True
        raise ConnectionRefusedByPolicyError(1, "not an address that a notice may travel to")
