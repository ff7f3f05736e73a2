import json
import pickle

import pytest

from analysis_lib.catalog.spec import cdm_tables
from analysis_lib.cohort import CohortDefinition, ConceptSet, EntryEvent, PriorObservation, TimeAtRisk, Washout
from analysis_lib.cohort.exits import EndOfObservation, FixedDuration
from analysis_lib.cohort.language.domains import DOMAINS
from analysis_lib.errors import InvalidDefinitionError

DRUG = ConceptSet("drug", [10]).excluding(12)
FULL = CohortDefinition(
    "new users",
    EntryEvent(DRUG, "drug_era", occurrence="every"),
    (PriorObservation(180), Washout(DRUG, "drug_era", days=180), Washout(ConceptSet("bleed", [30]), "condition_era")),
    exit=FixedDuration(0, after="entry_end"),
    entries_per_person="first",
    cohort_definition_id=7,
)


def test_a_definition_survives_json_and_pickle() -> None:
    assert CohortDefinition.from_json(FULL.to_json()) == FULL
    assert pickle.loads(pickle.dumps(FULL)) == FULL
    assert hash(pickle.loads(pickle.dumps(FULL))) == hash(FULL)


def test_equal_meaning_has_an_equal_hash_whatever_it_is_called() -> None:
    lines = ConceptSet("the same", [12, 10, 10])
    one = CohortDefinition("one", EntryEvent(lines, "drug_era"))
    other = CohortDefinition("two", EntryEvent(ConceptSet("x", [10, 12]), "drug_era"), cohort_definition_id=9)
    assert one.sha256 == other.sha256
    assert CohortDefinition.from_json(json.dumps(json.loads(FULL.to_json()), indent=4)).sha256 == FULL.sha256


def test_a_first_record_may_be_two_entries_so_entries_per_person_is_part_of_the_meaning() -> None:
    # It lies in two observation periods where a source has overlapping ones, and these end on different days.
    first = CohortDefinition("users", EntryEvent(DRUG, "drug_era", occurrence="first"))
    again = CohortDefinition("users", EntryEvent(DRUG, "drug_era", occurrence="first"), entries_per_person="every")
    assert first.sha256 != again.sha256


@pytest.mark.parametrize(
    "changed",
    [
        CohortDefinition("users", EntryEvent(DRUG, "drug_exposure")),
        CohortDefinition("users", EntryEvent(DRUG, "drug_era", occurrence="every")),
        CohortDefinition("users", EntryEvent(ConceptSet("drug", [10]), "drug_era")),
        CohortDefinition("users", EntryEvent(DRUG, "drug_era"), (PriorObservation(1),)),
        CohortDefinition("users", EntryEvent(DRUG, "drug_era"), (PriorObservation(2),)),
        CohortDefinition("users", EntryEvent(DRUG, "drug_era"), exit=FixedDuration(1)),
        CohortDefinition("users", EntryEvent(DRUG, "drug_era"), exit=FixedDuration(1, after="entry_end")),
    ],
)
def test_another_meaning_has_another_hash(changed: CohortDefinition) -> None:
    assert changed.sha256 != CohortDefinition("users", EntryEvent(DRUG, "drug_era")).sha256


def test_the_hash_of_a_definition_never_changes_from_one_version_to_the_next() -> None:
    # A hash in an old report must still name its definition: this one may change only with the schema's number.
    # Schema 2 hashes what the definition means in Circe's words, so that its short and long forms are the same.
    simple = CohortDefinition("celecoxib", EntryEvent(ConceptSet("celecoxib", [1118084]), "drug_era"))
    assert simple.sha256 == "3e9ecf0f7c29a566524c5ae042832acb40482fe5915199ca221706f14ed76311"
    assert FULL.sha256 == "d7faddd494ac7efcae00ef1003be016bc469f60f31af3de90c6f792a159e0deb"


def test_a_definition_reads_aloud() -> None:
    assert FULL.describe() == (
        "new users\n"
        "  Enter on the first day of any drug era of drug (concept 10 and its descendants, without concept 12 and its "
        "descendants), if that day lies in an observation period of the person.\n"
        "  Keep those observed for at least 180 days before the index date.\n"
        "  Keep those without a drug era of drug (concept 10 and its descendants, without concept 12 and its "
        "descendants) in the 180 days before the index date.\n"
        "  Keep those without a condition era of bleed (concept 30 and its descendants) at any time before the index "
        "date.\n"
        "  Keep the first remaining entry of each person.\n"
        "  Leave on the last day of the entry record, or on the last day of that observation period if it is earlier."
    )


def test_a_printed_definition_breaks_its_lines() -> None:
    printed = str(FULL).splitlines()
    assert max(map(len, printed)) <= 100
    assert " ".join(line.strip() for line in printed) == " ".join(FULL.describe().split())


def test_a_time_at_risk_reads_aloud() -> None:
    assert str(TimeAtRisk()) == "At risk from the index date to the end of observation, both days included."
    assert str(TimeAtRisk(1, ends="cohort_end", at_most_days=365)) == (
        "At risk from 1 day after the index date to the cohort end date, 365 days at most, both days included."
    )


def test_parts_cannot_be_changed_afterwards() -> None:
    with pytest.raises(AttributeError):
        FULL.name = "other"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: ConceptSet("", [1]), "name of a concept set must be one line of text; got str ''"),
        (lambda: ConceptSet("two\nlines", [1]), "one line of text"),
        (lambda: ConceptSet("none", []), "includes no concept"),
        (lambda: ConceptSet("none", []).excluding(1), "includes no concept"),
        (lambda: ConceptSet("text", ["1"]), "concept_id must be a whole number, 0 or more; got str '1'"),
        (lambda: ConceptSet("bool", [True]), "got bool True"),
        (lambda: ConceptSet("float", [1.0]), "got float 1.0"),
        (lambda: ConceptSet("huge", [2**63]), "must be a whole number"),
        (lambda: EntryEvent(DRUG, "drug_era; DROP TABLE person"), "domain of an EntryEvent is not known"),
        (lambda: EntryEvent(DRUG, "person"), "Choose one of: condition_era"),
        (lambda: EntryEvent(DRUG, "drug_era", occurrence="last"), "Choose one of: first, every"),
        (lambda: EntryEvent("drug", "drug_era"), "must be ConceptSet; got str 'drug'"),
        (lambda: PriorObservation(-1), "days of PriorObservation must be a whole number, 0 or more; got int -1"),
        (lambda: PriorObservation(10**6), "at most 100,000; got 1000000. Is it given in days?"),
        (lambda: FixedDuration(1.5), "days of FixedDuration must be a whole number"),
        (lambda: FixedDuration(1, after="sunrise"), "Choose one of: entry_start, entry_end"),
        (lambda: TimeAtRisk(at_most_days=0), "at_most_days of TimeAtRisk must be a whole number, 1 or more"),
        (lambda: TimeAtRisk(ends="never"), "Choose one of: observation_end, cohort_end"),
        (lambda: CohortDefinition("x", DRUG), "entry of a CohortDefinition must be EntryEvent"),
        (lambda: CohortDefinition("x", EntryEvent(DRUG, "drug_era"), (DRUG,)), "must be PriorObservation or Washout"),
        (lambda: CohortDefinition("x", EntryEvent(DRUG, "drug_era"), exit=30), "must be EndOfObservation or Fixed"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_can(make: object, says: str) -> None:
    with pytest.raises(InvalidDefinitionError) as refused:
        make()  # type: ignore[operator]
    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda d: d.update(surprise=1), "unknown: surprise; missing: none"),
        (lambda d: d.pop("entry"), "unknown: none; missing: entry"),
        (lambda d: d.update(schema="cohorthub.cohort-definition/3"), "Choose one of: cohorthub.cohort-definition/2"),
        (lambda d: d["entry"].update(type="Spell"), "type of a part of a cohort definition is not known"),
        (lambda d: d["entry"].update(type=[]), "type of a part of a cohort definition is not known"),
        (
            lambda d: d["entry"]["concept_set"]["items"][0].update(is_excluded="no"),
            "entry.concept_set.items[0]: is_excluded must be True or False",
        ),
        (lambda d: d["entry"]["concept_set"]["items"][0].pop("concept_id"), "missing: concept_id"),
        (lambda d: d.update(inclusion_rules={"type": "PriorObservation"}), "inclusion_rules"),
        (lambda d: d.update(entry=d["exit"]), "entry of a CohortDefinition must be EntryEvent"),
    ],
)
def test_a_document_with_an_unknown_part_is_refused(change: object, says: str) -> None:
    document = json.loads(FULL.to_json())
    change(document)  # type: ignore[operator]
    with pytest.raises(InvalidDefinitionError) as refused:
        CohortDefinition.from_json(json.dumps(document))
    assert says in str(refused.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "7", "null"])
def test_what_is_no_definition_at_all_is_refused(text: str) -> None:
    with pytest.raises(InvalidDefinitionError):
        CohortDefinition.from_json(text)


def test_every_part_of_the_language_can_be_written_and_read() -> None:
    for leave in (EndOfObservation(), FixedDuration(3)):
        definition = CohortDefinition("users", EntryEvent(DRUG, "measurement"), exit=leave)
        assert CohortDefinition.from_json(definition.to_json()) == definition


@pytest.mark.parametrize("version", ["5.3", "5.4"])
def test_the_quality_report_counts_undated_records_of_every_domain(version: str) -> None:
    for domain in DOMAINS:
        table = cdm_tables(version)[domain]
        assert table.start in {field.name for field in table.fields if field.required}, domain


def test_a_notebook_shows_sentences_and_lines_with_every_sign_escaped() -> None:
    hostile = ConceptSet("<script>drug</script>", [10]).excluding(12)
    page = CohortDefinition("users & others", EntryEvent(hostile, "drug_era"))._repr_html_()
    assert "users &amp; others" in page
    assert "Enter on" in page
    assert "<script>" not in page + hostile._repr_html_()
    assert hostile._repr_html_().count("excluded") == 1
    assert "The first 25 of 30 lines." in ConceptSet("many", range(1, 31))._repr_html_()
