"""A run's folder on its way out: its own regular files, and nothing else."""

import io
import os
import socket
import zipfile
from pathlib import Path

from hub_config.reports.folders.archive import open_inside, write_zip


def names_in_zip(folder: Path) -> dict[str, bytes]:
    buffer = io.BytesIO()
    write_zip(folder, to=buffer, name=folder.name)
    with zipfile.ZipFile(buffer) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_archive_holds_every_file_under_the_folders_name(tmp_path):
    run = tmp_path / "run-1"
    (run / "outputs" / "deep").mkdir(parents=True)
    (run / "report.html").write_bytes(b"page")
    (run / "outputs" / "table.csv").write_bytes(b"1,2")
    (run / "outputs" / "deep" / "figure.png").write_bytes(b"\x89PNG")

    assert names_in_zip(run) == {
        "run-1/report.html": b"page",
        "run-1/outputs/table.csv": b"1,2",
        "run-1/outputs/deep/figure.png": b"\x89PNG",
    }


def test_hidden_files_are_packed_and_what_the_runner_keeps_for_itself_is_not(tmp_path):
    run = tmp_path / "run-1"
    (run / "work").mkdir(parents=True)
    for name in (".ballast", ".run.json.4711.new", ".top", "work/.ballast", "work/.deep"):
        (run / name).write_bytes(b"x")

    assert sorted(names_in_zip(run)) == ["run-1/.top", "run-1/work/.ballast", "run-1/work/.deep"]


def test_links_pipes_and_sockets_are_left_out_and_nobody_waits_for_them(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "secret").write_bytes(b"secret")
    run = tmp_path / "run-2"
    run.mkdir()
    (run / "file").symlink_to(tmp_path / "elsewhere" / "secret")
    (run / "folder").symlink_to(tmp_path / "elsewhere")
    (run / "up").symlink_to("..")
    os.mkfifo(run / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(run / "socket"))
        (run / "good").write_bytes(b"good")

        assert names_in_zip(run) == {"run-2/good": b"good"}


def test_a_folder_that_is_a_link_gives_nothing(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "secret").write_bytes(b"secret")
    (tmp_path / "run-3").symlink_to(tmp_path / "real")

    assert names_in_zip(tmp_path / "run-3") == {}
    assert open_inside(tmp_path / "run-3", name="secret") is None


def test_a_name_with_bytes_that_are_no_text_is_packed_all_the_same(tmp_path):
    run = tmp_path / "run-4"
    run.mkdir()
    Path(os.fsdecode(os.fsencode(run) + b"/\xff.csv")).write_bytes(b"x")

    assert list(names_in_zip(run).values()) == [b"x"]


def test_only_a_plain_name_inside_the_folder_can_be_opened(tmp_path):
    run = tmp_path / "run-5"
    run.mkdir()
    (run / "report.html").write_bytes(b"page")
    (tmp_path / "secret").write_bytes(b"secret")
    (run / "link.html").symlink_to(tmp_path / "secret")

    for name in ("../secret", "/etc/passwd", "..", ".", "", "link.html", "missing.html"):
        assert open_inside(run, name=name) is None, name
    with open_inside(run, name="report.html") as file:
        assert file.read() == b"page"
