"""What the desk refuses."""

from hub_config.errors import HubError

__all__ = [
    "DefinitionChangedError",
    "DefinitionUnknownError",
    "NotAllowedError",
    "NotApprovedError",
    "ProjectUnknownError",
    "RunStaysError",
    "TemplateChangedError",
]


class NotAllowedError(HubError):
    """The person's role in the project does not allow this."""

    code = "REPORT-NOT-ALLOWED"
    exit_code = 120


class ProjectUnknownError(HubError):
    """There is no such project, or not for this person."""

    code = "REPORT-PROJECT-UNKNOWN"
    exit_code = 121


class DefinitionUnknownError(HubError):
    """There is no such report definition, or not for this person."""

    code = "REPORT-DEFINITION-UNKNOWN"
    exit_code = 122


class NotApprovedError(HubError):
    """The report definition, or its template, has changed since a project lead approved it."""

    code = "REPORT-NOT-APPROVED"
    exit_code = 123


class TemplateChangedError(HubError):
    """What was approved is not what stands there now."""

    code = "REPORT-TEMPLATE-CHANGED"
    exit_code = 124


class DefinitionChangedError(TemplateChangedError):
    """The report definition is not the version any more that was to be changed."""

    code = "REPORT-DEFINITION-CHANGED"


class RunStaysError(HubError):
    """The run cannot be removed as it is, or kept as it is gone."""

    code = "REPORT-RUN-STAYS"
    exit_code = 98
