"""The manifest of a release: what it holds, where it came from, and the sha256 of every file."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from analysis_lib.catalog.parquet import WrittenFile
from analysis_lib.catalog.quality.findings import QualityReport
from analysis_lib.catalog.spec import FieldSpec, TableSpec

SCHEMA = "cohorthub.release/1"


@dataclass(frozen=True)
class TableEntry:
    """One table of a release."""

    spec: TableSpec
    rows: int
    rows_source: int
    files: tuple[WrittenFile, ...]

    @property
    def bucketed(self) -> bool:
        """Whether its rows belong to persons, and so lie in buckets."""
        return self.spec.person is not None


@dataclass(frozen=True)
class Manifest:
    """Everything known about a release without reading its tables."""

    name: str
    release: str
    title: str
    kind: str
    cdm_version: str
    created: str
    """UTC, ISO 8601."""
    library_version: str
    source: Mapping[str, Any]
    about: Mapping[str, str]
    """What the source says of itself (`cdm_source`): names, dates and versions, no persons."""
    bucketing: Mapping[str, Any]
    persons: int
    years: tuple[int, int] | None
    """First and last year of observation of the persons there are."""
    import_key: str
    """Equal for equal sources imported in the same way."""
    tables: Mapping[str, TableEntry]
    derived: Mapping[str, TableEntry] = field(default_factory=dict)
    """Tables made from the others at import; not the source's."""
    quality: QualityReport = field(default_factory=QualityReport)

    @property
    def files(self) -> Mapping[str, WrittenFile]:
        """Every data file of the release, by its path."""
        entries = (*self.tables.values(), *self.derived.values())
        return {file.path: file for entry in entries for file in entry.files}

    def to_json(self) -> str:
        """Write the manifest as one JSON document.

        Returns
        -------
        str
            Two-space indents, so that a person can read it and `diff` can compare it.
        """
        document = {
            "schema": SCHEMA,
            **{name: getattr(self, name) for name in _PLAIN},
            "years": list(self.years) if self.years else None,
            "tables": {name: _table_to_dict(entry) for name, entry in self.tables.items()},
            "derived": {name: _table_to_dict(entry) for name, entry in self.derived.items()},
            "quality": self.quality.to_dict(),
        }
        return json.dumps(document, indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Manifest":
        """Read what `to_json` wrote.

        Parameters
        ----------
        text : str
            The document.

        Returns
        -------
        Manifest
            The same manifest.

        Raises
        ------
        ValueError
            If the document is of another schema.
        """
        document = json.loads(text)
        if not isinstance(document, dict) or document.get("schema") != SCHEMA:
            raise ValueError(f"not a manifest of schema {SCHEMA}")
        return cls(
            **{name: document[name] for name in _PLAIN},
            years=tuple(document["years"]) if document["years"] else None,
            tables={name: _table_from_dict(name, entry) for name, entry in document["tables"].items()},
            derived={name: _table_from_dict(name, entry) for name, entry in document["derived"].items()},
            quality=QualityReport.from_dict(document["quality"]),
        )


_PLAIN = (
    "name",
    "release",
    "title",
    "kind",
    "cdm_version",
    "created",
    "library_version",
    "source",
    "about",
    "bucketing",
    "persons",
    "import_key",
)
_ROLES = ("key", "vocabulary", "concept", "start", "end")


def _table_to_dict(entry: TableEntry) -> dict[str, Any]:
    spec = entry.spec
    return {
        "rows": entry.rows,
        "rows_source": entry.rows_source,
        "bucketed": entry.bucketed,
        "person": spec.person,
        **{role: getattr(spec, role) for role in _ROLES},
        "sorted_by": list(spec.sort_columns),
        "columns": [asdict(column) for column in spec.fields],
        "files": [asdict(file) for file in entry.files],
    }


def _table_from_dict(name: str, entry: Mapping[str, Any]) -> TableEntry:
    fields = tuple(FieldSpec(**column) for column in entry["columns"])
    return TableEntry(
        spec=TableSpec(name=name, fields=fields, **{role: entry[role] for role in _ROLES}),
        rows=entry["rows"],
        rows_source=entry["rows_source"],
        files=tuple(WrittenFile(**file) for file in entry["files"]),
    )
