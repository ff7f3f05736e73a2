"""How a runner's server is called at the hub."""

import re
import secrets

__all__ = ["RUNNER_PREFIX", "is_runner_name", "new_runner_name"]

RUNNER_PREFIX = "runner-"
_NAME = re.compile(r"runner-[a-z0-9]{10}", re.ASCII)


def new_runner_name() -> str:
    """Make the name of a runner.

    Returns
    -------
    str
        Within what JupyterHub's named servers may be called, and used once.
    """
    return RUNNER_PREFIX + secrets.token_hex(5)


def is_runner_name(name: str) -> bool:
    """Tell whether a named server is a runner.

    Parameters
    ----------
    name : str
        Of a server.

    Returns
    -------
    bool
        True for what `new_runner_name` makes.
    """
    return _NAME.fullmatch(name) is not None
