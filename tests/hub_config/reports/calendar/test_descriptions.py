"""Schedules in words."""

import string
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub_config.reports.calendar import Schedule, describe, fire_times
from hub_config.reports.calendar.descriptions import nth_in_words
from hub_config.reports.calendar.errors import ScheduleError
from hub_config.reports.calendar.texts import LANGUAGES, NAMES, TEXTS


@pytest.mark.parametrize(
    ("when", "english", "korean"),
    [
        ({"cron": "0 7 * * 1-5"}, "every weekday at 07:00", "평일 매일 07:00"),
        ({"cron": "0 7 * * *"}, "every day at 07:00", "매일 07:00"),
        ({"cron": "0,30 7 * * *"}, "every day at 07:00 and 07:30", "매일 07:00, 07:30"),
        ({"cron": "0 7 * * MON"}, "every Monday at 07:00", "매주 월요일 07:00"),
        ({"cron": "0 7 * * 0,6"}, "every Saturday and Sunday at 07:00", "매주 토요일, 일요일 07:00"),
        ({"cron": "0 7 * * 7"}, "every Sunday at 07:00", "매주 일요일 07:00"),
        ({"cron": "0 7 * * 1-6"}, "every Monday to Saturday at 07:00", "매주 월요일~토요일 07:00"),
        ({"cron": "0 7 1 * *"}, "on day 1 of the month at 07:00", "매월 1일 07:00"),
        (
            {"cron": "0 7 1-7,15,L * *"},
            "on day 1 to 7, 15 and the last of the month at 07:00",
            "매월 1~7, 15, 말일 07:00",
        ),
        ({"cron": "0 7 L * *"}, "on the last day of the month at 07:00", "매월 말일 07:00"),
        ({"cron": "0 7 LW * *"}, "on the last weekday of the month at 07:00", "매월 마지막 평일 07:00"),
        ({"cron": "0 7 1 1,7 *"}, "on day 1 of January and July at 07:00", "매년 1월, 7월 1일 07:00"),
        ({"cron": "0 7 * 3 *"}, "every day in March at 07:00", "3월 매일 07:00"),
        (
            {"cron": "0 7 * * 1#2,5L"},
            "on the second Monday and the last Friday of the month at 07:00",
            "매월 두 번째 월요일, 마지막 금요일 07:00",
        ),
        (
            {"cron": "0 7 13 * 5"},
            "on day 13 of the month and also every Friday at 07:00",
            "매월 13일 및 매주 금요일 07:00",
        ),
        (
            {"cron": "0 7 */15 * 5,1"},
            "on day 1, 16 and 31 of the month (only if that is Monday or Friday) at 07:00",
            "매월 1, 16, 31일 중 월요일, 금요일인 날 07:00",
        ),
        ({"cron": "* * * * *"}, "every minute", "1분마다"),
        ({"cron": "*/15 * * * *"}, "every 15 minutes", "15분마다"),
        (
            {"cron": "*/7 * * * *"},
            "at minute 0, 7, 14, 21, 28, 35, 42, 49 and 56 of every hour",
            "매시 0, 7, 14, 21, 28, 35, 42, 49, 56분",
        ),
        ({"cron": "5 * * * *"}, "at minute 5 of every hour", "매시 5분"),
        ({"cron": "*/30 8-18 * * 1-5"}, "every 30 minutes of hour 8 to 18, every weekday", "평일 매일 8~18시 30분마다"),
        (
            {"rule": "first weekday of the month at 07:00"},
            "on the first working day of the month at 07:00",
            "매월 첫 번째 근무일 07:00",
        ),
        (
            {"rule": "second last Friday of the quarter at 07:00"},
            "on the second last Friday of the quarter at 07:00",
            "매분기 끝에서 두 번째 금요일 07:00",
        ),
        (
            {"rule": "15th day of the month or the next working day at 07:00"},
            "on the 15th day of the month or the next working day at 07:00",
            "매월 15일(휴무일이면 다음 근무일) 07:00",
        ),
        (
            {"rule": "last working day of June and December at 07:00"},
            "on the last working day of June and December at 07:00",
            "매년 6월, 12월 마지막 근무일 07:00",
        ),
        (
            {"rule": "every working day at 07:00 and 19:00"},
            "every working day at 07:00 and 19:00",
            "매 근무일 07:00, 19:00",
        ),
        ({"rule": "every Monday and Friday at 07:00"}, "every Monday and Friday at 07:00", "매주 월요일, 금요일 07:00"),
    ],
)
def test_a_schedule_is_said_in_both_languages(when, english, korean):
    schedule = Schedule(zone="Asia/Seoul", **when)
    assert describe(schedule) == f"{english}, Asia/Seoul"
    assert describe(schedule, "ko") == f"{korean} (Asia/Seoul)"


def test_first_and_last_day_and_holidays_are_said():
    schedule = Schedule(
        cron="0 7 * * *",
        zone="Asia/Seoul",
        first_at="2026-12-01",
        until="2027-12-31",
        holidays=["2027-01-01", "2027-03-01"],
    )
    assert describe(schedule) == (
        "every day at 07:00, Asia/Seoul, from 2026-12-01, until 2027-12-31, except 2 holidays"
    )
    assert describe(schedule, "ko") == "매일 07:00 (Asia/Seoul), 2026-12-01부터, 2027-12-31까지, 휴일 2일 제외"


def test_the_next_five_times_are_shown_with_their_offsets():
    berlin = Schedule(cron="30 2 * * *", zone="Europe/Berlin")
    assert fire_times(berlin, datetime(2026, 3, 27, 12, tzinfo=UTC)) == [
        "Sat 2026-03-28 02:30 UTC+01:00",
        "Sun 2026-03-29 03:00 UTC+02:00",
        "Mon 2026-03-30 02:30 UTC+02:00",
        "Tue 2026-03-31 02:30 UTC+02:00",
        "Wed 2026-04-01 02:30 UTC+02:00",
    ]
    newfoundland = Schedule(cron="0 7 * * *", zone="America/St_Johns")
    assert fire_times(newfoundland, datetime(2026, 11, 27, tzinfo=UTC), n=1, language="ko") == [
        "2026-11-27 (금) 07:00 UTC-03:30"
    ]


def test_a_schedule_that_ends_shows_fewer_times():
    ending = Schedule(cron="0 7 * * *", zone="Asia/Seoul", first_at="2026-12-01", until="2026-12-02")
    assert len(fire_times(ending, datetime(2026, 11, 27, tzinfo=UTC))) == 2


def test_an_unknown_language_is_refused_with_the_known_ones(seoul):
    with pytest.raises(ScheduleError, match="Known: en, ko"):
        describe(seoul, "fr")


def test_both_languages_have_the_same_texts_with_the_same_places():
    assert set(TEXTS) == set(NAMES) == set(LANGUAGES)
    assert TEXTS["en"].keys() == TEXTS["ko"].keys()
    assert {kind: len(names) for kind, names in NAMES["en"].items()} == {
        kind: len(names) for kind, names in NAMES["ko"].items()
    }
    for key, english in TEXTS["en"].items():
        korean = TEXTS["ko"][key]
        extra = {"n", "nth", "ending", "of", "period", "months"}
        assert _places(english) ^ _places(korean) <= extra, key


def _places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


FIELDS = st.tuples(
    st.sampled_from(["0", "*", "*/5", "1,2,40", "10-20"]),
    st.sampled_from(["7", "*", "8-18", "*/6", "1,2"]),
    st.sampled_from(["*", "1", "L", "LW", "1,LW", "*/2", "1-5,L", "1-31"]),
    st.sampled_from(["*", "1", "3,6", "*/3"]),
    st.sampled_from(["*", "1", "1-5", "0,7", "1#2", "5L,1", "*/2", "0-6", "1#1,1-5"]),
).map(" ".join)


@settings(deadline=None)
@given(cron=FIELDS, language=st.sampled_from(LANGUAGES))
def test_every_expression_can_be_said(cron, language):
    said = describe(Schedule(cron=cron, zone="Asia/Seoul"), language)
    assert "Asia/Seoul" in said
    assert "  " not in said
    assert ",," not in said
    assert "{" not in said
    assert said == said.strip()


@pytest.mark.parametrize(
    ("number", "english", "korean"),
    [
        (1, "first", "첫 번째"),
        (11, "11th", "11번째"),
        (22, "22nd", "22번째"),
        (-1, "last", "마지막"),
        (-2, "second last", "끝에서 두 번째"),
    ],
)
def test_which_one_is_meant_is_said_in_both_languages(number, english, korean):
    assert (nth_in_words(number, "en"), nth_in_words(number, "ko")) == (english, korean)
