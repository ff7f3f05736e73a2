"""Find the PostgreSQL server that the import's tests start; with `--install`, get one where there is none."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

APT_LIMIT_S = 300

HOW_TO_GET_IT = (
    "No PostgreSQL server was found (initdb), and the tests of the import from PostgreSQL need one. "
    "Install it with: apt-get install -y postgresql  (as root)"
)


def find_postgresql() -> Path | None:
    """Return the folder that holds `initdb` and `postgres`: the newest of Debian's, or the PATH's, or None."""
    debian = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3].split(".")[0])
    )
    found = [str(path) for path in debian] or [shutil.which("initdb") or ""]
    return Path(found[-1]).resolve().parent if found[-1] else None


def install_postgresql() -> int:
    """Get Debian's package, without the cluster it would make and start. Returns an exit code."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return 1
    # Debian's scripts read this before the package is there; a file that someone put there stays.
    settings = Path("/etc/postgresql-common/createcluster.conf")
    if not settings.exists():
        settings.parent.mkdir(parents=True, exist_ok=True)
        settings.write_text("create_main_cluster = false\n", encoding="ascii")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        for words in (
            ["update", "-q"],
            ["install", "-q", "-y", "--no-install-recommends", "-o", "Dpkg::Options::=--force-confold", "postgresql"],
        ):
            subprocess.run(
                ["apt-get", *words], env=environment, check=True, timeout=APT_LIMIT_S, stdin=subprocess.DEVNULL
            )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as failure:
        print(f"{HOW_TO_GET_IT} ({type(failure).__name__})", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    there = find_postgresql()
    if there is None and "--install" in sys.argv[1:]:
        status = install_postgresql()
        there = find_postgresql() if status == 0 else None
    print(there or HOW_TO_GET_IT, file=sys.stdout if there else sys.stderr)
    sys.exit(0 if there else 1)
