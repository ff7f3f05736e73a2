"""The words of the pages for readers that came later than the two tables, in both languages."""

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["ENGLISH_READING", "KOREAN_READING"]

ENGLISH_READING: Mapping[str, str] = MappingProxyType(
    {
        "error_token": (
            "Pages are for people who have signed in with a browser; a token opens none, whatever it may do. "
            "Send it to the API instead."
        ),
    }
)

KOREAN_READING: Mapping[str, str] = MappingProxyType(
    {
        "error_token": (
            "페이지는 브라우저로 로그인한 사람을 위한 것이며, 토큰으로는 권한과 관계없이 열 수 없습니다. "
            "토큰은 API에 쓰세요."
        ),
    }
)
