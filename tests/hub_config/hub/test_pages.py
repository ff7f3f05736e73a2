"""The hub's own pages in both languages, made by JupyterHub's templates with ours before them."""

import datetime as dt
import re
import string
from html import unescape
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jinja2
import pytest
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PrefixLoader
from jupyterhub._data import DATA_FILES_PATH
from tornado.httputil import HTTPHeaders

import hub_config.hub as hub
from hub_config.hub.texts import HubTexts, page_texts
from hub_config.hub.texts.english import HUB_ENGLISH
from hub_config.hub.texts.korean import HUB_KOREAN
from hub_config.hub.texts.messages import HUB_MESSAGES
from hub_config.reports.service.scopes import CUSTOM_SCOPES

OURS = Path(hub.__file__).parent / "templates"
THEIRS = Path(DATA_FILES_PATH) / "templates"
NOW = dt.datetime(2026, 11, 27, 9, 0)  # noqa: DTZ001 - as JupyterHub's database has it
TOKEN = SimpleNamespace(
    api_id="a1", note="월보", scopes=["custom:reports:read"], last_activity=None, created=NOW, expires_at=None
)
CLIENT = {
    "description": "Server at /user/kim/", "tokens": [TOKEN], "token_id": "a2", "last_activity": NOW, "created": NOW,
}  # fmt: skip
OPTIONS = '<option value="3600">1 Hour</option>\n<option selected="selected"value="">Max (90 days)</option>'
PAGES: dict[str, dict[str, Any]] = {
    "home.html": {"default_server": SimpleNamespace(active=True), "url": "/user/kim/"},
    "login.html": {
        "user": None, "login_error": "Invalid username or password", "authenticator": SimpleNamespace(request_otp=0),
        "authenticator_login_url": "/hub/login?next=", "xsrf": "x",
    },
    "logout.html": {"user": None},
    "token.html": {"api_tokens": [TOKEN], "oauth_clients": [CLIENT], "token_expires_in_options_html": OPTIONS},
    "spawn_pending.html": {"progress_url": "/hub/api/users/kim/server/progress"},
    "stop_pending.html": {},
    "not_running.html": {"spawn_url": "/hub/spawn/kim", "failed": True, "failed_message": "Timeout"},
    "error.html": {"status_code": 500, "status_message": "Internal Server Error", "message": ""},
    "404.html": {"status_code": 404, "status_message": "Not Found", "message": "No such user: kim"},
    "oauth.html": {
        "oauth_client": SimpleNamespace(description="App", redirect_uri="https://app.example.org/"),
        "allowed_scopes": ["identify"],
        "scope_descriptions": [
            {"scope": "", "description": "Identify the owner of the requesting entity.", "filter": ""},
        ],
    },
}  # fmt: skip


class Handler:
    """As much of a hub's handler as a page looks at."""

    def __init__(self, cookie: str | None) -> None:
        self.request: Any = SimpleNamespace(query="", query_arguments={}, headers=HTTPHeaders())
        self.cookie = cookie

    def static_url(self, path: str, *, include_version: bool = True) -> str:
        return f"/hub/static/{path}{'?v=1' if include_version else ''}"

    def get_cookie(self, _name: str) -> str | None:
        return self.cookie

    def get_status(self) -> int:
        return 200


def made(page: str, language: str) -> str:
    """One page, with JupyterHub's way of finding templates."""
    theirs = FileSystemLoader(str(THEIRS))
    loader = ChoiceLoader([PrefixLoader({"templates": theirs}), FileSystemLoader(str(OURS)), theirs])
    pages = Environment(loader=loader, autoescape=True, undefined=jinja2.ChainableUndefined)
    given: dict[str, Any] = {
        "static_url": Handler(language).static_url,
        "base_url": "/hub/",
        "prefix": "/",
        "user": SimpleNamespace(name="kim", json_escaped_name="kim", spawner=SimpleNamespace(options_form="")),
        "parsed_scopes": {"admin-ui"},
        "cohorthub_texts": page_texts(None),
        "cohorthub_scopes": list(CUSTOM_SCOPES),
        "cohorthub_reports": "/services/reports/",
        "cohorthub_icon": "data:,",
    }
    return pages.get_template(page).render(**given | PAGES[page])


def words_of(html: str) -> str:
    bare = re.sub(r"<(style|script|svg)\b.*?</\1>|<[^>]*>", " ", html, flags=re.DOTALL)
    shown = " ".join(re.findall(r'(?:title|aria-label|placeholder|value)="([^"]*)"', html))
    return " ".join(unescape(f"{bare} {shown}").split())


@pytest.mark.parametrize("page", sorted(PAGES))
def test_a_korean_page_has_no_english_sentence_and_an_english_one_no_korean(page: str) -> None:
    korean, english = words_of(made(page, "ko")), words_of(made(page, "en"))
    for key, words in HUB_ENGLISH.items():
        longest = max(re.split(r"\{\w+\}", words), key=len).strip()
        if " " in longest:
            assert longest not in korean, key
    assert re.search("[가-힣]", korean)
    assert re.findall("[가-힣]+", english.replace("한국어", "").replace("월보", "")) == []
    # JupyterHub's own words, which ours replace; the dialog's are replaced by a script.
    for theirs in ("Server Options", "Successfully", "will be", "Username:", "Never", "Revoking", "would like"):
        assert theirs not in korean + english


@pytest.mark.parametrize("page", sorted(PAGES))
def test_every_page_offers_the_other_language(page: str) -> None:
    assert 'href="?lang=en" lang="en"' in made(page, "ko")
    assert 'href="?lang=ko" lang="ko"' in made(page, "en")


def test_pages_tell_browsers_their_language() -> None:
    assert 'document.documentElement.lang = "ko"' in made("home.html", "ko")
    assert 'tabindex="-1" lang="ko"' in made("home.html", "ko")


@pytest.mark.parametrize("page", sorted(PAGES))
def test_a_page_has_one_main_part_that_its_first_link_leads_to(page: str) -> None:
    html = made(page, "ko")
    assert html.count("<main ") == html.count("</main>") == 1
    assert re.search(r'<main [^>]*id="content"', html)
    assert 'href="#content"' in html
    assert len(re.findall("<h1", html)) == 1


def test_every_page_of_jupyterhub_that_people_meet_here_is_ours() -> None:
    # Nobody chooses options of a server or shares one here; the page for administrators is a program of its own.
    others = {"spawn.html", "accept-share.html", "admin.html"}
    assert {file.name for file in THEIRS.glob("*.html")} - {file.name for file in OURS.glob("*.html")} == others


def parts_of(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_of_the_hub_say_the_same_with_the_same_values() -> None:
    assert HUB_ENGLISH.keys() == HUB_KOREAN.keys()
    for key, english in HUB_ENGLISH.items():
        assert parts_of(english) == parts_of(HUB_KOREAN[key]), key


def test_no_text_of_the_hub_lies_unused() -> None:
    pages = "".join(file.read_text(encoding="utf-8") for file in OURS.glob("*.html"))
    used = set(re.findall(r'\btexts\.(\w+)|"(\w+)"', pages))
    named = {one for pair in used for one in pair if one}
    begun = ("error_", "scope_", "for_", "said_in_english")  # chosen by status, permission and time
    assert {key for key in HUB_ENGLISH if key not in named and not key.startswith(begun)} == set()


def test_each_permission_of_reports_is_explained() -> None:
    assert all(f"scope_{name}" in HUB_ENGLISH for name in CUSTOM_SCOPES)


def test_messages_of_the_hub_are_said_in_korean_and_others_told_in_english() -> None:
    texts = HubTexts("ko")
    assert texts.said("Too many wrong passwords for this name. Please try again in 7 seconds.").startswith(
        "이 이름으로"
    )
    assert "7초" in texts.said("Too many wrong passwords for this name. Please try again in 7 seconds.")
    assert texts.said("Spawn failed: Timeout") == "서버가 제시간에 시작되지 않았습니다."
    assert texts.said("the moon is full") == "영어로 된 설명: “the moon is full”"
    assert HubTexts("en").said("Server requested") == "Server requested"
    assert texts.messages()["Server requested"]
    assert HubTexts("en").messages() == {}


def test_what_a_message_of_the_hub_tells_is_kept() -> None:
    for english, korean in HUB_MESSAGES:
        assert parts_of(korean) == {name for name in parts_of(english) if not name.startswith("_")}, english


def test_the_times_that_a_token_may_hold_are_said_in_the_language() -> None:
    assert HubTexts("ko").token_times(OPTIONS) == [("3600", "1시간"), ("", "90일")]
    assert HubTexts("en").token_times('<option value="">Never</option>') == [("", "no end")]
