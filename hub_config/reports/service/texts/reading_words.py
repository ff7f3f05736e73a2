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
        "search_since_day": "From day ({zone})",
        "search_until_day": "To day ({zone})",
        "search_release": "A data release is written as NAME@RELEASE. Choose one of the list.",
        "event_kept": "Kept for ever by {who}",
        "event_let_go": "No longer kept for ever, by {who}",
        "event_remove": "{who} asked to remove it",
        "event_removed_by": "Removed by {who}: what it wrote is gone",
        "keeping": "Keeping",
        "kept_ever": "Kept for ever, however old it gets.",
        "kept_ever_by": "Kept for ever, however old it gets: {who} said so on {at}.",
        "kept_until": "Kept until {at} at least, by the rules of its report and project.",
        "kept_newest": "Its report keeps the newest {n} successes and what ran since; what is older is taken away.",
        "kept_until_newest": (
            "Kept until {at} at least; after that, as long as it is among the newest {n} successes of its report or "
            "ran since."
        ),
        "kept_over": "By the rules of its report and project it need not be kept since {at}: it may be taken away.",
        "kept_no_rule": "Kept: no rule of its report or project takes it away.",
        "keep_do": "Keep for ever",
        "keep_no_longer": "No longer keep for ever",
        "run_remove": "Remove this run",
        "run_remove_sure": (
            "Remove this run? What it wrote is deleted for good and cannot be brought back: report, notebook, tables, "
            "log and PDF. If it is the newest success, that address leads to the one before."
        ),
        "run_remove_stays": (
            "What ran, with which parameters, when and for whom stays in the history, with your name beside it. What "
            "others have downloaded or been sent stays with them, and results of stages stay for later runs."
        ),
        "run_remove_kept": "It is kept, so it cannot be removed. A lead of the project lets it go first.",
        "run_removed_by": (
            "{who} removed this run on {at}. What it wrote is gone; what ran, when and for whom stays here."
        ),
        "run_removed_old": (
            "What this run wrote was removed on {at}, as it need not be kept; what ran, when and for whom stays here."
        ),
        "run_removing_old": (
            "What this run wrote need not be kept any longer, and is being removed: nobody can read it any more."
        ),
        "run_removing": (
            "{who} has removed this run: nobody can read any more what it wrote. Its folder cannot be deleted yet; "
            "that is done as soon as it can be."
        ),
        "refused_REPORT-RUN-STAYS": (
            "This cannot be done as the run is now. One that goes on is cancelled before it is removed, one that is "
            "kept is let go first, and one that was removed cannot be kept."
        ),
        "no_runs_yet": "There are no runs yet that you may see.",
        "compare_with": "Compare with another run",
        "compare_choose": "With which run?",
        "compare_other": "Choose another run",
        "compare_this": "Compare with this run",
        "compare_gone": "its folder is not kept",
        "compare_none": "There is no other run of this report that could be compared with it.",
        "compare_by_id": "Or the id of any other run",
        "compare_do": "Compare",
        "changed_since_repeated": "Compared with the run that it repeats, of",
        "exact_same": (
            "Exactly the same as in the run that it repeats, without any tolerance. All declared outputs "
            "({outputs}) are the same, and files ({files}) byte by byte."
        ),
        "exact_differs": "Not exactly the same as in the run that it repeats:",
        "exact_gone": (
            "Whether it gave exactly the same as the run that it repeats cannot be told: what that run wrote is gone."
        ),
        "exact_nothing": "Whether it is exactly the same cannot be told: a run declared no outputs.",
        "exact_missing": "{output} is missing",
        "exact_added": "{output} is new",
        "exact_content": "{output}: the file {file} is not the same",
        "exact_field": "{output}: {field} is not the same",
        "exact_data_releases": "the data releases are not the same",
        "exact_cohorts": "the cohorts are not the same",
        "exact_more": "and {n} more",
        "skipped_one": "A slot was skipped:",
        "skipped_many": "{n} slots were skipped:",
        "skipped_others": "More slots that were skipped before, not listed one by one: {n}",
        "skipped_all": "See all that were skipped",
        "minutes_whole": "{m} min",
        "hours_whole": "{h} h",
        "error_413": "This is too large: a form and its files may have 4 MiB together. Nothing of it was kept.",
        "error_415": "Only forms are taken here. Programs use the API.",
        "error_431": (
            "The browser sent more about itself than is taken here: 32 KiB. Remove old cookies of this site, "
            "and try again."
        ),
    }
)

KOREAN_READING: Mapping[str, str] = MappingProxyType(
    {
        "error_token": (
            "페이지는 브라우저로 로그인한 사람을 위한 것이며, 토큰으로는 권한과 관계없이 열 수 없습니다. "
            "토큰은 API에 쓰세요."
        ),
        "search_since_day": "시작일 ({zone})",
        "search_until_day": "종료일 ({zone})",
        "search_release": "데이터 릴리스는 이름@릴리스로 씁니다. 목록에서 고르세요.",
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
        "no_runs_yet": "볼 수 있는 실행이 아직 없습니다.",
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
        "skipped_one": "예정된 실행 1회를 건너뛰었습니다.",
        "skipped_many": "예정된 실행 {n}회를 건너뛰었습니다.",
        "skipped_others": "이보다 앞서 건너뛰었으나 목록에 하나하나 나오지 않는 예정된 실행: {n}회",
        "skipped_all": "건너뛴 실행 모두 보기",
        "minutes_whole": "{m}분",
        "hours_whole": "{h}시간",
        "error_413": "너무 큽니다. 양식과 파일을 합해 4 MiB까지 보낼 수 있습니다. 보낸 내용은 저장하지 않았습니다.",
        "error_415": "이 주소는 양식만 받습니다. 프로그램은 API를 쓰세요.",
        "error_431": (
            "브라우저가 보낸 헤더가 32 KiB를 넘어 받을 수 없습니다. 이 사이트의 오래된 쿠키를 지우고 "
            "다시 시도해 주세요."
        ),
    }
)
