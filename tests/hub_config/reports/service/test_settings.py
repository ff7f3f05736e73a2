"""What the service accepts from its environment."""

import pytest

from hub_config.errors import ReportsServiceSettingsError
from hub_config.reports.service.settings import ServiceSettings

GOOD = {
    "JUPYTERHUB_API_TOKEN": "0123",
    "JUPYTERHUB_API_URL": "http://127.0.0.1:8081/hub/api",
    "JUPYTERHUB_SERVICE_URL": "http://127.0.0.1:8123",
    "JUPYTERHUB_SERVICE_PREFIX": "/services/reports/",
    "COHORTHUB_HOME": "/srv/home",
}


def test_the_address_is_taken_from_the_service_url():
    settings = ServiceSettings.from_environment(GOOD)
    assert (settings.host, settings.port, settings.prefix) == ("127.0.0.1", 8123, "/services/reports/")
    assert settings.service_name == "reports"


@pytest.mark.parametrize("name", ["JUPYTERHUB_API_TOKEN", "JUPYTERHUB_SERVICE_URL", "COHORTHUB_HOME"])
def test_a_missing_setting_is_named(name):
    with pytest.raises(ReportsServiceSettingsError, match=name):
        ServiceSettings.from_environment({key: value for key, value in GOOD.items() if key != name})


@pytest.mark.parametrize(
    "url",
    [
        "http://0.0.0.0:8123",
        "http://192.0.2.7:8123",
        "http://hub.example:8123",
        "http://127.0.0.1",
        "https://127.0.0.1:8123",
        "127.0.0.1:8123",
        "http://127.0.0.1:99999",
        "unix:///run/reports.sock",
    ],
)
def test_any_address_but_plain_http_on_loopback_is_refused(url):
    with pytest.raises(ReportsServiceSettingsError):
        ServiceSettings.from_environment({**GOOD, "JUPYTERHUB_SERVICE_URL": url})


@pytest.mark.parametrize("number", ["0", "-1", "two", "1.5"])
def test_the_number_of_runs_at_a_time_must_be_a_whole_number_of_at_least_one(number):
    with pytest.raises(ReportsServiceSettingsError, match="COHORTHUB_REPORTS_MAX_RUNNING"):
        ServiceSettings.from_environment({**GOOD, "COHORTHUB_REPORTS_MAX_RUNNING": number})


@pytest.mark.parametrize("name", ["JUPYTERHUB_API_URL", "JUPYTERHUB_SERVICE_URL", "COHORTHUB_HOME"])
def test_no_message_holds_the_token(name):
    with pytest.raises(ReportsServiceSettingsError) as refused:
        ServiceSettings.from_environment({**GOOD, "JUPYTERHUB_API_TOKEN": "marked-token", name: ""})
    assert "marked-token" not in str(refused.value)
