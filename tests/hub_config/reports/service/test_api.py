"""The API as a program meets it: real hub, real tokens, real runs."""

import json
import re
import time
from urllib.parse import unquote

import pytest
from prometheus_client.parser import text_string_to_metric_families
from tornado.web import decode_signed_value

from hub_config.home import Home

from .api_client import EVERYTHING, Client, make_project, make_token, request

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(240)]

READ, RUN, DEFINE, APPROVE = (f"custom:reports:{word}" for word in ("read", "run", "define", "approve"))
DOCUMENT = {"name": "monthly", "title": "월간 품질", "template": "steady.ipynb", "parameters": {"words": "안녕"}}


@pytest.fixture(scope="module")
def wards(place):
    """The project of these tests."""
    return make_project(place, "wards")


@pytest.fixture(scope="module")
def person(place, wards):
    """Give a client of a person whose token has some scopes; everything with reports when none is named."""

    def client(name: str, *scopes: str) -> Client:
        return Client(place, make_token(place, name, *(scopes or (EVERYTHING,))))

    return client


@pytest.fixture(scope="module")
def lead(person):
    return person("kim")


@pytest.fixture(scope="module")
def analyst(person):
    return person("lee")


@pytest.fixture(scope="module")
def reader(person):
    return person("rho")


@pytest.fixture
def definition(lead):
    """An approved definition."""
    reply = lead.put("projects/wards/definitions/monthly?approve=true", DOCUMENT)
    assert reply.status == 200, reply.body
    yield reply.json
    lead.delete("projects/wards/definitions/monthly")


def wait_for(client, run_id, *states, within=90):
    end = time.monotonic() + within
    while (run := client.get(f"runs/{run_id}").json)["state"] not in states:
        assert time.monotonic() < end, run
        time.sleep(0.2)
    return run


def test_a_token_with_the_scope_to_read_reads_and_does_nothing_else(person, definition):
    token = person("kim", READ)
    assert {"~kim", "wards"} <= {one["name"] for one in token.get("projects").json["projects"]}  # and other tests'
    for method, path, body in (
        ("POST", "projects/wards/definitions/monthly/runs", None),
        ("POST", "projects/wards/runs", {"template": "steady"}),
        ("PUT", "projects/wards/definitions/monthly", DOCUMENT),
        ("DELETE", "projects/wards/definitions/monthly", None),
        ("POST", "projects/wards/definitions/monthly/pause", None),
    ):
        refused = token.ask(method, path, body)
        assert (refused.status, refused.rules) == (403, ["scope"]), (method, path)


def test_a_token_that_may_define_cannot_approve_in_the_same_step(person):
    token = person("kim", DEFINE, READ)
    refused = token.put("projects/wards/definitions/narrow?approve=true", DOCUMENT | {"name": "narrow"})
    assert (refused.status, refused.rules) == (403, ["scope"])
    assert token.get("projects/wards/definitions/narrow").status == 404
    assert token.put("projects/wards/definitions/narrow?dry_run=true", DOCUMENT | {"name": "narrow"}).status == 200
    assert token.get("projects/wards/definitions/narrow").status == 404, "a dry run writes nothing"


def test_a_scope_limited_to_its_own_person_is_enough(person):
    assert person("kim", f"{READ}!user=kim").get("projects/wards").status == 200


@pytest.mark.parametrize("scopes", [(READ,), ("self", "access:services!service=reports", EVERYTHING)])
def test_a_token_opens_no_page_whatever_it_may_do(place, person, wards, scopes):
    token = person("kim", *scopes).token
    for path in ("", "history", "projects/wards", "runs/none", "static/reports.css", "oauth_callback?code=x&state=y"):
        sign = "&" if "?" in path else "?"
        for address, headers in (
            (place.pages + path, {"Authorization": f"token {token}"}),
            (place.pages + path, {"Authorization": f"Bearer {token}", "Sec_Fetch_Mode": "navigate"}),
            (f"{place.pages}{path}{sign}token={token}", {}),
        ):
            refused = request(address, **headers)
            assert refused.status == 403, (path, headers)
            assert "kim" not in re.sub(r"<[^>]*>", " ", refused.body.decode())  # a nonce may have these letters
            assert not [
                value for name, value in refused.headers.items() if name == "Set-Cookie" and "reports=" in value
            ]


def test_a_token_writes_nothing_on_pages(place, person, wards):
    token = person("kim", "self", "access:services!service=reports", EVERYTHING).token
    for path in ("new/steady", "projects/wards/new", "runs/none/cancel"):
        for headers in ({"Authorization": f"token {token}"}, {"Authorization": f"token {token}", "Cookie": "_xsrf=x"}):
            assert request(place.pages + path, method="POST", body=b"p-words=x&_xsrf=x", **headers).status == 403, path


def test_a_token_beside_a_session_gives_it_no_more_rights(place, person, sign_in, wards):
    visitor = sign_in("max")
    headers = {"Authorization": f"token {person('kim').token}"}
    assert visitor.context.request.get(f"{place.pages}projects/wards", headers=headers).status == 404
    assert "max" in visitor.context.request.get(place.pages, headers=headers).text()


def test_the_token_inside_a_session_is_none_for_the_api(place, sign_in, wards):
    (cookie,) = [one for one in sign_in("kim").context.cookies() if one["name"] == "service-reports"]
    secret = Home(place.home).secret("reports-cookie-secret")
    token = decode_signed_value(secret, "service-reports", unquote(cookie["value"]).strip('"'))
    assert token is not None
    refused = request(f"{place.pages}api/v1/projects", Authorization=f"token {token.decode()}")
    assert (refused.status, refused.rules) == (403, ["scope"])


def test_a_token_for_everything_else_of_the_hub_opens_nothing_here(person):
    assert person("kim", "self", "access:services!service=reports").get("projects").status == 403


def test_without_a_token_or_with_a_wrong_one_nobody_is_signed_in(place, wards):
    root = f"{place.pages}api/v1/projects"
    for headers in ({}, {"Authorization": "token 0123456789"}, {"Authorization": "Basic a2ltOmtpbQ=="}):
        reply = request(root, **headers)
        assert reply.status == 401
        assert reply.headers["WWW-Authenticate"] == "token"
        assert "token page" in reply.json["error"]["message"]
    assert request(f"{root}?token=0123").status == 401


def test_a_token_in_the_address_is_not_taken(place, lead):
    assert request(f"{place.pages}api/v1/projects?token={lead.token}").status == 401


def test_the_cookie_of_a_page_reads_but_writes_only_with_the_pages_token(place, sign_in, wards):
    visitor = sign_in("kim")
    root = f"{place.pages}api/v1/projects"
    answer = visitor.page.goto(root)
    assert answer is not None
    assert answer.status == 200
    visitor.page.goto(f"{place.pages}new/steady")
    run = "url => fetch(url, {method: 'POST', credentials: 'same-origin', body: '{\"template\": \"steady\"}', headers: {'Content-Type': 'application/json'}}).then(answer => answer.status)"  # noqa: E501
    assert visitor.page.evaluate(run, f"{root}/wards/runs") == 403
    with_token = run.replace(
        "'application/json'",
        "'application/json', 'X-XSRFToken': document.querySelector('[name=_xsrf]').value",
    )
    assert visitor.page.evaluate(with_token, f"{root}/wards/runs") == 201


def test_roles_hold_whatever_the_token_says(reader, analyst, person, definition):
    assert reader.post("projects/wards/runs", {"template": "steady"}).code == "REPORT-NOT-ALLOWED"
    assert reader.post("projects/wards/definitions/monthly/runs").status == 403
    assert analyst.put("projects/wards/definitions/other?approve=true", DOCUMENT | {"name": "other"}).status == 403
    assert analyst.delete("projects/wards/definitions/monthly").status == 403
    stranger = person("max")
    assert stranger.get("projects/wards").code == "REPORT-PROJECT-UNKNOWN"
    assert stranger.get("projects/wards/definitions/monthly").status == 404
    assert stranger.get("runs?project=wards").status == 404


def test_a_definition_goes_from_draft_to_approval_by_its_hashes(lead, analyst):
    path = "projects/wards/definitions/weekly"
    written = analyst.put(path, DOCUMENT | {"name": "weekly", "schedule": ["0 7 * * 1"]})
    assert written.status == 200
    assert [one["local"][11:19] for one in written.json["next"]] == ["07:00:00"] * 5
    assert not written.json["approved"]
    assert analyst.post(f"{path}/runs").code == "REPORT-NOT-APPROVED"
    hashes = {name: written.json[name] for name in ("document_sha256", "template_sha256")}
    assert lead.post(f"{path}/approval", hashes | {"template_sha256": "0" * 64}).code == "REPORT-TEMPLATE-CHANGED"
    assert lead.post(f"{path}/approval", hashes).json["approved_by"] == "kim"
    changed = analyst.put(path, DOCUMENT | {"name": "weekly", "schedule": ["0 8 * * 1"]}).json["changes"]
    assert [one["field"] for one in changed] == ["schedule"]
    diff = lead.get(f"{path}/diff").json
    assert (diff["fields"], diff["notebook"]) == (changed, None)
    assert lead.post(f"{path}/pause").json["enabled"] is False
    assert lead.post(f"{path}/resume").json["enabled"] is True
    assert len(lead.get(f"{path}/slots?n=3").json["next"]) == 3
    assert lead.delete(f"{path}/draft").status == 200
    assert lead.delete(path).status == 200
    assert lead.get(path).status == 404


def test_a_run_is_asked_for_once_however_often_the_same_request_comes(analyst, definition):
    first = analyst.post("projects/wards/definitions/monthly/runs", Idempotency_Key="june")
    again = analyst.post("projects/wards/definitions/monthly/runs", Idempotency_Key="june")
    assert (first.status, again.status) == (201, 200)
    assert first.json["runs"] == again.json["runs"]
    other = analyst.post("projects/wards/runs", {"template": "steady"}, Idempotency_Key="june")
    assert other.code == "REPORT-IDEMPOTENCY"
    assert first.headers["Location"].endswith(f"/api/v1/runs/{first.json['runs'][0]}")


def test_a_run_is_followed_to_its_end_and_its_files_are_downloaded(lead, reader, place):
    taken = lead.post("projects/~kim/runs", {"template": "steady", "parameters": {"count": 2}})
    assert taken.status == 201, taken.body
    run_id = taken.json["runs"][0]
    run = wait_for(lead, run_id, "succeeded", "failed")
    assert (run["state"], run["parameters"]["count"], run["given"]) == ("succeeded", 2, ["count"])
    events = lead.get(f"runs/{run_id}/events").json
    assert events["events"][0]["kind"] == "queued"
    assert lead.get(f"runs/{run_id}/events?after={events['events'][-1]['id']}").json["events"] == []
    report = lead.get(f"runs/{run_id}/report.html")
    assert report.headers["Content-Security-Policy"].startswith("sandbox")
    assert report.headers["Content-Disposition"] == f'attachment; filename="{run_id}.html"'
    assert json.loads(lead.get(f"runs/{run_id}/report.ipynb").body)["nbformat"] == 4
    assert lead.get(f"runs/{run_id}/tables").json == {"tables": []}
    assert lead.get(f"runs/{run_id}/tables/none.csv").status == 404
    assert reader.get(f"runs/{run_id}").status == 404, "somebody's own project is theirs"
    again = lead.post(f"runs/{run_id}/rerun")
    assert again.status == 201, again.body
    second = again.json["runs"][0]
    assert wait_for(lead, second, "succeeded", "failed")["rerun_of"] == run_id
    compared = lead.get(f"runs/{run_id}/comparison?with={second}")
    assert compared.status == 200, compared.body
    batch = lead.get(f"batches/{taken.json['batch']}").json
    assert batch["states"] == {"succeeded": 1}
    assert lead.get(f"batches/{taken.json['batch']}/roll-up").json["rows"][0]["run_id"] == run_id
    assert lead.get(f"batches/{taken.json['batch']}/roll-up?format=csv").headers["Content-Type"].startswith("text/csv")


def test_a_declared_table_is_downloaded_so_that_a_spreadsheet_runs_no_cell(lead, wards):
    (run_id,) = lead.post("projects/wards/runs", {"template": "steady"}).json["runs"]
    wait_for(lead, run_id, "succeeded", "failed")
    folder = wards / "runs" / run_id
    outputs = [
        {"id": "events", "title": "사건", "kind": "table", "files": ["events.csv"]},
        {"id": "outside", "title": "x", "kind": "table", "files": ["../../project.toml.csv", "/etc/passwd"]},
    ]
    (folder / "outputs.json").write_text(json.dumps({"outputs": outputs}), encoding="utf-8")
    (folder / "events.csv").write_text("병동,n\n=1+1,3\n", encoding="utf-8")
    assert lead.get(f"runs/{run_id}/tables").json["tables"] == [{"id": "events", "title": "사건", "is_figure": False}]
    table = lead.get(f"runs/{run_id}/tables/events.csv")
    assert table.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "'=1+1" in table.body.decode("utf-8-sig")
    assert lead.get(f"runs/{run_id}/tables/outside.csv").status == 404
    assert lead.get(f"runs/{run_id}/outputs.json").json["outputs"][0]["title"] == "사건"


def test_runs_are_listed_page_by_page_without_one_twice_or_none(analyst, lead):
    for number in range(5):
        body = {"template": "steady", "parameters": {"count": number + 1}}
        assert analyst.post("projects/~lee/runs", body).status == 201
    seen, cursor = [], ""
    while True:
        page = analyst.get(f"runs?project=~lee&limit=2{cursor}").json
        seen += [run["id"] for run in page["runs"]]
        if page["cursor"] is None:
            break
        cursor = f"&cursor={page['cursor']}"
    everything = analyst.get("runs?project=~lee&limit=100").json["runs"]
    assert seen == [run["id"] for run in everything]
    assert len(seen) >= 5
    assert lead.get("runs?project=~lee").status == 404
    assert analyst.get("runs?project=~lee&submitted_by=nobody").json["runs"] == []


def test_a_run_is_cancelled_and_stays_so(analyst):
    run_id = analyst.post("projects/~lee/runs", {"template": "steady", "parameters": {"pause": 120}}).json["runs"][0]
    assert analyst.post(f"runs/{run_id}/cancel").json["asked"] is True
    assert wait_for(analyst, run_id, "cancelled")["state"] == "cancelled"
    assert analyst.post(f"runs/{run_id}/cancel").json["asked"] is False


def test_a_lead_keeps_a_run_for_ever_and_lets_it_go_again(lead, analyst):
    run_id = analyst.post("projects/wards/runs", {"template": "steady", "parameters": {"pause": 120}}).json["runs"][0]
    analyst.post(f"runs/{run_id}/cancel")
    assert analyst.post(f"runs/{run_id}/keep").status == 403
    for word, kept, changed in (("keep", True, True), ("keep", True, False), ("let-go", False, True)):
        assert lead.post(f"runs/{run_id}/{word}").json == {"run": run_id, "is_kept": kept, "changed": changed}


def test_a_template_is_described_by_a_schema_that_names_what_the_project_has(lead):
    shown = lead.get("templates/steady?project=wards").json
    assert shown["parameters"]["properties"]["count"]["type"] == "integer"
    assert lead.get("templates/untagged").status == 422
    assert lead.get("templates/nowhere").status == 404
    assert {one["name"] for one in lead.get("templates").json["templates"]} == {
        "steady", "failing", "stranger", "untagged",
    }  # fmt: skip


def test_the_wrong_method_is_told_which_are_right(lead):
    reply = lead.ask("DELETE", "projects")
    assert (reply.status, reply.headers["Allow"]) == (405, "GET")
    assert lead.ask("PATCH", "projects/wards/definitions/monthly").headers["Allow"] == "DELETE, GET, PUT"


def test_an_address_that_is_none_is_answered_in_the_same_shape(lead):
    for path in (
        "nothing",
        "projects/wards/nothing",
        "../v2/projects",
        "projects/%2e%2e",
        "projects/a%2fb",
        "runs/%00",
    ):
        reply = lead.get(path)
        assert (reply.status, set(reply.json)) == (404, {"error"}), path


def test_a_failed_runs_notebook_is_for_those_who_may_see_logs(lead, reader):
    (lead_run,) = lead.post("projects/wards/runs", {"template": "failing"}).json["runs"]
    run = wait_for(lead, lead_run, "failed")
    assert run["error"]["code"] == "REPORT-CELL-FAILED"
    assert "47110815" not in json.dumps(run)
    assert lead.get(f"runs/{lead_run}/report.ipynb").status == 200
    assert reader.get(f"runs/{lead_run}/report.ipynb").code == "REPORT-NOT-ALLOWED"
    assert reader.get(f"runs/{lead_run}").status == 200


def test_prometheus_reads_the_figures_with_the_right_token_only(place, person, lead):
    address = f"http://127.0.0.1:{place.service_port}/services/reports/metrics"
    assert request(address).status == 401
    assert request(address, Authorization=f"token {lead.token}").status == 403
    assert request(address, Authorization=f"token {make_token(place, 'operator', READ)}").status == 403
    wait_for(lead, lead.post("projects/wards/runs", {"template": "steady"}).json["runs"][0], "succeeded", "failed")
    reply = request(address, Authorization=f"token {make_token(place, 'operator')}")
    assert reply.status == 200
    families = {one.name: one for one in text_string_to_metric_families(reply.body.decode())}
    took = families["cohorthub_reports_run_duration_seconds"]
    counts = {one.labels["report"]: one.value for one in took.samples if one.name.endswith("_count")}
    infinite = {one.labels["report"]: one.value for one in took.samples if one.labels.get("le") == "+Inf"}
    assert counts == infinite
    assert counts["steady"] >= 1
    assert {one.labels["task"] for one in families["cohorthub_reports_keeper_rounds"].samples} >= {
        "due slots",
        "lost runs",
    }
    assert families["cohorthub_reports_notices_due"].samples[0].value >= 0


def test_a_service_with_the_scope_for_metrics_reads_them_and_nothing_else(place):
    service = Client(place, place.token[::-1])
    address = f"http://127.0.0.1:{place.service_port}/services/reports/metrics"
    assert request(address, Authorization=f"token {service.token}").status == 200
    assert service.get("runs").status == 403
