"""Time zones: which data base is used, for projects, schedules and notices alike.

Zones are read from the `tzdata` package that is locked with this platform, never from the system's files (which Python
would prefer). The two disagree on many machines: a distribution's files may be a year behind. With the package, two
services on one database, and the tests, compute the same slots, and an update of the rules is an update of the lock.
"""

from functools import lru_cache
from importlib import resources
from zoneinfo import ZoneInfo

__all__ = ["read_zone", "zone_names"]


@lru_cache(maxsize=1)
def zone_names() -> frozenset[str]:
    """List the zones.

    Returns
    -------
    frozenset of str
        Names of an area and a place, and UTC; ``EST`` and its like are fixed offsets that look like zones.
    """
    listed = resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8").split()
    return frozenset(name for name in listed if "/" in name or name == "UTC")


@lru_cache(maxsize=1024)
def read_zone(name: str) -> ZoneInfo:
    """Read a zone.

    Parameters
    ----------
    name : str
        One of `zone_names`.

    Returns
    -------
    ZoneInfo
        The same object for the same name.
    """
    file = resources.files("tzdata").joinpath("zoneinfo")
    for part in name.split("/"):
        file = file.joinpath(part)
    with file.open("rb") as opened:
        return ZoneInfo.from_file(opened, key=name)
