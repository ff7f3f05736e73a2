"""The kernel spec: found by Jupyter, running this environment's Python."""

import json
import sys
from importlib.metadata import version
from pathlib import Path

from jupyter_client.kernelspec import KernelSpecManager

from hub_config.kernels import KERNEL_NAME, ensure_kernel


def test_jupyter_finds_the_kernel_under_its_name(tmp_path: Path) -> None:
    data_dir = ensure_kernel(tmp_path)
    manager = KernelSpecManager(kernel_dirs=[str(data_dir / "kernels")], ensure_native_kernel=False)
    spec = manager.get_kernel_spec(KERNEL_NAME)
    assert spec.display_name == f"Cohort analysis {version('cohorthub')}"
    assert spec.argv[0] == sys.executable
    assert list(manager.find_kernel_specs()) == [KERNEL_NAME]


def test_a_second_call_writes_nothing_and_a_changed_spec_is_mended(tmp_path: Path) -> None:
    file = ensure_kernel(tmp_path) / "kernels" / KERNEL_NAME / "kernel.json"
    before = file.stat().st_mtime_ns, file.stat().st_ino
    ensure_kernel(tmp_path)
    assert (file.stat().st_mtime_ns, file.stat().st_ino) == before
    file.write_text("{}")
    ensure_kernel(tmp_path)
    assert json.loads(file.read_text())["argv"][0] == sys.executable
