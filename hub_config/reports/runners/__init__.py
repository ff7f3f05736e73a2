"""Runners: processes of a project's account that take runs from the queue and execute them.

The service starts them through JupyterHub's own spawner, as named servers of the account; they speak to it over HTTP.
"""

from hub_config.reports.runners.messages import LeasedRun, SyncAnswer, SyncRequest
from hub_config.reports.runners.names import RUNNER_PREFIX, is_runner_name, new_runner_name

__all__ = ["RUNNER_PREFIX", "LeasedRun", "SyncAnswer", "SyncRequest", "is_runner_name", "new_runner_name"]
