"""What can be wrong with a definition, in Korean.

The rooms say it in English. A problem with a stable rule and nothing else to tell is found by its rule; one whose
sentence also says what was wanted or found is found by the form of that sentence, so that nothing of it is lost.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

__all__ = ["KOREAN_PROBLEMS", "KOREAN_RULES"]

KOREAN_RULES: Mapping[str, str] = MappingProxyType(
    {
        "missing-field": "값이 필요합니다",
        "name-taken": "같은 이름의 보고서가 이미 있습니다. 다른 이름을 고르거나 그 보고서를 편집하세요",
        "name-changed": "이름은 바꿀 수 없습니다. 다른 이름을 쓰려면 새 보고서를 만드세요",
        "rule-sentence": (
            "알 수 없는 일정 문장입니다. 예: “every working day at 07:00”, “first working day of the month at 07:00”"
        ),
        "rule-time": "시각을 읽을 수 없습니다. 07:00 또는 07:00 and 19:00처럼 쓰세요",
        "rule-day": "요일을 알 수 없거나 같은 요일이 두 번 나옵니다",
        "rule-never": "그런 날은 없습니다",
        "rule-period": "기간을 알 수 없거나 같은 달이 두 번 나옵니다",
        "rule-too-long": "일정 문장은 200자까지입니다",
        "cron-sign": "cron에 없는 글자입니다",
        "cron-fields": "cron 식에는 다섯 칸이 있어야 합니다(분 시 일 월 요일)",
        "cron-nickname": "@daily 같은 이름은 쓸 수 없습니다",
        "cron-never": "그런 날은 없습니다",
    }
)
"""By rule."""

# The whole of a sentence, and how it is said; groups are said in Korean themselves.
KOREAN_PROBLEMS: Sequence[tuple[str, str]] = (
    # sentences
    (r"found (.+?), (must .+)", "{0}을(를) 받았습니다. {1}"),
    (r"has the type (.+?); (.+)", "형식은 {raw0}입니다. {1}"),
    (r"wanted (.+)[,;] found (.+) as item (\d+)", "{0}이(가) 필요하지만 {2}번째 항목에서 {1}을(를) 받았습니다"),
    (r"wanted (.+)[,;] found (.+)", "{0}이(가) 필요하지만 {1}을(를) 받았습니다"),
    (
        r"is no (target of the project|parameter of the template) \(did you mean (.+)\?\); known are (.+)",
        "{0}이(가) 아닙니다. {raw1}을(를) 뜻하셨나요? 쓸 수 있는 이름: {raw2}",
    ),
    (
        r"is no (target of the project|parameter of the template|shipped report); known are (.+)",
        "{0}이(가) 아닙니다. 쓸 수 있는 이름: {raw1}",
    ),
    (r"is no (field of a definition) \(did you mean (.+)\?\)", "{0}이(가) 아닙니다. {raw1}을(를) 뜻하셨나요?"),
    (r"is no (field of a definition)", "{0}이(가) 아닙니다"),
    (
        r"found a larger number than the project allows, (\d+) at most",
        "프로젝트가 허용하는 최댓값 {0}보다 큰 수를 받았습니다",
    ),
    (r"found a path that cannot be used; (.+)", "쓸 수 없는 경로입니다. {0}"),
    (r"is the same as (.+)", "{raw0}과(와) 같습니다"),
    (r"makes (\d+) sets, at most (\d+) are run", "{0}개 묶음이 됩니다. 최대 {1}개까지 실행합니다"),
    (r"found (\d+) fields, the header has (\d+)", "칸이 {0}개인데 머리글은 {1}개입니다"),
    (r"found a column without a name", "이름 없는 열이 있습니다"),
    (r"found a column twice", "같은 열이 두 번 나옵니다"),
    (
        r"found no set; write a header of parameter names and a row for each set",
        "묶음이 없습니다. 매개변수 이름의 머리글과 묶음마다 한 행을 쓰세요",
    ),
    (r"found more than (\d+) sets", "묶음이 {0}개를 넘습니다"),
    (r"the file has more than (\d+) MiB", "파일이 {0} MiB보다 큽니다"),
    (r"is not UTF-8; save the file as CSV UTF-8", "UTF-8이 아닙니다. CSV UTF-8로 저장하세요"),
    (r"holds a NUL", "NUL 문자가 들어 있습니다"),
    (
        r"retries are made only where safe_to_retry = true says that running twice does no harm",
        "두 번 실행해도 해가 없다고 표시한 경우에만 다시 시도합니다",
    ),
    (
        r"limits\.cell_seconds must not be larger than limits\.run_seconds",
        "셀 제한 시간은 실행 제한 시간보다 클 수 없습니다",
    ),
    (r'missed_limit is for missed = "all"', "놓친 실행의 최대 수는 모두 실행할 때만 정합니다"),
    (r"The report definition is not TOML; stopped \(at (.+)\)\. Correct that line\.",
     "TOML이 아닙니다. 읽기를 멈춘 곳: {raw0}"),
    (r"text: the word between braces is not known; found .+", "중괄호 안의 말을 알 수 없습니다. 예: {{month:-1.end}}"),
    (r"text: a brace is not closed, or not opened; found .+", "중괄호의 짝이 맞지 않습니다. 예: {{month:-1.end}}"),
    (r"text: the date is outside the calendar; found .+", "달력에 없는 날짜가 됩니다"),
    # what a rule wants
    (r"must be 1 to 40 lower-case letters, digits and hyphens", "영문 소문자, 숫자, 붙임표로 1~40자여야 합니다"),
    (r"must be a whole number", "정수여야 합니다"),
    (r"must be a number", "수여야 합니다"),
    (r"must be text", "텍스트여야 합니다"),
    (r"must be true or false", "참 또는 거짓이어야 합니다"),
    (r"must be a list", "목록이어야 합니다"),
    (r"must be a table", "표여야 합니다"),
    (r"must be a date, YYYY-MM-DD", "YYYY-MM-DD 형식의 날짜여야 합니다"),
    (r"must be one line of printable text", "한 줄의 인쇄 가능한 텍스트여야 합니다"),
    (r"must have at least one entry", "항목이 하나 이상 있어야 합니다"),
    (r"must name each only once", "같은 것을 두 번 쓸 수 없습니다"),
    (r"must have at most (\d+) characters", "최대 {0}자여야 합니다"),
    (r"must be less than or equal to (-?\d+)", "{0} 이하여야 합니다"),
    (r"must be greater than or equal to (-?\d+)", "{0} 이상이어야 합니다"),
    (r"must be a zone of the IANA data base, such as Asia/Seoul", "IANA 시간대여야 합니다. 예: Asia/Seoul"),
    (
        r"must be the name of a shipped report, or a path in the project's folder; (.+)",
        "제공된 보고서의 이름이거나 프로젝트 폴더 안의 경로여야 합니다. {0}",
    ),
    (
        r"must name data sets if, and only if, the policy is pinned",
        "릴리스를 고정할 때에만 데이터 세트를 지정하고, 고정하려면 반드시 지정해야 합니다",
    ),
    (r"there is no such file in the project's folder", "프로젝트 폴더에 그런 파일이 없습니다"),
    (r"a path has no empty or hidden parts and no \.\.", "경로에는 빈 부분, 숨은 부분, ..이 없어야 합니다"),
    (r"the file's name ends in (\.\w+)", "파일 이름은 {raw0}(으)로 끝나야 합니다"),
    (
        r"a path begins in the project's folder, not at the root or in a home",
        "경로는 프로젝트 폴더에서 시작합니다",
    ),
    # kinds of values
    (r"(.+), or null", "{0} 또는 없음(null)"),
    (r"a list of at most (\d+) items, each (.+)", "최대 {0}개 항목의 목록(각 항목: {1})"),
    (r"parameter (\w+): (wanted .+)", "매개변수 {raw0}: {1}"),
    (r"a whole number of at most 64 bits, (.+)", "64비트 이내의 정수({raw0})"),
    (r"a finite number, (.+)", "유한한 수({raw0})"),
    (r"a whole number of at most 64 bits", "64비트 이내의 정수"),
    (r"a finite number", "유한한 수"),
    (r"text of at most (\d+) characters without NUL", "NUL 문자가 없는 최대 {0}자의 텍스트"),
    (r"a date written YYYY-MM-DD", "YYYY-MM-DD 형식의 날짜"),
    (r"a date written YYYY-MM-DD, (.+)", "YYYY-MM-DD 형식의 날짜({raw0})"),
    (r"one of (.+)", "다음 가운데 하나: {raw0}"),
    (r"the name of a data set that there is, one of (.+)", "있는 데이터 세트의 이름(가능한 이름: {raw0})"),
    (r"the name of a cohort that there is, one of (.+)", "있는 코호트의 이름(가능한 이름: {raw0})"),
    (r"a release that the data set has, one of (.+)", "그 데이터 세트의 릴리스(가능한 이름: {raw0})"),
    (r"true or false", "참 또는 거짓"),
    (r"text of (\d+) characters", "{0}자의 텍스트"),
    (r"a list of (\d+)", "항목 {0}개의 목록"),
    (r"a whole number", "정수"),
    (r"a number with a fraction", "소수"),
    (r"a number of more than 64 bits", "64비트를 넘는 수"),
    (r"a date with a time", "시각이 있는 날짜"),
    (r"a date", "날짜"),
    (r"a time", "시각"),
    (r"a table", "표"),
    (r"nothing \(null\)", "빈 값"),
    (r"other text", "다른 텍스트"),
    (r"another text", "목록에 없는 텍스트"),
    (r"another number", "목록에 없는 수"),
    (r"another name", "없는 이름"),
    (r"an earlier one", "더 이른 날짜"),
    (r"a later one", "더 늦은 날짜"),
    (r"a number below that", "그보다 작은 수"),
    (r"a number above that", "그보다 큰 수"),
    (r"field of a definition", "보고서 정의의 항목"),
    (r"target of the project", "프로젝트의 알림 대상"),
    (r"parameter of the template", "템플릿의 매개변수"),
    (r"shipped report", "제공된 보고서"),
    (r"(\d+)", "{raw0}"),
)  # fmt: skip
