"""Same meaning, same hash; another meaning, another hash; and what changed in words."""

from dataclasses import replace

import pytest

from analysis_lib.cohort import CohortDefinition, ConceptSet, EntryEvent, PriorObservation, Washout
from analysis_lib.cohort.exits import CensorWindow, ContinuousExposure
from analysis_lib.cohort.language import (
    Criterion,
    CustomEra,
    Demographics,
    Entry,
    Event,
    Group,
    InclusionRule,
    ShiftedDates,
    Where,
    Window,
)
from analysis_lib.cohort.language.computed import BodyMassIndex, Change, Egfr, Ratio, Slope
from analysis_lib.cohort.language.concepts import Concept, ConceptSetItem

DRUG, BLEED = ConceptSet("drug", [10]), ConceptSet("bleed", [30])
BLED = Criterion(Event(BLEED, "condition_era"), Window(-365, -1))
OLD = Demographics((Where("age", ">=", 40),))
TREATED = Criterion(Event(DRUG, "drug_era"), Window(0, 7), count=2, distinct="start_date")


def _ruled(*groups: Group) -> CohortDefinition:
    rules = tuple(InclusionRule(f"rule {number}", group) for number, group in enumerate(groups))
    return CohortDefinition("x", Event(DRUG, "drug_exposure"), rules)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Group("all", (BLED, OLD, TREATED)), Group("all", (TREATED, OLD, BLED))),
        (Group("any", (BLED, OLD)), Group("any", (OLD, BLED, BLED, OLD))),
        (Group("any", (BLED, OLD)), Group("at_least", (OLD, BLED), 1)),
        (Group("any", (BLED,)), Group("all", (BLED,))),
        (Group("at_least", (BLED, OLD, TREATED), 2), Group("at_least", (OLD, TREATED, BLED), 2)),
        (
            Group("all", (Group("any", (OLD, BLED)), TREATED)),
            Group("all", (TREATED, Group("any", (BLED, OLD)))),
        ),
        (
            Group("all", (Demographics((Where("gender", "in", [Concept(8532, "FEMALE"), Concept(8507)]),)),)),
            Group("all", (Demographics((Where("gender", "in", [8507, 8532, 8532]),)),)),
        ),
    ],
)
def test_order_and_repetition_in_a_group_carry_no_meaning(one: Group, other: Group) -> None:
    assert _ruled(one).sha256 == _ruled(other).sha256
    assert not _ruled(one).difference(_ruled(one))
    assert _ruled(one).difference(_ruled(other)).lines[0] == "Only the wording changed; the meaning is the same."


def test_names_carry_no_meaning() -> None:
    named = ConceptSet("other name", [ConceptSetItem(10, concept_name="Drug")])
    plain = CohortDefinition("a", EntryEvent(DRUG, "drug_era"), (InclusionRule("b", Group("all", (BLED,))),))
    other = CohortDefinition(
        "c", EntryEvent(named, "drug_era"), (InclusionRule("d", Group("all", (BLED,)), "more"),), cohort_definition_id=4
    )
    assert plain.sha256 == other.sha256


def test_the_order_of_inclusion_rules_carries_meaning() -> None:
    groups = (Group("all", (BLED,)), Group("all", (OLD,)))
    assert _ruled(*groups).sha256 != _ruled(*reversed(groups)).sha256


def test_repetition_in_a_group_that_counts_carries_meaning() -> None:
    assert _ruled(Group("at_least", (BLED, OLD), 2)).sha256 != _ruled(Group("at_least", (BLED, BLED, OLD), 2)).sha256


def test_a_short_form_and_what_it_stands_for_have_the_same_hash() -> None:
    period = Criterion(Event(None, "observation_period"), Window(None, -180))
    none = Criterion(
        Event(BLEED, "condition_era"), Window(None, -1), occurs="exactly", count=0, ignore_observation_period=True
    )
    short = CohortDefinition(
        "x", EntryEvent(DRUG, "drug_era"), (PriorObservation(180), Washout(BLEED, "condition_era"))
    )
    long = CohortDefinition(
        "x",
        Entry((Event(DRUG, "drug_era", first=True),)),
        (InclusionRule("a", Group("all", (period,))), InclusionRule("b", Group("all", (none,)))),
    )
    assert short.sha256 == long.sha256


EVENT = Event(DRUG, "drug_exposure", where=(Where("days_supply", ">", 3),))
BASE = CohortDefinition("x", EVENT, entries_per_person="every")
CHANGED = {
    "entry.domain": replace(BASE, entry=replace(EVENT, domain="device_exposure", where=())),
    "entry.first": replace(BASE, entry=replace(EVENT, first=True)),
    "entry.where": replace(BASE, entry=replace(EVENT, where=(Where("days_supply", ">=", 3),))),
    "entry.source": replace(BASE, entry=replace(EVENT, source_concept_set=DRUG)),
    "entry.having": replace(BASE, entry=replace(EVENT, having=Group("all", (BLED,)))),
    "entry.dates": replace(BASE, entry=replace(EVENT, dates=ShiftedDates(1))),
    "entry.limit": replace(BASE, entry=Entry((EVENT,), limit="last")),
    "entry.post_days": replace(BASE, entry=Entry((EVENT,), post_days=1)),
    "custom era": replace(BASE, entry=CustomEra((EVENT,), 30)),
    "custom era gap": replace(BASE, entry=CustomEra((EVENT,), 31)),
    "qualifying": replace(BASE, qualifying=Group("all", (BLED,))),
    "qualified_limit": replace(BASE, qualifying=Group("all", (BLED,)), qualified_limit="first"),
    "entries_per_person": replace(BASE, entries_per_person="last"),
    "exit": replace(BASE, exit=ContinuousExposure(DRUG)),
    "exit gap": replace(BASE, exit=ContinuousExposure(DRUG, gap_days=31)),
    "exit supply": replace(BASE, exit=ContinuousExposure(DRUG, days_supply=30)),
    "censoring_events": replace(BASE, censoring_events=(Event(None, "death"),)),
    "era_pad_days": replace(BASE, era_pad_days=1),
    "censor_window": replace(BASE, censor_window=CensorWindow("2020-01-01", None)),
    **{
        f"computed {number}": replace(BASE, entry=Event(value, "measurement"))
        for number, value in enumerate(
            [
                Egfr(DRUG),
                Egfr(BLEED),
                BodyMassIndex(DRUG, BLEED),
                BodyMassIndex(DRUG, BLEED, within_days=9),
                Change(DRUG),
                Change(DRUG, "percent"),
                Change(Egfr(DRUG)),
                Slope(DRUG, 365),
                Slope(DRUG, 365, least_values=2),
                Ratio(DRUG, BLEED),
                Ratio(BLEED, DRUG),
                Ratio(DRUG, BLEED, within_days=1),
            ]
        )
    },
}


def test_every_part_is_in_the_hash_in_the_sentences_and_in_the_json() -> None:
    everything = {"base": BASE, **CHANGED}
    assert len({definition.sha256 for definition in everything.values()}) == len(everything)
    assert len({definition.describe() for definition in everything.values()}) == len(everything)
    for name, definition in everything.items():
        assert CohortDefinition.from_json(definition.to_json()) == definition, name


@pytest.mark.parametrize("name", CHANGED)
def test_every_change_is_said(name: str) -> None:
    said = BASE.difference(CHANGED[name])
    assert said.lines[0] == "The meaning changed."
    assert len(said.items) == len(said.as_dicts()) >= 1
    assert said.same_meaning is False


def test_a_difference_names_the_place_and_both_values() -> None:
    before = _ruled(Group("all", (BLED, TREATED)))
    fewer = Criterion(Event(DRUG, "drug_era"), Window(0, 7), count=1, distinct="start_date")
    after = _ruled(Group("all", (BLED, fewer)), Group("all", (OLD,)))
    said = before.difference(after)
    assert str(said) == (
        "The meaning changed.\n"
        "  inclusion_rules[0].group.criteria[1].count: 2 became 1\n"
        "  inclusion_rules[1] added: rule 1: keep those for whom the person: age >= 40."
    )
    assert said.as_dicts()[0] | {"sentence": ""} == {
        "path": "inclusion_rules[0].group.criteria[1].count",
        "kind": "changed",
        "before": 2,
        "after": 1,
        "sentence": "",
    }
    assert "rule 1" in said._repr_html_()


def test_a_difference_of_concept_sets_names_the_lines() -> None:
    before = CohortDefinition("x", EntryEvent(ConceptSet("drug", [10, 11]), "drug_era"))
    after = CohortDefinition("x", EntryEvent(ConceptSet("drug", [11, 12]).excluding(13), "drug_era"))
    assert before.difference(after).lines[1:] == [
        "  entry.concept_set: concept set 'drug': line removed: (concept 10 and its descendants)",
        "  entry.concept_set: concept set 'drug': line added: (concept 12 and its descendants)",
        "  entry.concept_set: concept set 'drug': line added: (nothing, without concept 13 and its descendants)",
    ]
