"""Alert rules checked against runs."""

import json
import re

import pytest

from hub_config.reports.changes import Tolerances, check_alerts, parse_alert
from hub_config.reports.changes.alerts.checking import REASONS
from hub_config.reports.changes.alerts.watched_numbers import WHY_NOT
from hub_config.reports.changes.texts import TEXTS

from ..conftest import figure, number, table

TABLE_1 = (
    'characteristic,all,smd\nn,100,\n"Sex, n (%)",,\n  female,"1,060 (53.0)",0.1\n  male,940 (47.0),\n'
    "Smoking,,\n  yes,<5,\n  missing,3 (3.0),\nAlcohol,,\n  missing,7 (7.0),\n"
)
CURVE = "group,time,survival\na,1.0,0.9\na,2.0,0.8\nb,1.0,0.7\nb,2.0,0.6\n"
COX = [
    {"term": "age", "hazard_ratio": 1.02, "p_value": "inf"},
    {"term": "arm[b - a]", "hazard_ratio": None, "p_value": 0.5},
]


@pytest.fixture
def runs(make_run):
    """A last success and a run after it."""
    cohort = {"name": "users", "definition_sha256": "c" * 64}
    before = make_run(
        "before",
        *[number("events", 20), number("rate", 0.1), number("zero", 0), number("hundred", 100), number("gone", 1)],
        *[number("ten", 0.3), number("lost", 5), table("rates", estimates=[{"group": "all", "rate": 3.5}])],
        cohorts=[cohort | {"persons": 1000}],
        tables={"rates": "group,rate\nall,3.5\n"},
    )
    after = make_run(
        "after",
        *[number("events", 25, persons={"all": 50, "exposed": 20}), number("rate", 0.1 + 1e-12), number("zero", 3)],
        *[number("hundred", 107), number("ten", 0.33), number("lost", None)],
        table("rates", estimates=[{"group": "all", "rate": 3.0}], n=77, events=11, exclusions={"no date": 4}),
        table("table-1"),
        table("curve"),
        table("cox", estimates=COX),
        figure("picture", persons={"all": 12}),
        number("fresh", 1),
        cohorts=[cohort | {"persons": 994}],
        tables={"rates": "group,rate\nall,3.0\n", "table-1": TABLE_1, "curve": CURVE, "cox": "term,x\nage,1\n"},
    )
    return before, after


def check(runs, text, **more):
    (result,) = check_alerts([parse_alert(text)], before=runs[0], after=runs[1], **more)
    return result


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("events > 20", "fired"),
        ("events > 25", "quiet"),
        ("events >= 25", "fired"),
        ("events < 25", "quiet"),
        ("events <= 25", "fired"),
        ("events == 25", "fired"),
        ("events != 25", "quiet"),
        ("events changed", "fired"),
        ("events rose", "fired"),
        ("events fell", "quiet"),
        ("events rose by more than 5", "quiet"),
        ("events rose by at least 5", "fired"),
        ("events changed by more than 24.9 %", "fired"),
        ("events changed by more than 25 %", "quiet"),
        ("events changed by at least 25 %", "fired"),
        ("events fell by more than 0", "quiet"),
        ("rate changed", "quiet"),
        ("rate changed by more than 0", "fired"),
        # In binary 7 / 100 * 100 is more than 7, and 0.33 less 0.3 more than a tenth of 0.3.
        ("hundred changed by more than 7 %", "quiet"),
        ("hundred changed by at least 7 %", "fired"),
        ("ten changed by more than 10 %", "quiet"),
        ("ten changed by at least 10 %", "fired"),
        ("n_persons fell by more than 5", "fired"),
        ("n_persons fell by more than 6", "quiet"),
        ('n_persons["users"] < 1000', "fired"),
        ("rates.rate < 3.5", "fired"),
        ('rates.rate["all"] fell by more than 10 %', "fired"),
        ('rates["all","rate"] changed by more than 20 %', "quiet"),
        ("rates.n == 77", "fired"),
        ("rates.events == 11", "fired"),
        ('rates.exclusions["no date"] > 3', "fired"),
        ("rates.exclusions > 3", "fired"),
        ("picture.persons < 20", "fired"),
        ('events.persons["exposed"] < 20', "quiet"),
        ('table-1["female","all"] > 1059', "fired"),
        ('table-1["Sex, n (%): female","all"] == 1060', "fired"),
        ('table-1["Smoking: missing","all"] == 3', "fired"),
        ('table-1["n","all"] == 100', "fired"),
        ('table-1.smd["female"] == 0.1', "fired"),
        ('curve["a","2","survival"] == 0.8', "fired"),
        ('cox.hazard_ratio["age"] > 1', "fired"),
        ('cox.p_value["age"] > 1000', "fired"),
        ('cox.p_value["age"] < 1000', "quiet"),
        ("new output", "fired"),
        ("missing", "fired"),
        ("gone missing", "fired"),
        ("lost missing", "fired"),
        ("events missing", "quiet"),
        ("table-1 missing", "quiet"),
        ("picture missing", "quiet"),
        ('table-1["other","all"] missing', "fired"),
        ('cox.hazard_ratio["arm[b - a]"] missing', "fired"),
    ],
)
def test_a_rule_fires_as_it_would_by_hand(runs, text, state):
    assert check(runs, text).state == state


@pytest.mark.parametrize(
    ("text", "reason", "side"),
    [
        ("gone > 3", "output-missing", "after"),
        ("gone changed", "output-missing", "after"),
        ("fresh changed", "output-missing", "before"),
        ("lost > 3", "no-value", "after"),
        ("rates > 3", "output-kind", "after"),
        ('picture["a","b"] > 3', "output-kind", "after"),
        ("events.other > 3", "output-kind", "after"),
        ('table-1["female","none"] > 3', "column-missing", "after"),
        ('table-1["other","all"] > 3', "row-missing", "after"),
        ('table-1["missing","all"] > 3', "row-ambiguous", "after"),
        ('curve["a","survival"] > 3', "row-ambiguous", "after"),
        ("cox.hazard_ratio > 3", "row-ambiguous", "after"),
        ('table-1["female","characteristic"] > 3', "not-a-number", "after"),
        ('table-1["yes","all"] >= 5', "only-a-bound", "after"),
        ('table-1["male","smd"] > 3', "no-value", "after"),
        ('cox.hazard_ratio["arm[b - a]"] > 3', "no-value", "after"),
        ('n_persons["others"] > 3', "cohort-missing", "after"),
        ("events.persons > 3", "label-ambiguous", "after"),
        ('events.persons["nobody"] > 3', "label-missing", "after"),
        ("events.exclusions > 3", "label-missing", "after"),
    ],
)
def test_a_rule_whose_number_is_not_there_is_an_alert_and_never_silence(runs, text, reason, side):
    result = check(runs, text)
    assert (result.state, result.reason, result.side, result.is_alert) == ("unchecked", reason, side, True)


@pytest.mark.parametrize("text", ["events changed", "new output", "missing", "n_persons fell by more than 3"])
def test_without_an_earlier_success_a_change_cannot_be_checked(runs, text):
    result = check((None, runs[1]), text)
    assert (result.state, result.reason) == ("unchecked", "no-earlier-run")
    assert "In the earlier run" not in result.page_text()


@pytest.mark.parametrize("text", ["events > 20", "events missing"])
def test_without_an_earlier_success_a_value_can_be_checked(runs, text):
    assert check((None, runs[1]), text).state in {"fired", "quiet"}


def test_a_share_of_zero_is_an_alert_of_its_own_kind(runs):
    result = check(runs, "zero changed by more than 500 %")
    assert (result.state, result.reason) == ("fired", "from-zero")
    assert "from zero" in result.mail_text()
    assert check(runs, "zero rose by more than 5 %").reason == "from-zero"
    assert check(runs, "zero fell by more than 5 %").state == "quiet"
    assert check(runs, "zero rose by more than 2").reason == ""


def test_a_change_from_no_limit_is_told(make_run):
    rows = [[{"term": "age", "hr": value}] for value in ("inf", 1.5)]
    one, other = (make_run(f"r{n}", table("cox", estimates=found)) for n, found in enumerate(rows))
    assert (check((one, other), "cox.hr changed by more than 3 %").reason) == "from-infinity"
    assert check((other, one), "cox.hr rose by more than 3 %").state == "fired"
    assert check((one, one), "cox.hr changed").state == "quiet"


def test_several_cohorts_need_a_name(make_run):
    cohorts = [{"name": name, "definition_sha256": name, "persons": 9} for name in ("a", "b")]
    run = make_run("r", cohorts=cohorts)
    assert check((None, run), "n_persons > 3").reason == "cohort-ambiguous"
    assert check((None, run), 'n_persons["a"] > 3').state == "fired"
    assert check((None, make_run("s")), "n_persons > 3").reason == "cohort-missing"
    twice = make_run("t", cohorts=[cohorts[0], cohorts[0] | {"persons": 8}])
    assert check((None, twice), 'n_persons["a"] > 3').reason == "no-value"
    assert check((None, twice), "n_persons > 3").reason == "no-value"


def test_a_table_that_is_gone_cannot_be_checked_and_is_missing(make_run):
    run = make_run("r", table("t"))
    assert check((None, run), 't["a","b"] > 3').reason == "table-unreadable"
    assert check((None, run), "t missing").state == "fired"


def test_the_tolerance_of_an_output_holds_for_a_change_without_an_amount(runs):
    tolerances = Tolerances.from_document({"events": {"absolute": 5, "exact_integers": False}})
    assert check(runs, "events changed", tolerances=tolerances).state == "quiet"
    assert check(runs, "events changed by more than 4", tolerances=tolerances).state == "fired"


def test_new_and_missing_outputs_are_named_on_the_page(runs):
    assert set(check(runs, "new output").outputs) == {"fresh", "table-1", "curve", "cox", "picture"}
    assert check(runs, "missing").outputs == ("lost", "gone") or set(check(runs, "missing").outputs) == {"lost", "gone"}


def test_the_page_has_the_numbers(runs):
    result = check(runs, "events changed by more than 10 %")
    assert "It was 20 and is 25." in result.page_text()
    assert "이전 값은 20, 현재 값은 25" in result.page_text("ko")
    document = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert (document["numbers"]["before"], document["numbers"]["after"], document["threshold"]) == (20, 25, 10.0)
    assert "It is 25." in check(runs, "events > 20").page_text()


ALL_RULES = [
    *["events > 20", "zero changed by more than 5 %", "gone > 3", "new output", "missing", "gone missing", "rate > 5"],
    *['rates.rate["all"] changed', "n_persons < 5000", 'n_persons["x 12345"] < 5', 'rates["patient 4711","rate"] > 3'],
]


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("rule", ALL_RULES)
@pytest.mark.parametrize("is_first", [False, True])
def test_a_mail_has_no_number_no_row_and_no_name_that_the_notebook_gave(runs, rule, language, is_first):
    text = check((None if is_first else runs[0], runs[1]), rule).mail_text(language)
    assert not re.search(r"\d", text)
    assert "patient" not in text
    assert "fresh" not in text
    assert text.strip()


def test_every_reason_has_words_in_both_languages():
    for language in ("en", "ko"):
        assert {f"why_{reason}" for reason in (*WHY_NOT, *REASONS)} <= TEXTS[language].keys()
