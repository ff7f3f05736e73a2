"""Concept sets from files: ATLAS JSON and CSV."""

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis_lib.cohort.language.circe_conditions import plain_text, read_concept
from analysis_lib.cohort.language.circe_keys import Node, at
from analysis_lib.cohort.language.concepts import ConceptSet, ConceptSetItem
from analysis_lib.errors import CirceError, InvalidDefinitionError

if TYPE_CHECKING:
    import os

__all__ = ["expression_of", "read_atlas", "read_concept_set", "read_csv"]

_ABOUT = (
    *("description", "version", "createdBy", "createdDate", "modifiedBy", "modifiedDate", "createdByTool"),
    *("modifiedByTool", "tags", "metadata", "hasWriteAccess", "hasReadAccess", "id"),
)
_YES = {"true": True, "yes": True, "y": True, "1": True, "t": True}
_NO = {"false": False, "no": False, "n": False, "0": False, "f": False, "": False}
_COLUMNS = {
    "conceptid": "concept_id",
    "id": "concept_id",
    "conceptname": "concept_name",
    "name": "concept_name",
    "isexcluded": "is_excluded",
    "exclude": "is_excluded",
    "excluded": "is_excluded",
    "includedescendants": "include_descendants",
    "descendants": "include_descendants",
    "includemapped": "include_mapped",
    "mapped": "include_mapped",
}


def expression_of(concept_set: ConceptSet) -> dict[str, Any]:
    """Write a concept set as ATLAS does.

    Parameters
    ----------
    concept_set : ConceptSet
        The set.

    Returns
    -------
    dict
        A concept set expression.
    """
    return {
        "items": [
            {
                "concept": {"CONCEPT_ID": item.concept_id, "CONCEPT_NAME": item.concept_name},
                "isExcluded": item.is_excluded,
                "includeDescendants": item.include_descendants,
                "includeMapped": item.include_mapped,
            }
            for item in concept_set.items
        ]
    }


def read_atlas(document: str | dict[str, Any], *, name: str | None) -> ConceptSet:
    """Read a concept set that ATLAS exported.

    Parameters
    ----------
    document : str or dict
        The expression, or the set with its name.
    name : str or None
        What to call it.

    Returns
    -------
    ConceptSet
        The set.
    """
    from analysis_lib.cohort.language.circe_reading import load_json

    loaded = load_json(document)
    if isinstance(loaded, list):  # the items alone
        loaded = {"items": loaded}
    if isinstance(loaded, dict) and "items" in {str(key).lower() for key in loaded}:
        loaded = {"expression": loaded}
    found = read_concept_set(Node(loaded), name="concept set")
    return found if name is None else ConceptSet(name, found.items, may_be_empty=True)


def read_concept_set(node: Node, *, name: str) -> ConceptSet:
    """Read a concept set of a Circe document.

    Parameters
    ----------
    node : Node
        The set.
    name : str
        What to call it if it has no name.

    Returns
    -------
    ConceptSet
        The set; it may be empty.
    """
    for key in _ABOUT:
        node.take(key)
    called = plain_text(node.take("name")) or name
    expression = node.below("expression")
    node.finish()
    items = [] if expression is None else [_item(each) for each in expression.nodes("items")]
    if expression is not None:
        # Some exports repeat the flags of a line beside the list, where they mean nothing.
        for key in ("isExcluded", "includeDescendants", "includeMapped", "concept"):
            expression.take(key)
        expression.finish()
    with at(node.path or "the document"):
        return ConceptSet(called, items, may_be_empty=True)


def _item(node: Node) -> ConceptSetItem:
    below = node.below("concept")
    concept = None if below is None else read_concept(below)
    if concept is None:
        raise CirceError(f"{node.at('concept')} must have a CONCEPT_ID; got none. Mend the document.")
    with at(node.path):
        item = ConceptSetItem(
            concept.concept_id,
            include_descendants=node.flag("includeDescendants"),
            is_excluded=node.flag("isExcluded"),
            include_mapped=node.flag("includeMapped"),
            concept_name=concept.concept_name,
        )
    node.finish()
    return item


def read_csv(path: "str | os.PathLike[str]", *, name: str | None) -> ConceptSet:
    """Read a concept set from a CSV file.

    Parameters
    ----------
    path : path-like
        The file.
    name : str or None
        What to call it.

    Returns
    -------
    ConceptSet
        The set.
    """
    file = Path(path)
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            lines = list(csv.reader(stream))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InvalidDefinitionError(
            f"a concept set must be a CSV file in UTF-8; found {type(error).__name__} with '{file.name}'. "
            "Check the path."
        ) from None
    header, *rows = lines or [[]]
    columns = [_COLUMNS.get("".join(word for word in each.lower() if word.isalpha()), "") for each in header]
    if columns.count("concept_id") != 1:
        raise InvalidDefinitionError(
            f"'{file.name}' must have one column concept_id; found {', '.join(header) or 'no header'}. Name it so."
        )
    items = [
        _line(dict(zip(columns, row, strict=False)), f"line {number} of '{file.name}'")
        for number, row in enumerate(rows, start=2)
        if any(cell.strip() for cell in row)
    ]
    return ConceptSet(plain_text(name if name is not None else file.stem), items)


def _line(row: dict[str, str], where: str) -> ConceptSetItem:
    written = row.get("concept_id", "").strip()
    if not written.isascii() or not written.isdecimal():
        raise InvalidDefinitionError(f"concept_id in {where} must be a whole number; found none. Mend the line.")
    return ConceptSetItem(
        int(written),
        include_descendants=_flag(row.get("include_descendants", "true"), where),
        is_excluded=_flag(row.get("is_excluded", ""), where),
        include_mapped=_flag(row.get("include_mapped", ""), where),
        concept_name=plain_text(row.get("concept_name", "")),
    )


def _flag(written: str, where: str) -> bool:
    word = written.strip().lower()
    if word not in _YES and word not in _NO:
        raise InvalidDefinitionError(f"{where} must say true or false; found another word. Mend the line.")
    return word in _YES
