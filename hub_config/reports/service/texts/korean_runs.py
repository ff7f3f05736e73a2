"""The words of the pages of runs in Korean: one run, the history, comparisons."""

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["KOREAN_RUNS"]

KOREAN_RUNS: Mapping[str, str] = MappingProxyType(
    {
        # one run
        "queued_next": "빈자리를 기다리는 중: 다음 차례입니다.",
        "queued_behind": "빈자리를 기다리는 중: 앞에 {n}건이 있습니다.",
        "stopping": "실행과 실행이 시작한 모든 것을 멈추는 중입니다.",
        "starting": "커널을 시작하는 중입니다.",
        "cell_of": "셀 {cell} / {cells}",
        "cell_titled": "셀 {cell} / {cells}: {title}",
        "progress_label": "실행 진행 상황",
        "cancel_run": "실행 취소",
        "cancel_sure": "이 실행을 취소할까요? 지금까지 계산한 것은 결과로 남지 않습니다.",
        "open_alone": "새 창에서 열기",
        "open_incomplete": "완성되지 않은 보고서 열기",
        "download": "실행 폴더 내려받기 (.zip)",
        "run_again": "같은 매개변수로 다시 실행",
        "result": "결과",
        "result_frame": "보고서 {title}",
        "result_missing": "읽을 페이지가 만들어지지 않았습니다. 남은 것은 실행 폴더에 있습니다.",
        "parameters": "매개변수",
        "provenance": "출처",
        "requested_by": "요청한 사람",
        "asked_at": "요청 시각",
        "started_at": "시작",
        "ended_at": "종료",
        "duration": "소요 시간",
        "run_id": "실행",
        "template": "템플릿",
        "template_hash": "템플릿 해시",
        "library_version": "라이브러리 버전",
        "data_releases": "데이터",
        "cohorts": "코호트",
        "cohort_persons": "{name} ({n}명)",
        "failed_in_cell": "실행이 {cells}개 셀 중 {cell}번째 셀에서 실패했습니다.",
        "failed_in_titled_cell": "실행이 {cells}개 셀 중 {cell}번째 셀 ‘{title}’에서 실패했습니다.",
        "failed": "실행이 실패했습니다.",
        "failed_error": "오류 종류: {name}.",
        "failed_next": (
            "오류 문구에는 데이터가 들어 있을 수 있어 여기에 보이지 않습니다. 실행 폴더를 내려받아 report.ipynb의 "
            "해당 셀에서 확인하세요."
        ),
        "failed_next_nothing": "남은 폴더가 없습니다. 운영자가 보고서 서비스의 로그에서 더 찾을 수 있습니다.",
        "left_open": (
            "실행기의 응답이 끊겨 실행이 남긴 것이 아직 정리되지 않았습니다. 위치: 컴퓨터 {host}, 폴더 {folder}. "
            "그 컴퓨터에서 다음에 시작되는 실행기가 정리합니다. "
            "컴퓨터가 없어졌다면 운영자가 이 위치에서 찾을 수 있습니다."
        ),
        "left_unseen": (
            "실행기의 응답이 끊겼고, 실행이 남긴 것은 여기에서 보이지 않습니다. 실행된 컴퓨터의 폴더 {folder}에 "
            "있으며, 그 컴퓨터에서 다음에 시작되는 실행기가 정리합니다."
        ),
        "skipped": "예약된 이 시각의 실행을 건너뛰었습니다: {why}.",
        "error_code": "코드: {code}",
        "cancelled": "실행이 취소되었습니다. 결과가 없습니다.",
        "interrupted": (
            "실행이 중단되었습니다. 끝나기 전에 프로세스나 서비스가 멈췄습니다. 결과가 없으니 다시 실행하세요."
        ),
        "timed_out": "실행이 허용된 시간보다 오래 걸려 멈췄습니다.",
        "project": "프로젝트",
        "definition": "보고서 정의",
        "attempt": "시도 횟수",
        "rerun_of": "반복한 실행",
        "stages_kept": "이전 실행에서 가져온 단계",
        "kernel_start": "커널",
        "kernel_warm": "준비된 커널",
        "kernel_cold": "새로 시작",
        "environment": "환경 해시",
        "folder_hash": "폴더 해시",
        "by_schedule": "예약",
        "slot": "예약 시각",
        "happened": "진행 기록",
        "event_stop": "{who} 님이 중지를 요청함",
        "event_late": "지연: 제시간에 끝나지 않음",
        "event_retry": "실행 {text}(으)로 다시 시도함",
        "event_alert": "경보 규칙에 해당함",
        "event_removed": "보관 기간이 지나 폴더를 삭제함",
        "event_lost": "실행기의 응답이 없음",
        "alerts": "경보",
        "failure_lines": "실패한 위치",
        "tables": "표",
        "table_of_figure": "그림의 데이터",
        "download_notebook": "노트북",
        "download_pdf": "PDF 파일",
        "run_exactly": "똑같이 다시 실행",
        "again_title": "똑같이 다시 실행",
        "again_lead": "같은 노트북, 같은 값, 같은 데이터 릴리스를 다시 사용합니다.",
        "again_same": "달라진 것이 없습니다. 라이브러리, 환경, 데이터가 그때와 같습니다.",
        "again_differs": "그때와 달라진 것:",
        "again_what": "항목",
        "again_then": "그때",
        "again_now": "지금",
        "again_do": "다시 실행",
        "again_back": "실행으로 돌아가기",
        "differs_template": "노트북",
        "differs_library": "라이브러리",
        "differs_cohorthub": "CohortHub 버전",
        "differs_package": "패키지",
        "differs_environment": "환경",
        "differs_kernel": "커널",
        "differs_python": "Python 버전",
        "differs_system": "운영체제",
        "differs_machine": "기계",
        "differs_release": "데이터 릴리스",
        "differs_unknown": "알 수 없음",
        "pdf_missing": "PDF를 만들려면 Chromium이 필요하지만 설치되어 있지 않습니다. 운영자에게 문의하세요.",
        "pdf_failed": "지금은 PDF를 만들 수 없습니다. 잠시 뒤 다시 시도해 주세요.",
        "error_429": "요청이 너무 많습니다. 페이지를 몇 개 닫거나 잠시 기다려 주세요.",
        "error_501": "여기서는 할 수 없습니다.",
        "error_503": "서비스가 바쁩니다. 잠시 뒤 다시 시도해 주세요.",
        # keeping and removing it
        "event_kept": "{who} 님이 계속 보관하게 함",
        "event_let_go": "{who} 님이 계속 보관하지 않게 함",
        "event_remove": "{who} 님이 삭제를 요청함",
        "event_removed_by": "{who} 님이 삭제함: 실행이 남긴 것이 없어짐",
        "keeping": "보관",
        "kept_ever": "기간과 관계없이 계속 보관합니다.",
        "kept_ever_by": "기간과 관계없이 계속 보관합니다. {who} 님이 {at}에 정했습니다.",
        "kept_until": "보고서와 프로젝트의 규칙에 따라 적어도 {at}까지 보관합니다.",
        "kept_newest": "이 보고서는 최근 성공 {n}건과 그 뒤의 실행을 보관하며, 더 오래된 실행은 삭제됩니다.",
        "kept_until_newest": (
            "적어도 {at}까지 보관하고, 그 뒤에는 이 보고서의 최근 성공 {n}건에 들거나 그 뒤의 실행인 동안 보관합니다."
        ),
        "kept_over": "보고서와 프로젝트의 보관 기간이 {at}에 끝났습니다. 삭제될 수 있습니다.",
        "kept_no_rule": "보관합니다. 이 실행을 삭제하게 하는 보고서나 프로젝트의 규칙이 없습니다.",
        "keep_do": "계속 보관",
        "keep_no_longer": "계속 보관하지 않기",
        "run_remove": "이 실행 삭제",
        "run_remove_sure": (
            "이 실행을 삭제할까요? 실행이 남긴 보고서, 노트북, 표, 로그, PDF 파일이 모두 삭제되며 되돌릴 수 없습니다. "
            "최근 성공이라면 그 주소는 바로 앞의 성공으로 이어집니다."
        ),
        "run_remove_stays": (
            "무엇을 어떤 매개변수로, 언제, 누구의 요청으로 실행했는지는 삭제한 사람의 이름과 함께 기록에 남습니다. "
            "다른 사람이 이미 내려받았거나 받은 것은 그대로 남고, 나중 실행이 쓸 단계 결과도 남습니다."
        ),
        "run_remove_kept": "계속 보관하는 실행은 삭제할 수 없습니다. 먼저 프로젝트 책임자가 보관을 풀어야 합니다.",
        "run_removed_by": (
            "{who} 님이 {at}에 이 실행을 삭제했습니다. 실행이 남긴 것은 없어졌고, 무엇을 언제 누구의 요청으로 "
            "실행했는지는 여기에 남습니다."
        ),
        "run_removed_old": (
            "보관 기간이 지나 {at}에 실행이 남긴 것을 삭제했습니다. 무엇을 언제 누구의 요청으로 실행했는지는 여기에 "
            "남습니다."
        ),
        "run_removing_old": ("보관 기간이 지나 실행이 남긴 것을 삭제하는 중입니다. 이제 아무도 읽을 수 없습니다."),
        "run_removing": (
            "{who} 님이 이 실행을 삭제했습니다. 실행이 남긴 것은 이제 아무도 읽을 수 없습니다. 폴더는 아직 지울 수 "
            "없으며, 지울 수 있게 되면 바로 지웁니다."
        ),
        "refused_REPORT-RUN-STAYS": (
            "실행의 지금 상태로는 할 수 없습니다. 실행 중이면 먼저 취소하고, 계속 보관하는 실행이면 먼저 보관을 푼 뒤 "
            "삭제하세요. 삭제한 실행은 보관할 수 없습니다."
        ),
        # reading and comparing
        "compare_title": "두 실행 비교",
        "compare_before": "이전",
        "compare_after": "이후",
        "compare_turned": "두 실행 바꾸기",
        "compare_link": "나란히 비교",
        "compare_missing": "이 실행들은 비교할 수 없습니다. 아직 끝나지 않았거나 폴더가 더 이상 보관되지 않습니다.",
        "what_changed": "달라진 점",
        "changed_since": "이전의 마지막 성공 실행과 비교:",
        "removed": "삭제됨",
        "nothing_changed": "달라진 결과물이 없습니다.",
        "nothing_to_compare": "두 실행에 서로 비교할 수 있는 수치나 표가 없습니다.",
        "nothing_changed_compared": "비교한 결과물에서는 달라진 점이 없지만, 비교하지 못한 것이 있습니다.",
        "batch_title": "이 요청의 모든 실행",
        "batch_lead": "실행 {n}개, 요청 시각",
        "batch_csv": "표를 CSV로 받기",
        "column_label": "실행",
        "no_success_yet": "이 보고서의 성공한 실행이 아직 없습니다.",
        "history": "실행 이력",
        "project_reports": "내 프로젝트의 보고서",
        "column_schedule": "일정",
        "column_next": "다음 실행",
        "column_newest": "최근 실행",
        "column_success": "최근 성공",
        "on_request": "요청할 때만",
        "never_ran": "아직 실행되지 않음",
        "more_reports": "외 {n}개 더 보기",
        "no_reports": "이 프로젝트에는 아직 보고서 정의가 없습니다.",
        "mark_approval": "승인 필요",
        "mark_paused": "일시 정지",
        "mark_broken": "일정 실행 불가",
        "mark_late": "지연",
        "run_for": "실행할 프로젝트",
        "run_for_help": "프로젝트의 구성원이 이 실행과 결과를 볼 수 있습니다.",
        "search_any": "전체",
        "search_do": "찾기",
        "search_all": "모두 보기",
        "search_nothing": "조건에 맞는 실행이 없습니다.",
        "search_state": "그런 상태는 없습니다. 목록에서 고르세요.",
        "search_day": "날짜는 2026-11-27처럼 적어야 합니다.",
        "search_since_day": "시작일 ({zone})",
        "search_until_day": "종료일 ({zone})",
        "search_release": "데이터 릴리스는 이름@릴리스로 씁니다. 목록에서 고르세요.",
        "no_runs_yet": "볼 수 있는 실행이 아직 없습니다.",
        "skipped_one": "예정된 실행 1회를 건너뛰었습니다.",
        "skipped_many": "예정된 실행 {n}회를 건너뛰었습니다.",
        "skipped_others": "이보다 앞서 건너뛰었으나 목록에 하나하나 나오지 않는 예정된 실행: {n}회",
        "skipped_all": "건너뛴 실행 모두 보기",
        # two runs
        "compare_with": "다른 실행과 비교",
        "compare_choose": "어느 실행과 비교할까요?",
        "compare_other": "다른 실행 고르기",
        "compare_this": "이 실행과 비교",
        "compare_gone": "폴더가 보관되어 있지 않음",
        "compare_none": "이 보고서의 다른 실행 가운데 비교할 수 있는 것이 없습니다.",
        "compare_by_id": "또는 다른 실행의 번호",
        "compare_do": "비교",
        "changed_since_repeated": "반복한 실행과 비교:",
        "exact_same": (
            "허용 오차 없이 비교해도 반복한 실행과 정확히 같습니다. 선언된 결과물 {outputs}개가 모두 같고, "
            "파일 {files}개는 바이트까지 같습니다."
        ),
        "exact_differs": "반복한 실행과 정확히 같지는 않습니다:",
        "exact_gone": "반복한 실행의 결과가 삭제되어, 정확히 같은지 알 수 없습니다.",
        "exact_nothing": "정확히 같은지 알 수 없습니다. 선언된 결과물이 없는 실행이 있습니다.",
        "exact_missing": "{output}: 없음",
        "exact_added": "{output}: 새로 생김",
        "exact_content": "{output}: 파일 {file}의 내용이 다름",
        "exact_field": "{output}: {field}의 값이 다름",
        "exact_data_releases": "데이터 릴리스가 다름",
        "exact_cohorts": "코호트가 다름",
        "exact_more": "그 밖에 {n}개",
    }
)
