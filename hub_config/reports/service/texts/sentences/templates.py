"""Why a notebook cannot be run as a report, and what is wrong with its parameters cell."""

from collections.abc import Sequence

__all__ = ["TEMPLATES"]

TEMPLATES: Sequence[tuple[str, str]] = (
    (
        "The template cannot be read; {path} is not a regular file. Give the path of a notebook (.ipynb).",
        "템플릿을 읽을 수 없습니다. {path}은(는) 일반 파일이 아닙니다. 노트북(.ipynb)의 경로를 쓰세요.",
    ),
    (
        "The template is too large; {path} has {n} MiB, the limit is {most}. Clear its outputs.",
        "템플릿이 너무 큽니다. {path}은(는) {n} MiB이고 한도는 {most} MiB입니다. 출력을 지우세요.",
    ),
    (
        "The template cannot be read; {path}: {System}. Check the path and its permissions.",
        "템플릿을 읽을 수 없습니다({path}: {System}). 경로와 권한을 확인하세요.",
    ),
    (
        "{Name} is not a notebook; it is JSON without a notebook's nbformat number. Give an .ipynb file.",
        "{Name}은(는) 노트북이 아닙니다. JSON이지만 노트북의 nbformat 번호가 없습니다. .ipynb 파일을 쓰세요.",
    ),
    (
        (
            "{Name} was saved by a newer Jupyter than this one; found notebook format {found}, known up to {known}. "
            "Save it in the older format, or update CohortHub."
        ),
        (
            "{Name}은(는) 더 새로운 Jupyter에서 저장되었습니다(노트북 형식 {found}, 이곳은 {known}까지). 이전 "
            "형식으로 저장하거나 CohortHub를 업데이트하세요."
        ),
    ),
    (
        (
            "{Name} is not a valid notebook; its cells do not follow the notebook format. Open it in Jupyter and "
            "save it again."
        ),
        "{Name}은(는) 올바른 노트북이 아닙니다. 셀이 노트북 형식에 맞지 않습니다. Jupyter에서 열어 다시 저장하세요.",
    ),
    (
        "{Name} is not a notebook; it is not JSON in UTF-8. Give an .ipynb file.",
        "{Name}은(는) 노트북이 아닙니다. UTF-8로 된 JSON이 아닙니다. .ipynb 파일을 쓰세요.",
    ),
    (
        "{Name} is not a notebook; it is JSON of another kind. Give an .ipynb file.",
        "{Name}은(는) 노트북이 아닙니다. 다른 종류의 JSON입니다. .ipynb 파일을 쓰세요.",
    ),
    ("the old notebook", "이전 노트북"),
    ("the new notebook", "새 노트북"),
    (
        (
            "There is no report template {name}; shipped are: {names}. Did you mean {near}? Give one of these names, "
            "or the path of a notebook."
        ),
        (
            "보고서 템플릿 {name}이(가) 없습니다. 혹시 {near}을(를) 쓰려고 하셨나요? 제공되는 이름({names})이나 "
            "노트북의 경로를 쓰세요."
        ),
    ),
    (
        "There is no report template {name}; shipped are: {names}. Give one of these names, or the path of a notebook.",
        "보고서 템플릿 {name}이(가) 없습니다. 제공되는 이름({names})이나 노트북의 경로를 쓰세요.",
    ),
    (
        "There is no report template {name}; shipped are: {names} Give one of these names, or the path of a notebook.",
        "보고서 템플릿 {name}이(가) 없습니다. 제공되는 이름({names})이나 노트북의 경로를 쓰세요.",
    ),
    (
        (
            "{Name} cannot be run as a report; {Count} tagged 'parameters', wanted one. In Lab: property inspector "
            "(the cogs) > Cell Tags > add 'parameters' to the cell that declares them."
        ),
        (
            "{Name}은(는) 보고서로 실행할 수 없습니다. ‘parameters’ 태그가 붙은 셀이 하나 있어야 하지만 "
            "{Count}입니다. Lab의 속성 검사기(톱니바퀴) > 셀 태그에서 매개변수를 선언하는 셀에 ‘parameters’를 "
            "붙이세요."
        ),
    ),
    ("no cell", "0개"),
    ("{n} cells", "{n}개"),
    (
        "{Name} cannot be run as a report; the cell tagged 'parameters' is {kind}. Make it a code cell.",
        (
            "{Name}은(는) 보고서로 실행할 수 없습니다. ‘parameters’ 태그가 붙은 셀이 코드 셀이 아닙니다({kind}). "
            "코드 셀로 바꾸세요."
        ),
    ),
    # the parameters cell
    (
        (
            "The parameters cell is not Python that can be read; found a fault in line {n}. Write one "
            "`name: type = literal  # help` per line, without magics."
        ),
        (
            "매개변수 셀을 Python으로 읽을 수 없습니다({n}번째 줄). 매직 없이 한 줄에 하나씩 `이름: 형식 = 값  # "
            "설명`으로 쓰세요."
        ),
    ),
    (
        "Parameter {name} is declared twice; found again in line {n} of the parameters cell. Keep one of the two.",
        "매개변수 {name}이(가) 두 번 선언되었습니다(매개변수 셀 {n}번째 줄). 하나만 남기세요.",
    ),
    (
        (
            "The type of parameter {name} would be unknown to Python when the cell runs; found {type} in line {n} "
            "without an import. Write the type in quotes, or import it first."
        ),
        (
            "매개변수 {name}의 형식 {type}은(는) 셀을 실행할 때 Python이 알 수 없습니다({n}번째 줄). 형식을 따옴표로 "
            "묶거나 먼저 import 하세요."
        ),
    ),
    (
        (
            "A parameter has no type; found a plain assignment in line {n} of the parameters cell. Write "
            "`name: type = literal  # help`, for instance `washout_days: int = 365  # days without the drug`."
        ),
        (
            "형식이 없는 매개변수가 있습니다(매개변수 셀 {n}번째 줄). `washout_days: int = 365  # 약을 쓰지 않은 "
            "일수`처럼 `이름: 형식 = 값  # 설명`으로 쓰세요."
        ),
    ),
    (
        (
            "The parameters cell may hold only `name: type = literal` lines; found {kind} in line {n}. Move other "
            "code into the next cell."
        ),
        "매개변수 셀에는 `이름: 형식 = 값` 줄만 쓸 수 있습니다({n}번째 줄에 {kind}). 다른 코드는 다음 셀로 옮기세요.",
    ),
    (
        "A parameter cannot have the name in line {n}; {Reason}. Rename it.",
        "{n}번째 줄의 매개변수 이름을 쓸 수 없습니다. {Reason}. 이름을 바꾸세요.",
    ),
    (
        (
            "Parameter {name} has no default; found none in line {n} of the parameters cell. Give one that runs on "
            "the demo data."
        ),
        "매개변수 {name}에 기본값이 없습니다(매개변수 셀 {n}번째 줄). 예제 데이터에서 실행되는 값을 쓰세요.",
    ),
    (
        (
            "The default of parameter {name} is not a literal; found {kind} in line {n}. Write the value itself; "
            "compute from it in the next cell."
        ),
        "매개변수 {name}의 기본값이 상수가 아닙니다({n}번째 줄에 {kind}). 값 자체를 쓰고 계산은 다음 셀에서 하세요.",
    ),
    (
        "The default of parameter {name} does not fit its type {type}; {Wrong}. Correct line {n}.",
        "매개변수 {name}의 기본값이 형식 {type}에 맞지 않습니다. {Wrong}. {n}번째 줄을 고치세요.",
    ),
    (
        "Parameter {name} has a range that cannot be used; {Wrong}.",
        "매개변수 {name}의 범위를 쓸 수 없습니다. {Wrong}.",
    ),
    (
        (
            "The choices of parameter {name} cannot be used; found {n} that are not all different texts, or all "
            "different whole numbers. Write for instance Literal['efron', 'breslow']."
        ),
        (
            "매개변수 {name}의 선택지를 쓸 수 없습니다. 선택지 {n}개는 모두 서로 다른 텍스트이거나 서로 다른 "
            "정수여야 합니다. Literal['efron', 'breslow']처럼 쓰세요."
        ),
    ),
    (
        (
            "Parameter {name} has a type that reports do not know. Use one of {types}, Literal[...], list[...] of "
            "{items} or Literal[...], or one of these with `| None`."
        ),
        (
            "매개변수 {name}의 형식을 알 수 없습니다. {types}, Literal[...], list[...]({items} 또는 Literal[...]) "
            "가운데 하나를 쓰세요. `| None`을 붙일 수 있습니다."
        ),
    ),
    # its ranges
    (
        (
            "its comment begins like a range and goes on otherwise; write `>= 0; help`, with a semicolon behind the "
            "range, or begin the help with a word"
        ),
        (
            "설명이 범위처럼 시작하지만 그렇게 이어지지 않습니다. `>= 0; 설명`처럼 범위 뒤에 쌍반점을 쓰거나, 설명을 "
            "낱말로 시작하세요"
        ),
    ),
    (
        "its range ends before it begins; write the smaller number first",
        "범위의 앞뒤가 바뀌었습니다. 작은 수를 먼저 쓰세요",
    ),
    (
        "its range ends before it begins; write the smaller value first",
        "범위의 앞뒤가 바뀌었습니다. 작은 값을 먼저 쓰세요",
    ),
    (
        "its range counts items, which only a list has; leave that out, or declare a list",
        "항목의 수는 목록에만 쓸 수 있습니다. 지우거나 목록으로 선언하세요",
    ),
    (
        "its range counts characters, which only a text has; leave that out, or declare a str",
        "글자의 수는 텍스트에만 쓸 수 있습니다. 지우거나 str로 선언하세요",
    ),
    (
        (
            "its range is one of numbers or dates, but the type is {type}; declare int, float, date or datetime, or "
            "begin the help with a word"
        ),
        "수나 날짜의 범위인데 형식은 {type}입니다. int, float, date, datetime으로 선언하거나 설명을 낱말로 시작하세요",
    ),
    (
        "its range does not fit a date; write days as YYYY-MM-DD, or today",
        "날짜의 범위가 아닙니다. 날짜는 YYYY-MM-DD 또는 today로 쓰세요",
    ),
    (
        "its range does not fit the type {type}; write whole numbers",
        "범위가 형식 {type}에 맞지 않습니다. 정수로 쓰세요",
    ),
    ("its range does not fit the type {type}; write numbers", "범위가 형식 {type}에 맞지 않습니다. 수로 쓰세요"),
    (
        "its range does not fit the type {type}; write {_whole}numbers",
        "범위가 형식 {type}에 맞지 않습니다. 수로 쓰세요",
    ),
    (
        "its range has a number that is too large; leave that end out",
        "범위에 너무 큰 수가 있습니다. 그쪽 끝을 쓰지 마세요",
    ),
    # values given for it
    (
        "Parameter {name} has the type {type}; {Wrong}. Give such a value.",
        "매개변수 {name}의 형식은 {type}입니다. {Wrong}.",
    ),
    (
        "A parameter was given whose name cannot be one; {Reason}. Write name=value, with one of: {Names}.",
        "매개변수의 이름이 될 수 없는 이름입니다. {Reason}. 쓸 수 있는 이름: {Names}.",
    ),
    (
        (
            "The template has no parameter {name}; known are: {Names}. Did you mean {near}? See them with "
            "`cohorthub report inspect`."
        ),
        "템플릿에 매개변수 {name}이(가) 없습니다. 혹시 {near}을(를) 쓰려고 하셨나요? 쓸 수 있는 이름: {Names}.",
    ),
    (
        "The template has no parameter {name}; known are: {Names}. See them with `cohorthub report inspect`.",
        "템플릿에 매개변수 {name}이(가) 없습니다. 쓸 수 있는 이름: {Names}.",
    ),
    (
        "The template has no parameter {name}; known are: {Names}. {_hint}See them with `cohorthub report inspect`.",
        "템플릿에 매개변수 {name}이(가) 없습니다. 쓸 수 있는 이름: {Names}.",
    ),
)
"""English form and Korean form."""
