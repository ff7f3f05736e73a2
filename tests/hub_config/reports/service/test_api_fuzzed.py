"""The API under requests that nobody would write: made by schemathesis from the API's own description."""

import os
import warnings

import pytest
from hypothesis import HealthCheck, settings
from openapi_spec_validator import OpenAPIV31SpecValidator

from .api_client import PROJECT, Client, make_token, request

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what its packages deprecate among themselves
    import schemathesis
    from schemathesis.config import SchemathesisConfig

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(1800), pytest.mark.filterwarnings("ignore")]

# A minute for the suite; many more by hand: COHORTHUB_FUZZ_EXAMPLES=1000.
EXAMPLES = int(os.environ.get("COHORTHUB_FUZZ_EXAMPLES", "6"))
# 422: the request has the right shape, and names what is not there; shapes cannot say what there is.
ACCEPTED = ["2xx", "401", "403", "404", "409", "422", "429"]


@pytest.fixture(scope="module")
def fuzzed(place):
    """A home with a project, definitions and runs, behind a service that counts no requests."""
    folder = place.home / "projects" / "wards"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.parent.chmod(0o700)
    (folder / "project.toml").write_text(PROJECT.replace("[notify.ops]", "[limits]\nmax_queued = 20\n\n[notify.ops]"))
    (folder / "project.toml").chmod(0o600)
    (folder / "steady.ipynb").write_bytes((place.notebooks / "reports" / "steady.ipynb").read_bytes())
    place.stop_service()
    place.start_service(COHORTHUB_REPORTS_API_RATE="100000")
    lead = Client(place, make_token(place, "kim"))
    for name in ("monthly", "weekly"):
        document = {"name": name, "title": name, "template": "steady.ipynb", "schedule": ["0 7 1 1 *"]}
        assert lead.put(f"projects/wards/definitions/{name}?approve=true", document).status == 200
    assert lead.post("projects/wards/definitions/monthly/runs").status == 201
    yield lead
    place.stop_service()
    place.start_service()


@pytest.fixture
def schema(fuzzed):
    """The description as the service gives it."""
    config = SchemathesisConfig.from_dict(
        {
            "headers": {"Authorization": f"token {fuzzed.token}"},
            "checks": {
                "positive_data_acceptance": {"expected-statuses": ACCEPTED},
                "negative_data_rejection": {"expected-statuses": ["4xx"]},
            },
        }
    )
    return schemathesis.openapi.from_url(
        f"{fuzzed.root}openapi.json", config=config, headers={"Authorization": f"token {fuzzed.token}"}
    )


lazily = schemathesis.pytest.from_fixture("schema")


@lazily.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None)
def test_whatever_is_sent_the_answer_is_one_that_the_description_knows(case):
    case.call_and_validate()


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
