"""Fields of a definition that are one field of the form each. A new one of these kinds is one line in the table.

Labels and help stand in the texts as ``label_of_NAME`` and ``help_of_NAME``; where on the page it stands is said in
`layout`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic_core import PydanticUndefined

from hub_config.reports.definitions import Definition
from hub_config.reports.service.writing.form.typed import Typed, as_sent, first, seconds, sent_seconds, whole

__all__ = ["PLAIN_FIELDS", "PlainField", "value_at", "write_at"]


@dataclass(frozen=True)
class PlainField:
    """One field.

    Parameters
    ----------
    place : str
        Where in the document, such as ``limits.cell_seconds``; its name in the form as well.
    kind : str
        ``line`` of text, ``lines``, ``whole`` number, ``seconds``, ``check``, ``choice``, ``choices``, ``day`` or
        ``days``.
    options : tuple of str
        For a choice: what may be chosen.
    """

    place: str
    kind: str
    options: tuple[str, ...] = ()

    def typed(self, document: Mapping[str, Any]) -> dict[str, list[str]]:
        """Write what stands in a document into the form.

        Parameters
        ----------
        document : mapping
            Any; where it says nothing, the form shows what holds then.

        Returns
        -------
        dict
            Texts by name.
        """
        value = value_at(document, self.place)
        value = _default(self.place) if value is None else value
        if self.kind == "seconds":
            text, unit = sent_seconds(value)
            return {self.place: as_sent([text]), f"{self.place}.unit": [unit]}
        if self.kind == "check":
            return {self.place: ["on"] if value else []}
        if self.kind == "choices":
            # A browser sends ticks in the order of the page, so another order is only known from the document.
            return {self.place: [option for option in self.options if option in value]}
        text = "\n".join(value) if self.kind == "days" else "" if value is None else str(value)
        return {self.place: as_sent([text])}

    def read(self, typed: Typed) -> Any:
        """Read what was typed.

        Parameters
        ----------
        typed : mapping
            All fields.

        Returns
        -------
        object
            A value of the document, or a text that it refuses; None for nothing.
        """
        text = first(typed, self.place)
        if self.kind == "check":
            return bool(typed.get(self.place))
        if self.kind == "choices":
            return [option for option in self.options if option in typed.get(self.place, ())]
        if not text.strip():
            return None
        if self.kind == "days":
            return text.replace(",", " ").split()
        if self.kind == "seconds":
            return seconds(text, first(typed, f"{self.place}.unit"))
        return whole(text) if self.kind == "whole" else text.strip()


PLAIN_FIELDS = tuple(
    PlainField(*field)
    for field in (
        ("name", "line"),
        ("title", "line"),
        ("title_ko", "line"),
        ("purpose", "lines"),
        ("template", "choice"),
        ("timezone", "line"),
        ("until", "day"),
        ("holidays", "days"),
        ("enabled", "check"),
        ("missed", "choice", ("once", "skip", "all")),
        ("missed_limit", "whole"),
        ("late_after_seconds", "seconds"),
        ("limits.cell_seconds", "seconds"),
        ("limits.run_seconds", "seconds"),
        ("safe_to_retry", "check"),
        ("retries", "whole"),
        ("retry_after", "choices", ("interrupted", "failed", "timed_out")),
        ("retry_delay_seconds", "seconds"),
        ("priority", "whole"),
        ("retention.successes", "whole"),
        ("retention.days", "whole"),
        ("release.policy", "choice", ("latest", "pinned")),
    )
)


def value_at(document: Mapping[str, Any], place: str) -> Any:
    """Give what stands at a place of a document.

    Parameters
    ----------
    document : mapping
        Tables in tables.
    place : str
        Names with dots between them.

    Returns
    -------
    object
        None if nothing does.
    """
    found: Any = document
    for part in place.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def write_at(document: dict[str, Any], *, place: str, value: Any) -> None:
    """Write a value at a place of a document.

    Parameters
    ----------
    document : dict
        Tables in tables; changed.
    place : str
        Names with dots between them.
    value : object
        Nothing is written for None.
    """
    *tables, name = place.split(".")
    if value is None:
        return
    for part in tables:
        document = document.setdefault(part, {})
    document[name] = value


def _default(place: str) -> Any:
    """What holds where a document says nothing; None if nothing does."""
    name, _, inner = place.partition(".")
    value = Definition.model_fields[name].default
    value = getattr(value, inner) if inner else value
    return None if value is PydanticUndefined else value
