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
        # secrets of a project
        "secrets": "비밀값",
        "secrets_lead": (
            "이 프로젝트의 보고서가 이름으로 쓰는 비밀번호와 키입니다. 여기서 등록하고 바꿀 수 있으며, 등록한 값은 "
            "아무도 다시 볼 수 없습니다."
        ),
        "secrets_none": "등록된 비밀값이 없으며, 필요로 하는 보고서도 없습니다.",
        "secret_name": "이름",
        "secret_value": "비밀값",
        "secret_set_last": "마지막 등록",
        "secret_needed_by": "사용하는 곳",
        "secret_needed_by_none": "사용하는 보고서 없음",
        "secret_of_target": "알림: {name}",
        "secret_actions": "할 수 있는 일",
        "secret_missing": "등록 안 됨",
        "secret_unusable": (
            "실행에서 쓸 수 없습니다. 파일이 다른 계정에 열려 있거나 다른 계정의 것입니다. 다시 등록하세요."
        ),
        "secret_unread": "다음 보고서에 필요한 비밀값은 지금 알 수 없습니다: {names}.",
        "secret_set": "비밀값 등록 또는 변경",
        "secret_set_one": "등록",
        "secret_set_button": "비밀값 등록",
        "secret_replace": "변경",
        "secret_name_help": (
            "영문자, 숫자, 점, 붙임표, 밑줄로 64자 이내입니다. 같은 이름의 비밀값이 있으면 새 값으로 바뀝니다."
        ),
        "secret_value_help": (
            "{n}자 이상 한 줄로, {kib}KiB 이내입니다. 여기서도 다른 곳에서도 다시 표시되지 않습니다. 여러 줄인 "
            "비밀값은 API로 보내거나 운영자가 등록합니다."
        ),
        "secret_name_wrong": "영문자, 숫자, 점, 붙임표, 밑줄로 64자 이내여야 합니다.",
        "secret_value_wrong": "비밀값은 {n}자 이상이고 {kib}KiB 이내인 텍스트여야 합니다.",
        "secret_not_done": "바뀐 것이 없습니다.",
        "secret_again": "입력한 비밀값은 남겨 두지 않았으니 다시 입력하세요.",
        "secret_remove": "삭제",
        "secret_remove_sure": "비밀값 {name}: 삭제하면 되돌릴 수 없습니다. 삭제할까요?",
        "secret_remove_needed": "다음 보고서에 필요하며, 없으면 실행이 실패합니다.",
        "secret_remove_told": "다음 알림 대상에 필요하며, 없으면 알림을 보내지 못합니다.",
        "secret_remove_unneeded": "이 프로젝트에서 사용하는 보고서가 없습니다.",
        "secret_remove_yes": "예, 삭제합니다",
        "secret_changes": "변경 기록",
        "secret_changes_none": "아직 여기서 바꾼 것이 없습니다.",
        "secret_changes_lead": "운영자가 서버에서 바꾼 것은 이 목록에 없습니다.",
        "secret_change_set": "{who} 님이 등록함: {name}",
        "secret_change_removed": "{who} 님이 삭제함: {name}",
        # the form of a definition
        "form_lead_definition": (
            "필요한 칸만 채우고 나머지는 그대로 두어도 됩니다. 저장하기 전에는 아무것도 기록되지 않으니 몇 번이든 "
            "확인해 보세요."
        ),
        "form_as_text": "TOML로 보기",
        "text_as_form": "양식으로 보기",
        "form_problem": "저장하지 않았습니다. 한 가지를 고쳐야 합니다.",
        "form_now_template": "고른 템플릿의 칸입니다. 살펴본 뒤 확인하거나 저장하세요.",
        "form_template_unreadable": "템플릿을 읽을 수 없습니다. {why}",
        "form_template_show": "템플릿의 칸 보기",
        "form_add_row": "줄 추가",
        "form_remove_row": "이 줄 삭제",
        "form_no_times": "다음 실행 시각이 없습니다.",
        "form_times_of": "다음 실행 시각({zone} 기준)",
        "form_time_values": "다음 실행 때의 값:",
        "form_dated_hint": "실행하는 날에 따라 달라지는 날짜는 {{month:-1.start}}처럼 중괄호로 씁니다.",
        "form_monthly_hint": "실행하는 날에 따라 달라지는 달은 {{month:-1}}처럼 중괄호로 씁니다.",
        "option_not_there": "{value} (지금은 없음)",
        "choice_unset": "(값 없음)",
        "field_ticks_hint": "원하는 항목을 선택하세요. 하나도 선택하지 않아도 됩니다.",
        "field_ticks_unset_hint": "하나도 선택하지 않으면 빈 목록이며, ‘값 없음’과는 다릅니다.",
        "option_choose": "(고르세요)",
        # sections of the form
        "section_about": "이름",
        "section_what": "실행하는 것",
        "section_sweep": "여러 값으로 한꺼번에 실행",
        "section_sweep_lead": (
            "보고서 하나로 값 묶음마다 한 번씩 실행합니다. 예: 병동 열두 곳. 여기 적은 값이 위의 매개변수를 대신합니다."
        ),
        "section_when": "실행 시각",
        "section_limits": "제한 시간, 재시도, 우선순위",
        "section_data": "데이터 릴리스",
        "section_told": "알림",
        "section_told_lead": "프로젝트의 알림 대상 가운데서 고릅니다. 알림에는 데이터가 들어가지 않습니다.",
        "section_told_nobody": "이 프로젝트에는 알림 대상이 없습니다. 운영자가 프로젝트 파일에 적습니다.",
        "section_alerts": "경보 규칙",
        "section_alerts_lead": (
            "보고서의 숫자가 규칙에 맞으면 알립니다. 예: “events > 20”, “rate changed by more than 10 %”."
        ),
        "section_compare": "비교할 것과 허용 오차",
        "section_compare_lead": (
            "모든 결과를 지난 성공과 비교합니다. 여기에는 지표나 표의 숫자가 얼마나 달라도 같은 것으로 볼지 적습니다."
        ),
        "section_kept": "보관 기간",
        # fields of the form, and what helps to fill them in
        "label_of_name": "이름",
        "help_of_name": "주소에 쓰입니다. 영문 소문자, 숫자, 붙임표로 1~40자. 나중에 바꿀 수 없습니다.",
        "label_of_title": "제목",
        "help_of_title": "읽는 사람에게 보이는 제목입니다.",
        "label_of_title_ko": "한국어 제목",
        "help_of_title_ko": "한국어 페이지에서 보입니다. 비워 둘 수 있습니다.",
        "label_of_purpose": "용도",
        "help_of_purpose": "읽고 승인하는 사람을 위한 설명입니다. 비워 둘 수 있습니다.",
        "label_of_template": "템플릿",
        "help_of_template": "실행할 노트북입니다. CohortHub에 들어 있거나 프로젝트 폴더에 있는 것을 고릅니다.",
        "label_of_kept_parameters": "템플릿에 없는 매개변수의 값",
        "help_of_kept_parameters": "이 값이 있으면 실행할 수 없습니다. 없애려면 표시를 지우세요.",
        "label_of_kept_lists": "템플릿에 없는 매개변수의 값 목록",
        "help_of_kept_lists": "이 목록이 있으면 실행할 수 없습니다. 없애려면 표시를 지우세요.",
        "label_of_sweep_how": "실행 수",
        "sweep_how_none": "한 번",
        "sweep_how_grid": "아래 목록의 모든 조합마다",
        "sweep_how_zip": "각 목록의 첫째 값끼리, 둘째 값끼리, 차례대로",
        "sweep_how_sets": "표의 한 행마다",
        "sweep_how_csv": "프로젝트 폴더에 있는 CSV 파일의 한 행마다",
        "sweep_how_kept": "지금 있는 묶음 그대로 (TOML에서만 바꿀 수 있음)",
        "sweep_lists": "값 목록",
        "label_of_sweep_sets": "값 표",
        "help_of_sweep_sets": "CSV 형식: 첫 줄에 매개변수 이름, 다음 줄부터 한 줄이 한 번의 실행입니다.",
        "label_of_sweep_upload": "또는 CSV 파일",
        "help_of_sweep_upload": "UTF-8, 최대 1 MiB, 1,000행. 확인을 누르면 위의 표에 들어갑니다.",
        "label_of_sweep_csv": "파일 경로",
        "help_of_sweep_csv": "프로젝트 폴더 안의 경로. 예: sweeps/wards.csv. 실행할 때마다 새로 읽습니다.",
        "label_of_schedule_how": "실행 주기",
        "schedule_how_never": "요청할 때만",
        "schedule_how_day": "매일",
        "schedule_how_workday": "매 근무일 (월~금, 휴일 제외)",
        "schedule_how_week": "매주",
        "schedule_how_period": "매월, 매분기 또는 매년",
        "schedule_how_own": "직접 쓰기",
        "label_of_schedule_days": "요일",
        "label_of_schedule_nth": "몇 번째",
        "label_of_schedule_what": "날",
        "label_of_schedule_period": "주기",
        "schedule_period_month": "매월",
        "schedule_period_quarter": "매분기",
        "schedule_period_year": "매년",
        "label_of_schedule_shift": "휴무일이면",
        "schedule_shift_none": "그날 그대로",
        "schedule_shift_next": "다음 근무일",
        "schedule_shift_previous": "직전 근무일",
        "label_of_schedule_lines": "일정",
        "help_of_schedule_lines": (
            "한 줄에 하나씩. `0 7 * * 1-5` 같은 cron 식이나 "
            "`first working day of the month at 07:00` 같은 문장을 씁니다."
        ),
        "label_of_schedule_time": "시각",
        "help_of_schedule_time": "아래 시간대의 시각입니다. 직접 쓰는 일정에는 그 안에 적습니다.",
        "label_of_timezone": "시간대",
        "help_zone": "예: Asia/Seoul. 비워 두면 프로젝트의 시간대({zone})를 씁니다.",
        "label_of_until": "마지막 날",
        "help_of_until": "이날까지만 실행합니다. 비워 둘 수 있습니다.",
        "label_of_holidays": "휴일",
        "help_of_holidays": "2027-01-01처럼 한 줄에 하나씩. 이날에는 실행하지 않습니다.",
        "label_of_missed": "놓친 시각",
        "help_of_missed": "그 시각에 실행할 수 없었을 때 어떻게 할지 정합니다.",
        "label_of_missed_limit": "놓친 시각의 최대 실행 수",
        "help_of_missed_limit": "모두 실행할 때만 쓰입니다.",
        "label_of_late_after_seconds": "지연으로 보는 시간",
        "help_of_late_after_seconds": "예정 시각에서 이 시간이 지나도 끝나지 않으면 지연입니다. 비워 둘 수 있습니다.",
        "label_of_enabled": "일정에 따라 실행",
        "help_of_enabled": "표시하지 않으면 다시 시작할 때까지 실행하지 않습니다.",
        "label_of_limits_cell_seconds": "셀 하나의 최대 시간",
        "label_of_limits_run_seconds": "실행 하나의 최대 시간",
        "help_project_limit": "프로젝트의 한도는 {most}이고, 비워 두면 그것을 따릅니다.",
        "label_of_safe_to_retry": "두 번 실행해도 문제가 없음",
        "help_of_safe_to_retry": "이렇게 밝힌 보고서만 다시 시도합니다.",
        "label_of_retries": "재시도 횟수",
        "help_of_retries": "0번에서 5번까지.",
        "label_of_retry_after": "다시 시도하는 경우",
        "label_of_retry_delay_seconds": "재시도 사이의 시간",
        "label_of_priority": "우선순위",
        "help_priority": "-10~{most}. 클수록 프로젝트 안에서 먼저 실행합니다.",
        "label_of_release_policy": "사용할 데이터",
        "help_of_release_policy": "고정하려면 아래에서 릴리스를 고르세요.",
        "label_of_pin": "{name}의 릴리스",
        "pin_none": "(고정하지 않음)",
        "target_none": "(없음)",
        "row_recipient": "알림 대상 {n}",
        "label_of_recipient_target": "대상",
        "label_of_recipient_events": "알릴 일",
        "label_of_alert": "규칙 {n}",
        "row_compare": "지표나 표 {n}",
        "label_of_compare_id": "보고서 안의 id",
        "help_of_compare_id": "노트북이 쓰는 이름. 예: median-stay. 빈 줄은 무시합니다.",
        "label_of_compare_absolute": "허용 차이",
        "label_of_compare_relative": "또는 숫자 대비 비율",
        "label_of_compare_exact_integers": "정수는 같아야 함",
        "label_of_retention_successes": "보관할 최근 성공 수",
        "help_of_retention_successes": "오래되어도 이만큼은 보관합니다.",
        "label_of_retention_days": "실행을 보관할 날수",
        "help_of_retention_days": "어느 규칙에도 들지 않는 실행은 삭제합니다. 두 칸 모두 비워 두면 계속 보관합니다.",
        "help_keep_days": (
            "어느 규칙에도 들지 않는 실행은 삭제합니다. 프로젝트가 정한 {n}일까지이며, 비워 두면 그것을 따릅니다."
        ),
        "label_of_unit": "단위",
        "unit_s": "초",
        "unit_min": "분",
        "unit_h": "시간",
        "unit_d": "일",
        # relative dates that are suggested
        "dated_month_before_start": "지난달 첫날",
        "dated_month_before_end": "지난달 마지막 날",
        "dated_year_before_start": "작년 첫날",
        "dated_today": "실행하는 날",
        "dated_day_before": "전날",
        "dated_week_before_start": "지난주 월요일",
        "dated_month_before": "지난달, 2026-10처럼",
        "dated_month": "이번 달, 2026-11처럼",
        "dated_quarter_before": "지난 분기, 2026-Q3처럼",
        "dated_year_before": "작년, 2025처럼",
    }
)
