"""Unix accounts of the tests' own, and a view of the machine in which they can run this Python and nothing more."""

import contextlib
import os
import pwd
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PREFIX = "chtest-"
ROOT_ALONE = (
    "This test makes unix accounts and mounts, which only root may do. Run it as root: sudo ./dev test -k spawner"
)


@contextlib.contextmanager
def made_accounts(folder: Path, *, n: int) -> Iterator[list[str]]:
    """Make accounts with homes below `folder`, and remove them again."""
    names = [f"{PREFIX}{secrets.token_hex(3)}" for _ in range(n)]
    made = []
    try:
        for name in names:
            home = folder / name
            words = [
                "useradd",
                "--no-log-init",
                "--no-create-home",
                "--home-dir",
                str(home),
                "--shell",
                "/bin/sh",
                name,
            ]
            subprocess.run(words, check=True, capture_output=True)
            made.append(name)
            home.mkdir(mode=0o700)
            account = pwd.getpwnam(name)
            os.chown(home, account.pw_uid, account.pw_gid)
        yield names
    finally:
        for name in made:
            subprocess.run(["userdel", name], check=False, capture_output=True)


@dataclass(frozen=True)
class View:
    """A mount namespace."""

    holder: "subprocess.Popen[bytes]"

    def enter(self, *words: str) -> list[str]:
        """Give the command that runs `words` in it, with the same process id."""
        return ["nsenter", f"--mount=/proc/{self.holder.pid}/ns/mnt", "--", *words]


@contextlib.contextmanager
def passable_python() -> Iterator[View]:
    """Make a mount namespace in which other accounts can run this Python, though it may lie in a closed home.

    The installation is seen read-only under its own path; of a closed folder above it nothing else is there any more.
    """
    base = Path(sys.base_prefix).resolve()
    holder = subprocess.Popen(
        ["unshare", "--mount", "--propagation", "private", "sleep", "infinity"], stdin=subprocess.DEVNULL
    )
    try:
        view = View(holder)
        while not _is_apart(holder.pid):
            assert holder.poll() is None, "no mount namespace could be made"
        closed = next((one for one in reversed(base.parents) if one != Path("/") and not _is_passable(one)), None)
        if closed is not None:
            keep = "/mnt"
            script = (
                f"mount --bind '{base}' {keep} && mount -t tmpfs -o mode=0755 tmpfs '{closed}' && mkdir -p '{base}' && "
                f"mount --move {keep} '{base}' && mount -o remount,bind,ro '{base}'"
            )
            subprocess.run(view.enter("sh", "-c", script), check=True, capture_output=True)
        yield view
    finally:
        holder.kill()
        holder.wait()


def _is_apart(pid: int) -> bool:
    return Path(f"/proc/{pid}/ns/mnt").readlink() != Path("/proc/self/ns/mnt").readlink() and (
        Path(f"/proc/{pid}/comm").read_text().strip() == "sleep"
    )


def _is_passable(folder: Path) -> bool:
    return bool(folder.stat().st_mode & 0o001)


def let_pass(*folders: Path) -> None:
    """Let other accounts go through folders, without letting them list what is there."""
    for folder in folders:
        folder.chmod(folder.stat().st_mode | 0o011)


def let_read(folder: Path) -> None:
    """Let other accounts read all below a folder."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(path.stat().st_mode | (0o055 if path.is_dir() else 0o044))


def missing() -> list[str]:
    """Name what is not there."""
    words = [name for name in ("useradd", "userdel", "unshare", "nsenter", "runuser") if shutil.which(name) is None]
    return words + (["root"] if os.geteuid() != 0 else [])
