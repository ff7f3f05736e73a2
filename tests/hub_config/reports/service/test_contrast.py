"""Whether the pages' colours can be read, computed from the style sheet in light and dark."""

import re
from pathlib import Path

import pytest

import hub_config.reports.service as service

CSS = (Path(service.__file__).parent / "static" / "reports.css").read_text(encoding="utf-8")
LIGHT, DARK = (
    dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{3,6})", block))
    for block in re.findall(r":root {(.*?)}", CSS, re.DOTALL)[:2]
)
# Text and the ground it stands on.
READ = [
    *((ink, ground) for ink in ("ink", "dim", "link", "bad") for ground in ("ground", "paper")),
    ("ink", "calm-ground"), ("link", "calm-ground"), ("calm", "calm-ground"), ("ink", "bad-ground"),
    ("on-main", "main"), ("on-main", "main-over"), ("busy", "busy-ground"), ("good", "good-ground"),
    ("bad", "bad-ground"), ("warn", "warn-ground"),
]  # fmt: skip


def luminance(colour: str) -> float:
    """As WCAG 2.2 defines relative luminance."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """From 1 to 21."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_the_measure_is_the_known_one():
    assert contrast("#000", "#fff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("colours", [LIGHT, {**LIGHT, **DARK}], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), READ)
def test_text_stands_out_from_its_ground(colours, text, ground):
    assert contrast(colours[text], colours[ground]) >= 4.5


@pytest.mark.parametrize("colours", [LIGHT, {**LIGHT, **DARK}], ids=["light", "dark"])
@pytest.mark.parametrize(("edge", "ground"), [("edge", "paper"), ("focus", "ground"), ("focus", "paper")])
def test_edges_of_fields_and_the_focus_can_be_seen(colours, edge, ground):
    assert contrast(colours[edge], colours[ground]) >= 3
