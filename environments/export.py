"""Write the locked environments of each kind of process from uv.lock: `python environments/export.py [--check]`.

Every file is pinned and hashed, for `pip install --require-hashes -r environments/hub.txt` where uv is not wanted.
"""

import difflib
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent

# What each kind of process is given. `all` is what `pip install cohorthub` pulls in, and dev adds the tools.
KINDS: dict[str, tuple[str, ...]] = {
    "hub": ("--only-group", "hub"),
    "kernel": ("--only-group", "kernel"),
    "all": ("--no-default-groups",),
    "dev": ("--all-groups",),
}


def export(kind: str) -> str:
    """Return the text of one file."""
    command = ["uv", "export", "--quiet", "--locked", "--format", "requirements.txt", "--no-header", "--no-annotate"]
    done = subprocess.run(
        [*command, "--no-emit-project", *KINDS[kind]], cwd=HERE.parent, check=True, capture_output=True, text=True
    )
    head = (
        f"# The {kind} environment, made from uv.lock by environments/export.py; run ./dev generate to make it again.\n"
    )
    return head + done.stdout


def main(words: list[str]) -> int:
    """Write all files, or with ``--check`` say which differ."""
    stale = []
    for kind in KINDS:
        path, made = HERE / f"{kind}.txt", export(kind)
        there = path.read_text(encoding="utf-8") if path.exists() else ""
        if words != ["--check"]:
            path.write_text(made, encoding="utf-8")
        elif there != made:
            stale.append(kind)
            lines = difflib.unified_diff(there.splitlines(), made.splitlines(), "kept", "made", lineterm="", n=0)
            print("\n".join(list(lines)[:20]))
    if stale:
        print(f"out of date: {', '.join(f'environments/{kind}.txt' for kind in stale)}. Run: ./dev generate")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
