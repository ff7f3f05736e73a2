"""The kernel that a template asks for: found, and startable, before a run is begun."""

import difflib
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from hub_config.errors import KernelMissingError
from hub_config.kernels import KERNEL_NAME, ensure_kernel
from hub_config.reports.templates.templates import Template

__all__ = ["Kernel", "choose_kernel"]


# Names for which jupyter_client starts the interpreter that it runs in itself.
PYTHON_HERE = ("python", f"python{sys.version_info[0]}", f"python{sys.version_info[0]}.{sys.version_info[1]}")


@dataclass(frozen=True)
class Kernel:
    """A kernel that can be started.

    Parameters
    ----------
    name : str
        Of its kernel spec.
    python : str or None
        Its interpreter, where that is another one than this process's.
    """

    name: str
    python: str | None


def choose_kernel(template: Template, *, home: Path) -> Kernel:
    """Find the kernel for `template`, and put the home's kernels where Jupyter looks.

    Parameters
    ----------
    template : Template
        Its ``kernel_name`` is used; if it names none, ours.
    home : Path
        The CohortHub home, where our kernel spec is written if it is not there.

    Returns
    -------
    Kernel
        A Python kernel whose program exists.

    Raises
    ------
    KernelMissingError
        If there is no such kernel, or it cannot be started.
    """
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    name = template.kernel_name or KERNEL_NAME
    _look_in(_ensured(home))
    manager = KernelSpecManager()
    try:
        spec = manager.get_kernel_spec(name)
    except (NoSuchKernel, ValueError, OSError) as missing:
        known = sorted({*manager.find_kernel_specs(), KERNEL_NAME})
        near = difflib.get_close_matches(name, known, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise KernelMissingError(
            f"The template's kernel is not installed; it names {name[:60]!r}, here are: {', '.join(known)}.{hint} "
            "Open the template in Lab, choose one of these, and save it."
        ) from missing
    program = spec.argv[0] if spec.argv else ""
    if not _can_be_started(program):
        raise KernelMissingError(
            f"The kernel {name!r} cannot be started; its program {program!r} is not there or not executable. "
            f"Mend or remove the kernel spec in {spec.resource_dir}."
        )
    if (spec.language or "").lower() != "python":
        raise KernelMissingError(
            f"The kernel {name!r} is not a Python kernel; found language {spec.language!r}. Reports run Python."
        )
    return Kernel(name, _other_python(program))


def _ensured(home: Path) -> Path:
    try:
        return ensure_kernel(home)
    except OSError as refused:
        raise KernelMissingError(
            f"The kernel spec cannot be written to {home}; {refused.strerror}. Give a --home that you can write to."
        ) from refused


def _look_in(data_dir: Path) -> None:
    paths = os.environ.get("JUPYTER_PATH", "").split(os.pathsep)
    if str(data_dir) not in paths:
        os.environ["JUPYTER_PATH"] = os.pathsep.join([str(data_dir), *filter(None, paths)])


def _other_python(program: str) -> str | None:
    found = None if program in PYTHON_HERE else shutil.which(os.path.expanduser(program))  # noqa: PTH111
    is_python = found is not None and Path(found).name.startswith("python")
    return found if is_python and str(found) != sys.executable else None


def _can_be_started(program: str) -> bool:
    if program in PYTHON_HERE:
        return True
    return bool(program) and shutil.which(os.path.expanduser(program)) is not None  # noqa: PTH111 - as jupyter_client does
