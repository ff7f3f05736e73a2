"""Settings from the defaults and the operator's file, with the origin of each value."""

import difflib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from hub_config.errors import SettingsError
from hub_config.settings.sections import Section, Settings

__all__ = ["Loaded", "load_settings"]


@dataclass(frozen=True)
class Loaded:
    """Settings, and where they came from.

    Parameters
    ----------
    settings : Settings
        All values, checked.
    file : Path or None
        The file that was read; None where there is none.
    given : frozenset of str
        Dotted names of the values that the file sets; the others are defaults.
    """

    settings: Settings
    file: Path | None
    given: frozenset[str]

    def rows(self) -> Iterator[tuple[str, Any, str]]:
        """Walk over all settings.

        Yields
        ------
        tuple
            Dotted name, value (of a type that JSON knows), and its origin.
        """
        for section, values in self.settings.model_dump(mode="json").items():
            for name, value in values.items():
                dotted = f"{section}.{name}"
                yield dotted, value, str(self.file) if dotted in self.given else "default"


def load_settings(home: Path, *, config: Path | None = None) -> Loaded:
    """Read ``cohorthub.toml`` over the defaults.

    Parameters
    ----------
    home : Path
        The home, whose ``cohorthub.toml`` is read if there is one.
    config : Path, optional
        Another file, which then must exist.

    Returns
    -------
    Loaded
        The settings with their origins.

    Raises
    ------
    SettingsError
        If the file cannot be read, or says something that is not known or not allowed; all faults are named at once.
    """
    file = config if config is not None else home / "cohorthub.toml"
    if config is None and not file.exists():
        return Loaded(Settings(), None, frozenset())
    try:
        given = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as unreadable:
        raise SettingsError(
            f"the settings cannot be read; {file}: {unreadable.strerror}. Name a readable file."
        ) from unreadable
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as broken:
        raise SettingsError(
            f"the settings are not TOML; {file}: {broken}. Correct that line, then try `cohorthub settings check`."
        ) from broken
    try:
        settings = Settings.model_validate(given)
    except ValidationError as faults:
        said = "; ".join(_fault(fault) for fault in faults.errors(include_input=False, include_url=False))
        raise SettingsError(
            f"the settings are not valid; {file}: {said}. `cohorthub settings show` lists all names."
        ) from faults
    return Loaded(settings, file, frozenset(_names(given)))


def _names(given: Mapping[str, Any]) -> Iterator[str]:
    for section, values in given.items():
        if isinstance(values, Mapping):
            yield from (f"{section}.{name}" for name in values)


def _fault(fault: Mapping[str, Any]) -> str:
    """Say one fault with its place, never with the value: a value may be a secret in the wrong line."""
    place = ".".join(str(part) for part in fault["loc"])
    if fault["type"] != "extra_forbidden":
        return f"{place}: {fault['msg']}"
    *sections, name = (str(part) for part in fault["loc"])
    known = _known_below(sections)
    near = difflib.get_close_matches(name, known, n=1)
    return f"{place} is not a setting" + (f" (did you mean {'.'.join([*sections, near[0]])}?)" if near else "")


def _known_below(sections: list[str]) -> list[str]:
    model: type[Section] = Settings
    for section in sections:
        annotation = model.model_fields[section].annotation
        assert isinstance(annotation, type)  # noqa: S101 - sections nest, they are never optional
        model = annotation
    return list(model.model_fields)
