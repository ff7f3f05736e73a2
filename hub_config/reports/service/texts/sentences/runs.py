"""Why a run ended as it did, and what kept it from beginning."""

from collections.abc import Sequence

__all__ = ["FAILURE_LINES", "RUNS"]

RUNS: Sequence[tuple[str, str]] = (
    # verdicts
    ("it ended the report with a status other than 0.", "셀이 0이 아닌 상태로 보고서를 끝냈습니다."),
    (
        "it raised {Error}. The traceback is in report.ipynb of the run.",
        "셀에서 오류({Error})가 났습니다. 자세한 내용은 실행 폴더의 report.ipynb에 있습니다.",
    ),
    ("an error", "오류"),
    (
        "the kernel was killed (SIGKILL), as the system does when memory runs out. Use less, or ask for more.",
        (
            "커널이 강제로 종료되었습니다(SIGKILL). 메모리가 모자라면 시스템이 이렇게 합니다. 메모리를 덜 쓰거나 "
            "늘려 달라고 요청하세요."
        ),
    ),
    (
        "the kernel was ended by {signal}. log.txt of the run holds what it said last.",
        "커널이 신호 {signal}(으)로 종료되었습니다. 마지막 기록은 실행 폴더의 log.txt에 있습니다.",
    ),
    (
        "the kernel ended by itself. log.txt of the run holds what it said last.",
        "커널이 스스로 종료되었습니다. 마지막 기록은 실행 폴더의 log.txt에 있습니다.",
    ),
    (
        "the kernel did not answer within {n} s of its start. log.txt of the run holds what it said.",
        "커널이 시작한 뒤 {n}초 안에 응답하지 않았습니다. 기록은 실행 폴더의 log.txt에 있습니다.",
    ),
    (
        "the time limit of {n} s for the cell has passed. If it needs more, raise {_option}.",
        "셀의 제한 시간 {n}초가 지났습니다. 더 필요하면 보고서 정의의 제한 시간을 늘리세요.",
    ),
    (
        "the time limit of {n} s for the run has passed. If it needs more, raise {_option}.",
        "실행의 제한 시간 {n}초가 지났습니다. 더 필요하면 보고서 정의의 제한 시간을 늘리세요.",
    ),
    (
        "the time limit of {n} s for the {what} has passed. If it needs more, raise {_option}.",
        "{what}의 제한 시간 {n}초가 지났습니다. 더 필요하면 보고서 정의의 제한 시간을 늘리세요.",
    ),
    (
        "the runner told an end that cannot be understood. Run it again.",
        "실행기가 알린 결과를 이해할 수 없습니다. 다시 실행하세요.",
    ),
    ("the run was stopped from outside.", "실행이 밖에서 중지되었습니다."),
    (
        "the report wrote a secret into a file, which was taken out. Write results only, and never a secret.",
        "보고서가 파일에 비밀값을 써서 그 파일을 들어냈습니다. 결과만 쓰고 비밀값은 쓰지 마세요.",
    ),
    (
        "there is no room left to write the run. Free some, then run it again.",
        "실행 결과를 쓸 공간이 없습니다. 공간을 비운 뒤 다시 실행하세요.",
    ),
    (
        "the report's outputs came to more than {n} MiB. Print less: a summary, not the rows.",
        "보고서의 출력이 {n} MiB를 넘었습니다. 행을 모두 출력하지 말고 요약만 출력하세요.",
    ),
    (
        "the process that executes the report ended unexpectedly, perhaps for want of memory. Run it again.",
        "보고서를 실행하던 프로세스가 갑자기 종료되었습니다. 메모리가 모자랐을 수 있습니다. 다시 실행하세요.",
    ),
    (
        "the runner was killed, or the machine went down, before the report ended. Run it again.",
        "보고서가 끝나기 전에 실행기가 종료되었거나 서버가 꺼졌습니다. 다시 실행하세요.",
    ),
    ("Cell {n} ({title}): {Why}", "셀 {n} ({title}): {Why}"),
    ("Cell {n}: {Why}", "셀 {n}: {Why}"),
    # before it began
    (
        "The run could not begin; its project is there no more. Submit it again.",
        "프로젝트가 없어져 실행을 시작할 수 없었습니다. 다시 요청하세요.",
    ),
    (
        "The run could not begin; its template is there no more. Submit it again.",
        "템플릿이 없어져 실행을 시작할 수 없었습니다. 다시 요청하세요.",
    ),
    (
        "The run could not begin; its {what} is there no more. Submit it again.",
        "{what}이(가) 없어져 실행을 시작할 수 없었습니다. 다시 요청하세요.",
    ),
    (
        (
            "The template's kernel is not installed; it names {name}, here are: {names}. Did you mean {near}? Open "
            "the template in Lab, choose one of these, and save it."
        ),
        (
            "템플릿의 커널 {name}이(가) 설치되어 있지 않습니다. 혹시 {near}을(를) 쓰려고 하셨나요? Lab에서 템플릿을 "
            "열어 다음 가운데 하나를 고르고 저장하세요: {names}."
        ),
    ),
    (
        (
            "The template's kernel is not installed; it names {name}, here are: {names}. Open the template in Lab, "
            "choose one of these, and save it."
        ),
        (
            "템플릿의 커널 {name}이(가) 설치되어 있지 않습니다. Lab에서 템플릿을 열어 다음 가운데 하나를 고르고 "
            "저장하세요: {names}."
        ),
    ),
    (
        (
            "The template's kernel is not installed; it names {name}, here are: {names} Open the template in Lab, "
            "choose one of these, and save it."
        ),
        (
            "템플릿의 커널 {name}이(가) 설치되어 있지 않습니다. Lab에서 템플릿을 열어 다음 가운데 하나를 고르고 "
            "저장하세요: {names}"
        ),
    ),
    (
        (
            "The kernel {name} cannot be started; its program {program} is not there or not executable. Mend or "
            "remove the kernel spec in {path}."
        ),
        (
            "커널 {name}을(를) 시작할 수 없습니다. 프로그램 {program}이(가) 없거나 실행할 수 없습니다. {path}의 커널 "
            "설정을 고치거나 지우세요."
        ),
    ),
    (
        "The kernel {name} is not a Python kernel; found language {language}. Reports run Python.",
        "커널 {name}은(는) Python 커널이 아닙니다(언어: {language}). 보고서는 Python으로 실행됩니다.",
    ),
    (
        "The kernel spec cannot be written to {path}; {System}. Give a --home that you can write to.",
        "{path}에 커널 설정을 쓸 수 없습니다({System}). 운영자에게 문의하세요.",
    ),
    (
        "The run cannot be forked from this process; {reason}. Start `cohorthub report run` instead.",
        "이 프로세스에서 실행을 시작할 수 없습니다. 운영자에게 문의하세요(원인: {reason}).",
    ),
    # secrets
    (
        (
            "The report names {n} secrets; found no folder of secrets for this run. Run it for a project, or set "
            "COHORTHUB_SECRETS to a folder with one file for each."
        ),
        "보고서에 비밀값 {n}개가 필요하지만 이 실행에는 비밀값 폴더가 없습니다. 프로젝트에서 실행하세요.",
    ),
    (
        (
            "A secret that the report names is not there; found no file of its name among the project's secrets. Ask "
            "a project lead to put it there."
        ),
        "보고서에 필요한 비밀값이 프로젝트에 없습니다. 프로젝트 책임자에게 등록해 달라고 하세요.",
    ),
    (
        "A secret may be read by other accounts; found a file that is not closed to them. Use chmod 600 on it.",
        "다른 계정이 비밀값 파일을 읽을 수 있습니다. 파일 권한을 600으로 바꾸세요(chmod 600).",
    ),
    (
        "A secret is no text in UTF-8; found other bytes. Write it as text.",
        "비밀값이 UTF-8 텍스트가 아닙니다. 텍스트로 저장하세요.",
    ),
    (
        (
            "A secret cannot be kept out of what the report writes; found one of {n} characters, wanted {low} to "
            "{high}. Use a longer one."
        ),
        "비밀값이 {n}자여서 보고서의 출력에서 가려낼 수 없습니다. {low}~{high}자의 비밀값을 쓰세요.",
    ),
    # the folder
    (
        (
            "The last record of run {run} cannot be written; {System}. Free some room; `cohorthub report list` then "
            "closes the run as interrupted."
        ),
        "실행 {run}의 마지막 기록을 쓸 수 없습니다({System}). 공간을 비우면 중단된 실행으로 정리됩니다.",
    ),
    (
        "The run id is taken; there is a run {run} in {path}. Leave --run-id out to get a new one.",
        "실행 번호 {run}이(가) 이미 있습니다({path}). 다시 요청하세요.",
    ),
    (
        "The run's folder cannot be made in {path}; {System}. Make room, or give another --output-dir.",
        "{path}에 실행 폴더를 만들 수 없습니다({System}). 공간을 비우고 다시 실행하세요.",
    ),
    (
        "Runs cannot be written to {path}; {System}. Give another --output-dir.",
        "{path}에 실행 결과를 쓸 수 없습니다({System}). 운영자에게 문의하세요.",
    ),
)
"""English form and Korean form."""

FAILURE_LINES: Sequence[tuple[str, str]] = (
    ("While this was handled:", "위 오류를 처리하는 중에 다음 오류가 남:"),
    ("This was the cause of:", "위 오류 때문에 다음 오류가 남:"),
    ("code outside the report and its libraries", "보고서와 라이브러리 밖의 코드"),
    ("… {n} more", "… 외 {n}곳"),
    ("The cell with the values given for this run", "이번 실행에 정한 값이 들어 있는 셀"),
    ("The cell with the values given for this run, line {n}", "이번 실행에 정한 값이 들어 있는 셀, {n}번째 줄"),
    ("Cell {n} ({title}), line {line}, in {function}", "셀 {n} ({title}), {line}번째 줄, 함수 {function}"),
    ("Cell {n} ({title}), line {line}", "셀 {n} ({title}), {line}번째 줄"),
    ("Cell {n}, line {line}, in {function}", "셀 {n}, {line}번째 줄, 함수 {function}"),
    ("Cell {n}, line {line}", "셀 {n}, {line}번째 줄"),
    ("{file}.py, line {line}, in {function}", "{file}.py, {line}번째 줄, 함수 {function}"),
    ("{file}.py, line {line}", "{file}.py, {line}번째 줄"),
    ("Cell {n} ({title})", "셀 {n} ({title})"),
    ("Cell {n}", "셀 {n}"),
)
"""English form and Korean form of the lines that say where a report failed; source lines are of none."""
