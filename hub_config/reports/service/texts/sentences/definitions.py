"""What can be wrong with a report definition, and with the sets of parameters of a sweep."""

from collections.abc import Sequence

__all__ = ["DEFINITIONS", "PLACES"]

DEFINITIONS: Sequence[tuple[str, str]] = (
    # the document as a whole
    ("The report definition {Wrong}; {Todo}.", "보고서 정의를 읽을 수 없습니다. {Wrong}. {Todo}."),
    (
        "The report definition is not valid; {problems}. See docs/reference/report-definitions.md.",
        "보고서 정의에 고칠 것이 있습니다. {problems}. 문서의 보고서 정의를 참고하세요.",
    ),
    ("is in no format that is known", "알 수 없는 형식입니다"),
    ("TOML or JSON is wanted", "TOML이나 JSON으로 쓰세요"),
    ("is too large", "너무 큽니다"),
    (
        "the definition has more than {n} KiB; put long lists into a CSV file",
        "정의가 {n} KiB를 넘습니다. 긴 목록은 CSV 파일에 넣으세요",
    ),
    ("it has more than {n} KiB. Put long lists into a CSV file", "{n} KiB를 넘습니다. 긴 목록은 CSV 파일에 넣으세요"),
    ("is not text in UTF-8", "UTF-8 텍스트가 아닙니다"),
    ("save it in that encoding", "UTF-8로 저장하세요"),
    ("is not text", "텍스트가 아닙니다"),
    ("it holds a NUL", "NUL 문자를 지우세요"),
    ("has a line of {n} characters", "{n}자나 되는 줄이 있습니다"),
    ("break line {n}", "{n}번째 줄을 나누세요"),
    ("is not TOML", "TOML이 아닙니다"),
    ("is not JSON", "JSON이 아닙니다"),
    ("stopped (at line {line}, column {column}). Correct that line", "{line}번째 줄 {column}번째 글자를 고치세요"),
    ("stopped (at {place}). Correct that line", "읽기를 멈춘 곳({place})을 고치세요"),
    ("stopped somewhere. Correct that line", "잘못된 줄을 고치세요"),
    ("stopped {place}. Correct that line", "읽기를 멈춘 곳({place})을 고치세요"),
    ("stopped at line {line}, column {column}", "{line}번째 줄 {column}번째 글자를 고치세요"),
    ("is nested too deep", "너무 깊이 겹쳐 있습니다"),
    ("no field needs more than {n} levels", "{n}단계면 충분합니다"),
    ("holds a number that is too long", "너무 긴 수가 있습니다"),
    ("no field takes more than 64 bits", "64비트 이내로 쓰세요"),
    ("names a key twice in one table", "한 표에 같은 키가 두 번 나옵니다"),
    ("keep one of the two", "하나만 남기세요"),
    ("holds a number that no parameter takes", "매개변수로 쓸 수 없는 수가 있습니다"),
    ("write finite numbers of at most 64 bits", "64비트 이내의 유한한 수로 쓰세요"),
    # fields
    ("is missing", "값이 필요합니다"),
    (
        "found no value ticked together with choices; tick the one or the others",
        "‘값 없음’과 다른 항목을 함께 선택했습니다. 둘 중 한쪽만 선택하세요",
    ),
    (
        "is no field of a definition (did you mean {near}?)",
        "보고서 정의에 없는 항목입니다. 혹시 {near}을(를) 쓰려고 하셨나요?",
    ),
    ("is no field of a definition", "보고서 정의에 없는 항목입니다"),
    ("found a larger number than the project allows, {n} at most", "프로젝트가 허용하는 최댓값({n})보다 큽니다"),
    (
        "is no target of the project (did you mean {near}?); known are {Names}",
        "프로젝트에 없는 알림 대상입니다. 혹시 {near}을(를) 쓰려고 하셨나요? 쓸 수 있는 이름: {Names}",
    ),
    (
        "is no target of the project; known are {Names}",
        "프로젝트에 없는 알림 대상입니다. 쓸 수 있는 이름: {Names}",
    ),
    (
        "is no parameter of the template (did you mean {near}?); known are {Names}",
        "템플릿에 없는 매개변수입니다. 혹시 {near}을(를) 쓰려고 하셨나요? 쓸 수 있는 이름: {Names}",
    ),
    (
        "is no parameter of the template; known are {Names}",
        "템플릿에 없는 매개변수입니다. 쓸 수 있는 이름: {Names}",
    ),
    ("is no parameter of the template; known are ", "템플릿에 없는 매개변수입니다. 템플릿에는 매개변수가 없습니다"),
    ("is no shipped report; known are {Names}", "제공되는 보고서가 아닙니다. 쓸 수 있는 이름: {Names}"),
    ("is no data set that there is, one of {names}", "등록되지 않은 데이터셋입니다. 쓸 수 있는 이름: {names}"),
    ("is no data set that there is, one of ", "등록되지 않은 데이터셋입니다. 쓸 수 있는 데이터셋이 없습니다"),
    ("the data set has no such release; it has {Names}", "그 데이터셋에 없는 릴리스입니다. 있는 릴리스: {Names}"),
    ("parameter {name} names another release of it", "매개변수 {name}에 다른 릴리스가 지정되어 있습니다"),
    (
        "there is a report of this name already; choose another, or edit that one",
        "같은 이름의 보고서가 이미 있습니다. 다른 이름을 고르거나 그 보고서를 편집하세요",
    ),
    (
        "must stay what it is; make a new report for another",
        "바꿀 수 없습니다. 다른 이름이 필요하면 새 보고서를 만드세요",
    ),
    (
        "retries are made only where safe_to_retry = true says that running twice does no harm",
        "다시 시도하려면 safe_to_retry = true로 두 번 실행해도 해가 없다고 밝혀야 합니다",
    ),
    ('missed_limit is for missed = "all"', '놓친 실행의 최대 수(missed_limit)는 missed = "all"일 때만 정합니다'),
    (
        "limits.cell_seconds must not be larger than limits.run_seconds",
        "셀 제한 시간(limits.cell_seconds)은 실행 제한 시간(limits.run_seconds)보다 클 수 없습니다",
    ),
    ("recipients must name each target only once", "알림 받는 곳(recipients)에는 같은 대상을 두 번 쓸 수 없습니다"),
    # sweeps
    ("makes {n} sets, at most {most} are run", "묶음이 {n}개가 됩니다. 최대 {most}개까지 실행합니다"),
    ("the file was not given; put it into the project's folder", "파일이 없습니다. 프로젝트 폴더에 넣으세요"),
    ("is the same as set {n} of {place}", "{place}의 {n}번째 묶음과 같습니다"),
    ("is the same as sweep.csv line {n}", "sweep.csv {n}번째 줄과 같습니다"),
    ("is the same as {place}", "{place}과(와) 같습니다"),
    ("found {n} fields, the header has {m}", "칸이 {n}개인데 머리글은 {m}개입니다"),
    (
        "a quoted field is not closed, goes on after its end, or is too long",
        "따옴표로 묶은 칸이 닫히지 않았거나, 닫힌 뒤에 글자가 있거나, 너무 깁니다",
    ),
    ("found a column without a name", "이름 없는 열이 있습니다"),
    ("found a column twice", "같은 열이 두 번 나옵니다"),
    (
        "found no set; write a header of parameter names and a row for each set",
        "묶음이 없습니다. 첫 줄에 매개변수 이름을 쓰고 묶음마다 한 줄씩 쓰세요",
    ),
    ("found more than {n} sets", "묶음이 {n}개를 넘습니다"),
    ("the file has more than {n} MiB", "파일이 {n} MiB보다 큽니다"),
    ("is not UTF-8; save the file as CSV UTF-8", "UTF-8이 아닙니다. CSV UTF-8로 저장하세요"),
    ("holds a NUL", "NUL 문자가 들어 있습니다"),
    # values
    ("has the type {type}; {Wrong}", "형식은 {type}입니다. {Wrong}"),
    ("found {n} parameters, at most {most} are taken", "매개변수가 {n}개입니다. 최대 {most}개까지 받습니다"),
    ("found a name that no parameter can have; {Reason}", "매개변수로 쓸 수 없는 이름입니다. {Reason}"),
    ("it is no text", "텍스트가 아닙니다"),
    ("it is too long", "너무 깁니다"),
    (
        "it is not a plain identifier (letters, digits, underscore; no digit first)",
        "영문자, 숫자, 밑줄만 쓰고 숫자로 시작하지 않아야 합니다",
    ),
    ("it is a word of the Python language", "Python 언어의 예약어입니다"),
    ("names that begin with two underscores belong to Python", "밑줄 두 개로 시작하는 이름은 Python이 씁니다"),
    ("found a list of {n} items, at most {most} are taken", "항목이 {n}개입니다. 최대 {most}개까지 받습니다"),
    ("found {Found}, no parameter takes such values", "{Found}은(는) 매개변수의 값이 될 수 없습니다"),
    ("found a path that cannot be used; {Reason}", "쓸 수 없는 경로입니다. {Reason}"),
    ("found {_found}, {Rule} (did you mean {near}?)", "{Rule}. 혹시 {near}을(를) 쓰려고 하셨나요?"),
    ("found {Found}, {Rule}", "{Rule}. 입력된 값: {Found}"),
    # what a rule wants
    ("must be 1 to 40 lower-case letters, digits and hyphens", "영문 소문자, 숫자, 붙임표로 1~40자여야 합니다"),
    (
        "must be the name of a notification target: at most 40 lower-case letters, digits and hyphens",
        "알림 대상의 이름이어야 합니다(영문 소문자, 숫자, 붙임표로 40자 이내)",
    ),
    (
        "must be names of a data set and of a release: letters, digits, hyphens, underscores",
        "데이터셋과 릴리스의 이름이어야 합니다(영문자, 숫자, 붙임표, 밑줄)",
    ),
    (
        "must be the id of an output: at most 64 lower-case letters, digits and single hyphens",
        "결과물의 식별자여야 합니다(영문 소문자, 숫자, 붙임표로 64자 이내)",
    ),
    ("must be written otherwise", "다르게 써야 합니다"),
    ("must be a whole number", "정수여야 합니다"),
    ("must be a finite number", "유한한 수여야 합니다"),
    ("must be a number", "수여야 합니다"),
    ("must be text", "텍스트여야 합니다"),
    ("must be true or false", "참(true) 또는 거짓(false)이어야 합니다"),
    ("must be a list", "목록이어야 합니다"),
    ("must be a table", "표여야 합니다"),
    ("must be a table of fields", "항목들의 표여야 합니다"),
    ("must be a table of name = value", "‘이름 = 값’의 표여야 합니다"),
    ("must be a table of name = [values]", "‘이름 = [값, …]’의 표여야 합니다"),
    (
        "must have a list of values, not an empty one, behind each name",
        "이름마다 비어 있지 않은 값의 목록이 있어야 합니다",
    ),
    ("must have at most {n} values behind each name", "이름마다 값은 최대 {n}개여야 합니다"),
    ("must have exactly one of sets, grid, zip and csv", "sets, grid, zip, csv 가운데 하나만 있어야 합니다"),
    ("must have equally many values behind each name of zip", "zip의 이름마다 값의 수가 같아야 합니다"),
    ("must be a date, YYYY-MM-DD", "YYYY-MM-DD 형식의 날짜여야 합니다"),
    ("must be one line of printable text", "인쇄할 수 있는 한 줄의 텍스트여야 합니다"),
    ("must have at least one entry", "항목이 하나 이상 있어야 합니다"),
    ("must name each only once", "같은 것을 두 번 쓸 수 없습니다"),
    ("must have at most {n} characters", "{n}자 이하여야 합니다"),
    ("must have at most {n} character", "{n}자 이하여야 합니다"),
    ("must have at least {n} characters", "{n}자 이상이어야 합니다"),
    ("must have at least {n} character", "{n}자 이상이어야 합니다"),
    (
        "must have at most {n} items after validation, not {m}",
        "항목은 최대 {n}개여야 합니다. 지금은 {m}개입니다",
    ),
    ("must have at most {n} items after validation, not more", "항목은 최대 {n}개여야 합니다"),
    ("must be less than or equal to {n}", "{n} 이하여야 합니다"),
    ("must be greater than or equal to {n}", "{n} 이상이어야 합니다"),
    ("must be greater than {n}", "{n}보다 커야 합니다"),
    ("must be less than {n}", "{n}보다 작아야 합니다"),
    ("must be '{values}' or '{last}'", "'{values}', '{last}' 가운데 하나여야 합니다"),
    ("must be '{value}'", "'{value}'(이)어야 합니다"),
    ("must be a zone of the IANA data base, such as Asia/Seoul", "IANA 시간대여야 합니다. 예: Asia/Seoul"),
    (
        "must be the name of a shipped report, or a path in the project's folder; {Reason}",
        "제공되는 보고서의 이름이거나 프로젝트 폴더 안의 경로여야 합니다. {Reason}",
    ),
    ("must be a path in the project's folder; {Reason}", "프로젝트 폴더 안의 경로여야 합니다. {Reason}"),
    (
        "must name data sets if, and only if, the policy is pinned",
        "릴리스를 고정(pinned)할 때에만 데이터셋을 지정하고, 고정할 때에는 반드시 지정해야 합니다",
    ),
    # paths
    ("a path has no control characters and no backslashes", "경로에 제어 문자와 역슬래시를 쓸 수 없습니다"),
    ("a path has no braces; nothing is filled in", "경로에 중괄호를 쓸 수 없습니다. 값이 채워지지 않습니다"),
    (
        "a path begins in the project's folder, not at the root or in a home",
        "경로는 프로젝트 폴더에서 시작해야 합니다",
    ),
    ("a path has no empty or hidden parts and no ..", "경로에 빈 부분, 숨은 부분, ..을 쓸 수 없습니다"),
    (
        "a path has no spaces around its parts, and none of more than 255 bytes",
        "경로의 각 부분은 앞뒤에 빈칸이 없고 255바이트 이내여야 합니다",
    ),
    (
        "a notebook's name has at most {n} characters before its ending",
        "노트북 이름은 확장자를 빼고 {n}자 이하여야 합니다",
    ),
    ("the file's name ends in {suffix}", "파일 이름은 {suffix}(으)로 끝나야 합니다"),
    (
        "a part of the path is a link, and a link may lead out of the project's folder",
        "경로의 일부가 링크입니다. 링크는 프로젝트 폴더 밖으로 이어질 수 있어 쓸 수 없습니다",
    ),
    ("there is no such file in the project's folder", "프로젝트 폴더에 그런 파일이 없습니다"),
)
"""English form and Korean form."""

PLACES: Sequence[tuple[str, str]] = (
    ("default of {name}", "{name}의 기본값"),
    ("set {n} of {place}", "{place}의 {n}번째 묶음"),
    ("sweep.csv line {n}", "sweep.csv {n}번째 줄"),
    ("sweep.csv line {n} column {name}", "sweep.csv {n}번째 줄의 {name} 열"),
    ("{place}.(a name of {n} characters)", "{place}.({n}자의 이름)"),
)
"""English form and Korean form of places that are more than the name of a field."""
