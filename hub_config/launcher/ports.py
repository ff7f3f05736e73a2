"""Ports: whether one can be had, and some that are free."""

import errno
import ipaddress
import socket

from hub_config.errors import AddressRefusedError, PortTakenError

__all__ = ["check_address", "free_ports", "public_port"]


def check_address(ip: ipaddress.IPv4Address | ipaddress.IPv6Address, *, allow_beyond_loopback: bool) -> None:
    """Refuse to offer passwords to a network in the clear.

    Parameters
    ----------
    ip : IPv4Address or IPv6Address
        Where the hub is to listen.
    allow_beyond_loopback : bool
        Whether the operator's settings say that this is meant.

    Raises
    ------
    AddressRefusedError
        If others could reach the address.
    """
    if not ip.is_loopback and not allow_beyond_loopback:
        raise AddressRefusedError(
            f"the hub listens on loopback only, for it speaks plain HTTP; got {ip}. Reach it through an SSH tunnel, or "
            "put a TLS proxy in front and set `allow_beyond_loopback = true` under [hub] in cohorthub.toml."
        )


def public_port(ip: str, port: int) -> int:
    """Make sure that the hub can listen where people will look for it.

    Parameters
    ----------
    ip : str
        The address.
    port : int
        The port; 0 for any free one.

    Returns
    -------
    int
        The port, chosen if it was 0.

    Raises
    ------
    PortTakenError
        If it cannot be had.
    """
    try:
        with _bound(ip, port) as probe:
            chosen = probe.getsockname()[1]
    except OSError as refused:
        reason = "another program listens there" if refused.errno == errno.EADDRINUSE else refused.strerror
        raise PortTakenError(
            f"port {port} of {ip} cannot be had; {reason}. Give another one, or `--port 0` for any free one."
        ) from refused
    return int(chosen)


def free_ports(count: int) -> list[int]:
    """Choose loopback ports that nothing listens on now.

    Parameters
    ----------
    count : int
        How many.

    Returns
    -------
    list of int
        All different.
    """
    probes = [_bound("127.0.0.1", 0) for _ in range(count)]
    try:
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def _bound(ip: str, port: int) -> socket.socket:
    probe = socket.socket(socket.AF_INET6 if ":" in ip else socket.AF_INET)
    try:
        # As servers do: a port whose last connections are only fading away can be had.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((ip, port))
        probe.listen(1)
    except BaseException:
        probe.close()
        raise
    return probe
