"""What the desk and the database refuse, and with what reason."""

from collections.abc import Sequence

__all__ = ["REFUSALS"]

REFUSALS: Sequence[tuple[str, str]] = (
    ("[{code}] {Fault}", "{Fault} (코드: {code})"),
    (
        (
            "There is no such project; found none of this name that you may see. See yours on the Reports page, or "
            "ask a project lead to make you a member."
        ),
        (
            "그런 프로젝트가 없거나 볼 권한이 없습니다. 보고서 페이지에서 내 프로젝트를 확인하거나, 프로젝트 "
            "책임자에게 구성원으로 추가해 달라고 하세요."
        ),
    ),
    (
        "Your role does not allow this; found {Role} and the action {_action}. Ask a lead of the project.",
        "프로젝트에서의 역할({Role})로는 할 수 없습니다. 프로젝트 책임자에게 문의하세요.",
    ),
    ("no role", "역할 없음"),
    ("lead", "책임자"),
    ("analyst", "분석가"),
    ("reader", "열람자"),
    (
        (
            "There is no such report definition; found none of this name in the project. See them with "
            "`cohorthub report list --project NAME`."
        ),
        "그런 보고서 정의가 없습니다. 프로젝트 페이지에서 확인하세요.",
    ),
    (
        (
            "There is no such report definition; found none of this name in the project. See them on the project's "
            "page, or with `cohorthub report list --project NAME`."
        ),
        "그런 보고서 정의가 없습니다. 프로젝트 페이지에서 확인하세요.",
    ),
    (
        "There is no such run; found none of this id that you may see. See them with `cohorthub report list`.",
        "그런 실행이 없거나 볼 권한이 없습니다. 실행 이력에서 확인하세요.",
    ),
    (
        "The run cannot be removed; it has not ended. Cancel it first.",
        "실행이 아직 끝나지 않아 삭제할 수 없습니다. 먼저 취소하세요.",
    ),
    (
        (
            "The run cannot be removed; it is kept. A lead of its project lets it go first, on its page or with "
            "`cohorthub report keep RUN --no-longer`."
        ),
        "계속 보관하는 실행이라 삭제할 수 없습니다. 먼저 프로젝트 책임자가 실행 페이지에서 보관을 풀어야 합니다.",
    ),
    (
        "The run cannot be kept; it was removed. Its history says when and by whom.",
        "삭제한 실행이라 보관할 수 없습니다. 누가 언제 삭제했는지는 진행 기록에 있습니다.",
    ),
    (
        "Nothing waits for approval; found no draft of this definition. Look again.",
        "승인을 기다리는 초안이 없습니다. 다시 확인하세요.",
    ),
    (
        "The draft has changed since you looked at it; found other hashes. Look at the differences again.",
        "보신 뒤로 초안이 바뀌었습니다. 바뀐 내용을 다시 확인하세요.",
    ),
    (
        "The definition has changed since you looked at it; found another version. Look at it again.",
        "보신 뒤로 보고서 정의가 바뀌었습니다. 다시 확인하세요.",
    ),
    (
        "The notebook has not changed; found the one that is known. Nothing is to be done.",
        "노트북이 바뀌지 않았으니 할 일이 없습니다.",
    ),
    (
        "The report definition has not been approved; found a draft. A lead of the project approves it on its page.",
        "보고서 정의가 아직 승인되지 않았습니다. 프로젝트 책임자가 보고서 정의 페이지에서 승인합니다.",
    ),
    (
        (
            "The file of the sweep has not been approved; found none that is kept. Save the definition again, and have "
            "a lead of the project approve it."
        ),
        "매개변수 목록(CSV) 파일이 아직 승인되지 않았습니다. 보고서 정의를 다시 저장한 뒤 책임자의 승인을 받으세요.",
    ),
    (
        "The template is not kept; found none of its hash. Save the definition again.",
        "승인된 노트북이 보관되어 있지 않습니다. 보고서 정의를 다시 저장하세요.",
    ),
    (
        (
            "The run cannot be repeated exactly; found no copy of its notebook. Run the template again from its "
            "form, and compare."
        ),
        "노트북의 사본이 없어 똑같이 다시 실행할 수 없습니다. 템플릿의 실행 화면에서 다시 실행한 뒤 비교하세요.",
    ),
    (
        "The idempotency key was used before; found another request under it. Send this one with a key of its own.",
        "같은 요청 번호로 이미 다른 요청을 보냈습니다. 페이지를 다시 불러온 뒤 요청하세요.",
    ),
    (
        (
            "The project's queue is full; {n} runs wait or run, {more} more were asked for, and the limit is {most}. "
            "Wait until some have ended, or cancel some."
        ),
        (
            "프로젝트의 대기열이 가득 찼습니다. 대기 또는 실행 중 {n}건, 새로 요청한 {more}건, 한도 {most}건입니다. "
            "일부가 끝날 때까지 기다리거나 취소하세요."
        ),
    ),
    (
        "The reports' database has no room; found {_reason}. Make room on its disk, then try again.",
        "보고서 데이터베이스에 남은 공간이 없습니다. 운영자에게 알리고 나중에 다시 시도하세요.",
    ),
    (
        "The reports' database cannot be used; found {_reason}. See that it runs and may be written, then try again.",
        "보고서 데이터베이스를 쓸 수 없습니다. 잠시 뒤 다시 시도하세요.",
    ),
    (
        "The reports' database {_wrong}; found {_reason}. {_todo}, then try again.",
        "보고서 데이터베이스를 쓸 수 없습니다. 잠시 뒤 다시 시도하세요.",
    ),
)
"""English form and Korean form."""
