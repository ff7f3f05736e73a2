"""What this hub does and does not keep apart, in words for the people who use it."""

import os
from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["isolation_notice", "isolation_notices"]

_SHARED: Mapping[str, str] = MappingProxyType(
    {
        "en": (
            "All users of this hub share one system account: there is no isolation between them, and each can read the "
            "others' files. Use it for demonstration and public data only."
        ),
        "ko": (
            "이 허브의 모든 사용자는 시스템 계정 하나를 함께 씁니다. 사용자 사이에 격리가 없어 서로의 파일을 읽을 수 "
            "있습니다. 시연과 공개 데이터에만 사용하세요."
        ),
    }
)
_ROOT: Mapping[str, str] = MappingProxyType(
    {
        "en": "It runs as root, so every user has full control of this machine.",
        "ko": "root 권한으로 실행되므로 모든 사용자가 이 서버를 마음대로 할 수 있습니다.",
    }
)


def isolation_notice(language: str = "en") -> str:
    """Say honestly how far people are kept apart.

    Parameters
    ----------
    language : str, default "en"
        ``en`` or ``ko``.

    Returns
    -------
    str
        One or two sentences for the terminal and the pages.
    """
    return f"{_SHARED[language]} {_ROOT[language]}" if os.geteuid() == 0 else _SHARED[language]


def isolation_notices() -> Mapping[str, str]:
    """Say it in every language of the pages.

    Returns
    -------
    mapping of str to str
        By language.
    """
    return {language: isolation_notice(language) for language in _SHARED}
