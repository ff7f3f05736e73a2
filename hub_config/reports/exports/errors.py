"""What can go wrong when a run is exported."""

from typing import ClassVar

from hub_config.errors import HubError

__all__ = ["BrowserEndedError", "PdfBusyError", "PdfFailedError", "PdfProgramMissingError"]


class PdfProgramMissingError(HubError):
    """There is no Chromium that could make a PDF."""

    code: ClassVar[str] = "REPORT-PDF-NO-BROWSER"
    exit_code: ClassVar[int] = 109


class PdfFailedError(HubError):
    """The PDF could not be made within its limits."""

    code: ClassVar[str] = "REPORT-PDF-FAILED"
    exit_code: ClassVar[int] = 110


class PdfBusyError(HubError):
    """As many PDFs as may be made at once are being made."""

    code: ClassVar[str] = "REPORT-PDF-BUSY"
    exit_code: ClassVar[int] = 111


class BrowserEndedError(PdfFailedError):
    """The browser ended before the PDF was made."""

    code: ClassVar[str] = "REPORT-PDF-BROWSER-ENDED"
    exit_code: ClassVar[int] = 112
