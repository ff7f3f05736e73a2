"""What the command line says of cohorts and definitions: a document for machines, and the same for people."""

import json
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis_lib.tables import cells_wide, padded

if TYPE_CHECKING:
    from analysis_lib.catalog import Dataset
    from analysis_lib.cohort.build import Cohort
    from analysis_lib.cohort.files import BuiltFile
    from analysis_lib.cohort.language.definition import CohortDefinition
    from analysis_lib.cohort.language.resolution import ConceptResolution

__all__ = ["built_document", "built_notes", "built_text", "described_document", "described_text", "difference_document"]


def built_document(built: Sequence["BuiltFile"], *, dataset: "Dataset", out: Path | None) -> dict[str, Any]:
    """Say what was built, for a machine.

    Parameters
    ----------
    built : sequence of BuiltFile
        In the order of the files.
    dataset : Dataset
        Where they were built.
    out : Path or None
        Where the cohort table was written.

    Returns
    -------
    dict
        JSON types only: ``data``, ``release``, ``out``, ``cohorts`` and ``failed``.
    """
    return {
        "data": dataset.name,
        "release": dataset.release,
        "out": None if out is None else str(out),
        "cohorts": [{"file": str(one.path), **_cohort(one.cohort)} for one in built if one.cohort is not None],
        "failed": [
            {
                "file": str(one.path),
                "cohort_definition_id": one.cohort_definition_id,
                "code": one.error.code,
                "message": str(one.error),
            }
            for one in built
            if one.error is not None
        ],
    }


def _cohort(cohort: "Cohort") -> dict[str, Any]:
    statistics = cohort.inclusion_statistics
    return {
        "cohort_definition_id": cohort.definition.cohort_definition_id,
        "name": cohort.name,
        "definition_sha256": cohort.definition_sha256,
        "persons": cohort.n_persons,
        "records": len(cohort),
        "attrition": cohort.attrition.to_dict("records"),
        "inclusion_statistics": {
            "rules": statistics.rules.to_dict("records"),
            "masks": statistics.masks.to_dict("records"),
            "summary": statistics.summary.to_dict("records"),
        },
        "warnings": list(cohort.warnings),
    }


def built_text(built: Sequence["BuiltFile"], *, out: Path | None) -> str:
    """Say what was built, for a person.

    Parameters
    ----------
    built : sequence of BuiltFile
        In the order of the files.
    out : Path or None
        Where the cohort table was written.

    Returns
    -------
    str
        A line for each definition; for one that stands alone its attrition; what failed, at the end.
    """
    cohorts = [one.cohort for one in built if one.cohort is not None]
    failed = [one for one in built if one.error is not None]
    lines = []
    if cohorts:
        width = max(cells_wide(cohort.name) for cohort in cohorts)
        lines.append(f"{'id':>6}  {padded('cohort', width)}  {'persons':>9}  {'records':>9}")
        lines += [
            f"{cohort.definition.cohort_definition_id:>6}  {padded(cohort.name, width)}  "
            f"{cohort.n_persons:>9,}  {len(cohort):>9,}"
            for cohort in cohorts
        ]
    if len(cohorts) == 1:
        lines += ["", _attrition(cohorts[0])]
    if out is not None:
        lines.append(f"\nwrote {sum(map(len, cohorts)):,} records of {len(cohorts)} cohorts to {out}")
    lines += [f"\nnot built: {one.path}\n  {one.error} ({one.error.code})" for one in failed if one.error is not None]
    return "\n".join(lines)


def built_notes(built: Sequence["BuiltFile"]) -> list[str]:
    """Say what a reader of the numbers should know, a line for each cohort that has something.

    Parameters
    ----------
    built : sequence of BuiltFile
        In the order of the files.

    Returns
    -------
    list of str
        All of it for a cohort that stands alone; else that nobody was found, and the first of its warnings with how
        many more there are: the document for machines has them all.
    """
    cohorts = [one.cohort for one in built if one.cohort is not None]
    notes = [f"{cohort.name}: nobody was found" for cohort in cohorts if cohort.frame.empty]
    if len(built) == 1:
        return [*notes, *(f"{cohort.name}: {warning}" for cohort in cohorts for warning in cohort.warnings)]
    for cohort in (cohort for cohort in cohorts if cohort.warnings):
        more = f" (and {len(cohort.warnings) - 1} more: see --json)" if len(cohort.warnings) > 1 else ""
        notes.append(f"{cohort.name}: {textwrap.shorten(cohort.warnings[0], 160, placeholder=' ...')}{more}")
    return notes


def _attrition(cohort: "Cohort") -> str:
    width = max(cells_wide(rule) for rule in cohort.attrition["rule"])
    lines = [f"{padded('step', width)}  {'persons':>9}  {'records':>9}"]
    lines += [
        f"{padded(str(row.rule), width)}  {row.persons:>9,}  {row.records:>9,}" for row in cohort.attrition.itertuples()
    ]
    return "\n".join(lines)


def described_document(definition: "CohortDefinition", *, dataset: "Dataset | None") -> dict[str, Any]:
    """Say what a definition means, for a machine.

    Parameters
    ----------
    definition : CohortDefinition
        Which.
    dataset : Dataset or None
        Whose vocabulary says what the concept sets stand for; None to leave that out.

    Returns
    -------
    dict
        JSON types only.
    """
    document: dict[str, Any] = {
        "name": definition.name,
        "definition_sha256": definition.sha256,
        "sentences": definition.describe().splitlines(),
        "definition": json.loads(definition.to_json()),
    }
    if dataset is not None:
        document |= {"data": dataset.name, "release": dataset.release}
        document["concept_sets"] = [
            _resolved(concept_set.resolution(dataset)) for concept_set in definition.concept_sets
        ]
    return document


def _resolved(found: "ConceptResolution") -> dict[str, Any]:
    return {
        "name": found.concept_set.name,
        "concept_ids": list(found.concept_ids),
        "concepts": len(found),
        "records": int(found.concepts["records"].sum()),
        "unknown": list(found.unknown),
        "deprecated": list(found.deprecated),
        "notes": list(found.notes),
    }


def described_text(definition: "CohortDefinition", document: dict[str, Any]) -> str:
    """Say what a definition means, for a person.

    Parameters
    ----------
    definition : CohortDefinition
        Which.
    document : dict
        What `described_document` gave.

    Returns
    -------
    str
        Its sentences and its hash; then a line for each concept set.
    """
    lines = [str(definition), "", f"definition {definition.sha256}"]
    for found in document.get("concept_sets", ()):
        lines.append(f"  {found['name']}: {found['concepts']:,} concepts, {found['records']:,} records")
        lines += [f"    {note}" for note in found["notes"]]
    return "\n".join(lines)


def difference_document(before: "CohortDefinition", after: "CohortDefinition") -> dict[str, Any]:
    """Say what changed between two definitions, for a machine.

    Parameters
    ----------
    before, after : CohortDefinition
        What to compare.

    Returns
    -------
    dict
        ``same`` (whether both mean the same), the two hashes, ``lines`` to read, and ``changes``.
    """
    found = before.difference(after)
    return {
        "same": found.same_meaning,
        "before": before.sha256,
        "after": after.sha256,
        "lines": found.lines,
        "changes": found.as_dicts(),
    }
