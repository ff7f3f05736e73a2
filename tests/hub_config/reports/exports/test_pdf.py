"""The page as a PDF: made by a real Chromium that can run, fetch, read and leave behind nothing."""

import os
import shutil
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psutil
import pytest

from hub_config.reports.exports import (
    PdfBusyError,
    PdfCache,
    PdfFailedError,
    PdfLimits,
    PdfProgramMissingError,
    find_browser,
    make_pdf,
    pdf_cache,
)

from ..conftest import wait_for

RUN_ID = "20261127T021500123Z-a1b2c3"
HAS_BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
needs_browser = pytest.mark.skipif(not HAS_BROWSER, reason="needs Chromium")
PICTURE = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmM"
    "IQAAAABJRU5ErkJggg=="
)


@pytest.fixture
def asked() -> Iterator[tuple[str, list[str]]]:
    """A server on loopback that notes what it is asked for."""
    paths: list[str] = []

    class Canary(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Canary)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", paths
    server.shutdown()
    thread.join()
    server.server_close()


def words(pdf: Path) -> str:
    if shutil.which("pdftotext") is None:
        pytest.skip("needs pdftotext")
    return subprocess.run(["pdftotext", "-layout", pdf, "-"], capture_output=True, text=True, check=True).stdout


def page(tmp_path: Path, body: str) -> Path:
    html = tmp_path / "report.html"
    html.write_text(f"<!DOCTYPE html><html><head><meta charset=utf-8><title>T</title></head><body>{body}</body></html>")
    return html


def open_to_nobody(path: Path) -> None:
    """Let the account that root's Chromium runs as reach a file."""
    for part in (path, *path.parents):
        if part.stat().st_uid == os.getuid() and part != Path("/") and part.stat().st_mode & 0o055 != 0o055:
            part.chmod(part.stat().st_mode | 0o055)


def left_over() -> list[str]:
    found = [p.name() for p in psutil.Process().children(recursive=True) if "chrom" in p.name()]
    return found + [path.name for path in Path("/tmp").glob("cohorthub-pdf-*") if path.stat().st_mtime > STARTED]


STARTED = Path("/proc/self").stat().st_mtime


@needs_browser
def test_a_page_becomes_numbered_sheets_of_paper_with_the_runs_id(tmp_path: Path):
    html = page(
        tmp_path, f"<h1>Steps</h1><p>걸음 수</p><img src='{PICTURE}'>" + "<p style='break-before:page'>second</p>"
    )
    size = make_pdf(html, tmp_path / "out.pdf", run_id=RUN_ID)
    content = (tmp_path / "out.pdf").read_bytes()
    assert content.startswith(b"%PDF-")
    assert len(content) == size
    assert stat.S_IMODE((tmp_path / "out.pdf").stat().st_mode) == 0o600
    text = words(tmp_path / "out.pdf")
    for expected in ("Steps", "걸음 수", "second", f"Run {RUN_ID}", "1/2", "2/2"):
        assert expected.replace(" ", "") in text.replace(" ", "")
    if shutil.which("pdfinfo"):
        told = subprocess.run(["pdfinfo", tmp_path / "out.pdf"], capture_output=True, text=True, check=True).stdout
        assert "(A4)" in told
        assert "Pages:           2" in told
    assert left_over() == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.pdf", "report.html"]


@needs_browser
def test_a_hostile_page_runs_fetches_and_reads_nothing(tmp_path: Path, asked: tuple[str, list[str]]):
    canary, paths = asked
    secret = tmp_path / "secret.html"
    secret.write_text("SECRET-WORD")
    open_to_nobody(secret)
    html = page(
        tmp_path,
        f"<p>shown</p><script>document.body.textContent='SCRIPT-RAN'; fetch('{canary}/fetch')</script>"
        f"<img src=x onerror=\"document.body.textContent='SCRIPT-RAN'\"><img src='{canary}/img'>"
        f"<iframe src='{canary}/frame'></iframe><iframe src='file://{secret}'></iframe>"
        f"<object data='file://{secret}'></object><embed src='file://{secret}'>"
        f"<link rel=stylesheet href='{canary}/css'><style>@import '{canary}/import';</style>"
        f"<link rel=dns-prefetch href='{canary}/dns'><link rel=preload as=image href='{canary}/preload'>"
        f"<video src='{canary}/video' autoplay></video><meta http-equiv=refresh content=\"0;url=file://{secret}\">"
        f"<svg width=9 height=9><image href='{canary}/svg' width=9 height=9></image></svg>"
        f"<iframe srcdoc=\"<script>parent.document.body.textContent='SCRIPT-RAN'</script>"
        f"<img src='{canary}/srcdoc'>\"></iframe>"
        f"<base href='{canary}/'><img src='base'><a href='{canary}/a' ping='{canary}/ping'>link</a>",
    )
    make_pdf(html, tmp_path / "out.pdf", run_id="<b>'\"&x")
    text = words(tmp_path / "out.pdf")
    assert paths == []
    assert "shown" in text
    assert "SECRET-WORD" not in text
    assert "SCRIPT-RAN" not in text
    assert "Run <b>'\"&x" in text


@needs_browser
@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (PdfLimits(seconds=0.05), "time limit"),
        (PdfLimits(memory=2**20), "more memory"),
        (PdfLimits(size=100), "larger than"),
    ],
)
def test_a_limit_that_is_reached_leaves_no_file_and_no_process(tmp_path: Path, limits: PdfLimits, reason: str):
    with pytest.raises(PdfFailedError, match=reason) as refused:
        make_pdf(page(tmp_path, "x"), tmp_path / "out.pdf", run_id=RUN_ID, limits=limits)
    assert refused.value.code == "REPORT-PDF-FAILED"
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
    assert left_over() == []


@needs_browser
def test_where_the_system_has_no_sandbox_chromium_runs_without_and_the_log_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    real = find_browser()
    program = tmp_path / "bin" / "chromium"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\ncase "$*" in *--no-sandbox*) exec {real} "$@" ;; esac\nexit 1\n')
    open_to_nobody(program)
    monkeypatch.setenv("PATH", str(program.parent))
    assert make_pdf(page(tmp_path, "x"), tmp_path / "out.pdf", run_id=RUN_ID) > 1000
    assert "started without" in caplog.text
    assert left_over() == []


def chromiums() -> set[int]:
    return {p.pid for p in psutil.process_iter(["cmdline"]) if "cohorthub-pdf-" in " ".join(p.info["cmdline"] or [])}


@needs_browser
def test_chromium_ends_with_the_process_that_wanted_the_pdf(tmp_path: Path):
    before, profiles = chromiums(), set(Path("/tmp").glob("cohorthub-pdf-*"))
    script = (
        "import sys; from pathlib import Path; from hub_config.reports.exports import chromium\n"
        "with chromium.browser(Path(sys.argv[1]), seconds=60, memory=2**32) as it:\n"
        "    it.ask('Browser.getVersion'); print('up', flush=True); import time; time.sleep(60)"
    )
    words = [sys.executable, "-c", script, str(find_browser())]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        assert chromiums() - before
        process.kill()
    wait_for(lambda: not chromiums() - before, seconds=20)
    for left in set(Path("/tmp").glob("cohorthub-pdf-*")) - profiles:  # a day's sweep is not waited for
        shutil.rmtree(left, ignore_errors=True)


def test_without_chromium_the_error_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PdfProgramMissingError, match="apt install chromium") as refused:
        make_pdf(page(tmp_path, "x"), tmp_path / "out.pdf", run_id=RUN_ID)
    assert refused.value.code == "REPORT-PDF-NO-BROWSER"


@pytest.mark.parametrize("script", ["exit 1", "sleep 60", "exec cat", "head -c 10 <&3 >/dev/null; exit 0"])
def test_a_program_that_is_no_chromium_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str):
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "chromium").write_text(f"#!/bin/sh\nPATH=/usr/bin:/bin\n{script}\n")
    open_to_nobody(programs / "chromium")
    monkeypatch.setenv("PATH", str(programs))
    assert find_browser() == programs / "chromium"
    with pytest.raises(PdfFailedError):
        make_pdf(page(tmp_path, "x"), tmp_path / "out.pdf", run_id=RUN_ID, limits=PdfLimits(seconds=2))
    assert not (tmp_path / "out.pdf").exists()


@pytest.mark.parametrize("kind", ["missing", "link", "pipe", "linked folder"])
def test_what_is_no_page_is_not_printed(tmp_path: Path, kind: str):
    html = tmp_path / "report.html"
    if kind == "linked folder":  # put in the place of a run's folder after somebody looked at it
        page(tmp_path, "somebody else's report")
        (tmp_path / "run").symlink_to(tmp_path)
        html = tmp_path / "run" / "report.html"
    elif kind == "link":
        html.symlink_to("/etc/passwd")
    elif kind == "pipe":
        os.mkfifo(html)
    if HAS_BROWSER:
        with pytest.raises(PdfFailedError, match="no page"):
            make_pdf(html, tmp_path / "out.pdf", run_id=RUN_ID)
    with pytest.raises(PdfFailedError, match="no page"):
        PdfCache(tmp_path / "cache").get(html, run_id=RUN_ID)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Note which PDFs are made, each of 1,000 bytes, as a Chromium costs seconds."""
    pdfs: list[Path] = []

    def make(_html: Path, pdf: Path, **_: object) -> int:
        pdfs.append(pdf)
        pdf.write_bytes(bytes(1000))
        return 1000

    monkeypatch.setattr(pdf_cache, "make_pdf", make)
    return pdfs


def test_a_pdf_is_made_once_for_a_page_and_again_for_another(tmp_path: Path, made: list[Path]):
    cache = PdfCache(tmp_path / "cache")
    one = cache.get(page(tmp_path, "one"), run_id=RUN_ID)
    assert cache.get(page(tmp_path, "one"), run_id=RUN_ID) == one
    assert cache.get(page(tmp_path, "two"), run_id=RUN_ID) != one
    assert cache.get(page(tmp_path, "one"), run_id="other") != one
    assert len(made) == 3
    assert stat.S_IMODE((tmp_path / "cache").stat().st_mode) == 0o700


def test_those_not_asked_for_the_longest_go_first(tmp_path: Path, made: list[Path]):
    cache = PdfCache(tmp_path / "cache", size=3000)
    pdfs = [cache.get(page(tmp_path, str(number)), run_id=RUN_ID) for number in range(3)]
    for age, pdf in enumerate(pdfs):
        os.utime(pdf, (1000 + age, 1000 + age))
    cache.get(page(tmp_path, "0"), run_id=RUN_ID)  # asked for again
    cache.get(page(tmp_path, "3"), run_id=RUN_ID)
    assert [pdf.exists() for pdf in pdfs] == [True, False, True]
    tiny = PdfCache(tmp_path / "cache", size=1)
    kept = tiny.get(page(tmp_path, "4"), run_id=RUN_ID)
    assert [path.name for path in (tmp_path / "cache").glob("*.pdf")] == [kept.name]
    assert len(made) == 5


def test_a_run_that_is_removed_while_its_page_is_printed_leaves_no_pdf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    html = page(tmp_path, "one")
    cache = PdfCache(tmp_path / "cache")

    def make(_html: Path, pdf: Path, **_: object) -> int:
        html.unlink()
        cache.forget(RUN_ID)
        pdf.write_bytes(b"x")
        return 1

    monkeypatch.setattr(pdf_cache, "make_pdf", make)
    with pytest.raises(PdfFailedError, match="removed"):
        cache.get(html, run_id=RUN_ID)
    assert list((tmp_path / "cache").glob("*.pdf")) == []


def test_no_more_are_made_at_once_than_allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    running, most, lock = 0, 0, threading.Lock()
    release = threading.Event()

    def make(_html: Path, pdf: Path, **_: object) -> int:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        release.wait(20)
        with lock:
            running -= 1
        pdf.write_bytes(b"x")
        return 1

    monkeypatch.setattr(pdf_cache, "make_pdf", make)
    cache = PdfCache(tmp_path / "cache", at_once=2, patience=20)
    pages = [tmp_path / f"{number}.html" for number in range(6)]
    for html in pages:
        html.write_text(html.name)
    threads = [threading.Thread(target=cache.get, args=(html,), kwargs={"run_id": RUN_ID}) for html in pages]
    for thread in threads:
        thread.start()
    while running < 2:
        pass
    with pytest.raises(PdfBusyError, match="2 at once"):
        PdfCache(tmp_path / "cache", at_once=2, patience=0).get(page(tmp_path, "more"), run_id=RUN_ID)
    release.set()
    for thread in threads:
        thread.join()
    assert most == 2
    assert len(list((tmp_path / "cache").glob("*.pdf"))) == 6
