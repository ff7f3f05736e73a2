"""The language of alert rules: what it understands, and what it refuses."""

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_config.reports.changes import AlertRuleError, parse_alert
from hub_config.reports.changes.alerts.rules import Target
from hub_config.reports.changes.alerts.words import REASONS

KNOWN = {"events": "number", "rate": "number", "table-1": "table", "curve": "figure"}


@pytest.mark.parametrize(
    ("text", "target", "kind"),
    [
        ("events > 20", Target("events"), "compare"),
        ("events>20", Target("events"), "compare"),
        ("  events   >=  20  ", Target("events"), "compare"),
        ("30-day-rate < -1.5e-3", Target("30-day-rate"), "compare"),
        ('table-1["Female","n"] >= 5', Target("table-1", labels=("Female", "n")), "compare"),
        (
            'table-1 [ "Sex, n (%)" , "Female", "n" ] != 5',
            Target("table-1", labels=("Sex, n (%)", "Female", "n")),
            "compare",
        ),
        ('t["say \\"x\\\\\\"","n"] == 5', Target("t", labels=('say "x\\"', "n")), "compare"),
        ("cox.hazard_ratio < 1", Target("cox", "hazard_ratio"), "compare"),
        ('cox.hazard_ratio["arm[b - a]"] < 1', Target("cox", "hazard_ratio", ("arm[b - a]",)), "compare"),
        ('anova."PR(>F)"["arm"] < 0.05', Target("anova", "PR(>F)", ("arm",)), "compare"),
        ('t.비율["여자"] > 3', Target("t", "비율", ("여자",)), "compare"),
        ("curve.persons < 10", Target("curve", "persons"), "compare"),
        ("rate changed by more than 10 %", Target("rate"), "change"),
        ("rate changed by at least 10%", Target("rate"), "change"),
        ("rate rose by more than 2", Target("rate"), "change"),
        ("rate fell", Target("rate"), "change"),
        ("n_persons fell by more than 5", Target(""), "change"),
        ('n_persons["new users"] < 50', Target("", labels=("new users",)), "compare"),
        ("events missing", Target("events"), "missing"),
        ("missing > 3", Target("missing"), "compare"),
        ("new changed", Target("new"), "change"),
        ("missing", None, "any-missing"),
        ("new  output", None, "any-new"),
    ],
)
def test_a_rule_is_understood(text, target, kind):
    rule = parse_alert(text)
    assert (rule.target, rule.kind) == (target, kind)


def test_amounts_are_exact():
    assert parse_alert("rate > 0.1").amount == Fraction(1, 10)
    rule = parse_alert("rate rose by at least 7.5 %")
    assert (rule.amount, rule.is_percent, rule.comparison, rule.direction) == (Fraction(15, 2), True, ">=", "rose")


BAD = [
    ("", "empty"),
    ("   ", "empty"),
    ("events > 20" + " " * 600, "too-long"),
    ("events\n> 20", "control-sign"),
    ("events > 20\x00", "control-sign"),
    ("\u202eevents > 20", "control-sign"),
    ("> 20", "output-name"),
    ("Events > 20", "output-name"),
    ("my_events > 20", "output-name"),
    ("table--1 > 20", "output-name"),
    ("-events > 20", "output-name"),
    ("events- > 20", "output-name"),
    ("é > 20", "output-name"),
    ("e" * 65 + " > 20", "output-name"),
    ("../x > 20", "output-name"),
    ('"events" > 20', "output-name"),
    ("cox. > 1", "column-name"),
    ("cox.1st > 1", "column-name"),
    ("cox.(x) > 1", "column-name"),
    ('cox.""["a"] > 1', "label-expected"),
    ('table-1["Female"] > 5', "label-expected"),
    ("table-1[] > 5", "label-expected"),
    ("table-1[0, 1] > 5", "label-expected"),
    ("table-1[Female, n] > 5", "label-expected"),
    ('table-1["Female",] > 5', "label-expected"),
    ('table-1["  ","n"] > 5', "label-expected"),
    ('table-1["' + "x" * 201 + '","n"] > 5', "label-expected"),
    ("table-1['Female','n'] > 5", "quote-kind"),
    ("table-1[“Female”,“n”] > 5", "quote-kind"),
    ("cox.'x' > 5", "quote-kind"),
    ('table-1["Female","n] > 5', "quote-open"),
    ('table-1["Female\\', "escape"),
    ('table-1["Fem\\nale","n"] > 5', "escape"),
    ('table-1["Female","n" > 5', "bracket-open"),
    ('table-1["Female" "n"] > 5', "bracket-open"),
    ('t["1","2","3","4","5","6","7","8","9"] > 5', "too-many-labels"),
    ('n_persons["a","b"] > 5', "too-many-labels"),
    ("events", "condition-missing"),
    ('table-1["Female","n"]', "condition-missing"),
    ("events is 20", "condition-unknown"),
    ("events 20", "condition-unknown"),
    ("events Changed", "condition-unknown"),
    ("events changedby more than 3", "condition-unknown"),
    ("events; import os", "condition-unknown"),
    ("events.__class__()", "condition-unknown"),
    ("new outputs", "condition-unknown"),
    ("n_persons_x > 5", "condition-unknown"),
    ("events = 20", "sign-unknown"),
    ("events => 20", "sign-unknown"),
    ("events <> 20", "sign-unknown"),
    ("events ≥ 20", "sign-unknown"),
    ("events >> 20", "sign-unknown"),
    ("events >", "number-missing"),
    ("rate changed by more than", "number-missing"),
    ("events > twenty", "number-form"),
    ("events > 1,000", "number-form"),
    ("events > 1.2.3", "number-form"),
    ("events > .5", "number-form"),
    ("events > 5.", "number-form"),
    ("events > 0x10", "number-form"),
    ("events > 1_000", "number-form"),
    ("events > inf", "number-form"),
    ("events > ٢٠", "number-form"),
    ("events > rate", "number-form"),
    ("events > 1e999", "number-range"),
    ("events > " + "9" * 41, "number-range"),
    ("rate changed by more than -5", "amount-negative"),
    ("rate fell by at least 0", "amount-zero"),
    ("rate > 20 %", "percent-misplaced"),
    ("rate changed by 10 %", "by-expected"),
    ("rate changed more than 10 %", "by-expected"),
    ("rate changed 10 %", "by-expected"),
    ("rate changed by more 10 %", "by-expected"),
    ("rate changed by less than 10 %", "by-expected"),
    ("rate changed by more than at least 3", "number-form"),
    ("events > 20 and rate > 3", "trailing"),
    ("0 < events < 20", "number-form"),
    ("events > 2 * 10", "trailing"),
    ("events > 2 + 2", "trailing"),
    ("events missing today", "trailing"),
    ("rate changed by more than 10 % today", "trailing"),
    ("rate changed by more than 10 percent", "trailing"),
]


@pytest.mark.parametrize(("text", "reason"), BAD)
def test_a_rule_that_is_none_is_refused_with_a_stable_reason_and_its_place(text, reason):
    with pytest.raises(AlertRuleError) as refused:
        parse_alert(text)
    assert refused.value.reason == reason
    assert refused.value.reason in REASONS
    assert 1 <= refused.value.position <= len(text) + 1
    assert f"(at sign {refused.value.position} of the rule)" in str(refused.value)
    assert (refused.value.code, refused.value.exit_code) == ("REPORT-ALERT-RULE", 104)


@pytest.mark.parametrize("text", [None, 3, ["events > 20"], {"rule": 1}, b"events > 20"])
def test_what_is_no_text_is_refused(text):
    with pytest.raises(AlertRuleError) as refused:
        parse_alert(text)
    assert refused.value.reason == "no-text"


@pytest.mark.parametrize(
    ("text", "reason", "words"),
    [
        ("event > 20", "output-unknown", "events (number), rate (number), table-1 (table), curve (figure)"),
        ("event missing", "output-unknown", "events (number)"),
        ('cox.coef["x"] changed', "output-unknown", "table-1 (table)"),
        ("events.n_x > 3", "output-kind", "is a number"),
        ('rate["a","b"] > 3', "output-kind", "is a number"),
        ("table-1 > 3", "output-kind", 'Write table-1["row", "column"]'),
        ("table-1 changed", "output-kind", "Numbers are: events, rate"),
        ("curve > 3", "output-kind", "is a figure"),
        ('curve["a","b"] > 3', "output-kind", "curve.persons"),
    ],
)
def test_an_output_that_is_not_declared_or_of_another_kind_is_refused_with_those_that_are(text, reason, words):
    parse_alert(text)
    with pytest.raises(AlertRuleError) as refused:
        parse_alert(text, known=KNOWN)
    assert refused.value.reason == reason
    assert words in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "curve.persons > 3",
        "curve missing",
        "table-1 missing",
        "events.n > 3",
        'table-1["a","b"] changed',
        "n_persons > 3",
    ],
)
def test_what_the_report_declares_is_accepted(text):
    assert parse_alert(text, known=KNOWN).text == text


def test_every_example_of_the_page_is_understood_and_every_reason_is_on_it():
    page = (Path(__file__).parents[5] / "docs" / "reference" / "alerts.md").read_text(encoding="utf-8")
    examples = page.partition("```text\n")[2].partition("```")[0].splitlines()
    assert len([parse_alert(line) for line in examples]) > 10
    assert [reason for reason in REASONS if f"`{reason}`" not in page] == []


def test_every_reason_for_a_refusal_is_tried():
    assert {reason for _, reason in BAD} | {"no-text", "output-unknown", "output-kind"} == set(REASONS)


@given(st.text(alphabet='events > 20%[]"\\.,-_changedby \n', max_size=40))
def test_any_text_is_understood_or_refused_and_nothing_else(text):
    reason = ""
    try:
        rule = parse_alert(text)
    except AlertRuleError as refused:
        reason = refused.reason
    assert reason in REASONS or parse_alert(rule.text) == rule


def test_a_message_holds_no_label():
    with pytest.raises(AlertRuleError) as refused:
        parse_alert('table-1["Kim Minji 1971","n"] > much')
    assert "Kim" not in str(refused.value)
