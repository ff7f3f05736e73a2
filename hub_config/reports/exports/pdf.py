"""A run's page as a PDF: A4, the run's id and the page's number at the foot, made by Chromium where there is one."""

import base64
import contextlib
import html as markup
import os
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hub_config.reports.exports.chromium import Browser, browser
from hub_config.reports.exports.errors import PdfFailedError, PdfProgramMissingError
from hub_config.reports.folders.contents import open_regular

__all__ = ["PROGRAMS", "PdfLimits", "find_browser", "make_pdf"]

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
LARGEST_PAGE = 64 * 2**20
MILLIMETRE = 1 / 25.4  # in inches
# Chromium's own style for these lines is empty; sizes are of the paper.
FOOT = (
    '<div style="width:100%;margin:0 16mm;display:flex;justify-content:space-between;font-size:11px;color:#4a5560;'
    "font-family:'Noto Sans CJK KR','Noto Sans KR',sans-serif\"><span>{run}</span>"
    '<span><span class="pageNumber"></span> / <span class="totalPages"></span></span></div>'
)


@dataclass(frozen=True)
class PdfLimits:
    """What making one PDF may take.

    Parameters
    ----------
    seconds : float
        From start to end.
    memory : int
        Bytes of all processes of the browser together.
    size : int
        Bytes of the PDF.
    """

    seconds: float = 60.0
    memory: int = 2 * 2**30
    size: int = 256 * 2**20


def find_browser() -> Path:
    """Find a Chromium or Chrome.

    Returns
    -------
    Path
        The first found.

    Raises
    ------
    PdfProgramMissingError
        If there is none.
    """
    for name in PROGRAMS:
        found = shutil.which(name)
        if found is not None:
            return Path(found)
    raise PdfProgramMissingError(
        f"There is no program here that makes PDFs; looked for {', '.join(PROGRAMS)}. "
        "Have Chromium installed (Debian: `apt install chromium`), or print the page from a browser."
    )


def make_pdf(html: Path, pdf: Path, *, run_id: str, limits: PdfLimits | None = None) -> int:
    """Make a PDF of a run's page.

    Nothing in the page runs, and nothing is fetched: scripts are off, every request is refused, and the name of every
    machine is unknown. Chromium runs in its sandbox where the account may have one; for root it runs as nobody.

    Parameters
    ----------
    html : Path
        The page, such as ``report.html`` of a run; a regular file.
    pdf : Path
        Where the PDF goes, in a folder that is there; replaced in one step, closed to other accounts.
    run_id : str
        Stands at the foot of every page.
    limits : PdfLimits, optional
        60 seconds, 2 GiB of memory and 256 MiB when left out.

    Returns
    -------
    int
        Bytes of the PDF.

    Raises
    ------
    PdfProgramMissingError
        If there is no Chromium.
    PdfFailedError
        If the page cannot be read, or a limit was reached; there is no file then.
    """
    allowed = limits or PdfLimits()
    program, page = find_browser(), _read_page(html)
    draft = pdf.with_name(f".{pdf.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with (
            os.fdopen(descriptor, "wb") as file,
            browser(program, seconds=allowed.seconds, memory=allowed.memory) as chromium,
        ):
            size = 0
            for piece in _printed(chromium, page, run_id=run_id):
                size += len(piece)
                if size > allowed.size:
                    raise PdfFailedError(f"The PDF is larger than the {allowed.size // 2**20} MiB allowed. Draw less.")
                file.write(piece)
        draft.replace(pdf)
    except OSError as failure:
        raise PdfFailedError(
            f"The PDF cannot be written; {failure.strerror}. Make room, or mend the folder."
        ) from failure
    finally:
        with contextlib.suppress(OSError):
            draft.unlink()
    return size


def _read_page(html: Path) -> bytes:
    try:
        with open_regular(html) as file:
            page = file.read(LARGEST_PAGE + 1)
    except OSError as failure:
        raise PdfFailedError(f"The run has no page to print; {failure.strerror}. See its log.") from failure
    if len(page) > LARGEST_PAGE:
        raise PdfFailedError(
            f"The page is larger than the {LARGEST_PAGE // 2**20} MiB that are printed. Read it as it is."
        )
    return page


def _printed(chromium: Browser, page: bytes, *, run_id: str) -> Iterator[bytes]:
    session = chromium.show(page)
    printed = chromium.ask(
        "Page.printToPDF",
        session=session,
        paperWidth=210 * MILLIMETRE,
        paperHeight=297 * MILLIMETRE,
        marginTop=18 * MILLIMETRE,
        marginBottom=18 * MILLIMETRE,
        marginLeft=16 * MILLIMETRE,
        marginRight=16 * MILLIMETRE,
        printBackground=True,
        displayHeaderFooter=True,
        headerTemplate="<span></span>",
        footerTemplate=FOOT.format(run=markup.escape(f"Run {run_id}")),
        generateTaggedPDF=True,
        generateDocumentOutline=True,
        transferMode="ReturnAsStream",
    )
    while True:
        piece = chromium.ask("IO.read", session=session, handle=printed["stream"], size=2**20)
        yield base64.b64decode(piece["data"]) if piece.get("base64Encoded") else piece["data"].encode()
        if piece.get("eof"):
            return
