"""The vocabulary of the synthetic data: real concepts with their real ids, read from ``concepts.csv``.

Ids, names and codes are those of the OHDSI standardised vocabularies; the hierarchy is cut down to what is here; the
Korean synonyms are plain translations.
"""

import csv
from importlib.resources import files
from typing import Any

from analysis_lib.testing.synthetic.labs import FIRST_LOCAL_CONCEPT_ID

Row = dict[str, Any]
KOREAN = 4175771
_VALID = {"valid_start_date": 719_163, "valid_end_date": 767_009}


def read_concepts() -> list[dict[str, str]]:
    """Read the list of concepts.

    Returns
    -------
    list of dict
        As the file has them; `parents` is a list of ids with blanks between.
    """
    text = (files("analysis_lib.testing.synthetic") / "concepts.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def vocabulary_tables(*, local_tests: int = 0) -> dict[str, list[Row]]:
    """Make the vocabulary's tables.

    Parameters
    ----------
    local_tests : int, default 0
        How many laboratory tests the site has named itself.

    Returns
    -------
    dict of str to list of dict
        Rows by table; dates are ordinal day numbers.
    """
    listed = [*read_concepts(), *map(_local_test, range(local_tests))]
    zero = {"concept_id": 0, "concept_name": "No matching concept", "domain_id": "Metadata", "vocabulary_id": "None"}
    zero |= {"concept_class_id": "Undefined", "standard_concept": None, "concept_code": "No matching concept"}
    names = ("concept_name", "domain_id", "vocabulary_id", "concept_class_id", "standard_concept", "concept_code")
    concepts = [{"concept_id": int(row["concept_id"]), **{name: row[name] for name in names}} for row in listed]
    parents = {int(row["concept_id"]): [int(parent) for parent in row["parents"].split()] for row in listed}
    korean = {"language_concept_id": KOREAN}
    return {
        "concept": [row | _VALID for row in (zero, *concepts)],
        "concept_ancestor": _ancestors(parents),
        "concept_relationship": _relationships(parents, list(parents)),
        "concept_synonym": [
            {"concept_id": int(row["concept_id"]), "concept_synonym_name": row["korean"], **korean}
            for row in listed
            if row["korean"]
        ],
        **_small_tables(concepts),
    }


def _local_test(number: int) -> dict[str, str]:
    return {
        "concept_id": str(FIRST_LOCAL_CONCEPT_ID + number),
        "concept_name": f"Local laboratory test {number + 1}",
        "domain_id": "Measurement",
        "vocabulary_id": "Local",
        "concept_class_id": "Lab Test",
        "standard_concept": "S",
        "concept_code": f"LAB{number + 1:04d}",
        "parents": "",
        "korean": "",
    }


def _ancestors(parents: dict[int, list[int]]) -> list[Row]:
    rows = []
    for concept_id in parents:
        distance, reached = 0, [concept_id]
        while reached:
            rows += [
                {
                    "ancestor_concept_id": above,
                    "descendant_concept_id": concept_id,
                    "min_levels_of_separation": distance,
                    "max_levels_of_separation": distance,
                }
                for above in reached
            ]
            distance, reached = distance + 1, [parent for above in reached for parent in parents[above]]
    return rows


def _relationships(parents: dict[int, list[int]], concept_ids: list[int]) -> list[Row]:
    pairs = [(one, one, "Maps to") for one in concept_ids] + [(one, one, "Mapped from") for one in concept_ids]
    for child, above in parents.items():
        for parent in above:
            pairs += [(child, parent, "Is a"), (parent, child, "Subsumes")]
    return [{"concept_id_1": one, "concept_id_2": two, "relationship_id": name, **_VALID} for one, two, name in pairs]


def _small_tables(concepts: list[Row]) -> dict[str, list[Row]]:
    vocabularies = sorted({row["vocabulary_id"] for row in concepts})
    domains = sorted({row["domain_id"] for row in concepts})
    classes = sorted({row["concept_class_id"] for row in concepts})
    return {
        "vocabulary": [
            {"vocabulary_id": v, "vocabulary_name": v, "vocabulary_reference": "OHDSI", "vocabulary_concept_id": 0}
            for v in vocabularies
        ],
        "domain": [{"domain_id": d, "domain_name": d, "domain_concept_id": 0} for d in domains],
        "concept_class": [
            {"concept_class_id": c, "concept_class_name": c, "concept_class_concept_id": 0} for c in classes
        ],
    }
