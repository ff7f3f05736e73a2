"""What can be wrong with an alert rule."""

from collections.abc import Sequence

__all__ = ["ALERT_RULES"]

ALERT_RULES: Sequence[tuple[str, str]] = (
    ("{Fault} (at sign {n} of the rule)", "{Fault} (규칙의 {n}번째 글자)"),
    ("An alert rule is text; found {_type}. Put it in quotes.", "경보 규칙은 텍스트여야 합니다. 따옴표로 묶으세요."),
    (
        "An alert rule has at most {most} signs; found {n}. Make two of it.",
        "경보 규칙은 {most}자 이하여야 하지만 {n}자입니다. 규칙 두 개로 나누세요.",
    ),
    (
        'An alert rule is empty; found no words. Write for instance "events > 20".',
        "경보 규칙이 비어 있습니다. 예를 들어 “events > 20”처럼 쓰세요.",
    ),
    (
        "A rule is one line of plain text; found a control sign. Remove it.",
        "경보 규칙은 한 줄의 일반 텍스트여야 합니다. 제어 문자를 지우세요.",
    ),
    (
        "n_persons takes one cohort; found more labels. Write one rule for each.",
        "n_persons에는 코호트를 하나만 쓸 수 있습니다. 코호트마다 규칙을 하나씩 쓰세요.",
    ),
    (
        (
            'A cell of a table has a row and a column, such as table-1["Female", "n"]; found one label. Add the '
            "other, or "
            "write id.column for a table of one row."
        ),
        (
            '표의 칸은 table-1["Female", "n"]처럼 행과 열로 가리킵니다. 이름이 하나뿐이니 나머지를 더하거나, 한 '
            "행뿐인 "
            "표이면 id.열이름처럼 쓰세요."
        ),
    ),
    (
        "The report has no output {output}; it declares {Names}. Use one of these.",
        "보고서에 {output}이라는 결과물이 없습니다. 다음 가운데 하나를 쓰세요: {Names}.",
    ),
    (
        "Output {output} is a number; found a column or a row behind it. Write only its id.",
        "결과물 {output}은(는) 수이므로 뒤에 행이나 열을 쓸 수 없습니다. 식별자만 쓰세요.",
    ),
    (
        (
            "Output {output} is a table, and a rule watches one number; found no column. Write {cell} or {example}. "
            "Numbers are: {Names}."
        ),
        (
            "결과물 {output}은(는) 표이고, 규칙은 수 하나를 살핍니다. {cell} 또는 {example}처럼 열을 쓰세요. 수인 "
            "결과물: {Names}."
        ),
    ),
    (
        "Output {output} is a figure, which has no number but its counts; write {counts}, or watch a number: {Names}.",
        (
            "결과물 {output}은(는) 그림이라 인원수 말고는 수가 없습니다. {counts}라고 쓰거나 수인 결과물을 살피세요: "
            "{Names}."
        ),
    ),
    (
        "A condition is missing; found the end of the rule. Write for instance > 20, or changed by more than 10 %.",
        "조건이 없습니다. 예를 들어 > 20 또는 changed by more than 10 %처럼 쓰세요.",
    ),
    (
        "A condition is one of {words}, missing; found something else. Write for instance events > 20.",
        "조건은 {words}, missing 가운데 하나여야 합니다. 예를 들어 events > 20처럼 쓰세요.",
    ),
    (
        "A comparison is one of {signs}; found another sign. Use one of these.",
        "비교 기호는 {signs} 가운데 하나여야 합니다.",
    ),
    (
        "A comparison is one of {signs}; found another sign. Write {sign}.",
        "비교 기호는 {signs} 가운데 하나여야 합니다. {sign}(으)로 쓰세요.",
    ),
    ("A comparison is one of {signs}; found another sign. {n}", "비교 기호는 {signs} 가운데 하나여야 합니다. {n}"),
    (
        (
            "A number is compared with a number, not with a share; found %. Write for instance rate > 0.1, or rate "
            "changed by more than 10 %."
        ),
        "수는 비율(%)이 아니라 수와 비교합니다. 예를 들어 rate > 0.1 또는 rate changed by more than 10 %처럼 쓰세요.",
    ),
    (
        (
            "{word} is followed by the end of the rule, by more than, or by at least; found something else. Write "
            "for instance {example} by more than 10 %."
        ),
        (
            "{word} 뒤에는 아무것도 없거나 by more than 또는 by at least가 와야 합니다. 예를 들어 {example} by more "
            "than 10 %처럼 쓰세요."
        ),
    ),
    (
        "The size of a change is not negative; found a number below 0. Write fell, and the number without its sign.",
        "변화의 크기는 음수일 수 없습니다. fell을 쓰고 부호 없이 수를 쓰세요.",
    ),
    (
        "Every number changes by at least 0; found 0. Write more than 0, or leave the amount out.",
        "모든 수는 0 이상 변합니다. more than 0이라고 쓰거나 크기를 빼세요.",
    ),
    (
        "by is followed by more than, or at least; found something else. Write for instance by more than 10 %.",
        "by 뒤에는 more than 또는 at least가 와야 합니다. 예를 들어 by more than 10 %처럼 쓰세요.",
    ),
    (
        "A rule ends behind its condition; found more. Write two rules where two things are watched.",
        "규칙은 조건에서 끝나야 하지만 뒤에 글자가 더 있습니다. 두 가지를 살피려면 규칙을 두 개 쓰세요.",
    ),
    # its words
    (
        (
            "A rule begins with the id of an output, such as table-1: lower-case letters, digits and single hyphens, "
            "at most 64; found something else. Write the id as the report declares it."
        ),
        (
            "규칙은 table-1 같은 결과물의 식별자(영문 소문자, 숫자, 붙임표로 64자 이내)로 시작해야 합니다. 보고서에 "
            "선언된 식별자를 그대로 쓰세요."
        ),
    ),
    (
        (
            'A dot is followed by the name of a column, such as cox.hazard_ratio or balance."smd after"; found '
            "something "
            "else. Put names with other signs in double quotes."
        ),
        (
            '점 뒤에는 cox.hazard_ratio나 balance."smd after"처럼 열 이름이 와야 합니다. 다른 글자가 든 이름은 '
            "큰따옴표로 "
            "묶으세요."
        ),
    ),
    (
        "A rule names at most 8 labels; found more. Leave out some.",
        "규칙에는 이름을 8개까지 쓸 수 있습니다. 줄여 주세요.",
    ),
    (
        'A square bracket is not closed; found no ] behind the labels. Write for instance ["Female", "n"].',
        '대괄호가 닫히지 않았습니다. 예를 들어 ["Female", "n"]처럼 쓰세요.',
    ),
    (
        (
            'Square brackets hold texts in double quotes, such as ["Female", "n"]; found something else. Put labels '
            "in "
            "double quotes, numbers too."
        ),
        '대괄호 안에는 ["Female", "n"]처럼 큰따옴표로 묶은 텍스트를 씁니다. 숫자도 큰따옴표로 묶으세요.',
    ),
    (
        'Texts stand in straight double quotes; found other ones. Write "Female".',
        '텍스트는 곧은 큰따옴표로 묶습니다. "Female"처럼 쓰세요.',
    ),
    (
        'A backslash stands only before " and \\; found it before something else. Write \\\\ for one backslash.',
        '역슬래시는 "와 \\ 앞에만 쓸 수 있습니다. 역슬래시 하나는 \\\\로 쓰세요.',
    ),
    (
        'A quote is not closed; found no second ". Write for instance "Female".',
        '따옴표가 닫히지 않았습니다. 예를 들어 "Female"처럼 쓰세요.',
    ),
    (
        "A text in quotes has 1 to {n} signs; found none but blanks, or more. Write the label as the table has it.",
        "따옴표 안의 텍스트는 빈칸이 아닌 1~{n}자여야 합니다. 표에 있는 이름을 그대로 쓰세요.",
    ),
    (
        "A number is missing; found the end of the rule. Write one, such as 20.",
        "수가 없습니다. 20처럼 수를 쓰세요.",
    ),
    (
        (
            "A number is written with digits, a decimal point and no other signs, such as 1250.5; found something "
            "else. Write it so."
        ),
        "수는 1250.5처럼 숫자와 소수점으로만 씁니다.",
    ),
    (
        "A number is too large; found more than 40 signs, or none that a table could hold. Write a smaller one.",
        "수가 너무 큽니다. 더 작은 수를 쓰세요.",
    ),
)
"""English form and Korean form."""
