"""The pages of definitions served for real, over a home with one project; only the hub's word on who asks is given."""

import contextlib
import datetime as dt
import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import pytest

from hub_config.reports.database import Database
from hub_config.reports.database.history import RunFilter, find_runs
from hub_config.reports.definitions.reading import parse_definition
from hub_config.reports.desk import Desk, Person
from hub_config.reports.desk.defining import find_definition, save_definition

from ..served import PREFIX, serve

PROJECT = """
title = "Ward <b>quality</b>"
purpose = "To see how wards do."
timezone = "Asia/Seoul"

[members]
kim = "lead"
lee = "analyst"
rho = "reader"

[notify.ops]
email = "ops@example.org"

[notify.ward-desk]
email = "desk@example.org"
"""
CELL = """month: str = "2026-01"  # which month, YYYY-MM
ward: str = "A"  # which ward
n: int = 3  # 1 to 9; how many
first: 'date' = "2026-01-01"  # first day
strict: bool = False  # whether to be strict"""


def notebook(cell: str = CELL, *more: str) -> bytes:
    """A notebook file whose parameters cell is `cell`."""
    cells: list[dict[str, Any]] = [
        {"cell_type": "markdown", "id": "a", "metadata": {}, "source": "# Quality of a ward"},
        _code(cell, "parameters", key="b"),
        *(_code(source, key=f"c{number}") for number, source in enumerate(more)),
    ]
    kernel = {"name": "cohort-analysis", "display_name": "Cohort analysis", "language": "python"}
    return json.dumps({"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}).encode()


def _code(source: str, *tags: str, key: str) -> dict[str, Any]:
    tagged = {"tags": list(tags)}
    return {
        "cell_type": "code", "id": key, "metadata": tagged, "source": source, "outputs": [], "execution_count": None,
    }  # fmt: skip


@dataclass
class Answer:
    """What came back."""

    status: int
    text: str
    url: str

    @property
    def words(self) -> str:
        """What a reader sees, without markup."""
        body = re.sub(r"<(style|script|svg)\b.*?</\1>", " ", self.text, flags=re.DOTALL)
        return " ".join(unescape(re.sub(r"<[^>]*>", " ", body)).split())

    def value(self, name: str) -> str:
        """What the first field of a name holds."""
        found = re.search(rf'<input[^>]*name="{re.escape(name)}"[^>]*value="([^"]*)"', self.text)
        assert found is not None, name
        return unescape(found[1])

    def area(self, name: str) -> str:
        """What a text area holds."""
        found = re.search(rf'<textarea[^>]*name="{re.escape(name)}"[^>]*>\n?(.*?)</textarea>', self.text, re.DOTALL)
        assert found is not None, name
        return unescape(found[1])


@dataclass
class Reader:
    """Somebody with a browser without scripts."""

    url: str
    name: str
    language: str = "en"
    jar: CookieJar = field(default_factory=CookieJar)

    def _ask(self, path: str, data: bytes | None = None, **headers: str) -> Answer:
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))
        sent = {"X-Person": self.name, "Accept-Language": self.language, **headers}
        request = urllib.request.Request(self.url + path, data=data, headers=sent)
        try:
            with opener.open(request, timeout=20) as answer:
                return Answer(answer.status, answer.read().decode(), answer.url)
        except urllib.error.HTTPError as refused:
            with refused:
                return Answer(refused.code, refused.read().decode(), refused.url)

    def get(self, path: str) -> Answer:
        return self._ask(path)

    def post(self, path: str, **values: str | list[str]) -> Answer:
        """Send a form with the token of a page that was looked at."""
        if "_xsrf" not in values:
            values["_xsrf"] = self.token()
        return self._ask(path, urllib.parse.urlencode(values, doseq=True).encode())

    def send_form(self, path: str, fields: list[tuple[str, str]], files: dict[str, bytes]) -> Answer:
        """Send a form as browsers do that may hold files."""
        edge = "edge-of-this-test"
        parts = []
        for name, value in [("_xsrf", self.token()), *fields]:
            head = f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
            parts.append(head.encode() + value.encode() + b"\r\n")
        for name, content in files.items():
            head = f'--{edge}\r\nContent-Disposition: form-data; name="{name}"; filename="a"\r\n'
            parts.append(head.encode() + b"Content-Type: text/csv\r\n\r\n" + content + b"\r\n")
        body = b"".join(parts) + f"--{edge}--\r\n".encode()
        return self._ask(path, body, **{"Content-Type": f"multipart/form-data; boundary={edge}"})

    def token(self) -> str:
        return self.get("projects/wards/reports/none-there").text and next(
            (cookie.value or "" for cookie in self.jar if cookie.name == "_xsrf"), ""
        )


@dataclass
class Bench:
    """A home, and the pages on it."""

    home: Path
    database: Database
    desk: Desk
    url: str

    def reader(self, name: str, language: str = "en") -> Reader:
        return Reader(self.url + PREFIX, name, language)

    @property
    def folder(self) -> Path:
        return self.home / "projects" / "wards"

    def write_template(self, content: bytes) -> None:
        (self.folder / "quality.ipynb").write_bytes(content)

    def save(self, person: str = "kim", *, approve: bool = True, **changes: Any) -> None:
        document = {"name": "monthly", "title": "Monthly quality", "template": "quality.ipynb"} | changes
        save_definition(
            self.desk,
            parse_definition(document),
            project="wards",
            person=Person(person),
            now=dt.datetime.now(dt.UTC),
            approve_too=approve,
        )

    def row(self, name: str = "monthly") -> Any:
        return find_definition(self.desk, name, project="wards", person=Person("kim"))

    def runs(self) -> list[Any]:
        with self.database.reading() as connection:
            return find_runs(connection, RunFilter(projects=["wards"]), limit=1000)[::-1]


@contextlib.contextmanager
def served_bench(tmp_path: Path) -> Iterator[Bench]:
    """Serve all pages over a home with one project."""
    home = tmp_path / "home"
    for folder in (home / "projects" / "wards", home / "secrets", home / "data"):
        folder.mkdir(parents=True, mode=0o700)
    for folder in (home, home / "projects"):
        folder.chmod(0o700)
    (home / "projects" / "wards" / "project.toml").write_text(PROJECT, encoding="utf-8")
    (home / "projects" / "wards" / "project.toml").chmod(0o600)
    with serve(home) as served:
        made = Bench(home, served.database, served.service.desk, f"http://127.0.0.1:{served.port}")
        made.write_template(notebook())
        yield made


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with served_bench(tmp_path) as made:
        yield made
