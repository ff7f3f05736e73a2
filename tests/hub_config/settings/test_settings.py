"""Settings: defaults, the operator's file, and what is said about a wrong one."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from pydantic import ValidationError

from hub_config.cli import root
from hub_config.errors import SettingsError
from hub_config.settings import HubSettings, Settings, load_settings


def write(home: Path, text: str) -> Path:
    home.mkdir(exist_ok=True)
    file = home / "cohorthub.toml"
    file.write_text(text)
    return file


def test_without_a_file_all_are_defaults(tmp_path: Path) -> None:
    loaded = load_settings(tmp_path)
    assert loaded.settings == Settings()
    assert loaded.file is None
    assert {origin for _, _, origin in loaded.rows()} == {"default"}


def test_the_file_overrides_and_the_origin_says_so(tmp_path: Path) -> None:
    file = write(tmp_path, '[hub]\nport = 9000\n[data]\npath = "/srv/data"\n')
    rows = {name: (value, origin) for name, value, origin in load_settings(tmp_path).rows()}
    assert rows["hub.port"] == (9000, str(file))
    assert rows["data.path"] == ("/srv/data", str(file))
    assert rows["hub.ip"] == ("127.0.0.1", "default")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[hub]\nprot = 1\n", r"hub.prot is not a setting \(did you mean hub.port\?\)"),
        ("[hup]\nport = 1\n", r"hup is not a setting \(did you mean hub\?\)"),
        ("[hub]\nport = 70000\n", "hub.port: Input should be less than or equal to 65535"),
        ("[hub]\nip = 'nowhere'\n", "hub.ip"),
        ("[data]\npath = 'relative'\n", "data.path: Value error, give an absolute path"),
        ("[hub\n", "the settings are not TOML"),
        ("hub = 5\n", "hub"),
    ],
)
def test_a_wrong_file_is_refused_with_the_place(tmp_path: Path, text: str, said: str) -> None:
    write(tmp_path, text)
    with pytest.raises(SettingsError, match=said):
        load_settings(tmp_path)


def test_all_faults_are_named_at_once_and_no_value_is_repeated(tmp_path: Path) -> None:
    write(tmp_path, "[hub]\nport = 'hunter2'\nprot = 'hunter2'\n[spawner]\nserver_limit = 0\n")
    with pytest.raises(SettingsError) as refused:
        load_settings(tmp_path)
    assert str(refused.value).count(";") >= 3
    assert "hunter2" not in str(refused.value)


def test_another_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="the settings cannot be read"):
        load_settings(tmp_path, config=tmp_path / "absent.toml")


def test_sections_are_frozen() -> None:
    with pytest.raises(ValidationError):
        HubSettings().port = 1  # type: ignore[misc]


def test_check_and_show_speak_to_people_and_machines(tmp_path: Path) -> None:
    file = write(tmp_path, "[hub]\nport = 9000\n")
    home = ["--home", str(tmp_path)]
    runner = CliRunner()
    assert "1 set" in runner.invoke(root, ["settings", "check", *home]).stdout
    shown = runner.invoke(root, ["settings", "show", "--origin", *home]).stdout
    assert f"# {file}" in shown
    document = json.loads(runner.invoke(root, ["settings", "show", "--json", *home]).stdout)
    assert {"name": "hub.port", "value": 9000, "origin": str(file)} in document["settings"]
