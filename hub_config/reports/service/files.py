"""Files for the browser: a run's page, its folder as an archive, and our own script and style."""

import asyncio
import tempfile
from typing import BinaryIO

from tornado.iostream import StreamClosedError
from tornado.web import HTTPError

from hub_config.reports.folders.archive import open_inside, write_zip
from hub_config.reports.service.base import Answer, PageHandler
from hub_config.reports.service.board import REPORT
from hub_config.reports.service.security import REPORT_HEADERS
from hub_config.reports.service.site import ASSETS

__all__ = ["ArchiveHandler", "AssetHandler", "HealthHandler", "ReportHandler"]

CHUNK = 256 * 1024
KEPT_A_YEAR = "private, max-age=31536000, immutable"


class HealthHandler(Answer):
    """Whether the service answers; for the launcher, without signing in."""

    def get(self) -> None:
        """Say yes."""
        self.finish({"status": "ok"})


class AssetHandler(PageHandler):
    """Our own script and style."""

    def get(self, name: str) -> None:
        """Send one.

        Parameters
        ----------
        name : str
            Which.
        """
        content = self.site.assets.get(name)
        if content is None:
            raise HTTPError(404)
        self.set_header("Content-Type", ASSETS[name])
        self.set_header("Cache-Control", KEPT_A_YEAR)
        self.finish(content)


class ReportHandler(PageHandler):
    """The page that a run wrote, shut into a sandbox by its headers wherever it is shown."""

    async def get(self, run_id: str) -> None:
        """Send it.

        Parameters
        ----------
        run_id : str
            Which run.
        """
        run = self.run_or_404(run_id)
        file = open_inside(run.folder, name=REPORT) if run.folder is not None and run.has_report else None
        if file is None:
            raise HTTPError(404)
        for name, value in REPORT_HEADERS.items():
            self.set_header(name, value)
        with file:
            await send(self, file)


class ArchiveHandler(PageHandler):
    """A run's folder as one file."""

    async def get(self, run_id: str) -> None:
        """Pack it and send it.

        Parameters
        ----------
        run_id : str
            Which run.
        """
        run = self.run_or_404(run_id)
        if run.folder is None:
            raise HTTPError(404)
        with tempfile.TemporaryFile() as archive:
            if not await asyncio.to_thread(write_zip, run.folder, to=archive, name=run.run_id):
                raise HTTPError(404)
            self.set_header("Content-Type", "application/zip")
            self.set_header("Content-Disposition", f'attachment; filename="{run.run_id}.zip"')
            self.set_header("Content-Length", str(archive.seek(0, 2)))
            archive.seek(0)
            await send(self, archive)


async def send(handler: PageHandler, file: BinaryIO) -> None:
    """Send a file piece by piece, at the pace at which the browser takes it.

    Parameters
    ----------
    handler : PageHandler
        Whose answer it is; the headers are set.
    file : BinaryIO
        Open, at its beginning.
    """
    try:
        while part := await asyncio.to_thread(file.read, CHUNK):
            handler.write(part)
            await handler.flush()
    except StreamClosedError:  # the reader has gone
        return
    handler.finish()
