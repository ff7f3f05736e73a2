"""What a run gives out besides its own files: tables for spreadsheets, and the page as a PDF."""

from hub_config.reports.exports.errors import PdfBusyError, PdfFailedError, PdfProgramMissingError
from hub_config.reports.exports.pdf import PdfLimits, find_browser, make_pdf
from hub_config.reports.exports.pdf_cache import PdfCache
from hub_config.reports.exports.tables import DeclaredTable, declared_tables, spreadsheet_lines

__all__ = [
    "DeclaredTable",
    "PdfBusyError",
    "PdfCache",
    "PdfFailedError",
    "PdfLimits",
    "PdfProgramMissingError",
    "declared_tables",
    "find_browser",
    "make_pdf",
    "spreadsheet_lines",
]
