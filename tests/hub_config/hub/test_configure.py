"""The hub's configuration: each setting reaches JupyterHub, and secrets stay in their files."""

import os
from pathlib import Path

import pytest
from traitlets.config import Config

from hub_config.addresses import Addresses, write_addresses
from hub_config.home import Home, make_home
from hub_config.hub.configure import apply_hub
from hub_config.hub.places import reports_environment
from hub_config.hub.texts import HubTexts
from hub_config.proxy import write_proxy_config
from hub_config.reports.service.settings import ServiceSettings
from hub_config.settings import load_settings

ADDRESSES = Addresses("127.0.0.1", 8000, proxy_api_port=8001, hub_port=8002, reports_port=8003)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    make_home(home)
    write_addresses(home, ADDRESSES)
    write_proxy_config(home, public="127.0.0.1:8000", api="127.0.0.1:8001")
    return home


def test_settings_reach_jupyterhub(home: Home) -> None:
    home.settings_file.write_text('[spawner]\nstart_timeout_seconds = 33\nserver_limit = 7\n[data]\npath = "/srv/d"\n')
    c = Config()
    apply_hub(home.path, c)
    assert c.CohortSpawner.start_timeout == 33
    assert c.JupyterHub.active_server_limit == 7
    assert c.CohortSpawner.environment["COHORTHUB_DATA"] == "/srv/d"
    assert c.JupyterHub.hub_bind_url == "http://127.0.0.1:8002"


def test_people_hold_the_scopes_of_reports_so_that_their_tokens_may_hold_some(home: Home) -> None:
    c = Config()
    apply_hub(home.path, c)
    (user,) = [role for role in c.JupyterHub.load_roles if role["name"] == "user"]
    assert set(c.JupyterHub.custom_scopes) <= set(user["scopes"])
    parts = c.JupyterHub.custom_scopes["custom:reports"]["subscopes"]
    assert set(c.JupyterHub.custom_scopes) == {"custom:reports", *parts}


def test_applying_twice_is_applying_once(home: Home) -> None:
    once, twice = Config(), Config()
    apply_hub(home.path, once)
    apply_hub(home.path, twice)
    apply_hub(home.path, twice)
    assert once == twice


def test_a_person_is_told_neither_the_home_nor_any_token(home: Home) -> None:
    c = Config()
    apply_hub(home.path, c)
    assert set(c.CohortSpawner.environment) == {"COHORTHUB_DATA", "JUPYTER_PATH", "JUPYTER_CONFIG_PATH"}
    said = " ".join([*c.CohortSpawner.environment.values(), *c.CohortSpawner.args])
    secrets = [file.read_text().strip() for file in home.secrets.iterdir()]
    assert secrets
    assert not [secret for secret in secrets if secret in said]


def test_collaboration_is_off_and_root_is_said_where_it_is_so(home: Home) -> None:
    c = Config()
    apply_hub(home.path, c)
    assert "--YDocExtension.disable_rtc=True" in c.CohortSpawner.args
    assert ("--allow-root" in c.CohortSpawner.args) == (os.geteuid() == 0)
    assert ("runs as root" in HubTexts("en").notice) == (os.geteuid() == 0)


def test_the_service_and_the_hub_agree_on_token_and_address(home: Home) -> None:
    c = Config()
    apply_hub(home.path, c)
    [service] = c.JupyterHub.services
    told = reports_environment(home, load_settings(home.path).settings, addresses=ADDRESSES)
    assert service["api_token"] == told["JUPYTERHUB_API_TOKEN"]
    assert service["url"] == told["JUPYTERHUB_SERVICE_URL"] == "http://127.0.0.1:8003"
    assert service["oauth_client_id"] == told["JUPYTERHUB_CLIENT_ID"] == "service-reports"
    assert told["JUPYTERHUB_API_URL"] == "http://127.0.0.1:8002/hub/api"


def test_each_start_gives_the_proxy_a_new_password(home: Home) -> None:
    before = (home.secrets / "proxy-api-password").read_text()
    write_proxy_config(home, public="127.0.0.1:8000", api="127.0.0.1:8001")
    after = (home.secrets / "proxy-api-password").read_text()
    assert before != after
    assert after.strip() not in (home.run / "proxy.toml").read_text() + (home.run / "proxy" / "routes.toml").read_text()


def test_the_settings_of_the_reports_api_reach_its_service(home: Home) -> None:
    home.settings_file.write_text("[reports]\napi_requests_per_second = 5\napi_burst = 9\n")
    told = reports_environment(home, load_settings(home.path).settings, addresses=ADDRESSES)
    read = ServiceSettings.from_environment(told)
    assert (read.api_per_second, read.api_burst) == (5, 9)
