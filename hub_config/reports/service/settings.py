"""What the service is told by its environment, read once at the start."""

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from hub_config.errors import ReportsServiceSettingsError

__all__ = ["ServiceSettings"]

NEEDED = ("JUPYTERHUB_API_TOKEN", "JUPYTERHUB_API_URL", "JUPYTERHUB_SERVICE_URL", "COHORTHUB_HOME")


@dataclass(frozen=True)
class ServiceSettings:
    """The service's own settings; what signing in needs is read by JupyterHub's classes from the same environment."""

    home: Path
    host: str
    port: int
    prefix: str = "/services/reports/"
    hub_base_url: str = "/"
    hub_api_url: str = ""
    token: str = field(default="", repr=False)
    data: Path = Path()
    database_url: str | None = field(default=None, repr=False)
    max_running: int = 2
    runs_per_runner: int = 2
    runner_idle_s: float = 300.0
    public_url: str = ""
    api_per_second: int = 20
    api_burst: int = 200
    settings_file: Path | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> "ServiceSettings":
        """Read the settings, and refuse what would not work or would not be safe.

        Parameters
        ----------
        environment : mapping, optional
            Names and values; those of the process when left out.

        Returns
        -------
        ServiceSettings
            All of them, checked.

        Raises
        ------
        ReportsServiceSettingsError
            If one is missing or has a form that cannot be used, or if the address is not on loopback.
        """
        env = os.environ if environment is None else environment
        missing = [name for name in NEEDED if not env.get(name)]
        if missing:
            raise ReportsServiceSettingsError(
                f"the reports service lacks its settings; not in the environment: {', '.join(missing)}. "
                "Start it with 'cohorthub up', which sets them."
            )
        host, port = _loopback_address(env["JUPYTERHUB_SERVICE_URL"])
        home = Path(env["COHORTHUB_HOME"]).expanduser().absolute()
        return cls(
            home=home,
            host=host,
            port=port,
            prefix=_with_slashes(env.get("JUPYTERHUB_SERVICE_PREFIX") or cls.prefix),
            hub_base_url=_with_slashes(env.get("JUPYTERHUB_BASE_URL") or cls.hub_base_url),
            hub_api_url=env["JUPYTERHUB_API_URL"],
            token=env["JUPYTERHUB_API_TOKEN"],
            data=Path(env.get("COHORTHUB_DATA") or home / "data"),
            database_url=env.get("COHORTHUB_REPORTS_DATABASE") or None,
            public_url=env.get("COHORTHUB_PUBLIC_URL") or env["JUPYTERHUB_SERVICE_URL"],
            settings_file=Path(env["COHORTHUB_SETTINGS"]) if env.get("COHORTHUB_SETTINGS") else None,
            max_running=_positive_number("COHORTHUB_REPORTS_MAX_RUNNING", env=env, default=cls.max_running),
            runs_per_runner=_positive_number("COHORTHUB_REPORTS_RUNS_PER_RUNNER", env=env, default=cls.runs_per_runner),
            api_per_second=_positive_number("COHORTHUB_REPORTS_API_RATE", env=env, default=cls.api_per_second),
            api_burst=_positive_number("COHORTHUB_REPORTS_API_BURST", env=env, default=cls.api_burst),
            runner_idle_s=_positive_number("COHORTHUB_REPORTS_RUNNER_IDLE", env=env, default=int(cls.runner_idle_s)),
        )

    @property
    def service_name(self) -> str:
        """The service's name as the hub knows it: the last part of its prefix."""
        return self.prefix.rstrip("/").rpartition("/")[2]


def _loopback_address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    try:
        host, port = parts.hostname or "", parts.port
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        host, port, loopback = "", None, False
    if parts.scheme != "http" or port is None or not host:
        raise ReportsServiceSettingsError(
            "JUPYTERHUB_SERVICE_URL cannot be used; it is not of the form http://127.0.0.1:PORT. "
            "Mend it and start again."
        )
    if not loopback:
        raise ReportsServiceSettingsError(
            "JUPYTERHUB_SERVICE_URL names a host other than this machine's loopback; the service speaks plain HTTP and "
            "stands behind the hub's proxy. Use 127.0.0.1."
        )
    return host, port


def _with_slashes(path: str) -> str:
    return "/" + path.strip("/") + "/" if path.strip("/") else "/"


def _positive_number(name: str, *, env: Mapping[str, str], default: int) -> int:
    given = env.get(name, "").strip()
    if not given:
        return default
    if not given.isdecimal() or not int(given):
        raise ReportsServiceSettingsError(f"{name} must be a whole number of at least 1; it is not. Mend or unset it.")
    return int(given)
