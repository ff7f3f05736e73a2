"""What can be wrong with a project's file or folder."""

from collections.abc import Sequence

__all__ = ["PROJECTS"]

PROJECTS: Sequence[tuple[str, str]] = (
    (
        "project.toml is not valid; {Faults}. See docs/reference/projects.md, then try `cohorthub project check`.",
        (
            "project.toml에 고칠 것이 있습니다. {Faults}. 문서의 프로젝트 설명을 보고 고친 뒤 `cohorthub project "
            "check`로 확인하세요."
        ),
    ),
    ("{Fault}; and {n} more", "{Fault}. 그 밖에 {n}가지"),
    (
        "project.toml must not hold a name; found one. Take the line away: a project is called what its folder is.",
        "project.toml에는 이름을 쓰지 않습니다. 그 줄을 지우세요. 프로젝트의 이름은 폴더의 이름입니다.",
    ),
    (
        "project.toml must have lines of at most {n} characters; line {line} has {m}. Break it.",
        "project.toml의 한 줄은 {n}자 이하여야 합니다. {line}번째 줄은 {m}자이니 나누세요.",
    ),
    (
        "project.toml is not TOML; stopped (at line {line}, column {column}). Correct that line.",
        "project.toml이 TOML이 아닙니다. {line}번째 줄 {column}번째 글자를 고치세요.",
    ),
    (
        "project.toml is not TOML; stopped {place}. Correct that line.",
        "project.toml이 TOML이 아닙니다. 읽기를 멈춘 곳{place}을(를) 고치세요.",
    ),
    (
        "project.toml is nested too deeply; no field needs more than 3 levels. Simplify it.",
        "project.toml이 너무 깊이 겹쳐 있습니다. 3단계면 충분합니다.",
    ),
    ("project.toml holds a number that is too long. Correct it.", "project.toml에 너무 긴 수가 있습니다. 고치세요."),
    (
        (
            "a project's name must be lower-case letters, digits and hyphens, begin with a letter or digit and have "
            "at most 40 of them; got {n} characters. Choose another name."
        ),
        (
            "프로젝트의 이름은 영문자나 숫자로 시작하고 영문 소문자, 숫자, 붙임표로 40자 이내여야 합니다({n}자). "
            "다른 이름을 고르세요."
        ),
    ),
    (
        "a project's account must be its own; found {Whose}. Give `account` in project.toml another name.",
        (
            "프로젝트의 계정은 그 프로젝트만의 것이어야 하지만 {Whose}입니다. project.toml의 account를 다른 이름으로 "
            "바꾸세요."
        ),
    ),
    ("the system's, or that of CohortHub itself", "시스템이나 CohortHub의 계정"),
    ("a person's", "사람의 계정"),
    ("another project's", "다른 프로젝트의 계정"),
    # its folder and files
    (
        (
            "{name} must belong to the account that runs CohortHub, or to root; found another owner. Give it back "
            "with chown."
        ),
        "{name}은(는) CohortHub를 실행하는 계정이나 root의 것이어야 합니다. chown으로 소유자를 바꾸세요.",
    ),
    (
        "{name} must be writable by its owner alone; found mode {mode}. Take the right away with chmod go-w.",
        "{name}은(는) 소유자만 쓸 수 있어야 합니다(지금 {mode}). chmod go-w로 권한을 빼세요.",
    ),
    (
        "{name} must be a file; found something else. Put a plain file there.",
        "{name}은(는) 파일이어야 합니다. 일반 파일을 두세요.",
    ),
    (
        "{name} holds a secret and must be readable by its owner alone; found mode {mode}. Close it with chmod 600.",
        "{name}에는 비밀값이 있어 소유자만 읽을 수 있어야 합니다(지금 {mode}). chmod 600으로 닫으세요.",
    ),
    (
        "{name} must have at most {n} bytes; found more. Shorten it.",
        "{name}은(는) {n}바이트 이하여야 합니다. 줄이세요.",
    ),
    (
        "{name} must be UTF-8 text; found other bytes. Save it as UTF-8.",
        "{name}은(는) UTF-8 텍스트여야 합니다. UTF-8로 저장하세요.",
    ),
    (
        "{name} is needed; found nothing of that name. Make it.",
        "{name}이(가) 필요하지만 없습니다. 만드세요.",
    ),
    (
        (
            "{name} must be readable by the account that runs CohortHub; {System}. An operator gives it to that "
            "account with chown."
        ),
        (
            "{name}을(를) CohortHub를 실행하는 계정이 읽을 수 있어야 합니다({System}). 운영자가 chown으로 그 계정에 "
            "주면 됩니다."
        ),
    ),
    (
        "{name} must be a file, not a link, and readable; {System}. Put a file there.",
        "{name}은(는) 링크가 아니라 읽을 수 있는 파일이어야 합니다({System}).",
    ),
    (
        "{name} must be a folder, not a link, and readable; {System}. Put a folder there.",
        "{name}은(는) 링크가 아니라 읽을 수 있는 폴더여야 합니다({System}).",
    ),
    (
        "{name} must be {_what}, not a link, and readable; {System}. Put {_again} there.",
        "{name}은(는) 링크가 아니라 읽을 수 있어야 합니다({System}).",
    ),
    # its secrets
    (
        (
            "a secret's name has letters, digits, dots, hyphens and underscores, at most 64 of them; found another. "
            "Choose such a name."
        ),
        "비밀값의 이름은 영문자, 숫자, 점, 붙임표, 밑줄로 64자 이내여야 합니다. 다른 이름을 쓰세요.",
    ),
    (
        (
            "a secret has {low} characters to {high} bytes, and is text; found another. Use one that cannot stand in a "
            "report by chance."
        ),
        "비밀값은 {low}자 이상, {high}바이트 이내의 텍스트여야 합니다. 보고서에 우연히 나올 수 없는 값을 쓰세요.",
    ),
    (
        (
            "the secret cannot be written; the account that runs CohortHub may not change the project's folder of "
            "secrets ({System}). An operator gives the folder to that account with chown, or sets the secret with "
            "`cohorthub project secret set`."
        ),
        (
            "비밀값을 쓸 수 없습니다. CohortHub를 실행하는 계정에 프로젝트의 비밀값 폴더를 바꿀 권한이 없습니다"
            "({System}). 운영자가 chown으로 폴더를 그 계정에 주거나 `cohorthub project secret set`으로 등록하면 됩니다."
        ),
    ),
    (
        (
            "the secret cannot be removed; the account that runs CohortHub may not change the project's folder of "
            "secrets ({System}). An operator gives the folder to that account with chown, or removes the secret with "
            "`cohorthub project secret remove`."
        ),
        (
            "비밀값을 삭제할 수 없습니다. CohortHub를 실행하는 계정에 프로젝트의 비밀값 폴더를 바꿀 권한이 없습니다"
            "({System}). 운영자가 chown으로 폴더를 그 계정에 주거나 `cohorthub project secret remove`로 지우면 됩니다."
        ),
    ),
    (
        ("the secret cannot be written; found {System}. Free some space or rights in the project's folder."),
        "비밀값을 쓸 수 없습니다({System}). 프로젝트 폴더의 공간이나 권한을 확인하도록 운영자에게 알리세요.",
    ),
    (
        "the secret cannot be removed; found {System}. Look at the rights of the project's folder.",
        "비밀값을 삭제할 수 없습니다({System}). 프로젝트 폴더의 권한을 확인하도록 운영자에게 알리세요.",
    ),
    # its fields
    (
        "{place} is not a field (did you mean {near}?)",
        "{place}은(는) 없는 항목입니다. 혹시 {near}을(를) 쓰려고 하셨나요?",
    ),
    ("{place} is not a field{n}", "{place}은(는) 없는 항목입니다{n}"),
    ("{place} is not a field", "{place}은(는) 없는 항목입니다"),
    ("{place} is missing", "{place} 항목이 필요합니다"),
    (
        "account is needed, as project-NAME would have more than the 32 characters of an account's name",
        "계정 이름은 32자 이내여야 하는데 project-이름이 더 길어지므로 account 항목이 필요합니다",
    ),
    ("must be printable text", "인쇄할 수 있는 텍스트여야 합니다"),
    ("cell_seconds must not be more than run_seconds", "셀 제한 시간은 실행 제한 시간보다 클 수 없습니다"),
    ("give either url_file or email", "url_file과 email 가운데 하나만 쓰세요"),
    ("must be an IANA time zone, such as Asia/Seoul", "IANA 시간대여야 합니다. 예: Asia/Seoul"),
    (
        "must be a day without quotes, such as 2027-06-30",
        "2027-06-30처럼 따옴표 없는 날짜여야 합니다",
    ),
    ('either names of data sets, or ["*"] alone', '데이터셋의 이름들을 쓰거나 ["*"] 하나만 쓰세요'),
    ("names a data set twice", "같은 데이터셋이 두 번 나옵니다"),
    (
        "at least one member must be a lead, or nobody can approve a report",
        "책임자가 한 명 이상 있어야 합니다. 책임자가 없으면 아무도 보고서를 승인할 수 없습니다",
    ),
    (
        "must be secrets/NAME, with letters, digits, dots, hyphens and underscores",
        "secrets/이름이어야 합니다(영문자, 숫자, 점, 붙임표, 밑줄)",
    ),
    (
        "must be one plain e-mail address in ASCII letters, such as team@example.org",
        "team@example.org처럼 ASCII 문자로 된 전자우편 주소 하나여야 합니다",
    ),
    (
        "must be a data set's name: lower-case letters, digits, hyphens, underscores",
        "데이터셋의 이름이어야 합니다(영문 소문자, 숫자, 붙임표, 밑줄)",
    ),
    (
        "must be a name of lower-case letters, digits and hyphens, at most 40",
        "영문 소문자, 숫자, 붙임표로 40자 이내의 이름이어야 합니다",
    ),
    (
        "must be an account's name: lower-case letters, digits and hyphens, at most 32, first a letter",
        "계정 이름이어야 합니다(영문자로 시작하고 영문 소문자, 숫자, 붙임표로 32자 이내)",
    ),
)
"""English form and Korean form."""
