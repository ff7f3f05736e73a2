"""What the shipped reports say of themselves, in Korean: titles, descriptions, parameters.

The notebooks hold these words in English. A template of somebody's own is shown as it was written.
"""

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["SHIPPED_LABELS", "SHIPPED_WORDS"]

SHIPPED_WORDS: Mapping[str, str] = MappingProxyType(
    {
        # titles and descriptions
        "Profile of a cohort": "코호트 특성",
        (
            "Who a cohort definition finds: how many people are left after each step, what they are like, how often "
            "people enter, by calendar year and by age, and how long they are observed. Read it before a study is "
            "built on the cohort."
        ): (
            "코호트 정의에 어떤 사람들이 해당하는지 보여 줍니다. 단계별로 남은 인원, 기저 특성, 연도와 연령에 따른 "
            "발생률, 추적관찰 기간이 나옵니다. 코호트로 연구를 시작하기 전에 읽어 보세요."
        ),
        "Comparative safety of two drugs": "두 약물의 비교 안전성",
        (
            "People who newly begin one drug are compared with people who newly begin another: in which group does "
            "the outcome come sooner, or more often?"
        ): (
            "한 약물을 새로 시작한 사람과 다른 약물을 새로 시작한 사람을 비교합니다. 어느 쪽에서 결과 사건이 더 "
            "일찍, 더 자주 생기는지 봅니다."
        ),
        "Data quality of a release": "데이터 릴리스의 품질",
        (
            "What is in a release of a data set, what its import found wrong, and what changed since an earlier "
            "release. Read it before you trust a number from the data."
        ): (
            "데이터셋의 릴리스에 무엇이 들어 있는지, 가져올 때 어떤 문제가 있었는지, 이전 릴리스와 무엇이 달라졌는지 "
            "보여 줍니다. 데이터에서 나온 수를 믿기 전에 읽어 보세요."
        ),
        "A quality indicator by unit": "단위별 질 지표",
        (
            "In which share of the cases does what is looked for come in time: in each ward, care site or other "
            "unit, held against all units together, and from month to month? Which units lie further from the others "
            "than chance takes a unit of their size?"
        ): (
            "병동, 의료기관 등 단위마다 정해진 기간 안에 찾는 사건이 있는 사례의 비율을 전체와, 그리고 달마다 "
            "비교합니다. 규모를 고려할 때 우연이라 보기 어려울 만큼 벗어난 단위를 찾습니다."
        ),
        # help of parameters
        "Name in the data catalog, with or without @RELEASE": (
            "데이터 카탈로그에 있는 이름. 뒤에 @릴리스를 붙일 수 있습니다."
        ),
        "Name in the data catalog; the newest release, or NAME@RELEASE": (
            "데이터 카탈로그에 있는 이름. 이름만 쓰면 최신 릴리스이고, 이름@릴리스로 지정할 수 있습니다."
        ),
        "A definition of the project, or one that comes along": "프로젝트의 코호트 정의 또는 함께 제공되는 정의",
        "Earlier conditions to list, concepts": "기저 질환으로 보여 줄 개념 번호",
        "Ages at which an age group begins": "연령대가 시작되는 나이",
        "Rates by calendar year begin here": "연도별 발생률을 시작할 해",
        "The curve of observation is drawn up to here": "추적관찰 곡선을 그릴 마지막 시점",
        "Years and ages of fewer people, or fewer who enter, are joined": (
            "인원이나 새로 들어온 사람이 이보다 적은 연도와 연령대는 합칩니다."
        ),
        "What to do with concepts that the vocabulary lacks": "용어집에 없는 개념을 처리하는 방법",
        "The drug in question, an OMOP concept (celecoxib)": "관심 약물의 OMOP 개념 번호(celecoxib)",
        "The drug it is compared with, an OMOP concept (diclofenac)": "비교 약물의 OMOP 개념 번호(diclofenac)",
        "The condition feared, with everything below it (gastrointestinal haemorrhage)": (
            "결과 사건의 개념 번호. 하위 개념을 모두 포함합니다(위장관 출혈)."
        ),
        "So many days before they begin, people were observed and began neither drug": (
            "시작 전 이 일수 동안 관찰되었고 두 약물 모두 시작하지 않은 사람만 포함합니다(휴약 기간)."
        ),
        "How long outcomes count": "결과 사건을 세는 기간(위험 기간)",
        "How the Cox model treats outcomes on the same day": "같은 날 생긴 결과 사건을 Cox 모형에서 처리하는 방법",
        "Earlier conditions to list and adjust for": "보여 주고 보정할 기저 질환의 개념 번호",
        "The curves are drawn up to this day": "곡선을 그릴 마지막 날(일째)",
        "Outputs with counts of fewer people are named at the end": (
            "인원이 이보다 적은 결과물은 끝에 이름을 따로 적습니다."
        ),
        'Release to compare with: "previous" for the one made before, or its name': (
            "비교할 릴리스의 이름. 바로 이전 릴리스이면 previous라고 씁니다."
        ),
        "Earlier years are not shown": "이보다 이른 연도는 보이지 않습니다.",
        "Years in which a table has fewer persons are not shown": "표의 인원이 이보다 적은 연도는 보이지 않습니다.",
        "What the report calls it": "보고서에서 부를 지표의 이름",
        "What makes a case, with everything below it (viral sinusitis)": (
            "사례를 정하는 개념 번호. 하위 개념을 모두 포함합니다(바이러스 부비동염)."
        ),
        "Where cases are recorded": "사례가 기록된 OMOP 표",
        "What is looked for (amoxicillin, penicillin V, clavulanate)": (
            "찾는 사건의 개념 번호(amoxicillin, penicillin V, clavulanate)"
        ),
        "Where it is recorded": "찾는 사건이 기록된 OMOP 표",
        "From the day of the case to so many days after it": "사례가 생긴 날부터 이 일수까지",
        "What is compared": "비교할 단위",
        "First day of a case, ISO 8601": "사례를 셀 첫날(ISO 8601)",
        "Last day of a case, ISO 8601": "사례를 셀 마지막 날(ISO 8601)",
        "Length of the periods that are compared": "비교할 기간의 길이",
        "The share that units are held against; all units together when left out": (
            "단위와 비교할 목표 비율. 비워 두면 전체 단위의 비율과 비교합니다."
        ),
        "Whether limits allow for more than chance": "우연을 넘는 산포(과산포)를 관리 한계에 반영할지",
        "Smaller units are put together or left out, smaller periods hidden": (
            "인원이 이보다 적은 단위는 합치거나 빼고, 적은 기간은 가립니다."
        ),
    }
)
"""Each sentence as a page shows it, by its English."""

SHIPPED_LABELS: Mapping[str, str] = MappingProxyType(
    {
        "data_set": "데이터셋",
        "definition": "코호트 정의",
        "describe_condition_ids": "기저 질환",
        "age_edges": "연령 구간",
        "first_year": "첫 연도",
        "curve_years": "곡선 기간(년)",
        "fewest_persons": "최소 인원",
        "unknown_concepts": "없는 개념",
        "target_concept_id": "관심 약물",
        "comparator_concept_id": "비교 약물",
        "outcome_concept_id": "결과 사건",
        "washout_days": "휴약 기간(일)",
        "time_at_risk": "위험 기간",
        "tie_method": "동시 사건 처리",
        "prior_condition_ids": "보정할 기저 질환",
        "curve_days": "곡선 기간(일)",
        "earlier_release": "이전 릴리스",
        "indicator": "지표 이름",
        "case_concept_ids": "사례의 개념",
        "case_table": "사례의 표",
        "event_concept_ids": "사건의 개념",
        "event_table": "사건의 표",
        "within_days": "기간(일)",
        "unit": "단위",
        "first_date": "첫날",
        "last_date": "마지막 날",
        "step": "기간 길이",
        "target": "목표 비율",
        "overdispersion": "과산포",
    }
)
"""What a parameter of a shipped report is called, by its name in the notebook."""
