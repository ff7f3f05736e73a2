"""What a hub token may be allowed to do with reports: JupyterHub's custom scopes, narrower than a person's rights."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any

__all__ = ["CUSTOM_SCOPES", "METRICS_SCOPE", "Scope"]

METRICS_SCOPE = "read:metrics"  # JupyterHub's own


class Scope(StrEnum):
    """A scope that a token needs, beside its person's role in the project."""

    READ = "custom:reports:read"
    RUN = "custom:reports:run"
    DEFINE = "custom:reports:define"
    APPROVE = "custom:reports:approve"
    REMOVE = "custom:reports:remove"
    SECRETS = "custom:reports:secrets"


ALL = "custom:reports"

CUSTOM_SCOPES: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        ALL: {"description": "Everything with reports.", "subscopes": [scope.value for scope in Scope]},
        Scope.READ.value: {"description": "See projects, report definitions and runs, and download results."},
        Scope.RUN.value: {"description": "Start, repeat and cancel runs of reports."},
        Scope.DEFINE.value: {"description": "Write report definitions, and pause their schedules."},
        Scope.APPROVE.value: {"description": "Approve and delete report definitions."},
        Scope.REMOVE.value: {"description": "Remove runs of reports that have ended."},
        Scope.SECRETS.value: {"description": "Set and remove secrets of projects; none can be read."},
    }
)
"""As ``c.JupyterHub.custom_scopes`` wants them."""
