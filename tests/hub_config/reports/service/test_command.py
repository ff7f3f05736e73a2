"""`cohorthub report` at the service: the same words as without a hub, and the exit code of the run."""

import json
import time

import pytest
from click.testing import CliRunner

from hub_config.addresses import Addresses, write_addresses
from hub_config.cli import Session
from hub_config.home import Home
from hub_config.reports.changes.terminal import width
from hub_config.reports.cli import report
from hub_config.reports.service.errors import ApiError

from .api_client import EVERYTHING, make_project, make_token

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(240)]

DEFINITION = """
name = "monthly"
title = "열두 병동의 월간 품질"
template = "steady.ipynb"
schedule = "first weekday of the month at 07:00"

[parameters]
words = "안녕하세요"
"""


@pytest.fixture(scope="module")
def wards(place):
    folder = make_project(place, "clinic")
    port = int(place.url.rpartition(":")[2])
    write_addresses(
        Home(place.home),
        Addresses(
            ip="127.0.0.1", port=port, proxy_api_port=1, hub_port=place.hub_port, reports_port=place.service_port
        ),
    )
    return folder


@pytest.fixture
def call(place, wards, tmp_path, monkeypatch):
    """Run a command as a person; what it raises is raised here."""
    monkeypatch.delenv("COHORTHUB_TOKEN", raising=False)

    def invoke(*words, token=None, as_json=True, code=0):
        session = Session(home=place.home, as_json=as_json)
        if token is not None:
            monkeypatch.setenv("COHORTHUB_TOKEN", token)
        result = CliRunner().invoke(report, [*words], obj=session, standalone_mode=False)
        if result.exception is not None:
            raise result.exception
        assert (result.return_value or 0) == code, (result.stdout, result.stderr)
        return json.loads(result.stdout) if as_json else result

    return invoke


@pytest.fixture(scope="module")
def token(place, wards):
    return make_token(place, "kim", EVERYTHING)


def test_without_a_token_one_is_told_where_to_get_one(call, place):
    with pytest.raises(ApiError, match=f"{place.url}/hub/token"):
        call("list", "--project", "clinic")


def test_a_file_becomes_a_schedule_after_a_look_at_what_would_change(call, token, tmp_path):
    file = tmp_path / "monthly.toml"
    file.write_text(DEFINITION, encoding="utf-8")
    dry = call("schedule", str(file), "--project", "clinic", "--dry-run", token=token)
    assert (dry["written"], len(dry["next"])) == (False, 5)
    assert all(one["local"][11:] == "07:00:00+09:00" for one in dry["next"])
    assert call("list", "--project", "clinic")["definitions"] == []
    assert call("schedule", str(file), "--project", "clinic", "--approve")["approved"] is True
    file.write_text(DEFINITION.replace("07:00", "08:30"), encoding="utf-8")
    shown = call("schedule", str(file), "--project", "clinic", as_json=False).stdout
    assert "Asia/Seoul" in shown
    assert "first weekday of the month at 08:30" in shown
    assert "draft; a lead of clinic approves it" in shown
    assert call("diff", "--definition", "monthly", "--project", "clinic", code=1)["fields"][0]["field"] == "schedule"
    (listed,) = call("list", "--project", "clinic")["definitions"]
    assert (listed["is_approved"], listed["has_draft"]) == (True, True)


def test_a_definition_is_run_and_followed_and_two_runs_are_compared(call, token, tmp_path):
    file = tmp_path / "weekly.toml"
    file.write_text(DEFINITION.replace("monthly", "weekly"), encoding="utf-8")
    call("schedule", str(file), "--project", "clinic", "--approve", token=token)
    first = call("run", "--definition", "weekly", "--project", "clinic", "--wait")
    assert first["states"] == {"succeeded": 1}
    second = call("run", "--definition", "weekly", "--project", "clinic", "--wait")
    runs = (first["runs"][0], second["runs"][0])
    assert call("diff", *runs, "--project", "clinic")["comparison"]["changes"]["is_changed"] is False
    assert call("show", runs[0], "--project", "clinic")["run"]["parameters"]["words"] == "안녕하세요"
    text = call("list", "--project", "clinic", as_json=False).stdout
    rows = [line for line in text.splitlines() if line.lstrip().startswith(runs)]
    places = {width(line[: line.index("weekly")]) for line in rows}
    assert len(rows) == 2
    assert len(places) == 1, "Korean titles keep the columns"


def test_the_exit_code_of_a_run_that_failed_is_the_runs(call, token):
    ended = call("run", "failing", "--project", "clinic", "--wait", token=token, code=60)
    assert ended["states"] == {"failed": 1}
    shown = call("show", ended["runs"][0], "--project", "clinic", as_json=False).stdout
    assert "REPORT-CELL-FAILED" in shown
    assert "47110815" not in shown


def test_values_typed_on_the_command_line_are_read_by_their_types(call, token):
    words = ("run", "steady", "--project", "~kim", "-p", "count=2", "-p", "loud=true", "-p", "concept_ids=1, 2")
    (run_id,) = call(*words, token=token)["runs"]
    values = call("show", run_id, "--project", "~kim")["run"]["parameters"]
    assert (values["count"], values["loud"], values["concept_ids"]) == (2, True, [1, 2])
    with pytest.raises(ApiError, match=r"texts\.count") as refused:
        call("run", "steady", "--project", "~kim", "-p", "count=many")
    assert "many" not in str(refused.value).replace("how many", "")


def test_a_run_is_cancelled_kept_and_removed_from_the_command_line(call, token):
    (run_id,) = call("run", "steady", "--project", "~kim", "-p", "pause=120", token=token)["runs"]
    assert call("cancel", run_id)["asked"] is True
    end = time.monotonic() + 30
    while call("show", run_id, "--project", "~kim")["run"]["state"] != "cancelled":
        assert time.monotonic() < end
        time.sleep(0.3)
    assert call("cancel", run_id)["asked"] is False
    assert call("keep", run_id)["is_kept"] is True
    assert call("keep", run_id, "--no-longer")["is_kept"] is False
    assert call("remove", run_id, "--yes")["is_gone"] is True
    assert call("show", run_id, "--project", "~kim")["run"]["removal_asked_by"] == "kim"


def test_the_reason_of_a_refusal_keeps_its_code_and_its_exit_code(call, token, place):
    with pytest.raises(ApiError) as refused:
        call("run", "--definition", "nowhere", "--project", "clinic", token=token)
    assert (refused.value.code, refused.value.exit_code) == ("REPORT-DEFINITION-UNKNOWN", 122)
    with pytest.raises(ApiError) as refused:
        call("run", "steady", "--project", "clinic", token=make_token(place, "rho", EVERYTHING))
    assert (refused.value.code, refused.value.exit_code) == ("REPORT-NOT-ALLOWED", 120)


def test_a_token_is_read_from_a_file_and_a_hub_elsewhere_is_asked(call, token, place, tmp_path):
    file = tmp_path / "token"
    file.write_text(token + "\n", encoding="ascii")
    listed = call("list", "--url", place.url, "--token-file", str(file), "--project", "clinic")
    assert "definitions" in listed


def test_a_token_is_sent_neither_unencrypted_nor_along_a_redirect(call, token, place):
    with pytest.raises(ApiError, match="unencrypted"):
        call("list", "--url", "http://hub.example.org/", token=token)
    with pytest.raises(ApiError, match="no JSON"):
        call("list", "--url", f"{place.url}/hub", token=token)
