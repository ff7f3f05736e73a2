"""What a run was made from, and what differs between two: parameters, data, cohorts, library, environment."""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from hub_config.reports.changes.cells import as_raw

__all__ = ["FactChange", "RunFacts", "compare_facts", "facts_of"]

MOST_ROWS = 1_000
LONGEST_VALUE = 2_000


@dataclass(frozen=True)
class RunFacts:
    """What ``run.json`` and ``outputs.json`` say of a run's making; '' where they say nothing.

    Parameters
    ----------
    run_id : str
        The folder's name where the record has none.
    status : str
        As in ``run.json``.
    template, template_sha256 : str
        The notebook that ran.
    started_at, ended_at : str
        UTC.
    duration_s : float or None
        Seconds.
    library_version, cohorthub_version : str
        Of the analysis library, and of the runner.
    environment_sha256 : str
        Hash of what was installed.
    kernel : str
        Name of the kernel spec.
    parameters : mapping of str to str
        Values, written as JSON.
    releases : mapping of str to str
        For each data set its releases, each with the beginning of the hash of its manifest.
    cohorts : mapping of str to str
        For each cohort the hashes of its definition.
    cohort_persons : mapping of str to int
        Persons of each cohort that was declared once.
    """

    run_id: str = ""
    status: str = ""
    template: str = ""
    template_sha256: str = ""
    started_at: str = ""
    ended_at: str = ""
    duration_s: float | None = None
    library_version: str = ""
    cohorthub_version: str = ""
    environment_sha256: str = ""
    kernel: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    releases: Mapping[str, str] = field(default_factory=dict)
    cohorts: Mapping[str, str] = field(default_factory=dict)
    cohort_persons: Mapping[str, int] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Give the facts as types that JSON knows.

        Returns
        -------
        dict
            The attributes.
        """
        return asdict(self)


@dataclass(frozen=True)
class FactChange:
    """Something that the two runs were made from differently.

    Parameters
    ----------
    kind : str
        ``parameter``, ``data_release``, ``cohort``, or the name of a fact, such as ``library_version``.
    name : str
        Which parameter, data set or cohort; '' for other facts.
    before, after : str or None
        None where the run has none.
    """

    kind: str
    name: str
    before: str | None
    after: str | None

    def to_dict(self) -> dict[str, str | None]:
        """Give the change as types that JSON knows.

        Returns
        -------
        dict
            Keys kind, name, before, after.
        """
        return {"kind": self.kind, "name": self.name, "before": self.before, "after": self.after}


def facts_of(record: Mapping[str, Any], declared: Mapping[str, Any], *, name: str) -> RunFacts:
    """Take a run's facts out of its two documents.

    Parameters
    ----------
    record : mapping
        ``run.json``, or nothing.
    declared : mapping
        ``outputs.json``, or nothing; where it is missing the copies in the record count.
    name : str
        Of the folder.

    Returns
    -------
    RunFacts
        Only texts and numbers of a sane size.
    """
    source = declared or record
    parameters = record.get("parameters")
    pairs = list(parameters.items())[:MOST_ROWS] if isinstance(parameters, dict) else []
    releases, cohorts = _rows(source.get("data_releases")), _rows(source.get("cohorts"))
    texts = ("status", "template", "template_sha256", "started_at", "ended_at", "cohorthub_version")
    return RunFacts(
        run_id=_text(record.get("run_id")) or name,
        **{key: _text(record.get(key)) for key in (*texts, "environment_sha256", "kernel")},
        library_version=_text(source.get("library_version")),
        duration_s=_seconds(record.get("duration_s")),
        parameters={_text(key): _json(value) for key, value in pairs},
        releases=_joined((_text(r.get("name")), _release(r)) for r in releases),
        cohorts=_joined((_text(c.get("name")), _text(c.get("definition_sha256"))) for c in cohorts),
        cohort_persons=_persons(cohorts),
    )


def compare_facts(before: RunFacts, after: RunFacts) -> tuple[FactChange, ...]:
    """List what two runs were made from differently.

    Parameters
    ----------
    before, after : RunFacts
        Of the two runs.

    Returns
    -------
    tuple of FactChange
        Parameters, data releases, cohorts, then the rest; times and ids, which always differ, are not in it.
    """
    found: list[FactChange] = []
    for kind, old, new in (
        ("parameter", before.parameters, after.parameters),
        ("data_release", before.releases, after.releases),
        ("cohort", before.cohorts, after.cohorts),
    ):
        names = [*old, *(name for name in new if name not in old)]
        found += [FactChange(kind, n, old.get(n), new.get(n)) for n in names if old.get(n) != new.get(n)]
    for kind in ("template", "template_sha256", "library_version", "cohorthub_version", "environment_sha256", "kernel"):
        one, other = getattr(before, kind), getattr(after, kind)
        if one != other:
            found.append(FactChange(kind, "", one or None, other or None))
    return tuple(found)


def _seconds(value: Any) -> float | None:
    number = None if isinstance(value, bool) else as_raw(value)
    return float(number) if isinstance(number, int | float) and math.isfinite(number) else None


def _text(value: Any) -> str:
    return str(as_raw(value, longest=LONGEST_VALUE)) if isinstance(value, str) else ""


def _json(value: Any) -> str:
    """Write a parameter's value; keys sorted, as their order means nothing."""
    return _text(json.dumps(value, ensure_ascii=False, sort_keys=True))


def _rows(found: Any) -> list[dict[str, Any]]:
    return [row for row in found[:MOST_ROWS] if isinstance(row, dict)] if isinstance(found, list) else []


def _release(row: Mapping[str, Any]) -> str:
    manifest = _text(row.get("manifest_sha256"))
    return f"{_text(row.get('release'))} ({manifest[:12]})" if manifest else _text(row.get("release"))


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    by_name: dict[str, set[str]] = {}
    for name, value in pairs:
        by_name.setdefault(name, set()).add(value)
    return {name: ", ".join(sorted(values)) for name, values in by_name.items()}


def _persons(cohorts: list[dict[str, Any]]) -> dict[str, int]:
    names = [_text(row.get("name")) for row in cohorts]
    pairs = zip(names, (row.get("persons") for row in cohorts), strict=True)
    return {n: p for n, p in pairs if type(p) is int and 0 <= p < 2**63 and names.count(n) == 1}
