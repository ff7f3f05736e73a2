"""Find the Chromium that drives the end-to-end tests; with `--install`, get one where there is none."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

APT_LIMIT_S = 300
PLAYWRIGHT_LIMIT_S = 300

# Headless, without the calls home that a closed network would refuse many times a second.
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

HOW_TO_GET_IT = (
    "No Chromium was found, and the end-to-end tests need one. "
    "Install it with: apt-get install chromium  (as root), or: uv run --no-sync playwright install chromium"
)


def find_chromium() -> Path | None:
    """Return the Chromium of this machine, or the one that playwright downloaded, or None."""
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        if found := shutil.which(name):
            return Path(found)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        own = Path(playwright.chromium.executable_path)
    return own if own.is_file() else None


def install_chromium() -> int:
    """Get Chromium: Debian's package where that is allowed, else playwright's own download. Returns an exit code."""
    try:
        if os.geteuid() == 0 and shutil.which("apt-get"):
            environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
            for words in (
                ["update", "-q"],
                ["install", "-q", "-y", "--no-install-recommends", "chromium", "fonts-liberation"],
            ):
                subprocess.run(
                    ["apt-get", *words], env=environment, check=True, timeout=APT_LIMIT_S, stdin=subprocess.DEVNULL
                )
        else:
            subprocess.run(
                [sys.executable, "-m", "playwright", "install", "chromium"], check=True, timeout=PLAYWRIGHT_LIMIT_S
            )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as failure:
        print(f"{HOW_TO_GET_IT} ({type(failure).__name__})", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    there = find_chromium()
    if there is None and "--install" in sys.argv[1:]:
        status = install_chromium()
        there = find_chromium() if status == 0 else None
    print(there or HOW_TO_GET_IT, file=sys.stdout if there else sys.stderr)
    sys.exit(0 if there else 1)
