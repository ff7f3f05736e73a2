"""From typed parameters to a form, and from what was typed back to values."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub_config.reports.parameters import KnownNames
from hub_config.reports.parameters.declarations import read_parameters
from hub_config.reports.service.forms import filled_form, offer_names, read_form
from hub_config.reports.service.texts import LANGUAGES

from .notebooks import STEADY

PARAMETERS = read_parameters(STEADY)
DEFAULTS = {one.name: one.default for one in PARAMETERS}


def filled(parameters, values=None, *, language="en"):
    return filled_form(parameters, values, texts=LANGUAGES[language])


def read(parameters, typed, *, language="en"):
    sent = {name: [texts] if isinstance(texts, str) else texts for name, texts in typed.items()}
    return read_form(parameters, sent, texts=LANGUAGES[language])


def as_sent(form):
    """What a browser sends when nothing was changed: an unchecked box sends nothing."""
    return {
        field.id: list(field.ticked) if field.is_ticked else [field.value]
        for field in form.fields
        if (field.ticked if field.is_ticked else field.parameter.type.kind != "bool" or field.value == "on")
    } | {f"{field.id}.order": [field.order] for field in form.fields if field.order}


def test_a_form_sent_unchanged_gives_the_templates_own_values():
    form = read(PARAMETERS, as_sent(filled(PARAMETERS)))
    assert form.is_good
    assert form.values == DEFAULTS


def test_a_form_filled_from_an_earlier_run_gives_its_values_again():
    earlier = {
        "words": 'a, "b" = c: {d}',
        "count": -7,
        "share": 1e-9,
        "ties": "efron",
        "begin": "2020-02-29",
        "concept_ids": [],
        "limit": 12,
        "pause": 2.0,
        "loud": True,
    }
    assert read(PARAMETERS, as_sent(filled(PARAMETERS, earlier))).values == earlier


def test_lists_of_words_with_commas_survive_the_way_there_and_back():
    parameters = read_parameters("""names: list[str] = []  # names""")
    for names in (["a, b", "c"], ["plain", "words"], [" padded "], [""]):
        sent = as_sent(filled(parameters, {"names": names}))
        assert read(parameters, sent).values == {"names": names}


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("count", "many"),
        ("count", "1.5"),
        ("count", ""),
        ("share", "nan"),
        ("share", "half"),
        ("ties", "exact"),
        ("begin", "2021-02-29"),
        ("begin", "tomorrow"),
        ("concept_ids", "1, two"),
        ("concept_ids", "[1"),
        ("limit", "xyzzy"),
        ("words", "x" * 10_001),
    ],
)
def test_what_does_not_fit_is_said_beside_its_field_and_kept_as_typed(name, typed):
    sent = {**as_sent(filled(PARAMETERS)), f"p-{name}": typed}
    form = read(PARAMETERS, sent)
    wrong = [field for field in form.fields if field.error]
    assert [field.parameter.name for field in wrong] == [name]
    assert wrong[0].value == typed[:10_000]
    assert "1 of" not in form.error
    assert not form.is_good
    if typed.strip():
        assert typed not in wrong[0].error


def test_a_field_that_the_template_does_not_have_is_refused():
    sent = {**as_sent(filled(PARAMETERS)), "p-__import__": "os"}
    assert not read(PARAMETERS, sent).is_good


TICKED = read_parameters("""
from typing import Literal
ways: list[Literal["breslow", "efron", "", "null"]] = ["efron", "breslow"]  # how
some: list[Literal["A", "B", "C"]] = ["A"]  # 1 to 2 items; which
years: list[Literal[2024, 2025]] | None = None  # which
wards: list[Literal["A", "B"]] | None = None  # at least 1 items; which
""")


@given(
    st.fixed_dictionaries(
        {
            "ways": st.lists(st.sampled_from(["breslow", "efron", "", "null"]), max_size=4),
            "some": st.lists(st.sampled_from(["A", "B", "C"]), min_size=1, max_size=2),
            "years": st.none() | st.lists(st.sampled_from([2024, 2025]), max_size=3),
            "wards": st.none() | st.lists(st.sampled_from(["A", "B"]), min_size=1, max_size=3),
        }
    )
)
@settings(max_examples=100, deadline=None)
def test_choices_of_an_earlier_run_come_back_in_their_order_when_nothing_is_touched(values):
    form = read(TICKED, as_sent(filled(TICKED, values)))
    assert form.is_good
    assert form.values == values
    assert read(TICKED, as_sent(form)).values == values


@pytest.mark.parametrize(
    ("name", "ticked", "value"),
    [
        ("ways", ['"null"', '"breslow"'], ["breslow", "null"]),
        ("ways", ['""'], [""]),
        ("ways", [], []),
        ("years", ["null"], None),
        ("years", [], []),
        ("years", ["2025", "2024", "2025"], [2024, 2025]),
        ("wards", [], None),
    ],
)
def test_choices_are_ticked_and_come_in_the_order_in_which_they_are_declared(name, ticked, value):
    form = read(TICKED, {**as_sent(filled(TICKED)), f"p-{name}": ticked})
    assert form.is_good
    assert form.values[name] == value


@pytest.mark.parametrize(
    ("name", "ticked", "why"),
    [
        ("some", [], "found a list of 0"),
        ("some", ['"A"', '"B"', '"C"'], "found a list of 3"),
        ("some", ['"X-4711"'], "found another text as item 1"),
        ("some", ["X-4711"], "found another text as item 1"),
        ("ways", ["null"], "as item 1"),
        ("years", ['"2024"'], "as item 1"),
        ("years", ["2024.0"], "as item 1"),
        ("years", ["[" * 5_000], "as item 1"),
        ("years", ["null", "2024"], "Found no value ticked together with choices"),
    ],
)
def test_ticks_that_do_not_fit_are_said_beside_their_group_and_kept(name, ticked, why):
    form = read(TICKED, {**as_sent(filled(TICKED)), f"p-{name}": ticked})
    (field,) = (field for field in form.fields if field.error)
    assert field.parameter.name == name
    assert list(field.ticked) == ticked
    assert {text for text, _ in field.boxes} >= set(ticked)
    assert why in field.error
    assert "4711" not in field.error
    (korean,) = (one for one in read(TICKED, {**as_sent(form), f"p-{name}": ticked}, language="ko").fields if one.error)
    assert "영어로 된 설명" not in korean.error


def test_an_order_that_no_form_of_ours_has_sent_changes_nothing():
    for order in ('["X"]', "[1", "{}", "null", "[" * 5_000, '["breslow", "breslow"]'):
        form = read(TICKED, {"p-some": ['"A"'], "p-ways": ['"breslow"', '"efron"'], "p-ways.order": [order]})
        assert form.values["ways"] == ["breslow", "efron"]
    assert not read(TICKED, {"p-some": ['"A"'], "p-other.order": ["[]"]}).is_good


def test_what_is_said_of_a_group_follows_what_its_type_accepts():
    said = {field.parameter.name: field.hints for field in filled(TICKED).fields}
    words = LANGUAGES["en"]
    assert said["ways"] == [words["field_ticks_hint"]]
    assert said["some"] == ["Allowed: 1 to 2 items."]
    assert said["years"] == [words["field_ticks_unset_hint"]]
    assert said["wards"] == ["Allowed: at least 1 items.", words["field_optional_hint"]]
    boxes = {field.parameter.name: field.boxes for field in filled(TICKED).fields}
    assert boxes["years"] == (("null", "(no value)"), ("2024", "2024"), ("2025", "2025"))
    assert [label for _, label in boxes["ways"]] == ["breslow", "efron", '""', "null"]
    assert {field.parameter.name: field.default for field in filled(TICKED).fields}["years"] == "(no value)"


def test_several_wrong_fields_are_counted():
    sent = {**as_sent(filled(PARAMETERS)), "p-count": "x", "p-share": "y"}
    assert "2" in read(PARAMETERS, sent).error


def test_an_optional_truth_value_has_three_answers():
    parameters = read_parameters("adjust: bool | None = None  # adjust for age")
    for sent, value in (("", None), ("true", True), ("false", False)):
        form = read(parameters, {"p-adjust": sent})
        assert form.values == {"adjust": value}
        assert filled(parameters, form.values).fields[0].value == sent


def test_numbers_bring_up_the_keyboard_for_numbers():
    keyboards = {field.parameter.name: field.keyboard for field in filled(PARAMETERS).fields}
    assert keyboards["count"] == keyboards["limit"] == "numeric"
    assert keyboards["share"] == "decimal"
    assert keyboards["concept_ids"] == keyboards["words"] == "text"


def test_a_range_is_a_hint_and_a_value_outside_it_is_refused_beside_its_field():
    parameters = read_parameters("days: int = 7  # 0 to 30 days; looked at")
    assert filled(parameters).fields[0].hints == ["Allowed: 0 to 30 days."]
    form = read(parameters, {"p-days": "31"})
    assert not form.is_good
    assert "found a number above that" in str(form.fields[0].error)


def test_what_is_wrong_is_said_in_the_readers_language():
    form = read(PARAMETERS, {"p-count": ""}, language="ko")
    assert form.fields[1].error is not None
    assert any("필요합니다" in (field.error or "") for field in form.fields)
    assert form.error == LANGUAGES["ko"].text("form_errors", n=sum(1 for field in form.fields if field.error))


def test_data_sets_and_cohorts_are_chosen_from_those_of_all_projects_that_the_report_may_run_for():
    parameters = read_parameters(
        'data: "Dataset" = "gibleed"\nwho: "Cohort | None" = None\nkey: "Secret" = "token"\nmore: "list[Dataset]" = []'
    )
    known = [KnownNames({"gibleed": ["2026"]}, ["stroke"]), KnownNames({"wards": []}, ["copd", "stroke"])]
    offered = {field.parameter.name: field.names for field in offer_names(filled(parameters), known).fields}
    assert offered == {
        "data": ("gibleed", "gibleed@2026", "wards"),
        "who": ("copd", "stroke"),
        "key": (),  # nobody has a secret: the name is typed
        "more": (),
    }


def test_a_name_that_is_there_no_more_stays_in_its_field():
    parameters = read_parameters('data: "Dataset" = "gibleed"')
    (field,) = offer_names(filled(parameters, {"data": "old@2020"}), [KnownNames({"gibleed": []})]).fields
    assert field.names == ("gibleed", "old@2020")
    (field,) = offer_names(filled(parameters), [KnownNames()]).fields
    assert field.names == ()
