"""What can be wrong with a schedule: cron expressions, sentences, zones, days; and with dates relative to a slot."""

from collections.abc import Sequence

__all__ = ["SCHEDULES"]

_FIELDS = (
    "cron",
    "rule",
    "zone",
    "first_at",
    "until",
    "holidays",
    "schedule",
    "text",
    "after",
    "at",
    "most",
    "grace_s",
    "policy",
)

SCHEDULES: Sequence[tuple[str, str]] = (
    ("line {n}, {Fault}", "{n}번째 줄: {Fault}"),
    *(
        (f"{field}: {{Wrong}}; found {{Found}}. {{Advice}}", "{Wrong}. 입력된 값: {Found}. {Advice}")
        for field in _FIELDS
    ),
    # cron
    ("a cron expression is text", "cron 식은 텍스트여야 합니다"),
    ("a cron expression has at most {n} characters", "cron 식은 {n}자 이하여야 합니다"),
    ("names such as @daily are not known", "@daily 같은 이름은 쓸 수 없습니다"),
    ("a name with @", "@가 붙은 이름"),
    ("a sign that cron does not know", "cron에서 쓸 수 없는 글자가 있습니다"),
    ("a cron expression has five fields", "cron 식에는 칸이 다섯 개 있어야 합니다"),
    ("{n} fields", "칸 {n}개"),
    ("one field", "칸 한 개"),
    (
        'Write five fields (minute, hour, day of month, month, day of week), such as "0 7 * * 1-5".',
        "다섯 칸(분, 시, 일, 월, 요일)을 쓰세요. 예: “0 7 * * 1-5”.",
    ),
    (
        (
            'Write five fields (minute, hour, day of month, month, day of week), such as "0 7 * * 1-5". Seconds and '
            "years "
            "cannot be given."
        ),
        "다섯 칸(분, 시, 일, 월, 요일)을 쓰세요. 예: “0 7 * * 1-5”. 초와 연도는 쓸 수 없습니다.",
    ),
    ("minute", "분"),
    ("hour", "시"),
    ("day of month", "일"),
    ("month", "월"),
    ("day of week", "요일"),
    ("the {Field} cannot be read", "cron 식의 ‘{Field}’ 칸을 읽을 수 없습니다"),
    ("a range of the {Field} runs backwards", "cron 식의 ‘{Field}’ 칸에서 범위의 앞뒤가 바뀌었습니다"),
    ("a first value above the last", "끝보다 큰 시작 값"),
    (
        "Write the smaller value first, or two ranges with a comma (SAT and SUN are 6-7).",
        "작은 값을 먼저 쓰거나, 범위 두 개를 쉼표로 이으세요(토요일과 일요일은 6-7).",
    ),
    (
        "a step of the {Field} is zero or longer than its range, so it does not repeat",
        "cron 식의 ‘{Field}’ 칸에서 간격이 0이거나 범위보다 길어 반복되지 않습니다",
    ),
    (
        "Write a step from 1 to {n}; cron cannot count across the end of its field.",
        "간격은 1부터 {n}까지 쓰세요. cron은 칸의 끝을 넘어 셀 수 없습니다.",
    ),
    ("the {Field} has a name that cron does not know", "cron 식의 ‘{Field}’ 칸에 알 수 없는 이름이 있습니다"),
    ("the {Field} is outside {low} to {high}", "cron 식의 ‘{Field}’ 칸이 {low}~{high} 범위를 벗어났습니다"),
    ("Write a number from {low} to {high}.", "{low}부터 {high}까지의 수를 쓰세요."),
    ("Write numbers.", "숫자로 쓰세요."),
    ("no day is ever like this, as 30 February is not", "2월 30일처럼 존재하지 않는 날입니다"),
    ("an expression that never comes", "결코 오지 않는 때를 가리키는 식"),
    ("Look at day of month, month and day of week together.", "일, 월, 요일을 함께 살펴보세요."),
    # sentences
    ("a rule is text", "일정 문장은 텍스트여야 합니다"),
    ("a rule has at most {n} characters", "일정 문장은 {n}자 이하여야 합니다"),
    ("the sentence is not one of those that are known", "알 수 없는 일정 문장입니다"),
    (
        (
            'Write for instance "first working day of the month at 07:00", "second Monday of the month at 07:00", '
            '"last working day of the quarter at 18:00", "15th day of the month or the next working day at 09:00" or '
            '"every working day at 07:00".'
        ),
        (
            "예를 들어 “first working day of the month at 07:00”(매월 첫 근무일 07:00), “second Monday of the month "
            "at 07:00”(매월 둘째 월요일 07:00), “last working day of the quarter at 18:00”(분기 마지막 근무일 "
            "18:00), “15th day of the month or the next working day at 09:00”(매월 15일 또는 다음 근무일 09:00), "
            "“every working day at 07:00”(근무일마다 07:00)처럼 쓰세요."
        ),
    ),
    ("a rule that never comes", "결코 오지 않는 때를 가리키는 문장"),
    ("Take a smaller number, or last.", "더 작은 수나 last를 쓰세요."),
    ("the day is not known, or is named twice", "요일을 알 수 없거나 같은 요일이 두 번 나옵니다"),
    (
        "which {what} is meant cannot be read, or there are never so many",
        "몇 번째 {what}인지 알 수 없거나 그만큼 없습니다",
    ),
    (
        "Write first to fifth, 1st to {n}th, last, or second last to fifth last.",
        "first부터 fifth, 1st부터 {n}th, last, second last부터 fifth last까지 쓸 수 있습니다.",
    ),
    ("the period is not known, or a month is named twice", "기간을 알 수 없거나 같은 달이 두 번 나옵니다"),
    ("Known: the month, the quarter, the year, {names}.", "쓸 수 있는 말: the month, the quarter, the year, {names}."),
    ("a time of day cannot be read", "시각을 읽을 수 없습니다"),
    ("Write 07:00, or 07:00 and 19:00.", "07:00 또는 07:00 and 19:00처럼 쓰세요."),
    ("times of day are all different and at most {n}", "시각은 서로 다르고 최대 {n}개여야 합니다"),
    ("{n} times", "시각 {n}개"),
    ("Use cron for what runs more often.", "더 자주 실행하려면 cron 식을 쓰세요."),
    # a schedule as a whole
    ("a schedule has either cron or rule", "일정에는 cron과 rule 가운데 하나만 있어야 합니다"),
    ("neither", "둘 다 없음"),
    ("both", "둘 다 있음"),
    (
        'Write cron = "0 7 * * 1-5", or rule = "first working day of the month at 07:00".',
        "cron = “0 7 * * 1-5” 또는 rule = “first working day of the month at 07:00”처럼 쓰세요.",
    ),
    (
        "nothing is ever due from first_at until the end of this day",
        "시작 시각(first_at)부터 이 날까지 실행할 때가 한 번도 없습니다",
    ),
    ("a day before the first time", "첫 실행보다 앞선 날"),
    ("a day before first_at", "시작 시각보다 앞선 날"),
    ("Take a later last day, or an earlier first time.", "마지막 날을 늦추거나 시작 시각을 앞당기세요."),
    ("{Wanted} of the years {low} to {high} is wanted", "{low}~{high}년의 {Wanted}이(가) 필요합니다"),
    ("a date or local time", "날짜 또는 현지 시각"),
    ("Write it as 2027-01-31.", "2027-01-31처럼 쓰세요."),
    (
        "Write it as 2027-01-31, or 2027-01-31T07:00 without an offset.",
        "2027-01-31 또는 시차 없이 2027-01-31T07:00처럼 쓰세요.",
    ),
    ("holidays are a list of at most {n} dates", "휴일은 날짜 {n}개 이하의 목록이어야 합니다"),
    ("Write holidays = [2027-01-01, 2027-02-08].", "holidays = [2027-01-01, 2027-02-08]처럼 쓰세요."),
    # zones
    ("not a time zone of the IANA data base", "IANA 시간대가 아닙니다"),
    (
        "Write the name of an area and a place, such as Asia/Seoul or Europe/Berlin, or UTC.",
        "Asia/Seoul, Europe/Berlin처럼 지역과 도시의 이름을 쓰거나 UTC라고 쓰세요.",
    ),
    ("Known names that look alike: {names}.", "비슷한 이름: {names}."),
    # slots
    (
        "an instant of the years {low} to {high} with its offset is wanted",
        "{low}~{high}년의 시각이 시차와 함께 필요합니다",
    ),
    ("the policy for missed slots is not known", "놓친 시각을 처리하는 방법을 알 수 없습니다"),
    ("a time has no offset", "시각에 시차가 없습니다"),
    ("Give a datetime in UTC.", "UTC 시각으로 쓰세요."),
    ("a whole number from 1 is wanted", "1 이상의 정수가 필요합니다"),
    ("Write 1 or more.", "1 이상으로 쓰세요."),
    ("seconds from 0 to those of a year are wanted", "0초부터 1년 사이의 초가 필요합니다"),
    ("Write for instance 3600 for an hour.", "한 시간이면 3600처럼 쓰세요."),
    # dates relative to a slot
    ("the slot has no offset", "예약 시각에 시차가 없습니다"),
    ("the kind of parameter is not known", "매개변수의 종류를 알 수 없습니다"),
    ("text of at most {n} characters is wanted", "{n}자 이하의 텍스트가 필요합니다"),
    (
        "for a {kind}, a relative date stands alone",
        "{kind} 매개변수에는 상대 날짜만 쓸 수 있고 다른 글자를 붙일 수 없습니다",
    ),
    ("for a date, a date-time is too much", "날짜 매개변수에 시각까지 쓸 수 없습니다"),
    ("Write {{today}} for the day of the slot.", "예약된 날이면 {{today}}라고 쓰세요."),
    ("a brace is not closed, or not opened", "중괄호의 짝이 맞지 않습니다"),
    ("the word between braces is not known", "중괄호 안의 말을 알 수 없습니다"),
    ("the number between braces is too large", "중괄호 안의 수가 너무 큽니다"),
    ("Count at most {n} of this unit.", "이 단위로는 {n}까지 셀 수 있습니다."),
    ("the date is outside the calendar", "달력에 없는 날짜가 됩니다"),
    (
        (
            "Known: {{today}}, {{slot}}, {{now}}, and {{day:-1}}, {{week:-1}}, {{month:-1}}, {{quarter:-1}}, "
            "{{year:-1}}, each also with .start or .end; a brace itself is written twice."
        ),
        (
            "쓸 수 있는 말: {{today}}, {{slot}}, {{now}}, {{day:-1}}, {{week:-1}}, {{month:-1}}, {{quarter:-1}}, "
            "{{year:-1}}. 뒤에 .start나 .end를 붙일 수 있고, 중괄호 자체는 두 번 겹쳐 씁니다."
        ),
    ),
    ("Known: {names}.", "쓸 수 있는 말: {names}."),
)
"""English form and Korean form."""
