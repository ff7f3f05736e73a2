"""How a person's server starts: its folder, its environment, and the notebooks it finds there on the first day."""

import os
import subprocess
import sys
from pathlib import Path
from typing import IO, Any

from jupyterhub.spawner import SimpleLocalProcessSpawner
from traitlets import Unicode

from hub_config.first_notebooks import give_notebooks
from hub_config.kernels import KERNEL_NAME
from hub_config.launcher.processes import Process, boot_identity, find_process
from hub_config.reports.runners.names import is_runner_name

__all__ = ["SERVER_CONFIG", "CohortSpawner", "server_arguments"]

SERVER_CONFIG = Path(__file__).parent / "hub" / "server_config"
LONGEST_LOG = 10 * 2**20  # bytes


class CohortSpawner(SimpleLocalProcessSpawner):
    """Start a server as the hub's own system account, in a folder of the person's own.

    There is no isolation between people here; the hub's pages and the launcher say so.
    """

    users_dir = Unicode(config=True, help="Folder of the people's folders.")
    logs_dir = Unicode(config=True, help="Folder of the servers' logs.")
    given_dir = Unicode(config=True, help="Folder of the lists of what each person was given.")

    pid: Any  # JupyterHub declares it without a type
    _process: Process | None = None

    @property
    def folder(self) -> Path:
        """The person's folder."""
        return Path(self.users_dir, self.user.name)

    def make_preexec_fn(self, name: str) -> None:
        """Run nothing between fork and exec: the folder is made before, and Popen changes into it.

        Parameters
        ----------
        name : str
            The person's name, unused.
        """

    def user_env(self, env: dict[str, str]) -> dict[str, str]:
        """Keep everything that a server reads or writes for itself in the person's folder.

        Parameters
        ----------
        env : dict
            What JupyterHub sets.

        Returns
        -------
        dict
            With the person's folders added.
        """
        env = super().user_env(env)
        home = self.folder
        env["HOME"] = str(home)
        env["JUPYTER_CONFIG_DIR"] = str(home / ".jupyter")
        env["JUPYTER_DATA_DIR"] = str(home / ".local/share/jupyter")
        env["JUPYTER_RUNTIME_DIR"] = str(home / ".local/share/jupyter/runtime")
        # The environment's own programs first, so that a terminal in Lab finds the same Python as the kernel.
        env["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), env.get("PATH", os.defpath)])
        env["PYTHONNOUSERSITE"] = "1"
        return env

    async def start(self) -> Any:
        """Make the person's folder, give the notebooks, and start the server there.

        Returns
        -------
        tuple
            Address and port, as JupyterHub wants them.
        """
        home = self.folder
        for folder in (home, Path(self.logs_dir), Path(self.given_dir)):
            folder.mkdir(mode=0o700, exist_ok=True)
        is_runner = is_runner_name(self.name)
        if not is_runner:
            give_notebooks(home, Path(self.given_dir, f"{self.user.name}.json"))
        with _log_file(Path(self.logs_dir), owner=self.user.name, is_runner=is_runner) as log:
            self.popen_kwargs = {"cwd": home, "stdin": subprocess.DEVNULL, "stdout": log, "stderr": log}
            where = await super().start()
        self._process = find_process(self.pid)
        return where

    def get_state(self) -> dict[str, Any]:
        """Keep what tells the server's process from a later one of the same pid.

        Returns
        -------
        dict
            JupyterHub's own state, with the process's start time and the machine's run.
        """
        state: dict[str, Any] = super().get_state()
        if self._process is not None and self._process.pid == self.pid:
            state |= {"started": self._process.started, "boot": boot_identity()}
        return state

    def load_state(self, state: dict[str, Any]) -> None:
        """Take up a server again only if it is the very process that was kept.

        After a power cut its pid may be anybody's, and the hub would watch and end that process.

        Parameters
        ----------
        state : dict
            As `get_state` returned it, perhaps in another run of the machine.
        """
        super().load_state(state)
        running = find_process(self.pid) if self.pid else None
        same = running is not None and (running.started, boot_identity()) == (state.get("started"), state.get("boot"))
        self._process = running if same else None
        if not same:
            self.pid = 0


def _log_file(logs: Path, *, owner: str, is_runner: bool) -> IO[bytes]:
    """Open the log of a server: anew with each start, so that it does not grow for ever; runners share one."""
    file = logs / f"{owner}{'-runners' if is_runner else ''}.log"
    is_short = is_runner and file.exists() and file.stat().st_size < LONGEST_LOG
    return file.open("ab" if is_short else "wb")


def server_arguments() -> list[str]:
    """Give the arguments that no person's own configuration may undo.

    Returns
    -------
    list of str
        For the Jupyter server.
    """
    arguments = [
        "--YDocExtension.disable_rtc=True",
        f"--MultiKernelManager.default_kernel_name={KERNEL_NAME}",
        "--KernelSpecManager.ensure_native_kernel=False",
        f"--KernelSpecManager.allowed_kernelspecs={KERNEL_NAME}",
        "--KernelManager.transport_encryption=required",
        "--LabApp.news_url=",
        "--LabApp.custom_css=True",
        "--LabApp.extension_manager=readonly",
    ]
    return [*arguments, "--allow-root"] if os.geteuid() == 0 else arguments
