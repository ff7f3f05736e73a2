"""Whatever becomes of a closed run's folder, the check finds it."""

import json
import os
import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub_config.errors import RunFolderError
from hub_config.reports.folders.archive import write_zip
from hub_config.reports.folders.crate import CRATE
from hub_config.reports.folders.sealing import SEAL, folder_sha256
from hub_config.reports.folders.verification import verify_folder

from ..conftest import Bench, code, parameters, text
from .closed_runs import VERDICTS, closed_run


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return closed_run(tmp_path_factory.mktemp("runs"))


@pytest.fixture
def run(pristine: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(pristine, tmp_path / "run"))


def kinds(folder: Path, **more: str) -> list[tuple[str, str]]:
    return [(finding.kind, finding.path) for finding in verify_folder(folder, **more).findings]


@pytest.mark.parametrize("status", VERDICTS)
def test_a_run_that_nobody_touched_is_whole_however_it_ended(tmp_path: Path, status: str):
    found = verify_folder(closed_run(tmp_path, verdict=VERDICTS[status]))
    assert found.findings == ()
    assert found.whole
    assert found.files == 11
    assert found.sha256 == folder_sha256(tmp_path / "one")
    assert not found.expected


def test_the_crate_fits_a_hash_kept_elsewhere_or_not(run: Path):
    assert kinds(run, expect=folder_sha256(run).upper() + "\n") == []
    assert kinds(run, expect="00" * 32) == [("crate", CRATE)]
    assert verify_folder(run, expect=folder_sha256(run)).to_document()["expected"]


def test_the_crates_own_hash_is_one_that_sha256sum_reads(run: Path):
    checked = subprocess.run(["sha256sum", "-c", SEAL], cwd=run, capture_output=True, text=True, check=False)
    assert checked.stdout == f"{CRATE}: OK\n"


def test_a_crate_rewritten_together_with_a_file_is_found_only_by_the_hash_kept_elsewhere(run: Path):
    """What the page on run folders says about the limits of the check."""
    kept = folder_sha256(run)
    (run / "outputs" / "wards.csv").write_text("ward,n\nA,99\n")
    crate = json.loads((run / CRATE).read_text())
    from hub_config.reports.folders.contents import read_contents

    now = {file.path: file for file in read_contents(run).files}
    for entity in crate["@graph"]:
        if entity["@id"] in now:
            entity |= {"sha256": now[entity["@id"]].sha256, "contentSize": str(now[entity["@id"]].size)}
    (run / CRATE).write_text(json.dumps(crate))
    (run / SEAL).write_text(f"{folder_sha256(run)}  {CRATE}\n")
    assert kinds(run) == []
    assert kinds(run, expect=kept) == [("crate", CRATE)]


def files_of(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def flip_a_bit(folder: Path, dice: random.Random) -> None:
    file = dice.choice(files_of(folder))
    content = bytearray(file.read_bytes())
    content[dice.randrange(len(content))] ^= 1 << dice.randrange(8)
    file.write_bytes(content)


def cut(folder: Path, dice: random.Random) -> None:
    file = dice.choice(files_of(folder))
    os.truncate(file, dice.randrange(file.stat().st_size))


def lengthen(folder: Path, dice: random.Random) -> None:
    with dice.choice(files_of(folder)).open("ab") as file:
        file.write(b"\n")


def delete(folder: Path, dice: random.Random) -> None:
    dice.choice(files_of(folder)).unlink()


def swap(folder: Path, dice: random.Random) -> None:
    one, other = dice.sample(files_of(folder), 2)
    one.rename(folder / "aside")
    other.rename(one)
    (folder / "aside").rename(other)


def add(folder: Path, dice: random.Random) -> None:
    where = dice.choice([folder, folder / "outputs", folder / "work", folder / "new"])
    where.mkdir(exist_ok=True)
    (where / f"{dice.choice(['', '.'])}{dice.randrange(10**6)}").write_bytes(b"")


def rename(folder: Path, dice: random.Random) -> None:
    file = dice.choice(files_of(folder))
    file.rename(file.with_name(f"{file.name}x"))


def put_a_link(folder: Path, dice: random.Random) -> None:
    file = dice.choice(files_of(folder))
    elsewhere = folder.parent / "elsewhere"
    file.rename(elsewhere)
    file.symlink_to(elsewhere)


CORRUPTIONS = [flip_a_bit, cut, lengthen, delete, swap, add, rename, put_a_link]


@settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(corrupt=st.sampled_from(CORRUPTIONS), seed=st.integers(0, 2**32))
def test_every_corruption_is_found(
    pristine: Path, tmp_path_factory: pytest.TempPathFactory, corrupt: Callable[..., None], seed: int
):
    folder = tmp_path_factory.mktemp("copy") / "run"
    shutil.copytree(pristine, folder)
    corrupt(folder, random.Random(seed))
    found = verify_folder(folder)
    assert not found.whole, corrupt.__name__
    assert "findings" in found.text()
    shutil.rmtree(folder.parent)


def test_findings_name_what_happened_to_which_file(run: Path):
    (run / "outputs" / "wards.csv").unlink()
    (run / "report.html").write_text("other")
    (run / "work" / "new\n\x1b[31m").write_text("x")
    os.mkfifo(run / "work" / "pipe")
    (run / "work" / "link").symlink_to("/etc/passwd")
    found = verify_folder(run)
    assert sorted((finding.kind, finding.path) for finding in found.findings) == [
        ("added", "work/new\n\x1b[31m"),
        ("changed", "report.html"),
        ("link", "work/link"),
        ("missing", "outputs/wards.csv"),
        ("outputs", "outputs.json"),
        ("special", "work/pipe"),
    ]
    assert "\x1b" not in found.text()
    assert "\x1b" not in json.dumps(found.to_document(), ensure_ascii=False)


def reseal(folder: Path) -> None:
    """Rewrite hashes so that only what the files say can give a lie away."""
    from hub_config.reports.folders.contents import read_contents
    from hub_config.reports.folders.crate_terms import file_id

    crate = json.loads((folder / CRATE).read_text())
    now = {file_id(file.path): file for file in read_contents(folder).files}
    for entity in crate["@graph"]:
        if entity["@id"] in now and entity["@id"] != CRATE:
            entity |= {"sha256": now[entity["@id"]].sha256, "contentSize": str(now[entity["@id"]].size)}
    (folder / CRATE).write_text(json.dumps(crate))
    (folder / SEAL).write_text(f"{folder_sha256(folder)}  {CRATE}\n")


@pytest.mark.parametrize(
    "change",
    [
        {"status": "failed"}, {"run_id": "two"}, {"parameters": {"days": 4}}, {"ended_at": None},
        {"started_at": "2026-01-01T00:00:00.000Z"}, {"status": "running"}, {"template_sha256": "00" * 32},
        {"environment_sha256": "00" * 32},
    ],
)  # fmt: skip
def test_a_record_that_says_something_else_than_the_crate_is_found(run: Path, change: dict[str, object]):
    record = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps(record | change))
    reseal(run)
    assert "record" in {kind for kind, _ in kinds(run)}


def test_a_stamp_that_says_something_else_than_the_record_is_found(tmp_path: Path, run: Path):
    failed = closed_run(tmp_path / "failed", verdict=VERDICTS["failed"])
    fine = (run / "report.ipynb").read_bytes()
    shutil.copy(failed / "report.ipynb", run / "report.ipynb")
    (failed / "report.ipynb").write_bytes(fine)
    for folder in (run, failed):
        reseal(folder)
        assert kinds(folder) == [("stamp", "report.ipynb")]


@pytest.mark.parametrize("content", [b"", b"[", b"[" * 100_000, b"{}", b'{"@graph": [{}]}', b"\xff", b'{"@graph": 3}'])
def test_a_crate_that_cannot_be_read_is_said(run: Path, content: bytes):
    (run / CRATE).write_bytes(content)
    assert ("crate", CRATE) in kinds(run)


def test_a_folder_of_an_older_version_has_no_crate_and_no_hash(run: Path):
    (run / CRATE).unlink()
    assert kinds(run)[0] == ("crate", CRATE)
    with pytest.raises(RunFolderError, match="older versions"):
        folder_sha256(run)


def test_a_link_to_a_folder_is_not_followed(run: Path):
    (run / "work" / "up").symlink_to(run.parent, target_is_directory=True)
    assert kinds(run) == [("link", "work/up")]


def test_folders_in_folders_without_end_do_not_stop_the_check(run: Path):
    deep = run / "work" / "/".join("d" * 80)
    deep.mkdir(parents=True)
    assert {kind for kind, _ in kinds(run)} == {"unreadable"}


def test_a_folder_that_was_downloaded_and_unpacked_is_whole(tmp_path: Path):
    folder = closed_run(tmp_path, leave=("work/.hidden", ".top", "work/deep/한글 (1).csv"))
    with (tmp_path / "run.zip").open("wb") as packed:
        write_zip(folder, to=packed, name="one")
    shutil.unpack_archive(tmp_path / "run.zip", tmp_path / "elsewhere")
    found = verify_folder(tmp_path / "elsewhere" / "one", expect=folder_sha256(folder))
    assert (found.findings, found.files) == ((), 14)


def test_a_real_run_is_verified_by_the_command_line(bench: Bench):
    leave = (
        "import os, pathlib\nhere = pathlib.Path(os.environ['COHORTHUB_RUN_DIR'])\n"
        "os.symlink('/etc/passwd', here / 'work' / 'link')\nos.mkfifo(here / 'pipe')\n"
        "(here / 'ro-crate-metadata.json').mkdir()\n(here / 'work' / 'kept').write_text('x')\n"
        "(here / 'work' / 'kept').chmod(0)"
    )
    ended = bench.run(text("# T"), parameters(), code(leave))
    assert ended.code == 0, ended.talk
    names = {path.name for path in ended.folder.rglob("*")}
    assert {"template.ipynb", "environment.txt", CRATE, SEAL, "kept"} <= names
    assert not {"link", "pipe"} & names
    assert "2 links, pipes or sockets were left out" in (ended.folder / "log.txt").read_text()
    checked = bench.report("verify", ended.folder)
    assert (checked.code, checked.document["findings"]) == (0, [])
    assert bench.report("verify", bench.runs / "latest" / "steps").code == 0
    with (ended.folder / "run.json").open("a") as file:
        file.write(" ")
    checked = bench.report("verify", ended.folder, "--expect", checked.document["sha256"])
    assert checked.code == 1
    assert [finding["path"] for finding in checked.document["findings"]] == ["run.json"]
    assert bench.report("verify", bench.path / "nowhere").code == 2
