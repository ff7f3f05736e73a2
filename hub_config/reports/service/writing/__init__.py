"""Pages on which report definitions are looked at, written and approved."""

from hub_config.reports.service.writing.definition_pages import (
    ChangedTemplateHandler,
    DefinitionHandler,
    PauseHandler,
    RemoveHandler,
    RunNowHandler,
)
from hub_config.reports.service.writing.draft_pages import ApproveHandler, DiscardHandler, DraftHandler
from hub_config.reports.service.writing.edit_pages import EditHandler, NewHandler
from hub_config.reports.service.writing.project_page import ProjectHandler

__all__ = [
    "ApproveHandler",
    "ChangedTemplateHandler",
    "DefinitionHandler",
    "DiscardHandler",
    "DraftHandler",
    "EditHandler",
    "NewHandler",
    "PauseHandler",
    "ProjectHandler",
    "RemoveHandler",
    "RunNowHandler",
]
