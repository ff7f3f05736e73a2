"""Every word that notices say, in English and Korean."""

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["TEXTS", "text"]

_ENGLISH: Mapping[str, str] = MappingProxyType(
    {
        "failed": "Failed",
        "timed_out": "Timed out",
        "interrupted": "Interrupted",
        "cancelled": "Cancelled",
        "succeeded": "Succeeded",
        "late": "Late",
        "alert": "Alert",
        "approval_needed": "Approval needed",
        "skipped": "Skipped",
        "test": "Test",
        "said_failed": "The report “{title}” failed.",
        "said_timed_out": "The report “{title}” took longer than its limit and was ended.",
        "said_interrupted": "The report “{title}” was interrupted before it was done.",
        "said_cancelled": "The report “{title}” was cancelled.",
        "said_succeeded": "The report “{title}” is ready.",
        "said_late": "The report “{title}” is not done in time.",
        "said_alert": "An alert rule of the report “{title}” has been met.",
        "said_approval_needed": "The report “{title}” was changed and waits for approval.",
        "said_skipped": "A scheduled run of the report “{title}” was skipped.",
        "said_test": "This is a test: notices of “{title}” arrive here.",
        "subject": "[CohortHub] {event}: {title} ({project})",
        "subject_many": "[CohortHub] {n} notices about {project}",
        "said_many": "{n} things happened in the project {project}.",
        "entry": "{event}: {title}",
        "more": "and {n} more",
        "project": "Project: {project}",
        "run": "Run: {run_id}",
        "when": "Time: {when}",
        "reason": "Reason: {code}",
        "open": "Open the page:",
        "foot": "CohortHub sends no results by message; they are on the page, after you sign in.",
    }
)
_KOREAN: Mapping[str, str] = MappingProxyType(
    {
        "failed": "실패",
        "timed_out": "시간 초과",
        "interrupted": "중단",
        "cancelled": "취소",
        "succeeded": "완료",
        "late": "지연",
        "alert": "경보",
        "approval_needed": "승인 필요",
        "skipped": "건너뜀",
        "test": "시험",
        "said_failed": "보고서 ‘{title}’ 실행에 실패했습니다.",
        "said_timed_out": "보고서 ‘{title}’ 실행이 제한 시간을 넘어 종료되었습니다.",
        "said_interrupted": "보고서 ‘{title}’ 실행이 끝나기 전에 중단되었습니다.",
        "said_cancelled": "보고서 ‘{title}’ 실행이 취소되었습니다.",
        "said_succeeded": "보고서 ‘{title}’ 작성이 완료되었습니다.",
        "said_late": "보고서 ‘{title}’ 작성이 예정 시각까지 끝나지 않았습니다.",
        "said_alert": "보고서 ‘{title}’에서 경보 조건이 충족되었습니다.",
        "said_approval_needed": "보고서 ‘{title}’ 내용이 변경되어 승인을 기다리고 있습니다.",
        "said_skipped": "보고서 ‘{title}’의 예약 실행을 건너뛰었습니다.",
        "said_test": "시험 알림입니다. ‘{title}’의 알림이 이곳으로 옵니다.",
        "subject": "[CohortHub] {event}: {title} ({project})",
        "subject_many": "[CohortHub] {project} 알림 {n}건",
        "said_many": "프로젝트 {project}에 알림 {n}건이 있습니다.",
        "entry": "{event}: {title}",
        "more": "외 {n}건",
        "project": "프로젝트: {project}",
        "run": "실행: {run_id}",
        "when": "시각: {when}",
        "reason": "사유: {code}",
        "open": "페이지 열기:",
        "foot": "CohortHub는 결과를 메시지로 보내지 않습니다. 로그인한 뒤 페이지에서 확인하세요.",
    }
)
TEXTS: Mapping[str, Mapping[str, str]] = MappingProxyType({"en": _ENGLISH, "ko": _KOREAN})
"""Each language's sentences by key; all languages have the same keys and the same gaps."""


def text(language: str, key: str, **gaps: object) -> str:
    """Give a sentence.

    Parameters
    ----------
    language : str
        A key of `TEXTS`.
    key : str
        Which sentence.
    **gaps : object
        What stands in its gaps.

    Returns
    -------
    str
        The sentence.
    """
    return TEXTS[language][key].format(**gaps)
