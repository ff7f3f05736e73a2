"""Words and files that `cohorthub report` must refuse before anything is sent or written."""

import json
import os

import click
import pytest
from click.testing import CliRunner

from hub_config.addresses import Addresses, write_addresses
from hub_config.cli import Session
from hub_config.errors import HubError
from hub_config.home import Home
from hub_config.reports.cli import report
from hub_config.reports.service.errors import ApiError

MARK = "Zyxwv4711"
HEAD = 'name = "monthly"\ntitle = "Monthly"\ntemplate = "steady"\n'
RUN_ID = "20261127T063000123Z-a1b2c3"


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "home"
    (folder / "run").mkdir(parents=True)
    # Port 1: nobody listens there, so a command that gets as far as asking says that nobody answers.
    write_addresses(Home(folder), Addresses(ip="127.0.0.1", port=1, proxy_api_port=1, hub_port=1, reports_port=1))
    return folder


@pytest.fixture
def call(home, monkeypatch):
    monkeypatch.setenv("COHORTHUB_TOKEN", "0123456789")

    def invoke(*words):
        before = sorted(home.rglob("*"))
        result = CliRunner().invoke(
            report, [str(word) for word in words], obj=Session(home=home), standalone_mode=False
        )
        assert sorted(home.rglob("*")) == before
        assert MARK not in result.output
        if result.exception is None:
            pytest.fail(f"was taken: {result.output}")
        assert MARK not in str(result.exception)
        return result.exception

    return invoke


FILES = {
    "nothing": b"",
    "no TOML": f"{MARK}: 1".encode(),
    "a key twice": HEAD.encode() + b'title = "Again"\n',
    "Latin-1": HEAD.encode() + b'title_ko = "caf\xe9"\n',
    "a NUL": HEAD.encode() + b"# \x00\n",
    "300 KiB": HEAD.encode() + b"#" * 300_000,
    "a line of dots": b"a" + b".a" * 50_000 + b" = 1\n",
    "a tower of lists": HEAD.encode() + b"parameters = {x = " + b"[" * 3000 + b"]" * 3000 + b"}\n",
    "a number of 10,000 digits": HEAD.encode() + b"retries = " + b"9" * 3900 + b"\n",
    "an unknown field": HEAD.encode() + f'acount = "{MARK}"\n'.encode(),
    "a name upwards": HEAD.replace("monthly", "../x").encode(),
    "a template upwards": HEAD.replace("steady", "../../x.ipynb").encode(),
    "a zone of nowhere": HEAD.encode() + f'timezone = "{MARK}"\n'.encode(),
    "retries without a word": HEAD.encode() + b"retries = 3\n",
    "a date as a title": HEAD.replace('"Monthly"', "2027-01-01").encode(),
}


@pytest.mark.parametrize("case", FILES)
def test_a_file_that_is_no_definition_is_refused_before_anything_is_sent(call, tmp_path, case):
    file = tmp_path / "definition.toml"
    file.write_bytes(FILES[case])
    refused = call("schedule", file, "--project", "wards")
    assert isinstance(refused, HubError)
    assert refused.exit_code in {96, 97}


@pytest.mark.parametrize("text", ["", "[]", "{", '{"name": "a", "name": "b"}', "NaN", "[" * 100_000, '"\ud800"'])
def test_a_json_file_that_is_no_definition_is_refused_as_well(call, tmp_path, text):
    file = tmp_path / "definition.json"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    refused = call("schedule", file, "--project", "wards")
    assert isinstance(refused, HubError)
    assert refused.exit_code in {96, 97}


@pytest.mark.parametrize("make", [lambda path: path.mkdir(), lambda path: None, lambda path: path.symlink_to(path)])
def test_a_file_that_cannot_be_read_is_misuse(call, tmp_path, make):
    make(tmp_path / "definition.toml")
    assert isinstance(call("schedule", tmp_path / "definition.toml", "--project", "wards"), click.UsageError)


MISUSES = {
    "nothing to run": ("run",),
    "a definition of no project": ("run", "--definition", "monthly"),
    "a template and a definition": ("run", "steady", "--definition", "monthly", "--project", "wards"),
    "neither of them": ("run", "--project", "wards"),
    "a definition with parameters": ("run", "--definition", "monthly", "--project", "wards", "-p", "a=1"),
    "the foreground's options": ("run", "steady", "--project", "wards", "--output-dir", "x"),
    "the foreground's limits": ("run", "steady", "--project", "wards", "--cell-timeout", "5"),
    "waiting for nobody": ("run", "steady", "--wait"),
    "a schedule of no project": ("schedule", os.devnull),
    "a version that is none": ("schedule", os.devnull, "--project", "wards", "--if-version", MARK),
    "a new one of a version": ("schedule", os.devnull, "--project", "wards", "--new", "--if-version", "0" * 32),
    "one run alone": ("diff", RUN_ID),
    "no run at all": ("diff",),
    "a run and a definition": ("diff", RUN_ID, "--definition", "monthly", "--project", "wards"),
    "a draft of no project": ("diff", "--definition", "monthly"),
    "a state that is none": ("list", "--state", "exploded"),
    "a limit of none": ("list", "--limit", "0"),
    "an option that is none": ("list", "--projekt", "wards"),
    "three runs": ("diff", "a", "b", "c"),
}


@pytest.mark.parametrize("case", MISUSES)
def test_words_that_do_not_go_together_are_misuse(call, case):
    refused = call(*MISUSES[case])
    assert isinstance(refused, click.UsageError)
    assert refused.exit_code == 2


@pytest.mark.parametrize(
    "url",
    ["hub.example.org", "ftp://hub.example.org/", "file:///etc/passwd", "http://hub.example.org/", "https://", "http://[::1",
     "https://kim:secret@hub.example.org/", "https://hub.example.org/?next=x", "http://127.0.0.1:99999/", "http://10.0.0.1/"],
)  # fmt: skip
def test_a_token_goes_to_no_address_that_is_not_a_hubs(call, url):
    refused = call("list", "--url", url)
    assert isinstance(refused, ApiError)
    assert "does not answer" not in str(refused)
    assert "secret" not in str(refused)


@pytest.mark.parametrize("content", [b"", b"two words", b"\xff\xfe", b"a\x1b[2Jb", b"x" * 2000, "토큰".encode()])
def test_a_file_without_a_token_is_refused(call, tmp_path, content, monkeypatch):
    file = tmp_path / "token"
    file.write_bytes(content)
    refused = call("list", "--token-file", file)
    assert isinstance(refused, ApiError)
    assert "does not answer" not in str(refused)


@pytest.mark.parametrize("run_id", ["../../etc/passwd", "x" * 300, "a\x00b", "", "latest/steady", "한글"])
def test_a_run_that_is_none_is_not_found_here(call, run_id):
    refused = call("show", run_id)
    assert isinstance(refused, HubError)
    assert refused.exit_code == 68


def test_a_service_that_is_not_there_is_said_to_be_so(call):
    refused = call("list", "--project", "wards")
    assert "does not answer" in str(refused)
    assert refused.exit_code == 125


def test_a_home_without_a_hub_is_told_apart_from_a_hub_that_is_silent(call, home):
    (home / "run" / "addresses.json").write_text(json.dumps({"port": MARK}), encoding="utf-8")
    assert "No hub runs on this home" in str(call("list", "--project", "wards"))
