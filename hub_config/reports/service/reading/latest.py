"""The newest success of a report, always at the same address."""

from tornado.web import HTTPError

from hub_config.projects import Action
from hub_config.reports.database.history import newest_success
from hub_config.reports.desk.errors import NotAllowedError, ProjectUnknownError
from hub_config.reports.service.base import PageHandler
from hub_config.reports.service.downloads import ReportHandler
from hub_config.reports.service.run_pages import RunHandler

__all__ = ["LatestHandler", "LatestReportHandler"]


def _newest_or_404(handler: PageHandler, project: str, *, definition: str) -> str:
    try:
        found = handler.desk.project(project, person=handler.person, action=Action.READ)
    except (ProjectUnknownError, NotAllowedError) as unknown:
        raise HTTPError(404) from unknown
    with handler.desk.database.reading() as connection:
        run = newest_success(connection, project=found.name, definition=definition)
    if run is None:
        raise HTTPError(404, reason="no_success_yet")
    return str(run.id)


class LatestHandler(RunHandler):
    """The page of the newest success."""

    async def get(self, project: str, definition: str) -> None:  # type: ignore[override]
        """Show it.

        Parameters
        ----------
        project, definition : str
            Whose report, and which.
        """
        await RunHandler.get(self, _newest_or_404(self, project, definition=definition))


class LatestReportHandler(ReportHandler):
    """What the newest success wrote, shut into the same sandbox."""

    async def get(self, project: str, definition: str) -> None:  # type: ignore[override]
        """Send it.

        Parameters
        ----------
        project, definition : str
            Whose report, and which.
        """
        await ReportHandler.get(self, _newest_or_404(self, project, definition=definition))
