"""Requests that nobody should send: refused by field and rule, no value repeated, nothing written."""

import json

import pytest
import sqlalchemy as sa

from hub_config.reports.database import open_database
from hub_config.reports.database.tables import approvals, batches, definitions, runs, slots, templates

from .api_client import EVERYTHING, Client, make_project, make_token, request

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(240)]

MARK = "Zyxwv4711"
ONE = "projects/refused/definitions/good"
RUN = "projects/refused/runs"
GOOD = {"name": "good", "title": "Good", "template": "steady.ipynb"}


@pytest.fixture(scope="module")
def client(place):
    make_project(place, "refused")
    made = Client(place, make_token(place, "kim", EVERYTHING))
    assert made.put(f"{ONE}?approve=true", GOOD).status == 200
    return made


@pytest.fixture
def nothing_written(place):
    """What the database and the home hold must be the same afterwards."""

    def held():
        database = open_database(None, home=place.home)
        try:
            with database.reading() as connection:
                tables = {
                    one.name: sorted(map(repr, connection.execute(sa.select(one))))
                    for one in (approvals, batches, definitions, slots, templates)
                }
                tables["runs"] = sorted(connection.execute(sa.select(runs.c.id)).scalars())
        finally:
            database.close()
        root = place.home / "projects" / "refused"
        files = {str(path.relative_to(root)): path.stat().st_size for path in root.rglob("*")}
        return tables, files

    before = held()
    yield
    assert held() == before


MANY = list(range(1000))


def doc(**changes):
    return {**GOOD, **changes}


def values(**parameters):
    return json.dumps({"template": "steady", "parameters": parameters}).encode()


def number(digits):
    return b'{"template": "steady", "parameters": {"count": ' + digits + b"}}"


def deep(levels):
    return b'{"template": "steady", "parameters": {"words": ' + b"[" * levels + b"]" * levels + b"}}"


BODIES = {
    # what is no JSON
    "no body": (b"", 400, "body", "syntax"),
    "half a document": (b'{"template": "st', 400, "body", "syntax"),
    "two documents": (b"{} {}", 400, "body", "syntax"),
    "YAML": (f"template: {MARK}".encode(), 400, "body", "syntax"),
    "a comment": (b'{"template": "steady" /* x */}', 400, "body", "syntax"),
    "Latin-1": (b'{"template": "caf\xe9"}', 400, "body", "encoding"),
    "UTF-16": ('{"template": "steady"}'.encode("utf-16"), 400, "body", "encoding"),
    "a key twice": (b'{"template": "steady", "template": "failing"}', 400, "body", "duplicate-key"),
    "a key twice, deeper": (b'{"template": "steady", "parameters": {"a": 1, "a": 2}}', 400, "body", "duplicate-key"),
    "NaN": (b'{"template": "steady", "parameters": {"share": NaN}}', 422, "body", "number"),
    "infinity": (b'{"template": "steady", "parameters": {"share": 1e999}}', 422, "body", "number"),
    "a number of 5000 digits": (number(b"9" * 5000), 422, "body", "number"),
    "a number of 65 bits": (number(b"18446744073709551616"), 422, "body", "number"),
    "a NUL": (b'{"template": "steady\\u0000"}', 422, "body", "nul"),
    "a NUL in a name": (b'{"template": "steady", "parameters": {"a\\u0000": 1}}', 422, "body", "nul"),
    "half a surrogate pair": (b'{"template": "\\ud800"}', 422, "body", "surrogate"),
    "a tower of lists": (deep(100_000), 422, "body", "depth"),
    "20 lists in each other": (deep(20), 422, "body", "depth"),
    "300 KiB": (b'{"template": "' + b"x" * 300_000 + b'"}', 413, "body", "size"),
    # JSON of the wrong shape
    "a list": (b"[]", 400, "body", "model-type"),
    "null": (b"null", 400, "body", "model-type"),
    "text": (f'"{MARK}"'.encode(), 400, "body", "model-type"),
    "no template": (b"{}", 400, "body.template", "missing-field"),
    "a template that is a number": (b'{"template": 4711}', 400, "body.template", "string-type"),
    "a template that is a list": (b'{"template": ["steady"]}', 400, "body.template", "string-type"),
    "an empty template": (b'{"template": ""}', 400, "body.template", "string-too-short"),
    "a template of 401 signs": (b'{"template": "' + b"x" * 401 + b'"}', 400, "body.template", "string-too-long"),
    "an unknown field": (json.dumps({"template": "x", "account": MARK}).encode(), 400, "body.account", "unknown-field"),
    "parameters as a list": (b'{"template": "steady", "parameters": []}', 400, "body.parameters", "dict-type"),
    "texts that are numbers": (b'{"template": "x", "texts": {"count": 3}}', 400, "body.texts.count", "string-type"),
    # templates and parameters that are not there or do not fit
    "a template that is none": (f'{{"template": "{MARK}"}}'.encode(), 422, "template", "unknown-template"),
    "a path upwards": (b'{"template": "../../secrets/x.ipynb"}', 422, "template", "path"),
    "a path from the root": (b'{"template": "/etc/passwd.ipynb"}', 422, "template", "path"),
    "a path of this home": (b'{"template": "~root/x.ipynb"}', 422, "template", "path"),
    "a path with backslashes": (b'{"template": "a\\\\b.ipynb"}', 422, "template", "path"),
    "a hidden file": (b'{"template": ".x.ipynb"}', 422, "template", "path"),
    "an escape sequence": (b'{"template": "\\u001b[2J.ipynb"}', 422, "template", "path"),
    "a device": (b'{"template": "dev/null.ipynb"}', 422, "template", "path"),
    "an unknown parameter": (values(cuont=1), 422, "body.parameters", "unknown-parameter"),
    "a parameter of the wrong type": (values(count=MARK), 422, "body.parameters", "parameter-value"),
    "true as a number": (values(count=True), 422, "body.parameters", "parameter-value"),
    "a choice that is none": (values(ties=MARK), 422, "body.parameters", "parameter-value"),
    "a list with a text": (values(concept_ids=[1, "x"]), 422, "body.parameters", "parameter-value"),
    "null where there is none": (values(count=None), 422, "body.parameters", "parameter-value"),
    "typed text": (b'{"template": "steady", "texts": {"count": "Zyxwv4711"}}', 422, "texts.count", "value"),
}  # fmt: skip

DOCUMENTS = {
    "no name": ({"title": "x", "template": "steady"}, 422, "name", "missing-field"),
    "another name than the address": (doc(name="other"), 422, "name", "other-name"),
    "a name with capitals": (doc(name="Good"), 422, "name", "value"),
    "an unknown field": (doc(shedule="0 7 * * *"), 422, "shedule", "unknown-field"),
    "a field of a stranger": (doc(account=MARK), 422, "account", "unknown-field"),
    "a title of two lines": (doc(title="a\nb"), 422, "title", "value"),
    "a title that is a number": (doc(title=1), 422, "title", "type"),
    "a cron of four fields": (doc(schedule="0 7 * *"), 422, "schedule[1]", None),
    "a cron of words": (doc(schedule=MARK), 422, "schedule[1]", None),
    "a minute of 61": (doc(schedule="61 7 * * *"), 422, "schedule[1]", None),
    "a day that never comes": (doc(schedule="0 7 30 2 *"), 422, "schedule[1]", None),
    "a cron every second": (doc(schedule="* * * * * *"), 422, "schedule[1]", None),
    "a cron of 10,000 commas": (doc(schedule="0" + ",0" * 10_000 + " * * * *"), 422, "schedule[1]", None),
    "eleven schedules": (doc(schedule=[f"{n} 7 * * *" for n in range(11)]), 422, "schedule", "range"),
    "a zone of nowhere": (doc(timezone="Asia/Seoull"), 422, "timezone", "value"),
    "a zone that is a path": (doc(timezone="../../etc/passwd"), 422, "timezone", "value"),
    "the machine's own zone": (doc(timezone="localtime"), 422, "timezone", "value"),
    "a day that is none": (doc(until="2027-02-30"), 422, "until", None),
    "a retry that is not said to be safe": (doc(retries=2), 422, "safe_to_retry", "contradiction"),
    "six retries": (doc(retries=6, safe_to_retry=True), 422, "retries", "range"),
    "no time at all": (doc(limits={"run_seconds": 0}), 422, "limits.run_seconds", "range"),
    "more time than the project has": (doc(limits={"run_seconds": 7200}), 422, "limits.run_seconds", "project-limit"),
    "true as a number": (doc(retries=True, safe_to_retry=True), 422, "retries", "type"),
    "a target that is none": (doc(recipients=[{"target": "nobody"}]), 422, "recipients[1].target", "unknown-name"),
    "an event that is none": (doc(recipients=[{"target": "ops", "events": ["exploded"]}]), 422, None, "value"),
    "an alert that is code": (doc(alerts=["__import__('os').system('id')"]), 422, "alerts[1]", None),
    "a sweep in two ways": (doc(sweep={"grid": {"count": [1]}, "csv": "a.csv"}), 422, "sweep", None),
    "a sweep of a million": (doc(sweep={"grid": {"count": MANY, "limit": MANY}}), 422, None, None),
    "a sweep from outside": (doc(sweep={"csv": "../wards/x.csv"}), 422, "sweep.csv", None),
    "a sweep from a file that is not there": (doc(sweep={"csv": "none.csv"}), 422, "sweep.csv", "path"),
    "a template that is a link": (doc(template="link.ipynb"), 422, "template", "path"),
    "a parameter that is none": (doc(parameters={"cuont": 1}), 422, None, None),
    "a value that does not fit": (doc(parameters={"count": MARK}), 422, None, None),
    "a pinned release without names": (doc(release="pinned"), 422, "release", None),
    "a list": ([], 422, None, "type"),
}  # fmt: skip

ADDRESSES = {
    "a project upwards": ("GET", "projects/..%2f..%2fetc", 404, None),
    "a project with a NUL": ("GET", "projects/wards%00", 404, None),
    "a project in Hangul": ("GET", "projects/%EB%B3%91%EB%8F%99", 404, None),
    "a project that is no UTF-8": ("GET", "projects/%ff", 400, None),
    "somebody else's own project": ("GET", "projects/~lee", 404, None),
    "the command line's runs": ("GET", "projects/~", 404, None),
    "a run that is SQL": ("GET", "runs/x'%20OR%20'1'='1", 404, None),
    "a run of 5,000 signs": ("GET", "runs/" + "x" * 5000, 404, None),
    "a limit of none": ("GET", "runs?limit=0", 400, "query.limit"),
    "a limit of a million": ("GET", "runs?limit=1000000", 400, "query.limit"),
    "a limit in words": ("GET", f"runs?limit={MARK}", 400, "query.limit"),
    "a limit in Arabic digits": ("GET", "runs?limit=%D9%A3", 400, "query.limit"),
    "a limit with blanks": ("GET", "runs?limit=%205", 400, "query.limit"),
    "a limit twice": ("GET", "runs?limit=5&limit=6", 400, "query.limit"),
    "a state that is none": ("GET", f"runs?state={MARK}", 400, "query.state"),
    "a time that is none": ("GET", f"runs?since={MARK}", 400, "query.since"),
    "a cursor that is none": ("GET", f"runs?cursor={MARK}", 422, "query.cursor"),
    "a cursor that is SQL": ("GET", "runs?cursor=JyBPUiAxPTEgLS0", 422, "query.cursor"),
    "an unknown query": ("GET", f"runs?owner={MARK}", 400, "query.owner"),
    "a query where none is known": ("GET", f"projects?x={MARK}", 400, "query"),
    "a query with a NUL": ("GET", "runs?definition=a%00", 400, "query.definition"),
    "a query that is no UTF-8": ("GET", "runs?definition=%ff", 400, "query.definition"),
    "an answer to nobody": ("GET", "runs/x/events?after=-1", 400, "query.after"),
    "a comparison with nothing": ("GET", "runs/x/comparison", 400, "query.with"),
    "a roll-up as a program": ("GET", "batches/b-x/roll-up?format=xlsm", 400, "query.format"),
}  # fmt: skip


def check(reply, status, field, rule=None):
    assert reply.status == status, reply.body
    assert set(reply.json) == {"error"}
    assert set(reply.json["error"]) == {"code", "message", "problems"}
    assert MARK.encode() not in reply.body
    assert b"Traceback" not in reply.body
    if field is not None:
        assert field in reply.fields
    if rule is not None:
        assert rule in reply.rules


@pytest.mark.usefixtures("nothing_written")
@pytest.mark.parametrize("case", BODIES)
def test_a_body_that_cannot_be_meant_is_refused_by_field_and_rule(client, case):
    body, *expected = BODIES[case]
    check(client.post(RUN, body), *expected)


@pytest.mark.usefixtures("nothing_written")
@pytest.mark.parametrize("case", DOCUMENTS)
def test_a_definition_that_cannot_be_followed_is_refused_by_field_and_rule(client, case):
    document, *expected = DOCUMENTS[case]
    check(client.put(ONE, document), *expected)


@pytest.mark.usefixtures("nothing_written")
@pytest.mark.parametrize("case", ADDRESSES)
def test_an_address_that_cannot_be_meant_is_refused(client, case):
    method, path, status, field = ADDRESSES[case]
    check(client.ask(method, path), status, field)


@pytest.mark.usefixtures("nothing_written")
@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=euc-kr", "application/jsonp", ""],
)
def test_a_body_of_another_type_is_refused(client, kind):
    check(client.post(RUN, {"template": "steady"}, Content_Type=kind), 415, "content-type", "type")


@pytest.mark.usefixtures("nothing_written")
def test_a_form_with_files_is_refused(client):
    check(client.post(RUN, {"template": "steady"}, Content_Type="multipart/form-data; boundary=x"), 400, None)


@pytest.mark.usefixtures("nothing_written")
@pytest.mark.parametrize("key", ["a b", "", "k" * 201, "caf\xe9"])
def test_an_idempotency_key_that_is_none_is_refused(client, key):
    check(client.post(f"{ONE}/runs", Idempotency_Key=key), 400, "headers.Idempotency-Key", "pattern")


@pytest.mark.usefixtures("nothing_written")
@pytest.mark.parametrize(
    "body",
    [
        {"document_sha256": "0" * 63, "template_sha256": "0" * 64},
        {"document_sha256": "G" * 64, "template_sha256": "0" * 64},
        {"document_sha256": "0" * 64, "template_sha256": "0" * 64, "comment": "x" * 501},
        {"document_sha256": "0" * 64, "template_sha256": "0" * 64, "approved_by": "max"},
        {"document_sha256": "0" * 64},
    ],
)
def test_an_approval_of_something_else_is_refused(client, body):
    check(client.post(f"{ONE}/approval", body), 400, None)


def test_a_sender_that_asks_too_often_is_held_back_and_others_are_not(place, client):
    place.stop_service()
    place.start_service(COHORTHUB_REPORTS_API_RATE="1", COHORTHUB_REPORTS_API_BURST="10")
    try:
        replies = [client.get("state") for _ in range(15)]
        held = [one for one in replies if one.status == 429]
        assert held
        assert int(held[0].headers["Retry-After"]) >= 1
        assert Client(place, make_token(place, "kim", EVERYTHING)).get("state").status == 200
    finally:
        place.stop_service()
        place.start_service()


def test_when_the_hub_does_not_answer_nothing_is_let_in(tmp_path):
    from .conftest import Place, free_port

    alone = Place(
        folder=tmp_path, home=tmp_path / "home", url="", hub_port=free_port(), service_port=free_port(), token="0123",
        notebooks=tmp_path,
    )  # fmt: skip
    alone.start_service()
    try:
        root = f"http://127.0.0.1:{alone.service_port}/services/reports/api/v1/"
        reply = request(f"{root}projects", Authorization="token 0123")
        document = request(f"{root}openapi.json")
    finally:
        alone.stop_service()
    assert (reply.status, reply.headers["Retry-After"]) == (503, "5")
    assert json.loads(document.body)["openapi"] == "3.1.0"
