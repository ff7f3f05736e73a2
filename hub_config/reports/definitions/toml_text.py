"""A definition as TOML, to be read back as the same definition."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from hub_config.reports.definitions.document import Definition

__all__ = ["document_toml", "to_toml"]

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_LONGEST = 100
_LONGEST_TEXT = 2_000  # a line may have at most 4,000 characters, and an escaped one has six


def to_toml(definition: Definition) -> str:
    """Write a definition as TOML.

    Parameters
    ----------
    definition : Definition
        Any.

    Returns
    -------
    str
        Without what is as the defaults say; null, which TOML lacks, is ``{null = true}``.
    """
    return document_toml(definition.to_document())


def document_toml(document: Mapping[str, Any]) -> str:
    """Write a document as TOML, whether or not it is a definition.

    Parameters
    ----------
    document : mapping
        Of types that JSON knows.

    Returns
    -------
    str
        As `to_toml` writes it.
    """
    return "\n".join(_table((), document)).strip("\n") + "\n"


def _table(path: tuple[str, ...], table: Mapping[str, Any]) -> Iterator[str]:
    inner = {name: value for name, value in table.items() if _has_own_head(value)}
    for name, value in table.items():
        if name not in inner:
            yield f"{_key(name)} = {_value(value)}"
    for name, value in inner.items():
        head = ".".join(_key(part) for part in (*path, name))
        if isinstance(value, Mapping):
            # A table of tables alone needs no head of its own, as theirs name it.
            own = ("", f"[{head}]") if not value or not all(map(_has_own_head, value.values())) else ()
            yield from (*own, *_table((*path, name), value))
        else:
            for one in value:
                yield from ("", f"[[{head}]]", *_table((*path, name), one))


def _has_own_head(value: object) -> bool:
    return isinstance(value, Mapping) or (
        isinstance(value, list) and bool(value) and all(isinstance(one, Mapping) for one in value)
    )


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _text(name)


def _value(value: object) -> str:
    if value is None:
        return "{null = true}"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        items = [_value(item) for item in value]
        line = f"[{', '.join(items)}]"
        return line if len(line) <= _LONGEST else "[\n" + "".join(f"    {item},\n" for item in items) + "]"
    return _text(value) if isinstance(value, str) else repr(value)


def _text(text: str) -> str:
    # JSON's escapes are TOML's as well; only DEL may stand bare in JSON.
    if len(text) <= _LONGEST_TEXT // 4:
        return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
    size = _LONGEST_TEXT // 4
    pieces = (json.dumps(text[at : at + size], ensure_ascii=False)[1:-1] for at in range(0, len(text), size))
    # A backslash at a line's end takes away the white space that follows, so none may begin the next line.
    pieces = (re.sub("^ ", r"\\u0020", piece).replace("\x7f", "\\u007f") for piece in pieces)
    return '"""\\\n' + "\\\n".join(pieces) + '"""'
