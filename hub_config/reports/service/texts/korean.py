"""What all pages say in Korean, and the forms of single runs; with the words of all other pages."""

from collections.abc import Mapping
from types import MappingProxyType

from hub_config.reports.service.texts.korean_definitions import KOREAN_DEFINITIONS
from hub_config.reports.service.texts.korean_runs import KOREAN_RUNS
from hub_config.reports.service.texts.korean_writing import KOREAN_WRITING

__all__ = ["KOREAN", "KOREAN_STATES"]

KOREAN: Mapping[str, str] = MappingProxyType(
    {
        # the frame
        "product": "CohortHub",
        "skip": "본문으로 건너뛰기",
        "nav_label": "CohortHub",
        "language_label": "언어",
        "nav_home": "홈",
        "nav_lab": "Lab",
        "nav_reports": "보고서",
        "sign_out": "로그아웃",
        "signed_in_as": "{name}(으)로 로그인됨",
        # the list of templates and runs
        "reports": "보고서",
        "reports_lead": "보고서를 고르고 매개변수를 정해 실행한 뒤, 이곳에서 결과를 읽습니다.",
        "choose": "실행 준비",
        "n_parameters": "매개변수 {n}개",
        "one_parameter": "매개변수 1개",
        "no_templates": "설치된 보고서 템플릿이 없습니다.",
        "template_broken": "이 템플릿은 실행할 수 없습니다: {why}",
        "runs": "실행",
        "your_runs": "내 실행",
        "all_runs": "모든 사람의 실행",
        "no_runs": "아직 실행이 없습니다. 처음 시작한 실행이 여기에 나타납니다.",
        "column_report": "보고서",
        "column_state": "상태",
        "column_parameters": "매개변수",
        "column_asked": "요청 시각",
        "column_duration": "소요 시간",
        "column_who": "요청한 사람",
        "more_parameters": "외 {n}개",
        "all_template_values": "템플릿의 값",
        "given_legend": "굵은 글씨는 이번 실행에서 정한 값이고, 나머지는 템플릿의 값입니다.",
        "older": "이전 실행",
        "newer": "최근 실행",
        "pages_label": "실행 목록 쪽 이동",
        "command_line": "명령줄",
        # the form
        "form_lead": "모든 칸은 템플릿의 값으로 시작합니다.",
        "no_parameters": "이 보고서에는 매개변수가 없습니다.",
        "run_it": "보고서 실행",
        "cancel_form": "보고서 목록으로",
        "field_list_hint": "값이 여러 개이면 쉼표로 구분합니다.",
        "field_range_hint": "허용 범위: {range}.",
        "field_optional_hint": "비워 둘 수 있습니다.",
        "field_default": "템플릿의 값: {value}",
        "field_default_empty": "템플릿의 값: 비어 있음",
        "seconds": "{s}초",
        "minutes": "{m}분 {s}초",
        "hours": "{h}시간 {m}분",
        "minutes_whole": "{m}분",
        "hours_whole": "{h}시간",
        "value_yes": "예",
        "value_no": "아니요",
        "choice_none": "(없음)",
        "form_errors": "실행을 시작하지 않았습니다. {n}개 칸을 다시 확인해 주세요.",
        "form_error_one": "실행을 시작하지 않았습니다. 한 칸을 다시 확인해 주세요.",
        "form_unknown": "이 보고서에 없는 칸이 전송되었습니다. 페이지를 다시 불러오세요.",
        "field_error": "{why}.",
        "field_too_long": "너무 깁니다. 최대 {n}자",
        "field_needed": "값이 필요합니다",
        # errors
        "error_title": "처리하지 못했습니다",
        "error_back": "보고서 목록으로",
        "error_404": "그런 페이지가 없거나 볼 권한이 없습니다.",
        "error_400": "요청을 이해할 수 없습니다. 뒤로 가서 페이지를 다시 불러온 뒤 시도해 주세요.",
        "error_403": "페이지가 이 요청을 받아들이지 않았습니다. 로그인이 끝났다면 페이지를 다시 불러오세요.",
        "error_405": "이 주소는 그런 요청을 받지 않습니다.",
        "error_500": "서비스에서 문제가 생겼습니다. 서비스 로그에 기록했습니다.",
        "error_database": "지금은 보고서 데이터베이스가 응답하지 않습니다. 잠시 뒤 다시 시도해 주세요.",
        "error_no_room": (
            "서비스의 디스크에 남은 공간이 없어 아무것도 기록할 수 없습니다. 실행 중인 보고서는 계속됩니다. "
            "운영자에게 알리고 나중에 다시 시도해 주세요."
        ),
        "error_502": "지금은 허브가 응답하지 않습니다. 잠시 뒤 다시 시도해 주세요.",
        "error_people_only": "이 페이지는 로그인한 사람을 위한 것이며, 서비스는 쓸 수 없습니다.",
        "error_signed_out": "로그인하지 않았거나 페이지가 오래되었습니다. 다시 불러오세요.",
        "error_token": (
            "페이지는 브라우저로 로그인한 사람을 위한 것이며, 토큰으로는 권한과 관계없이 열 수 없습니다. "
            "토큰은 API에 쓰세요."
        ),
        "error_413": "너무 큽니다. 양식과 파일을 합해 4 MiB까지 보낼 수 있습니다. 보낸 내용은 저장하지 않았습니다.",
        "error_415": "이 주소는 양식만 받습니다. 프로그램은 API를 쓰세요.",
        "error_431": (
            "브라우저가 보낸 헤더가 32 KiB를 넘어 받을 수 없습니다. 이 사이트의 오래된 쿠키를 지우고 "
            "다시 시도해 주세요."
        ),
        # what has modules of its own
        **KOREAN_RUNS,
        **KOREAN_DEFINITIONS,
        **KOREAN_WRITING,
    }
)

KOREAN_STATES: Mapping[str, str] = MappingProxyType(
    {
        "queued": "대기 중",
        "running": "실행 중",
        "succeeded": "성공",
        "failed": "실패",
        "timed_out": "시간 초과",
        "cancelled": "취소됨",
        "interrupted": "중단됨",
        "skipped": "건너뜀",
    }
)
