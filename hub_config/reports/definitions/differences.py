"""What a new version of a definition changes, field by field."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hub_config.reports.definitions.document import Definition

__all__ = ["Change", "diff_definitions"]


@dataclass(frozen=True)
class Change:
    """One field that differs.

    Parameters
    ----------
    field : str
        Where, such as ``limits.cell_seconds``.
    before, after : object
        What it says there, as JSON knows it; None where it says nothing.
    kind : str
        ``added``, ``removed`` or ``changed``.
    """

    field: str
    before: Any
    after: Any
    kind: str

    def to_dict(self) -> dict[str, Any]:
        """Give the change as types that JSON knows.

        Returns
        -------
        dict
            Keys field, before, after, kind.
        """
        return {"field": self.field, "before": self.before, "after": self.after, "kind": self.kind}


def diff_definitions(before: Definition, after: Definition) -> list[Change]:
    """Compare two versions of a definition.

    Parameters
    ----------
    before : Definition
        The older one.
    after : Definition
        The newer one.

    Returns
    -------
    list of Change
        In the order of the fields; empty if, and only if, both have the same `document_sha256`.
    """
    old, new = _leaves(before.to_document()), _leaves(after.to_document())
    order = list(Definition.model_fields)
    fields = sorted(old.keys() | new.keys(), key=lambda field: (order.index(field[0]), field))
    changes = []
    for field in fields:
        kind = "changed" if field in old and field in new else "added" if field in new else "removed"
        if kind != "changed" or not _same(old[field], new[field]):
            changes.append(Change(".".join(field), old.get(field), new.get(field), kind))
    return changes


def _leaves(table: Mapping[str, Any]) -> dict[tuple[str, ...], Any]:
    def walk(path: tuple[str, ...], value: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
        if isinstance(value, Mapping) and (value or not path):
            for name, inner in value.items():
                yield from walk((*path, name), inner)
        else:
            yield path, value

    return dict(walk((), table))


def _same(one: object, other: object) -> bool:
    # 1, 1.0 and true are equal to Python, but not to a reader.
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
