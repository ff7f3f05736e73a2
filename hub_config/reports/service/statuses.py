"""Which status of HTTP the refusals have, on pages and in the API alike."""

from collections.abc import Mapping
from types import MappingProxyType

from hub_config.errors import HubError, TemplateNotFoundError
from hub_config.reports.database.errors import (
    DatabaseUnreachableError,
    IdempotencyError,
    QueueFullError,
    RunUnknownError,
)
from hub_config.reports.definitions.errors import DefinitionUnreadableError
from hub_config.reports.desk.errors import (
    DefinitionChangedError,
    DefinitionUnknownError,
    NotAllowedError,
    NotApprovedError,
    ProjectUnknownError,
    RunStaysError,
    TemplateChangedError,
)

__all__ = ["status_of"]

STATUSES: Mapping[type[HubError], int] = MappingProxyType(
    {
        DatabaseUnreachableError: 503,
        DefinitionUnknownError: 404,
        DefinitionUnreadableError: 400,
        IdempotencyError: 409,
        NotAllowedError: 403,
        NotApprovedError: 409,
        ProjectUnknownError: 404,
        QueueFullError: 429,
        RunStaysError: 409,
        RunUnknownError: 404,
        DefinitionChangedError: 412,  # before what it is a kind of
        TemplateChangedError: 409,
        TemplateNotFoundError: 404,
    }
)


def status_of(refused: BaseException | None) -> int | None:
    """Give the status that a refusal has.

    Parameters
    ----------
    refused : BaseException or None
        Anything that went wrong.

    Returns
    -------
    int or None
        None for what is no refusal that is known here.
    """
    return next((status for kind, status in STATUSES.items() if isinstance(refused, kind)), None)
