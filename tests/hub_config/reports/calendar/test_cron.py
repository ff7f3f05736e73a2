"""Cron expressions: what is refused, and that days mean what Debian's cron takes them for."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub_config.reports.calendar import Schedule, next_slots
from hub_config.reports.calendar.cron import parse_cron
from hub_config.reports.calendar.errors import ScheduleError

REFUSED = [
    ("", "cron-not-text"),
    ("   ", "cron-not-text"),
    (None, "schedule-one"),
    (7, "cron-not-text"),
    (["0 7 * * *"], "cron-not-text"),
    (True, "cron-not-text"),
    ("7", "cron-fields"),
    ("0 7 * *", "cron-fields"),
    ("0 0 7 * * *", "cron-fields"),
    ("0 0 7 * * * 2027", "cron-fields"),
    ("@daily", "cron-nickname"),
    ("@reboot", "cron-nickname"),
    ("60 * * * *", "cron-outside"),
    ("0 24 * * *", "cron-outside"),
    ("0 0 0 * *", "cron-outside"),
    ("0 0 32 * *", "cron-outside"),
    ("0 0 * 0 *", "cron-outside"),
    ("0 0 * 13 *", "cron-outside"),
    ("0 0 * * 8", "cron-outside"),
    ("0 7-30 * * *", "cron-outside"),
    ("-5 * * * *", "cron-syntax"),
    ("0 7 * * 1--5", "cron-syntax"),
    ("0 7, * * *", "cron-syntax"),
    ("0 ,7 * * *", "cron-syntax"),
    ("0 ** * * *", "cron-syntax"),
    ("0 7 * * 1#6", "cron-syntax"),
    ("0 7 * * 1-5#2", "cron-syntax"),
    ("0 7 * * L", "cron-syntax"),
    ("0 7 L/2 * *", "cron-syntax"),
    ("0 7 W * *", "cron-syntax"),
    ("0 7 15W * *", "cron-syntax"),
    ("0 L * * *", "cron-syntax"),
    ("0 100 * * *", "cron-syntax"),
    ("5/ * * * *", "cron-syntax"),
    ("1-2-3 * * * *", "cron-syntax"),
    ("*/5/5 * * * *", "cron-syntax"),
    ("0 7 * * MONDAY", "cron-syntax"),
    ("0 7 * * MOO", "cron-name"),
    ("0 7 * FEV *", "cron-name"),
    ("JAN 7 * * *", "cron-name"),
    ("30-10 * * * *", "cron-range"),
    ("0 22-6 * * *", "cron-range"),
    ("0 7 * * FRI-MON", "cron-range"),
    ("0 7 * * SAT-SUN", "cron-range"),
    ("*/0 * * * *", "cron-step"),
    ("*/60 * * * *", "cron-step"),
    ("*/90 * * * *", "cron-step"),
    ("0 */24 * * *", "cron-step"),
    ("0-10/30 * * * *", "cron-step"),
    ("0 7 * * */7", "cron-step"),
    ("0 7 30 2 *", "cron-never"),
    ("0 7 31 2,4,6,9,11 *", "cron-never"),
    ("0 7 31 APR *", "cron-never"),
    ("* * */20 * 1L", "cron-never"),
    ("0 7 * * 1;2", "cron-sign"),
    ("0 7 * * 1\n0 8 * * 2", "cron-sign"),
    ("0 7 ? * *", "cron-sign"),
    ("０ 7 * * *", "cron-sign"),
    ("0\u00a07 * * *", "cron-sign"),
    ("0 7 * * 월", "cron-sign"),
    ("0 7 * * $(id)", "cron-sign"),
    ("H 7 * * *", "cron-syntax"),
    ("0 7 * * *" + " " * 300, "cron-too-long"),
    ("1," * 50_000 + "1 7 * * *", "cron-too-long"),
    ("9" * 5_000 + " 7 * * *", "cron-too-long"),
]


@pytest.mark.parametrize(("text", "rule"), REFUSED, ids=[str(number) for number in range(len(REFUSED))])
def test_what_is_no_cron_expression_is_refused_by_rule_without_an_echo(text, rule):
    with pytest.raises(ScheduleError) as refused:
        Schedule(cron=text, zone="Asia/Seoul")
    assert refused.value.code == "REPORT-SCHEDULE"
    assert refused.value.field == "cron"
    assert refused.value.rule == rule
    message = str(refused.value)
    assert message.startswith("cron: ")
    assert "; found " in message
    assert message.endswith(".")
    assert len(message) < 400
    if isinstance(text, str) and len(text) > 1 and not message.count("0 7 * *") and text.strip():
        assert text not in message


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("0 7 * * 1-5", "0 7 * * 1-5"),
        ("  0\t7  *   * mon-fri ", "0 7 * * MON-FRI"),
        ("0,30 8-18/2 1,15,L jan,jul *", "0,30 8-18/2 1,15,L JAN,JUL *"),
        ("0 0 LW * *", "0 0 LW * *"),
        ("0 0 * * MON#1,5L", "0 0 * * MON#1,5L"),
        ("5/15 * * * *", "5/15 * * * *"),
        ("*/59 * * * *", "*/59 * * * *"),
        ("0 0 * * 7", "0 0 * * 7"),
        ("0 0 29 2 *", "0 0 29 2 *"),
        ("0 0 30 2 1", "0 0 30 2 1"),
    ],
)
def test_a_cron_expression_is_kept_in_one_form(text, kept):
    assert Schedule(cron=text, zone="UTC").cron == kept


def _days(cron: str, n: int) -> list[str]:
    slots = next_slots(Schedule(cron=cron, zone="UTC"), datetime(2026, 12, 31, 12, tzinfo=UTC), n=n)
    return [f"{slot.local:%m-%d}" for slot in slots]


def test_day_of_month_or_day_of_week_is_enough_when_both_are_given():
    # As in Debian's cron: the 13th, and every Friday.
    assert _days("0 0 13 * 5", 4) == ["01-01", "01-08", "01-13", "01-15"]


def test_both_must_fit_when_one_of_them_begins_with_a_star():
    # As in Debian's cron; croniter 7 takes one for enough here as well.
    assert _days("0 0 */10 * 5", 3) == ["01-01", "05-21", "06-11"]


def test_what_cron_knows_beside_numbers():
    assert _days("0 0 L * *", 3) == ["01-31", "02-28", "03-31"]
    assert _days("0 0 LW 1-3 *", 3) == ["01-29", "02-26", "03-31"]
    assert _days("0 0 * * MON#2", 3) == ["01-11", "02-08", "03-08"]
    assert _days("0 0 * * 5L", 3) == ["01-29", "02-26", "03-26"]
    assert _days("0 0 * * SUN", 2) == _days("0 0 * * 7", 2) == ["01-03", "01-10"]


def test_a_first_value_with_a_step_runs_to_the_end_of_its_field():
    slots = next_slots(Schedule(cron="5/15 7 * * *", zone="UTC"), datetime(2026, 12, 31, 12, tzinfo=UTC), n=4)
    assert [slot.local.minute for slot in slots] == [5, 20, 35, 50]


@settings(deadline=None)
@given(st.text(alphabet="0123456789*,-/#LWMONJAN ", max_size=30))
def test_any_text_is_taken_or_refused_and_what_is_taken_comes(text):
    try:
        cron = parse_cron(text)
    except ScheduleError:
        return
    assert next_slots(Schedule(cron=text, zone="Europe/Berlin"), datetime(2026, 1, 1, tzinfo=UTC), n=2)
    assert parse_cron(cron.text) == cron
