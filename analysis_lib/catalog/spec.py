"""The tables of the OMOP Common Data Model, as far as an import and its checks need them.

Fields, types and keys are read from ``cdm/v5_3.toml`` and ``cdm/v5_4.toml``, which name their source. Which column
holds an event's concept, start and end is not in any published list in a usable form, so it stands here.
"""

import functools
import re
import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal

FieldType = Literal["int", "float", "date", "datetime", "text"]
VERSIONS = ("5.3", "5.4")

SQL_TYPES: dict[FieldType, str] = {
    "int": "BIGINT",
    "float": "DOUBLE",
    "date": "DATE",
    "datetime": "TIMESTAMP",
    "text": "VARCHAR",
}

# table: (concept column, start column, end column); "" where there is none.
_ROLES = {
    "observation_period": ("", "observation_period_start_date", "observation_period_end_date"),
    "visit_occurrence": ("visit_concept_id", "visit_start_date", "visit_end_date"),
    "visit_detail": ("visit_detail_concept_id", "visit_detail_start_date", "visit_detail_end_date"),
    "condition_occurrence": ("condition_concept_id", "condition_start_date", "condition_end_date"),
    "drug_exposure": ("drug_concept_id", "drug_exposure_start_date", "drug_exposure_end_date"),
    "procedure_occurrence": ("procedure_concept_id", "procedure_date", "procedure_end_date"),
    "device_exposure": ("device_concept_id", "device_exposure_start_date", "device_exposure_end_date"),
    "measurement": ("measurement_concept_id", "measurement_date", ""),
    "observation": ("observation_concept_id", "observation_date", ""),
    "death": ("cause_concept_id", "death_date", ""),
    "note": ("note_class_concept_id", "note_date", ""),
    "specimen": ("specimen_concept_id", "specimen_date", ""),
    "payer_plan_period": ("payer_concept_id", "payer_plan_period_start_date", "payer_plan_period_end_date"),
    "drug_era": ("drug_concept_id", "drug_era_start_date", "drug_era_end_date"),
    "dose_era": ("drug_concept_id", "dose_era_start_date", "dose_era_end_date"),
    "condition_era": ("condition_concept_id", "condition_era_start_date", "condition_era_end_date"),
    "episode": ("episode_concept_id", "episode_start_date", "episode_end_date"),
    "cohort": ("cohort_definition_id", "cohort_start_date", "cohort_end_date"),
}
# What a vocabulary table is read by, hence sorted by.
_SORTED_BY = {
    "concept": ("concept_id",),
    "concept_ancestor": ("ancestor_concept_id", "descendant_concept_id"),
    "concept_relationship": ("concept_id_1", "relationship_id", "concept_id_2"),
    "concept_synonym": ("concept_id", "concept_synonym_name"),
    "drug_strength": ("drug_concept_id", "ingredient_concept_id"),
}
_NUMBERED_ID = re.compile(r"(^|_)(concept_)?id(_\d+)?$")


@dataclass(frozen=True)
class FieldSpec:
    """One column: its name, its type in a release and whether the model requires a value."""

    name: str
    type: FieldType
    required: bool = False

    @property
    def is_id(self) -> bool:
        """Whether the column identifies something, so that a changed digit points elsewhere."""
        return self.type == "int" and _NUMBERED_ID.search(self.name) is not None


@dataclass(frozen=True)
class TableSpec:
    """One table: its columns in order, and what some of them mean."""

    name: str
    fields: tuple[FieldSpec, ...]
    key: str | None = None
    vocabulary: bool = False
    concept: str | None = None
    start: str | None = None
    end: str | None = None
    concept_first: bool = True
    """Whether rows lie by concept; the other order is built by a benchmark only."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns, in the model's order."""
        return tuple(field.name for field in self.fields)

    @property
    def person(self) -> str | None:
        """The column that names the owner; None for tables that belong to no person."""
        if self.vocabulary:
            return None
        return next((name for name in ("person_id", "subject_id") if name in self.columns), None)

    @property
    def sort_columns(self) -> tuple[str, ...]:
        """The order of rows inside a file: the concept first, so that row-group statistics let readers skip."""
        if self.person is None:
            return _SORTED_BY.get(self.name, (self.key,) if self.key else self.columns[:1])
        first = (self.concept, self.person) if self.concept_first else (self.person, self.concept)
        candidates = (*first, self.start, self.key)
        return tuple(dict.fromkeys(name for name in candidates if name and name in self.columns))


@functools.cache
def cdm_tables(version: str) -> dict[str, TableSpec]:
    """Read the tables of one version of the model.

    Parameters
    ----------
    version : {"5.3", "5.4"}
        The model's version, without patch level.

    Returns
    -------
    dict of str to TableSpec
        By lower-case table name, in the model's order.
    """
    if version not in VERSIONS:
        raise ValueError(f"unknown version of the OMOP CDM; known: {', '.join(VERSIONS)}.")
    text = (files("analysis_lib.catalog") / "cdm" / f"v{version.replace('.', '_')}.toml").read_text(encoding="utf-8")
    return {name: _table_spec(name, section) for name, section in tomllib.loads(text).items()}


def _table_spec(name: str, section: dict[str, str | bool]) -> TableSpec:
    fields = tuple(_field_spec(word) for word in str(section["fields"]).split())
    known = {field.name for field in fields}
    concept, start, end = (role if role in known else None for role in _ROLES.get(name, ("", "", "")))
    key = section.get("key")
    return TableSpec(
        name=name,
        fields=fields,
        key=str(key) if key else None,
        vocabulary=bool(section.get("vocabulary", False)),
        concept=concept,
        start=start,
        end=end,
    )


def _field_spec(word: str) -> FieldSpec:
    name, _, kind = word.partition(":")
    return FieldSpec(name=name, type=kind.rstrip("!"), required=kind.endswith("!"))  # type: ignore[arg-type]
