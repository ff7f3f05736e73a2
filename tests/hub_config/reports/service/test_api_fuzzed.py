"""The API under requests that nobody would write: made by schemathesis from the API's own description."""

import json
import os
import subprocess
import sys

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from .api_client import PROJECT, Client, make_project, make_token, request

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(3600)]

# Half a minute for the suite; as long as one likes by hand: COHORTHUB_FUZZ_SECONDS=900.
SECONDS = int(os.environ.get("COHORTHUB_FUZZ_SECONDS", "25"))
# 412, 422: the request has the right shape, and names what is not there; shapes cannot say what there is.
ACCEPTED = ["2xx", "401", "403", "404", "409", "412", "422", "429"]


@pytest.fixture(scope="module")
def fuzzed(place):
    """A home with a project, definitions and runs, behind a service that counts no requests."""
    make_project(place, "fuzzed", text=PROJECT.replace("[notify.ops]", "[limits]\nmax_queued = 20\n\n[notify.ops]"))
    place.stop_service()
    place.start_service(COHORTHUB_REPORTS_API_RATE="100000", COHORTHUB_REPORTS_API_BURST="100000")
    lead = Client(place, make_token(place, "kim"))
    for name in ("monthly", "weekly"):
        document = {"name": name, "title": name, "template": "steady.ipynb", "schedule": ["0 7 1 1 *"]}
        assert lead.put(f"projects/fuzzed/definitions/{name}?approve=true", document).status == 200
    assert lead.post("projects/fuzzed/definitions/monthly/runs").status == 201
    yield lead
    place.stop_service()
    place.start_service()


CONFIG = """
[[project]]
title = "CohortHub reports"
headers = {{ Authorization = "token {token}" }}

[project.checks]
positive_data_acceptance.expected-statuses = {accepted}
negative_data_rejection.expected-statuses = ["4xx"]
"""


def test_whatever_is_sent_the_answer_is_one_that_the_description_knows(place, fuzzed, tmp_path):
    config = tmp_path / "schemathesis.toml"
    config.touch(mode=0o600)
    config.write_text(CONFIG.format(token=fuzzed.token, accepted=json.dumps(ACCEPTED)), encoding="utf-8")
    words = [sys.executable, "-W", "ignore", "-m", "schemathesis.cli", "--config-file", str(config), "run"]
    words += [f"{fuzzed.root}openapi.json", "--max-time", str(SECONDS), "--no-color", "--workers", "1", "--seed", "5"]
    # One worker: in some versions of Python ast.parse, which hypothesis uses, fails in two threads at once (gh-106905).
    words += ["--max-failures", "60", "--warnings", "off"]
    ended = subprocess.run(words, check=False, cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS + 240)
    print(ended.stdout[-2_000:])  # how many requests, for whoever runs it for long with -rP
    assert ended.returncode == 0, ended.stdout[-30_000:] + ended.stderr[-3_000:]


def test_the_description_is_openapi_and_every_operation_says_its_scope(place):
    reply = request(f"{place.pages}api/v1/openapi.json")
    document = reply.json
    OpenAPIV31SpecValidator(document).validate()
    operations = [one for path in document["paths"].values() for one in path.values()]
    assert len(operations) == len({one["operationId"] for one in operations}) >= 30
    assert all("Scope: `custom:reports:" in one["description"] for one in operations)


def test_after_all_that_the_service_has_met_nothing_unforeseen(place, fuzzed):
    assert fuzzed.get("state").status == 200
    assert "Traceback" not in place.log()
    assert " 500" not in place.log()
