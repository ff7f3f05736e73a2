"""The kernel that researchers and reports run in: this environment's Python, under a name that tells the version."""

import json
import os
import sys
from importlib.metadata import version
from pathlib import Path

__all__ = ["KERNEL_NAME", "ensure_kernel"]

KERNEL_NAME = "cohort-analysis"

_LOGO = Path(__file__).parent / "hub" / "static" / "icon.svg"


def ensure_kernel(home: Path) -> Path:
    """Write the kernel spec below `home`, if it is not there already as this version would write it.

    Parameters
    ----------
    home : Path
        The CohortHub home.

    Returns
    -------
    Path
        The Jupyter data dir that holds it, for ``JUPYTER_PATH``.
    """
    data_dir = home / "jupyter"
    folder = data_dir / "kernels" / KERNEL_NAME
    folder.mkdir(parents=True, exist_ok=True)
    spec = {
        # The absolute interpreter: a kernel spec that says "python" runs whatever PATH holds at that moment.
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": f"Cohort analysis {version('cohorthub')}",
        "language": "python",
        # Without encryption any account of this machine may subscribe to a kernel's loopback port and read the results.
        "metadata": {"debugger": True, "supported_encryption": ["curve"]},
    }
    _write_if_changed(folder / "kernel.json", json.dumps(spec, indent=1) + "\n")
    _write_if_changed(folder / "logo-svg.svg", _LOGO.read_text(encoding="utf-8"))
    return data_dir


def _write_if_changed(file: Path, text: str) -> None:
    if file.exists() and file.read_text(encoding="utf-8") == text:
        return
    # Replaced in one step: two reports may start at the same moment, and a server may be reading it.
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.write_text(text, encoding="utf-8")
    draft.replace(file)
