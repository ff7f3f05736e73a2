"""A secret is known by its name; its value shows itself nowhere, and files that others can read are refused."""

import copy
import json
import os
import pickle
import pprint
import stat
import traceback
from pathlib import Path

import cloudpickle
import pytest

from analysis_lib.errors import OutputError
from analysis_lib.report import Report, secret

VALUE = "s3cr3t-4711"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "secrets"
    place.mkdir(mode=0o700)
    monkeypatch.setenv("COHORTHUB_SECRETS", str(place))
    _write(place / "warehouse", VALUE + "\n")
    return place


def _write(file: Path, text: str | bytes, mode: int = 0o600) -> None:
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    file.chmod(mode)


def test_the_value_is_there_when_it_is_asked_for(folder: Path) -> None:
    found = secret("warehouse")
    assert (found.name, found.reveal()) == ("warehouse", VALUE)
    _write(folder / "lines_1.txt", "a\nb\n")
    assert secret("lines_1.txt").reveal() == "a\nb"


def test_the_value_shows_itself_nowhere(folder: Path) -> None:
    found = secret("warehouse")
    shown = [
        repr(found), str(found), f"{found}", f"{found!s:>40}", f"{found:x}", "%s" % found, "{}".format(found),  # noqa: UP031, UP032
        found._repr_html_(), pprint.pformat({"a": [found]}), str(dir(found)), repr([found]), repr(copy.copy(found)),
        repr(copy.deepcopy({"a": found})), json.dumps([found], default=str),
    ]  # fmt: skip
    assert [text for text in shown if VALUE in text] == []
    assert all("warehouse" in text for text in shown if "<Secret" in text)
    for save in (pickle.dumps, cloudpickle.dumps, json.dumps):
        with pytest.raises((OutputError, TypeError)) as caught:
            save(found)
        assert VALUE not in "".join(traceback.format_exception(caught.value))
    with pytest.raises(TypeError):
        vars(found)


def test_a_secret_is_no_input_of_a_stage(folder: Path) -> None:
    stage = Report(title="T").stage("s", inputs={"key": secret("warehouse")}, code="1")
    with pytest.raises(OutputError, match="A secret is never hashed") as caught, stage:
        pass
    assert VALUE not in str(caught.value)


@pytest.mark.parametrize(
    "name", ["", "..", ".", "../warehouse", "a/b", ".hidden", "a b", "ä", "x" * 65, "a\n", None, 3, VALUE + "!"]
)
def test_what_is_no_name_is_refused_and_not_repeated(folder: Path, name: object) -> None:
    with pytest.raises(OutputError, match="a secret's name is") as caught:
        secret(name)  # type: ignore[arg-type]
    assert VALUE not in str(caught.value)


def test_an_unknown_secret_is_refused_with_the_known_ones(folder: Path) -> None:
    with pytest.raises(OutputError, match=r"there is no secret 'warehous' to be read.*Known: warehouse"):
        secret("warehous")


def test_without_a_folder_there_are_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COHORTHUB_SECRETS", raising=False)
    with pytest.raises(OutputError, match="found no COHORTHUB_SECRETS"):
        secret("warehouse")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_a_file_that_others_can_read_is_refused(folder: Path, mode: int) -> None:
    _write(folder / "open", VALUE, mode)
    with pytest.raises(OutputError, match="not kept in private"):
        secret("open")


def test_a_link_a_folder_and_a_pipe_are_refused(folder: Path) -> None:
    (folder / "link").symlink_to(folder / "warehouse")
    (folder / "folder").mkdir(mode=0o700)
    os.mkfifo(folder / "pipe", 0o600)
    for name in ("link", "folder", "pipe"):
        with pytest.raises(OutputError):
            secret(name)
    assert stat.S_ISFIFO((folder / "pipe").stat().st_mode)


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe", b"x" * 70_000])
def test_a_file_that_holds_no_text_of_a_secret_is_refused(folder: Path, content: bytes) -> None:
    _write(folder / "odd", content)
    with pytest.raises(OutputError, match="is no text of 1 to 65,536 bytes"):
        secret("odd")
