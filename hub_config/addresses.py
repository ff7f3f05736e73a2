"""Where the parts of one running hub listen: written by the launcher before it starts them, read by each."""

import json
from dataclasses import asdict, dataclass

from hub_config.home import Home, write_private

__all__ = ["Addresses", "read_addresses", "write_addresses"]


@dataclass(frozen=True)
class Addresses:
    """The ports of one start.

    Parameters
    ----------
    ip : str
        Address of the public side.
    port : int
        Port of the public side.
    proxy_api_port : int
        Loopback port of the proxy's API.
    hub_port : int
        Loopback port of the hub.
    reports_port : int or None
        Loopback port of the reports service; None where it is not installed.
    """

    ip: str
    port: int
    proxy_api_port: int
    hub_port: int
    reports_port: int | None

    @property
    def host(self) -> str:
        """The public address as it stands in a URL."""
        return f"[{self.ip}]" if ":" in self.ip else self.ip

    @property
    def url(self) -> str:
        """What a browser opens."""
        return f"http://{self.host}:{self.port}/"


def write_addresses(home: Home, addresses: Addresses) -> None:
    """Write the addresses for the parts that are about to start.

    Parameters
    ----------
    home : Home
        The home.
    addresses : Addresses
        Where each part listens.
    """
    write_private(home.run / "addresses.json", json.dumps(asdict(addresses)) + "\n")


def read_addresses(home: Home) -> Addresses:
    """Read where the parts of this start listen.

    Parameters
    ----------
    home : Home
        The home.

    Returns
    -------
    Addresses
        As the launcher wrote them.
    """
    return Addresses(**json.loads((home.run / "addresses.json").read_text(encoding="utf-8")))
