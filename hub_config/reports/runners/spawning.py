"""JupyterHub's side of a runner: which command its named server is, and that no other named servers are made."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tornado.web import HTTPError

from hub_config.reports.runners.names import RUNNER_PREFIX, is_runner_name

__all__ = ["PrepareRunner", "runner_command"]


def runner_command() -> list[str]:
    """Give the command of a runner.

    Returns
    -------
    list of str
        A script beside this Python: batchspawner's wrapper wants a script, not an interpreter with arguments.
    """
    return [str(Path(sys.executable).parent / "cohorthub-reports-runner")]


@dataclass(frozen=True)
class PrepareRunner:
    """What JupyterHub calls before it starts any server: ``c.Spawner.pre_spawn_hook``, for every kind of spawner.

    Parameters
    ----------
    environment : mapping of str to str
        What runners are told: the service's address, the home, the data.
    """

    environment: Mapping[str, str]

    def __call__(self, spawner: Any) -> None:
        """Make a named server a runner, or refuse it.

        Parameters
        ----------
        spawner : Spawner
            About to start.
        """
        if not spawner.name:
            return  # a person's own server
        if not is_runner_name(spawner.name):
            raise HTTPError(
                400, f"Named servers here are runners of reports, called {RUNNER_PREFIX}…; there are no others."
            )
        spawner.cmd = runner_command()
        spawner.args = []
        spawner.default_url = ""
        spawner.notebook_dir = ""
        spawner.environment = {**spawner.environment, **self.environment}
        _start_once(spawner)


def _start_once(spawner: Any) -> None:
    """Have Slurm not start a job again whose machine failed: the service starts another runner, and knows this one."""
    script = str(getattr(spawner, "batch_script", ""))
    if "#SBATCH" in script and "requeue" not in script + str(getattr(spawner, "req_options", "")):
        first, _, rest = script.partition("\n")
        spawner.batch_script = f"{first}\n#SBATCH --no-requeue\n{rest}"
