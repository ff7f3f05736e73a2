"""The model's tables as this library knows them."""

import pytest

from analysis_lib.catalog.spec import VERSIONS, cdm_tables


@pytest.mark.parametrize("version", VERSIONS)
def test_every_role_names_a_column_of_its_table(version: str) -> None:
    for spec in cdm_tables(version).values():
        for role in (spec.key, spec.concept, spec.start, spec.end, spec.person, *spec.sort_columns):
            assert role is None or role in spec.columns, (spec.name, role)
        assert len(set(spec.columns)) == len(spec.columns)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_table_with_a_start_date_has_an_owner(version: str) -> None:
    for spec in cdm_tables(version).values():
        if spec.start is not None:
            assert spec.person is not None, spec.name


def test_the_versions_differ_where_the_model_says_they_do() -> None:
    old, new = (cdm_tables(version) for version in VERSIONS)
    assert "admitting_source_concept_id" in old["visit_occurrence"].columns
    assert "admitted_from_concept_id" in new["visit_occurrence"].columns
    assert "episode" not in old
    assert new["episode"].person == "person_id"
    # Counted in the field lists that OHDSI publishes: 37 tables and 39.
    assert (len(set(old) - {"cohort"}), len(new)) == (37, 39)


def test_ids_are_known_from_counts_and_codes() -> None:
    tables = cdm_tables("5.4")
    ids = {field.name for field in tables["drug_exposure"].fields if field.is_id}
    assert {"drug_exposure_id", "person_id", "drug_concept_id", "visit_occurrence_id", "provider_id"} <= ids
    assert not ids & {"quantity", "refills", "days_supply", "drug_source_value", "unique_device_id"}
    assert {f.name for f in tables["fact_relationship"].fields if f.is_id} >= {"fact_id_1", "domain_concept_id_2"}
    assert not {f.name for f in tables["concept"].fields if f.is_id} & {"domain_id", "vocabulary_id"}


def test_an_unknown_version_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"5\.3, 5\.4"):
        cdm_tables("6.0")
