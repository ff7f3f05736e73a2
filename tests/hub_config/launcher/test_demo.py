"""What a first start gives: accounts that survive being cut off, and data where the settings say."""

from pathlib import Path

import pytest

from hub_config.accounts import AccountStore
from hub_config.home import Home, make_home
from hub_config.launcher import demo_project
from hub_config.launcher.demo import ACCOUNTS_FILE, clean_environment, demo_data_part, make_demo_accounts, make_operator
from hub_config.projects import Role, load_project
from hub_config.reports.database import open_database
from hub_config.reports.database.definitions import find_definitions


@pytest.fixture
def made(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    make_home(home)
    return home


def test_each_account_has_a_password_of_its_own_and_only_the_operator_administers(made: Home) -> None:
    accounts = dict(make_demo_accounts(made))
    assert list(accounts) == ["researcher-1", "researcher-2", "instructor", "operator"]
    assert len(set(accounts.values())) == 4
    store = AccountStore(made.secrets / "accounts.json")
    assert [account.name for account in store.accounts() if account.admin] == ["operator"]


def test_without_demo_one_operator_can_sign_in(made: Home) -> None:
    [(name, password)] = make_operator(made)
    account = AccountStore(made.secrets / "accounts.json").verify(name, password)
    assert account is not None
    assert account.admin


def test_a_first_start_that_was_cut_off_goes_on_with_what_it_wrote(made: Home) -> None:
    first = make_demo_accounts(made)
    assert make_demo_accounts(made) == first


def test_a_lost_list_of_passwords_means_new_ones_that_sign_in(made: Home) -> None:
    first = dict(make_demo_accounts(made))
    (made.secrets / ACCOUNTS_FILE).unlink()
    second = dict(make_demo_accounts(made))
    store = AccountStore(made.secrets / "accounts.json")
    assert store.verify("operator", first["operator"]) is None
    assert store.verify("operator", second["operator"]) is not None


def test_the_data_go_where_the_settings_say_and_only_once(made: Home, tmp_path: Path) -> None:
    part = demo_data_part(made, tmp_path / "elsewhere", environment={})
    assert part is not None
    assert part.environment["COHORTHUB_DATA"] == str(tmp_path / "elsewhere")
    assert "--home" not in part.argv
    (tmp_path / "elsewhere" / "gibleed" / "one").mkdir(parents=True)
    (tmp_path / "elsewhere" / "gibleed" / "one" / "manifest.json").write_text("{}")
    assert demo_data_part(made, tmp_path / "elsewhere", environment={}) is None


def test_nothing_outside_steers_the_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("JUPYTERHUB_API_TOKEN", "JUPYTER_PATH", "COHORTHUB_DATA", "PYTHONPATH", "TRAEFIK_LOG"):
        monkeypatch.setenv(name, "from outside")
    assert "from outside" not in clean_environment().values()


@pytest.mark.parametrize("n_written", [0, 1, 2])
def test_the_demo_project_has_a_report_that_is_due_and_one_that_waits_wherever_a_first_start_was_cut_off(
    made: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, n_written: int
) -> None:
    release = tmp_path / "data" / "gibleed" / "2024"
    release.mkdir(parents=True)
    (release / "manifest.json").write_text("{}", encoding="utf-8")
    with monkeypatch.context() as cut:
        cut.setattr(demo_project, "REPORTS", demo_project.REPORTS[:n_written])
        demo_project.make_demo_project(made.path, data=tmp_path / "data", database_url=None)
    demo_project.make_demo_project(made.path, data=tmp_path / "data", database_url=None)
    database = open_database(None, home=made.path)
    with database.reading() as rows:
        found = {row.name: row for row in find_definitions(rows, projects=[demo_project.DEMO_PROJECT])}
    database.close()
    assert found.keys() == {"monthly-quality", "weekly-data-quality"}
    assert found["monthly-quality"].approved_by == "researcher-1"
    assert found["weekly-data-quality"].approved_by is None
    assert load_project(made.path / "projects" / demo_project.DEMO_PROJECT).members["instructor"] is Role.READER
