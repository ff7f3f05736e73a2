"""Which language a page is in, and how Korean joins its words."""

from types import SimpleNamespace
from typing import Any

import pytest
from tornado.httputil import HTTPHeaders

from hub_config.languages import LANGUAGE_COOKIE, choose_language, language_of, other_languages, with_particles


@pytest.mark.parametrize(
    ("asked", "kept", "accepted", "chosen"),
    [
        ("", "", "", "en"),
        ("", "", "ko-KR,ko;q=0.9,en-US;q=0.8", "ko"),
        ("", "", "en;q=0.5, ko;q=0.9", "ko"),
        ("", "", "fr, de;q=0.5", "en"),
        ("", "", "ko;q=0", "en"),
        ("", "ko", "en", "ko"),
        ("en", "ko", "ko", "en"),
        ("xx", "", "ko;q=abc, \x00", "en"),
    ],
)
def test_the_address_then_the_choice_then_the_browser_decide(asked, kept, accepted, chosen):
    assert choose_language(asked, kept=kept, accepted=accepted) == chosen


class Handler:
    """As much of a handler as the choice looks at."""

    def __init__(self, query: str = "", *, cookie: str | None = None, accepted: str = "", status: int = 200) -> None:
        from tornado.escape import parse_qs_bytes

        self.request: Any = SimpleNamespace(
            query=query, query_arguments=parse_qs_bytes(query), headers=HTTPHeaders({"Accept-Language": accepted})
        )
        self.cookie, self.status, self.kept = cookie, status, dict[str, str]()

    def get_cookie(self, name: str) -> str | None:
        assert name == LANGUAGE_COOKIE
        return self.cookie

    def set_cookie(self, name: str, value: str, **_: object) -> None:
        self.kept[name] = value

    def get_status(self) -> int:
        return self.status


def test_a_language_that_the_address_asks_for_is_kept():
    handler = Handler("page=2&lang=ko", accepted="en")
    assert language_of(handler) == "ko"
    assert handler.kept == {LANGUAGE_COOKIE: "ko"}
    handler = Handler("page=2", cookie="ko")
    assert language_of(handler) == "ko"
    assert handler.kept == {}


@pytest.mark.parametrize("query", ["lang=%ff%fe", "lang=", "lang=xx", "lang=%00", "lang=ko&lang=%ff"])
def test_what_is_no_language_is_passed_over(query):
    handler = Handler(query, accepted="ko")
    assert language_of(handler) == "ko"
    assert handler.kept == {}


def test_the_other_language_is_offered_at_the_same_address():
    assert other_languages(Handler("page=2&lang=en&x=%26"), "en") == [("ko", "한국어", "?page=2&x=%26&lang=ko")]
    assert other_languages(Handler("page=2", status=404), "ko") == [("en", "English", "?lang=en")]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("보고서을(를) 엽니다", "보고서를 엽니다"),
        ("표은(는) 결과물이(가) 됩니다", "표는 결과물이 됩니다"),
        ("3이(가), 7이(가), 10이(가)", "3이, 7이, 10이"),
        ("2이(가), 4은(는), 5을(를), 9과(와)", "2가, 4는, 5를, 9와"),
        ("서울(으)로, 부산(으)로, 제주(으)로, 1(으)로, 3(으)로", "서울로, 부산으로, 제주로, 1로, 3으로"),
        ("‘평가’을(를), “목록”을(를)", "‘평가’를, “목록”을"),
        ("정수(0~10)(이)어야, 항목 2개의 목록(이)어야", "정수(0~10)여야, 항목 2개의 목록이어야"),
        ("목록(각 항목: 정수(64비트 이내))이(가)", "목록(각 항목: 정수(64비트 이내))이"),
        ("ward_a을(를)", "ward_a을(를)"),
        ("을(를)", "을(를)"),
    ],
)
def test_particles_fit_the_word_before_them_where_that_can_be_told(written, read):
    assert with_particles(written) == read
