"""From TOML or JSON to a definition. A document may come from a stranger's upload, so its size and depth come first."""

import hashlib
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from pydantic import ValidationError

from hub_config.reports.definitions.document import Definition
from hub_config.reports.definitions.errors import DefinitionError, DefinitionUnreadableError
from hub_config.reports.definitions.faults import problems_of
from hub_config.reports.definitions.plain_values import found_kind
from hub_config.reports.definitions.problems import Problem

__all__ = ["document_sha256", "parse_definition", "read_definition"]

FORMATS = ("toml", "json")
MOST_BYTES = 2**18
# tomllib's time grows with the square of the dots in one key: 7 s for one line of 64,000 characters, 30 ms for this.
LONGEST_LINE = 4_000
DEEPEST = 8


def read_definition(content: str | bytes, format: str) -> Definition:  # noqa: A002 - the word that everybody uses
    """Read a report definition.

    Parameters
    ----------
    content : str or bytes
        The document, in UTF-8 if it is bytes; at most 256 KiB.
    format : {'toml', 'json'}
        How it is written.

    Returns
    -------
    Definition
        Checked, but not yet against its template.

    Raises
    ------
    DefinitionUnreadableError
        If it is no such document.
    DefinitionError
        If fields or values are wrong; all are named at once.
    """
    if format not in FORMATS:
        _refuse("is in no format that is known", "TOML or JSON is wanted", rule="format")
    text = _decoded(content)
    return parse_definition(_toml(text) if format == "toml" else _json(text))


def parse_definition(document: object) -> Definition:
    """Check a definition that has been read from its format.

    Parameters
    ----------
    document : object
        As TOML or JSON give it.

    Returns
    -------
    Definition
        Checked, but not yet against its template.

    Raises
    ------
    DefinitionError
        If fields or values are wrong; all are named at once.
    """
    if not isinstance(document, Mapping):
        raise DefinitionError([Problem("", "type", f"found {found_kind(document)}, must be a table of fields")])
    _check_depth(document)
    try:
        return Definition.model_validate(document)
    except ValidationError as faults:
        raise DefinitionError(problems_of(faults)) from None  # the faults hold the values


def document_sha256(definition: Definition) -> str:
    """Give the hash that tells two definitions apart; it does not depend on how they were written down.

    Parameters
    ----------
    definition : Definition
        Any.

    Returns
    -------
    str
        SHA-256, in hexadecimal, of its JSON with sorted keys, without what is as the defaults say.
    """
    canonical = json.dumps(definition.to_document(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode("utf-8")).hexdigest()


def _refuse(wrong: str, todo: str, *, rule: str) -> NoReturn:
    raise DefinitionUnreadableError(f"The report definition {wrong}; {todo}.", rule=rule)


def _decoded(content: str | bytes) -> str:
    if len(content) > MOST_BYTES:
        _refuse(
            "is too large", f"it has more than {MOST_BYTES // 1024} KiB. Put long lists into a CSV file", rule="size"
        )
    try:
        data = content.encode("utf-8") if isinstance(content, str) else content
        text = data.decode("utf-8-sig")
    except UnicodeError:
        _refuse("is not text in UTF-8", "save it in that encoding", rule="encoding")
    if len(data) > MOST_BYTES:
        _refuse(
            "is too large", f"it has more than {MOST_BYTES // 1024} KiB. Put long lists into a CSV file", rule="size"
        )
    if "\0" in text:
        _refuse("is not text", "it holds a NUL", rule="encoding")
    return text


def _toml(text: str) -> Any:
    for number, line in enumerate(text.split("\n"), start=1):
        if len(line) > LONGEST_LINE:
            _refuse(f"has a line of {len(line)} characters", f"break line {number}", rule="line-length")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as broken:
        where = re.search(r"\(at [^)]*\)", str(broken))
        # tomllib's own sentence may quote a key, which may be a value in the wrong place.
        _refuse("is not TOML", f"stopped {where[0] if where else 'somewhere'}. Correct that line", rule="syntax")
    except RecursionError:
        _refuse("is nested too deep", f"no field needs more than {DEEPEST} levels", rule="depth")
    except ValueError:
        _refuse("holds a number that is too long", "no field takes more than 64 bits", rule="number")


def _json(text: str) -> Any:
    def no_constant(_: str) -> NoReturn:
        raise ValueError("number")

    def each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        table = dict(pairs)
        if len(table) != len(pairs):
            raise KeyError("twice")
        return table

    try:
        return json.loads(text, parse_constant=no_constant, object_pairs_hook=each_once)
    except json.JSONDecodeError as broken:
        _refuse("is not JSON", f"stopped at line {broken.lineno}, column {broken.colno}", rule="syntax")
    except RecursionError:
        _refuse("is nested too deep", f"no field needs more than {DEEPEST} levels", rule="depth")
    except KeyError:
        _refuse("names a key twice in one table", "keep one of the two", rule="duplicate-key")
    except ValueError:
        _refuse("holds a number that no parameter takes", "write finite numbers of at most 64 bits", rule="number")


def _check_depth(document: object) -> None:
    """Without recursion: a document of many dots makes thousands of tables in one another."""
    level: list[object] = [document]
    for _ in range(DEEPEST + 1):
        level = [inner for outer in level for inner in _inner(outer)]
        if not level:
            return
    _refuse("is nested too deep", f"no field needs more than {DEEPEST} levels", rule="depth")


def _inner(value: object) -> Iterator[object]:
    if isinstance(value, Mapping):
        yield from value.values()
    elif isinstance(value, list):
        yield from value
