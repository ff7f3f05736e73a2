"""The Korean tables call each thing by the one word that docs/glossary-korean.md gives it."""

import re
from pathlib import Path

import pytest

import hub_config
from hub_config.reports.service.texts import LANGUAGES

ROOT = Path(hub_config.__file__).parent
GLOSSARY = ROOT.parent / "docs" / "glossary-korean.md"
TABLES = [
    ROOT / "isolation.py",
    ROOT / "reports" / "calendar" / "texts.py",
    ROOT / "reports" / "changes" / "texts.py",
    ROOT / "reports" / "notices" / "texts.py",
    *(ROOT / "hub" / "texts").glob("*.py"),
    *(ROOT / "reports" / "service" / "texts").glob("**/*.py"),
]


def rows() -> list[list[str]]:
    lines = GLOSSARY.read_text(encoding="utf-8").splitlines()
    found = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
    return [cells for cells in found if cells[0] != "English"]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.relative_to(ROOT).as_posix())
def test_no_table_uses_another_word(table: Path) -> None:
    text = table.read_text(encoding="utf-8")
    others = [word for cells in rows() for word in cells[2].split(", ") if word]
    assert len(others) > 20
    assert [word for word in others if word in text] == []
    assert "십시오" not in text


def test_states_and_roles_are_called_as_the_glossary_calls_them() -> None:
    korean = LANGUAGES["ko"]
    named = {word for cells in rows() for word in re.split(r"[,()]+ ?", cells[1]) if word}
    assert set(korean.states.values()) <= named
    assert {korean.words[f"role_{role}"] for role in ("lead", "analyst", "reader")} <= named
    for key in (
        "label_datasets",
        "label_alerts",
        "definition",
        "project",
        "run_id",
        "parameters",
        "template",
        "cohorts",
    ):
        assert korean.words[key] in named, key
