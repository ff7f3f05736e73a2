"""The table of attributes against the models of circepy, which has read Circe's own classes."""

import pytest

from analysis_lib.cohort.language.attributes import DEMOGRAPHICS, EVENTS, Attribute
from analysis_lib.cohort.language.criteria import COUNTED


def _circe_names(attributes: list[Attribute]) -> set[str]:
    names = set[str]()
    for attribute in attributes:
        if attribute.kind != "concepts" or attribute.listed:
            names.add(attribute.circe)
        if attribute.kind == "concepts" and attribute.chosen:
            names.add(f"{attribute.circe}CS")
        names.add(attribute.exclusion)
    return {name.lower() for name in names - {""}}


def _model_names(model: type) -> set[str]:
    fields = model.model_fields  # type: ignore[attr-defined]
    everywhere = {"dateadjustment", "correlatedcriteria", "include"}
    return {name.replace("_", "") for name in fields} - everywhere


@pytest.mark.parametrize("domain", EVENTS)
def test_everything_that_circe_asks_of_a_table_can_be_asked_and_nothing_else(domain: str) -> None:
    from circe.cohortdefinition.criteria import NAMES_TO_CLASSES

    table = EVENTS[domain]
    ours = _circe_names(list(table.attributes.values()))
    ours |= {name.lower() for name in (table.codeset, table.source, "First" * table.first) if name}
    if domain == "custom_era":
        ours |= {"criterialist", "gapdays"}
    assert ours == _model_names(NAMES_TO_CLASSES[table.circe])


def test_every_kind_of_event_that_circe_knows_is_there() -> None:
    from circe.cohortdefinition.criteria import NAMES_TO_CLASSES

    assert {table.circe for table in EVENTS.values()} == set(NAMES_TO_CLASSES)


def test_everything_that_circe_asks_of_a_person_can_be_asked() -> None:
    from circe.cohortdefinition.criteria import DemographicCriteria

    assert _circe_names(list(DEMOGRAPHICS.values())) == _model_names(DemographicCriteria)


def test_every_column_that_circe_counts_can_be_counted() -> None:
    from circe.cohortdefinition.criteria import CriteriaColumn

    assert set(COUNTED.values()) == {column.name for column in CriteriaColumn}
