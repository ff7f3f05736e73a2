"""Projects: the people, data sets, limits and account that reports belong to, one file each."""

from hub_config.projects.document import Event, Limits, NotifyTarget, Project, Role, personal_project
from hub_config.projects.errors import ProjectError
from hub_config.projects.loading import Projects, load_project, load_projects
from hub_config.projects.rights import Action, may

__all__ = [
    "Action",
    "Event",
    "Limits",
    "NotifyTarget",
    "Project",
    "ProjectError",
    "Projects",
    "Role",
    "load_project",
    "load_projects",
    "may",
    "personal_project",
]
