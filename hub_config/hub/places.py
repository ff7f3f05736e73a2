"""Where data and the reports service are found: known to the launcher and to the hub's configuration alike."""

from pathlib import Path

from hub_config.addresses import Addresses
from hub_config.home import Home
from hub_config.settings import Settings

__all__ = ["REPORTS_PREFIX", "REPORTS_SERVICE", "data_dir", "reports_environment", "runner_environment"]

REPORTS_SERVICE = "reports"
REPORTS_PREFIX = f"/services/{REPORTS_SERVICE}/"


def data_dir(home: Home, settings: Settings) -> Path:
    """Say where the data releases lie.

    Parameters
    ----------
    home : Home
        The home.
    settings : Settings
        May name another folder.

    Returns
    -------
    Path
        Absolute.
    """
    return settings.data.path or home.path / "data"


def reports_environment(home: Home, settings: Settings, *, addresses: Addresses) -> dict[str, str]:
    """Give the environment in which the reports service finds the hub and the home.

    Parameters
    ----------
    home : Home
        The home.
    settings : Settings
        For the place of the data.
    addresses : Addresses
        Of this start.

    Returns
    -------
    dict
        Variables to add; the token is among them, and never on a command line.
    """
    return {
        "JUPYTERHUB_SERVICE_NAME": REPORTS_SERVICE,
        "JUPYTERHUB_API_TOKEN": home.secret("reports-token"),
        "JUPYTERHUB_API_URL": f"http://127.0.0.1:{addresses.hub_port}/hub/api",
        "JUPYTERHUB_BASE_URL": "/",
        "JUPYTERHUB_HOST": "",
        "JUPYTERHUB_SERVICE_PREFIX": REPORTS_PREFIX,
        "JUPYTERHUB_SERVICE_URL": f"http://127.0.0.1:{addresses.reports_port}",
        "JUPYTERHUB_CLIENT_ID": f"service-{REPORTS_SERVICE}",
        "JUPYTERHUB_OAUTH_CALLBACK_URL": f"{REPORTS_PREFIX}oauth_callback",
        "JUPYTERHUB_OAUTH_SCOPES": f'["access:services!service={REPORTS_SERVICE}"]',
        "JUPYTERHUB_OAUTH_ACCESS_SCOPES": f'["access:services!service={REPORTS_SERVICE}"]',
        "COHORTHUB_PUBLIC_URL": (settings.hub.public_url or addresses.url).rstrip("/") + REPORTS_PREFIX,
        "COHORTHUB_REPORTS_MAX_RUNNING": str(settings.reports.max_running),
        "COHORTHUB_REPORTS_RUNS_PER_RUNNER": str(settings.reports.runs_per_runner),
        "COHORTHUB_REPORTS_API_RATE": str(settings.reports.api_requests_per_second),
        "COHORTHUB_REPORTS_API_BURST": str(settings.reports.api_burst),
        "COHORTHUB_REPORTS_RUNNER_IDLE": str(settings.reports.runner_idle_seconds),
        **({"COHORTHUB_REPORTS_DATABASE": database} if (database := settings.reports.database_url()) else {}),
        "COHORTHUB_HOME": str(home.path),
        "COHORTHUB_DATA": str(data_dir(home, settings)),
        "JUPYTER_PATH": str(home.jupyter),
    }


def runner_environment(home: Home, settings: Settings, *, addresses: Addresses) -> dict[str, str]:
    """Give what a runner of reports is told beside what the hub tells every server.

    Parameters
    ----------
    home : Home
        The home.
    settings : Settings
        For the place of the data.
    addresses : Addresses
        Of this start.

    Returns
    -------
    dict
        Variables to add; no secrets.
    """
    return {
        "COHORTHUB_REPORTS_URL": f"http://127.0.0.1:{addresses.reports_port}{REPORTS_PREFIX.rstrip('/')}",
        "COHORTHUB_HOME": str(home.path),
        "COHORTHUB_DATA": str(data_dir(home, settings)),
        "COHORTHUB_RUNNER_CAPACITY": str(settings.reports.runs_per_runner),
        "JUPYTER_PATH": str(home.jupyter),
    }
