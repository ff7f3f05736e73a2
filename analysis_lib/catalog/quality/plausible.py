"""Limits beyond which a measured number is taken for a mistake of recording.

Read from ``cdm/plausible_values.toml``, which names its sources.
"""

import functools
import tomllib
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True)
class PlausibleRange:
    """The limits of one measurement in one unit."""

    name: str
    low: float
    high: float
    unit: str
    concept_ids: tuple[int, ...]
    unit_concept_ids: tuple[int, ...]


@functools.cache
def plausible_ranges() -> tuple[PlausibleRange, ...]:
    """Read the limits.

    Returns
    -------
    tuple of PlausibleRange
        By name; no concept is in two of them.
    """
    text = (files("analysis_lib.catalog") / "cdm" / "plausible_values.toml").read_text(encoding="utf-8")
    return tuple(
        PlausibleRange(
            name=entry["name"],
            low=float(entry["low"]),
            high=float(entry["high"]),
            unit=entry["unit"],
            concept_ids=tuple(entry["concept_ids"]),
            unit_concept_ids=tuple(entry["unit_concept_ids"]),
        )
        for entry in tomllib.loads(text)["range"]
    )


def ranges_sql() -> str:
    """Write the limits as a table for a query.

    Returns
    -------
    str
        A SELECT of `number` (position in `plausible_ranges`), `concept_id`, `unit_concept_id`, `low`, `high`.
    """
    rows = ", ".join(
        f"({number}, {concept}, {unit}, {found.low}, {found.high})"
        for number, found in enumerate(plausible_ranges())
        for concept in found.concept_ids
        for unit in found.unit_concept_ids
    )
    return f"SELECT * FROM (VALUES {rows}) AS v(number, concept_id, unit_concept_id, low, high)"
