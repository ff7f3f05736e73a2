"""The commands `cohorthub up` and `cohorthub down`."""

import ipaddress
import os
import shlex
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hub_config.cli import Session

if TYPE_CHECKING:
    from hub_config.addresses import Addresses
    from hub_config.home import Home
    from hub_config.launcher.start import Launch

__all__ = ["down", "up"]

# A stop takes 15 s at most; a launcher that has not ended by then is ended, with all it left.
STOP_SECONDS = 18.0


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on; 0 takes any free one.  [default: 8000]")
@click.option("--ip", help="Address to listen on.  [default: 127.0.0.1]")
@click.option("--demo/--no-demo", default=True, help="Give a new home demo data and accounts.  [default: demo]")
@click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Another settings file.  [default: cohorthub.toml in the home]",
)
@click.pass_obj
def up(session: Session, *, port: int | None, ip: str | None, demo: bool, config: Path | None) -> None:
    """Start the hub with everything it needs, and keep it running until Ctrl-C.

    The first start makes the home, imports the demo data and makes accounts.

    Example: cohorthub up --port 0
    """
    from hub_config.home import Home
    from hub_config.launcher.ports import check_address
    from hub_config.launcher.start import Launch, Wishes
    from hub_config.launcher.supervisor import StopRequestedError
    from hub_config.settings import load_settings

    loaded = load_settings(session.home, config=config)
    hub = loaded.settings.hub
    address = _parsed(ip) if ip is not None else hub.ip
    check_address(address, allow_beyond_loopback=hub.allow_beyond_loopback)
    wishes = Wishes(str(address), hub.port if port is None else port, demo=demo, config=config)
    launch = Launch(Home(session.home), loaded, wishes=wishes, say=session.say)
    try:
        launch.run(lambda addresses: _announce(session, launch, addresses=addresses))
    except StopRequestedError:
        raise click.Abort from None
    session.say("stopped")


def _parsed(ip: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        return ipaddress.ip_address("127.0.0.1" if ip == "localhost" else ip)
    except ValueError as wrong:
        raise click.BadParameter("give an IP address, such as 127.0.0.1", param_hint="--ip") from wrong


def _announce(session: Session, launch: "Launch", *, addresses: "Addresses") -> None:
    from hub_config.isolation import isolation_notice
    from hub_config.launcher.demo import ACCOUNTS_FILE

    accounts_file = launch.home.secrets / ACCOUNTS_FILE
    if launch.new_accounts:
        session.say("accounts (shown once; also in the accounts file):")
        for name, password in launch.new_accounts:
            session.say(f"  {name:<14} {password}")
    session.say(f"accounts file: {accounts_file}")
    session.say(f"note: {isolation_notice()}")
    session.emit(
        {
            "url": addresses.url,
            "pid": os.getpid(),
            "accounts_file": str(accounts_file),
            "home": str(launch.home.path),
            "notice": isolation_notice(),
        },
        f"ready: {addresses.url}",
    )
    elsewhere = "" if launch.home.path == Session().home else f" --home {shlex.quote(str(launch.home.path))}"
    session.say(f"stop with Ctrl-C, or with `cohorthub down{elsewhere}`")


@click.command()
@click.pass_obj
def down(session: Session) -> None:
    """Stop the hub that runs on the home, and everything it started.

    Example: cohorthub down
    """
    from hub_config.home import Home
    from hub_config.launcher.occupancy import running_launcher

    home = Home(session.home)
    launcher = running_launcher(home)
    if launcher is None:
        ended = _end_left_over(home)
        text = f"ended {ended} processes that a killed launcher left" if ended else "nothing runs on this home"
        session.emit({"stopped": bool(ended), "left_over": ended}, text)
        return
    session.say(f"stopping (pid {launcher.pid})")
    begun = time.monotonic()
    launcher.signal(signal.SIGTERM)
    while launcher.is_alive() and time.monotonic() - begun < STOP_SECONDS:
        time.sleep(0.05)
    if launcher.is_alive():
        launcher.signal(signal.SIGKILL)
        time.sleep(0.1)
    left = _end_left_over(home)
    seconds = round(time.monotonic() - begun, 1)
    session.emit({"stopped": True, "left_over": left, "seconds": seconds}, f"stopped after {seconds} s")


def _end_left_over(home: "Home") -> int:
    from hub_config.launcher.occupancy import is_held, left_over
    from hub_config.launcher.processes import end_processes

    if is_held(home):
        return 0
    left = left_over(home)
    end_processes(left, grace_seconds=4.0)
    return len(left)
