"""Every word of descriptions of schedules, in English and Korean."""

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["LANGUAGES", "NAMES", "TEXTS"]

LANGUAGES = ("en", "ko")

NAMES: Mapping[str, Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "en": {
            "weekdays": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
            "short_weekdays": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
            "months": (
                "January", "February", "March", "April", "May", "June",
                "July", "August", "September", "October", "November", "December",
            ),
            "ordinals": ("first", "second", "third", "fourth", "fifth"),
            "periods": ("month", "quarter", "year"),
            "joins": (", ", " and ", " or "),  # between items, before the last that is added, before one to choose
        },
        "ko": {
            "weekdays": ("월요일", "화요일", "수요일", "목요일", "금요일", "토요일", "일요일"),
            "short_weekdays": ("월", "화", "수", "목", "금", "토", "일"),
            "months": ("1월", "2월", "3월", "4월", "5월", "6월", "7월", "8월", "9월", "10월", "11월", "12월"),
            "ordinals": ("첫 번째", "두 번째", "세 번째", "네 번째", "다섯 번째"),
            "periods": ("매월", "매분기", "매년"),
            "joins": (", ", ", ", ", "),
        },
    }
)  # fmt: skip

TEXTS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "en": {
            "whole": "{days}{months} {times}, {zone}{limits}",
            "whole_by_minutes": "{times}{days}{months}, {zone}{limits}",
            "days_behind": ", {days}",
            "in_months": " in {months}",
            "range": "{low} to {high}",
            "at": "at {times}",
            "every_minute": "every minute",
            "every_n_minutes": "every {n} minutes",
            "minutes_of_all_hours": "at minute {minutes} of every hour",
            "minutes_of_hours": "at minute {minutes} of hour {hours}",
            "every_day": "every day",
            "every_working_day": "every working day",
            "every_weekday": "every weekday",
            "every_named_day": "every {days}",
            "days_of_month": "on day {days} of the month",
            "last_among_days": "the last",
            "last_day_of_month": "on the last day of the month",
            "last_weekday_of_month": "on the last weekday of the month",
            "nth_named_days": "on {days} of the month",
            "nth_named_day": "the {nth} {day}",
            "both": "{one}, only if that is {days}",
            "either": "{one}, and {other}",
            "day": "day",
            "working_day": "working day",
            "last": "last",
            "nth_last": "{nth} last",
            "nth": "{n}{ending}",
            "nth_of_period": "on the {nth} {day} of the {period}",
            "nth_of_months": "on the {nth} {day} of {months}",
            "day_n_of_period": "on the {nth} day of the {period}",
            "day_n_of_months": "on the {nth} day of {months}",
            "or_next": "{days} or the next working day",
            "or_previous": "{days} or the previous working day",
            "from": ", from {first}",
            "until": ", until {last}",
            "one_holiday": ", except 1 holiday",
            "holidays": ", except {n} holidays",
            "fire_time": "{weekday} {date} {time} UTC{offset}",
        },
        "ko": {
            "whole": "{months}{days} {times} ({zone}){limits}",
            "whole_by_minutes": "{months}{days}{times} ({zone}){limits}",
            "days_behind": "{days} ",
            "in_months": "{months} ",
            "range": "{low}~{high}",
            "at": "{times}",
            "every_minute": "1분마다",
            "every_n_minutes": "{n}분마다",
            "minutes_of_all_hours": "매시 {minutes}분",
            "minutes_of_hours": "{hours}시 {minutes}분",
            "every_day": "매일",
            "every_working_day": "매 근무일",
            "every_weekday": "평일 매일",
            "every_named_day": "매주 {days}",
            "days_of_month": "매월 {days}일",
            "last_among_days": "말",
            "last_day_of_month": "매월 말일",
            "last_weekday_of_month": "매월 마지막 평일",
            "nth_named_days": "매월 {days}",
            "nth_named_day": "{nth} {day}",
            "both": "{one} 중 {days}인 날",
            "either": "{one} 및 {other}",
            "day": "날",
            "working_day": "근무일",
            "last": "마지막",
            "nth_last": "끝에서 {nth}",
            "nth": "{n}번째",
            "nth_of_period": "{period} {nth} {day}",
            "nth_of_months": "매년 {months} {nth} {day}",
            "day_n_of_period": "{period} {nth} 날",
            "day_n_of_months": "매년 {months} {n}일",
            "or_next": "{days}(휴무일이면 다음 근무일)",
            "or_previous": "{days}(휴무일이면 직전 근무일)",
            "from": ", {first}부터",
            "until": ", {last}까지",
            "one_holiday": ", 공휴일 1일 제외",
            "holidays": ", 공휴일 {n}일 제외",
            "fire_time": "{date} ({weekday}) {time} UTC{offset}",
        },
    }
)
