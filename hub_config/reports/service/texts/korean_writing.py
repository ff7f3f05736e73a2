"""What the pages on which report definitions are written say in Korean."""

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["KOREAN_WRITING"]

KOREAN_WRITING: Mapping[str, str] = MappingProxyType(
    {
        # definitions of another version
        "unreadable_title": "이 버전의 CohortHub는 이 보고서를 읽을 수 없습니다.",
        "unreadable_what": (
            "더 오래되었거나 더 새로운 버전이 여기서 알 수 없는 방식으로 쓴 것입니다. 바뀐 것은 없습니다."
        ),
        "unreadable_next": (
            "실행 기록과 결과는 그대로 있습니다. 다시 쓰려면 운영자에게 이 보고서를 쓴 버전을 요청하거나, 아래 "
            "내용을 보고 다른 이름으로 새로 작성하세요."
        ),
        "unreadable_document": "기록된 내용",
        "draft_approved_unreadable": (
            "승인된 정의는 다른 버전의 CohortHub가 쓴 것이라 비교할 수 없습니다. 초안 전체를 승인해야 합니다."
        ),
    }
)
