"""What can be wrong with a project."""

from hub_config.errors import HubError

__all__ = ["ProjectError", "ProjectNotFoundError"]


class ProjectError(HubError):
    """A project's file or folder is not as it must be."""

    code = "PROJECT-INVALID"
    exit_code = 106


class ProjectNotFoundError(HubError):
    """No project has this name."""

    code = "PROJECT-NOT-FOUND"
    exit_code = 107
