"""Write CohortHub's settings into JupyterHub's configuration. Sets; never appends."""

import base64
import os
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

from hub_config.accounts import NAME_PATTERN
from hub_config.accounts.authenticator import AccountsAuthenticator
from hub_config.addresses import Addresses, read_addresses
from hub_config.home import Home
from hub_config.hub.places import REPORTS_PREFIX, REPORTS_SERVICE, data_dir, runner_environment
from hub_config.hub.texts import page_texts
from hub_config.kernels import ensure_kernel
from hub_config.proxy import API_USER, ENTRYPOINT, routes_file
from hub_config.reports.runners.spawning import PrepareRunner
from hub_config.reports.service.scopes import CUSTOM_SCOPES
from hub_config.settings import Settings, load_settings
from hub_config.spawner import SERVER_CONFIG, CohortSpawner, server_arguments

__all__ = ["apply_hub", "apply_pages"]

_HERE = Path(__file__).parent


def apply_hub(path: Path, c: Any) -> None:
    """Configure JupyterHub for one home.

    Parameters
    ----------
    path : Path
        The home.
    c : traitlets.config.Config
        What JupyterHub reads.
    """
    home = Home(path)
    config = os.environ.get("COHORTHUB_SETTINGS")
    settings = load_settings(path, config=Path(config) if config else None).settings
    addresses = read_addresses(home)
    _apply_core(home, addresses, c=c)
    _apply_proxy(home, addresses, c=c)
    _apply_people(home, c)
    _apply_spawner(home, settings, c=c)
    _apply_runners(home, settings, addresses=addresses, c=c)
    apply_pages(c, reports=addresses.reports_port is not None)
    _apply_services(home, addresses, c=c)


def _apply_core(home: Home, addresses: Addresses, *, c: Any) -> None:
    c.JupyterHub.bind_url = addresses.url
    c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{addresses.hub_port}"
    c.JupyterHub.db_url = f"sqlite:///{home.hub / 'jupyterhub.sqlite'}"
    c.JupyterHub.cookie_secret_file = str(home.secrets / "cookie-secret")
    c.JupyterHub.cleanup_servers = True
    c.JupyterHub.authenticate_prometheus = True
    # A service that does not answer holds the start up for this long; the launcher has started it before.
    c.JupyterHub.service_check_interval = 0


def _apply_proxy(home: Home, addresses: Addresses, *, c: Any) -> None:
    from jupyterhub_traefik_proxy.fileprovider import TraefikFileProviderProxy

    c.JupyterHub.proxy_class = TraefikFileProviderProxy
    c.TraefikFileProviderProxy.should_start = False
    # The launcher has written the API's route already, with its password.
    c.TraefikFileProviderProxy.enable_setup_dynamic_config = False
    c.TraefikFileProviderProxy.dynamic_config_file = str(routes_file(home))
    c.TraefikFileProviderProxy.traefik_entrypoint = ENTRYPOINT
    c.TraefikFileProviderProxy.traefik_api_url = f"http://127.0.0.1:{addresses.proxy_api_port}"
    c.TraefikFileProviderProxy.traefik_api_username = API_USER
    c.TraefikFileProviderProxy.traefik_api_password = home.secret("proxy-api-password")


def _apply_people(home: Home, c: Any) -> None:
    c.JupyterHub.authenticator_class = AccountsAuthenticator
    c.AccountsAuthenticator.accounts_file = str(home.secrets / "accounts.json")
    # Whoever the accounts file knows may come in; nobody else can be authenticated.
    c.AccountsAuthenticator.allow_all = True
    c.AccountsAuthenticator.auth_refresh_age = 60
    # Also for people whom an administrator adds on a page: a name becomes a folder's name.
    c.AccountsAuthenticator.username_pattern = rf"{NAME_PATTERN}\Z"


def _apply_spawner(home: Home, settings: Settings, *, c: Any) -> None:
    c.JupyterHub.spawner_class = CohortSpawner
    c.JupyterHub.active_server_limit = settings.spawner.server_limit
    c.CohortSpawner.users_dir = str(home.users)
    c.CohortSpawner.logs_dir = str(home.logs / "servers")
    c.CohortSpawner.given_dir = str(home.hub / "given-notebooks")
    # -P: the folder a server starts in is its owner's, and must not shadow Python's modules for the server.
    c.CohortSpawner.cmd = [sys.executable, "-P", "-m", "hub_config.lean_imports", "jupyterhub.singleuser"]
    c.CohortSpawner.args = server_arguments()
    c.CohortSpawner.default_url = "/lab"
    c.CohortSpawner.start_timeout = settings.spawner.start_timeout_seconds
    c.CohortSpawner.http_timeout = settings.spawner.start_timeout_seconds
    # Stopping everything takes 15 s at most, so a server that does not listen is asked for a few seconds only.
    c.CohortSpawner.interrupt_timeout = 4
    c.CohortSpawner.term_timeout = 2
    c.CohortSpawner.kill_timeout = 2
    c.CohortSpawner.environment = {
        "COHORTHUB_DATA": str(data_dir(home, settings)),
        "JUPYTER_PATH": str(ensure_kernel(home.path)),
        "JUPYTER_CONFIG_PATH": str(SERVER_CONFIG),
    }


def _apply_runners(home: Home, settings: Settings, *, addresses: Addresses, c: Any) -> None:
    """Let the reports service start runners: named servers of the projects' accounts, and there are no others."""
    if addresses.reports_port is None:
        return
    c.JupyterHub.allow_named_servers = True
    c.Spawner.pre_spawn_hook = PrepareRunner(runner_environment(home, settings, addresses=addresses))


def apply_pages(c: Any, *, reports: bool) -> None:
    """Have the hub show its pages as ours, in both languages.

    Parameters
    ----------
    c : traitlets.config.Config
        What JupyterHub reads.
    reports : bool
        Whether there is a reports service.
    """
    c.JupyterHub.template_paths = [str(_HERE / "templates")]
    c.JupyterHub.logo_file = str(_HERE / "static" / "logo.svg")
    c.JupyterHub.template_vars = {
        "cohorthub_version": version("cohorthub"),
        "cohorthub_texts": page_texts,
        "cohorthub_scopes": list(CUSTOM_SCOPES),
        "cohorthub_icon": _data_url(_HERE / "static" / "icon.svg"),
        "cohorthub_reports": REPORTS_PREFIX if reports else None,
    }


def _data_url(picture: Path) -> str:
    """Carry a small picture in the page: the hub serves no static files but its own."""
    return f"data:image/svg+xml;base64,{base64.b64encode(picture.read_bytes()).decode('ascii')}"


def _apply_services(home: Home, addresses: Addresses, *, c: Any) -> None:
    if addresses.reports_port is None:
        return
    c.JupyterHub.services = [
        {
            "name": REPORTS_SERVICE,
            "url": f"http://127.0.0.1:{addresses.reports_port}",
            "api_token": home.secret("reports-token"),
            "oauth_client_id": f"service-{REPORTS_SERVICE}",
            "oauth_redirect_uri": f"{REPORTS_PREFIX}oauth_callback",
            "oauth_no_confirm": True,
            "display": False,  # the pages have a link of their own
        }
    ]
    c.JupyterHub.custom_scopes = {name: dict(scope) for name, scope in CUSTOM_SCOPES.items()}
    c.JupyterHub.load_roles = [
        # People hold the reports' scopes, so that they can make tokens with only some of them.
        {"name": "user", "scopes": ["self", f"access:services!service={REPORTS_SERVICE}", *CUSTOM_SCOPES]},
        {
            # It makes the projects' accounts known to the hub, and starts and ends their runners.
            "name": "reports-service",
            "scopes": ["admin:users", "admin:servers"],
            "services": [REPORTS_SERVICE],
        },
    ]
