"""PDFs made on demand, kept a while beside the runs: never in a run's folder, whose hashes are closed."""

import contextlib
import fcntl
import hashlib
import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from hub_config.reports.exports.errors import PdfBusyError, PdfFailedError
from hub_config.reports.exports.pdf import PdfLimits, make_pdf
from hub_config.reports.folders.contents import open_regular

__all__ = ["PdfCache"]

VERSION = "1"  # of what is put around a page; another one makes new PDFs
OF_ANY_RUN = re.compile(r"[0-9a-f]{64}\.pdf")


@dataclass(frozen=True)
class PdfCache:
    """A folder of PDFs, named by their run and what they were made from.

    Any number of threads and processes may share it.

    Parameters
    ----------
    folder : Path
        Made when it is first needed, closed to other accounts. It holds nothing that cannot be made again.
    size : int, default 512 MiB
        Bytes that the PDFs may take together; those not asked for the longest go first.
    at_once : int, default 2
        How many Chromiums may run.
    patience : float, default 30
        Seconds to wait for one of them.
    limits : PdfLimits
        Of each.
    """

    folder: Path
    size: int = 512 * 2**20
    at_once: int = 2
    patience: float = 30.0
    limits: PdfLimits = field(default_factory=PdfLimits)

    def get(self, html: Path, *, run_id: str) -> Path:
        """Give the PDF of a run's page, made now if it is not there.

        Parameters
        ----------
        html : Path
            The page.
        run_id : str
            Stands at the foot of every page.

        Returns
        -------
        Path
            The PDF; open it soon, as it may go when others are made.

        Raises
        ------
        PdfBusyError
            If as many as may run at once do, for longer than `patience`.
        PdfFailedError
            As for `make_pdf`.
        PdfProgramMissingError
            As for `make_pdf`.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        pdf = self.folder / f"{run_id}.{_key(html, run_id)}.pdf"
        if not _touched(pdf):
            with self._slot():
                if not _touched(pdf):  # another one made it while this one waited
                    make_pdf(html, pdf, run_id=run_id, limits=self.limits)
                    self._prune(keep=pdf)
        if not html.is_file():  # the run was removed while its page was printed
            pdf.unlink(missing_ok=True)
            raise PdfFailedError("The run has no page to print; it was removed meanwhile. Look at the list.")
        return pdf

    def forget(self, run_id: str) -> None:
        """Take away the PDFs of a run that is removed; its folder has to be gone before.

        Parameters
        ----------
        run_id : str
            Which.
        """
        with contextlib.suppress(FileNotFoundError), os.scandir(self.folder) as entries:
            for entry in entries:
                # Hidden is what is being printed, or was when its printer was killed. Those of a version that did not
                # name the run may be of any, and can be made again.
                if entry.name.removeprefix(".").startswith(f"{run_id}.") or OF_ANY_RUN.fullmatch(entry.name):
                    Path(entry.path).unlink(missing_ok=True)

    @contextlib.contextmanager
    def _slot(self) -> Iterator[None]:
        """Hold one of the places; the system gives a place back when its holder dies."""
        deadline = time.monotonic() + self.patience
        while True:
            for number in range(self.at_once):
                descriptor = os.open(self.folder / f".place-{number}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    os.close(descriptor)
                    continue
                try:
                    yield
                finally:
                    os.close(descriptor)
                return
            if time.monotonic() > deadline:
                raise PdfBusyError(
                    f"Other PDFs are being made; {self.at_once} at once are allowed. Try again in a minute."
                )
            time.sleep(0.05)

    def _prune(self, *, keep: Path) -> None:
        entries = []
        for entry in os.scandir(self.folder):
            with contextlib.suppress(OSError):
                if entry.is_file(follow_symlinks=False) and entry.name.endswith(".pdf") and entry.name != keep.name:
                    status = entry.stat(follow_symlinks=False)
                    entries.append((status.st_mtime, status.st_size, Path(entry.path)))
        total = sum(size for _, size, _ in entries) + keep.stat().st_size
        for _, size, path in sorted(entries):
            if total <= self.size:
                return
            path.unlink(missing_ok=True)
            total -= size


def _key(html: Path, run_id: str) -> str:
    try:
        with open_regular(html) as file:
            page = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as failure:
        raise PdfFailedError(f"The run has no page to print; {failure.strerror}. See its log.") from failure
    return hashlib.sha256(f"{VERSION}\n{run_id}\n{page}".encode()).hexdigest()


def _touched(pdf: Path) -> bool:
    """Say whether it is there, and note that it was asked for."""
    try:
        os.utime(pdf)
    except OSError:
        return False
    return True
