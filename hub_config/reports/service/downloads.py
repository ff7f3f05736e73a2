"""What a run gives out: its page in a sandbox, notebook, tables for spreadsheets, a PDF, its folder as an archive."""

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from tornado.iostream import StreamClosedError
from tornado.web import HTTPError

from hub_config.reports.desk.errors import NotAllowedError
from hub_config.reports.exports import PdfBusyError, PdfCache, PdfFailedError, PdfProgramMissingError, declared_tables
from hub_config.reports.exports.tables import open_table, spreadsheet_lines
from hub_config.reports.folders.archive import open_inside, write_zip
from hub_config.reports.service.base import PageHandler
from hub_config.reports.service.board import REPORT, Run
from hub_config.reports.service.security import REPORT_HEADERS

__all__ = ["ArchiveHandler", "NotebookHandler", "PdfHandler", "ReportHandler", "TableHandler", "send"]

CHUNK = 256 * 1024
LOG = "log.txt"


class _RunFile(PageHandler):
    """Something of a run that has ended."""

    def folder_or_404(self, run_id: str, *, holds_output: bool = True) -> tuple[Run, Path]:
        """Find the folder of a run from which this person may have something.

        Parameters
        ----------
        run_id : str
            From the address.
        holds_output : bool, default True
            Whether it is something that holds what cells printed, rather than what was declared.

        Returns
        -------
        Run
            The run.
        Path
            Its folder.
        """
        run = self.run_or_404(run_id)
        if run.folder is None:
            raise HTTPError(404)
        if holds_output and not self.board.may_open(run, person=self.person):
            raise HTTPError(403, reason=f"refused_{NotAllowedError.code}")
        return run, run.folder

    def attach(self, kind: str, *, name: str) -> None:
        """Say what follows, and under which name to keep it.

        Parameters
        ----------
        kind : str
            Media type.
        name : str
            ASCII, without quotes.
        """
        self.set_header("Content-Type", kind)
        self.set_header("Content-Disposition", f'attachment; filename="{name}"')


class ReportHandler(_RunFile):
    """The page that a run wrote, shut into a sandbox by its headers wherever it is shown."""

    async def get(self, run_id: str) -> None:
        """Send it.

        Parameters
        ----------
        run_id : str
            Which run.
        """
        _, folder = self.folder_or_404(run_id)
        file = open_inside(folder, name=REPORT)
        if file is None:
            raise HTTPError(404)
        for name, value in REPORT_HEADERS.items():
            self.set_header(name, value)
        with file:
            await send(self, file)


class NotebookHandler(_RunFile):
    """The executed notebook."""

    async def get(self, run_id: str) -> None:
        """Send it.

        Parameters
        ----------
        run_id : str
            Which run.
        """
        run, folder = self.folder_or_404(run_id)
        file = open_inside(folder, name="report.ipynb")
        if file is None:
            raise HTTPError(404)
        self.attach("application/x-ipynb+json", name=f"{run.run_id}.ipynb")
        with file:
            await send(self, file)


class TableHandler(_RunFile):
    """A declared table as CSV, in which a spreadsheet runs nothing."""

    async def get(self, run_id: str, number: str) -> None:
        """Send it.

        Parameters
        ----------
        run_id : str
            Which run.
        number : str
            Which of its tables; 0 is the first.
        """
        run, folder = self.folder_or_404(run_id, holds_output=False)
        tables = await asyncio.to_thread(declared_tables, folder)
        if int(number) >= len(tables):
            raise HTTPError(404)
        file = open_table(folder, file=tables[int(number)].file)
        if file is None:
            raise HTTPError(404)
        self.attach("text/csv; charset=utf-8", name=f"{run.run_id}-{Path(tables[int(number)].file).stem[:60]}.csv")
        with file:
            await _send_pieces(self, spreadsheet_lines(file))


class PdfHandler(_RunFile):
    """The page as a PDF, where Chromium is installed."""

    async def get(self, run_id: str) -> None:
        """Make it, or take it from the cache, and send it.

        Parameters
        ----------
        run_id : str
            Which run.
        """
        run, folder = self.folder_or_404(run_id)
        if not run.has_report:
            raise HTTPError(404)
        cache: PdfCache = self.settings["pdfs"]
        try:
            pdf = await asyncio.to_thread(cache.get, folder / REPORT, run_id=run.run_id)
        except PdfProgramMissingError as missing:
            raise HTTPError(501, reason="pdf_missing") from missing
        except (PdfBusyError, PdfFailedError) as failure:
            raise HTTPError(503, reason="pdf_failed") from failure
        try:
            file = pdf.open("rb")
        except FileNotFoundError as gone:  # it made room for others, or its run was removed
            raise HTTPError(503, reason="pdf_failed") from gone
        self.attach("application/pdf", name=f"{run.run_id}.pdf")
        with file:
            await send(self, file)


class ArchiveHandler(_RunFile):
    """A run's folder as one file; without its log for those who may not see that."""

    async def get(self, run_id: str) -> None:
        """Pack it and send it.

        Parameters
        ----------
        run_id : str
            Which run.
        """
        run, folder = self.folder_or_404(run_id)
        without = () if self.board.may_read_log(run, person=self.person) else (LOG,)
        with tempfile.TemporaryFile() as archive:
            if not await asyncio.to_thread(write_zip, folder, to=archive, name=run.run_id, without=without):
                raise HTTPError(404)
            if self.run_or_404(run_id).folder is None:  # removed while it was packed: it may be half of it
                raise HTTPError(404)
            self.attach("application/zip", name=f"{run.run_id}.zip")
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
    await _send_pieces(handler, iter(lambda: file.read(CHUNK), b""))


async def _send_pieces(handler: PageHandler, pieces: Iterator[bytes]) -> None:
    def some() -> bytes:
        gathered = b""
        for piece in pieces:
            gathered += piece
            if len(gathered) >= CHUNK:
                break
        return gathered

    try:
        while part := await asyncio.to_thread(some):
            handler.write(part)
            await handler.flush()
    except StreamClosedError:  # the reader has gone
        return
    handler.finish()
