"""Asking the API as a program does, with tokens that the hub made."""

import json
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from typing import Any

from .conftest import Place

PROJECT = """
title = "병동 품질"
timezone = "Asia/Seoul"

[members]
kim = "lead"
lee = "analyst"
rho = "reader"

[notify.ops]
email = "ops@example.org"
events = ["failed"]
"""
EVERYTHING = "custom:reports"


def make_project(place: Place, name: str, *, text: str = PROJECT) -> Path:
    """Write a project with a lead, an analyst, a reader, and a notebook of its own."""
    folder = place.home / "projects" / name
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.parent.chmod(0o700)
    file = folder / "project.toml"
    file.write_text(text, encoding="utf-8")
    file.chmod(0o600)
    (folder / "steady.ipynb").write_bytes((place.notebooks / "reports" / "steady.ipynb").read_bytes())
    time.sleep(1.1)  # the service looks once a second
    return folder


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: Message
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        return str(self.json["error"]["code"])

    @property
    def fields(self) -> list[str]:
        return [one["field"] for one in self.json["error"]["problems"]]

    @property
    def rules(self) -> list[str]:
        return [one["rule"] for one in self.json["error"]["problems"]]


def request(url: str, *, method: str = "GET", body: bytes | None = None, **headers: str) -> Reply:
    """Send anything, and give whatever comes back."""
    sent = urllib.request.Request(url, data=body, method=method)
    for name, value in headers.items():
        sent.add_header(name.replace("_", "-"), value)
    try:
        with urllib.request.urlopen(sent, timeout=60) as answer:
            return Reply(answer.status, answer.headers, answer.read())
    except urllib.error.HTTPError as refused:
        with refused:
            return Reply(refused.code, refused.headers, refused.read())


def make_token(place: Place, name: str, *scopes: str) -> str:
    """Make a token of a person, as the hub's token page does."""
    desk = {"Authorization": f"token {place.token[::-1]}", "Content_Type": "application/json"}
    request(f"{place.url}/hub/api/users/{name}", method="POST", body=b"{}", **desk)
    body = json.dumps({"scopes": list(scopes)} if scopes else {}).encode()
    reply = request(f"{place.url}/hub/api/users/{name}/tokens", method="POST", body=body, **desk)
    assert reply.status == 201, reply.body
    return str(reply.json["token"])


@dataclass
class Client:
    """One person with one token."""

    place: Place
    token: str
    direct: bool = True
    sent: dict[str, str] = field(default_factory=dict)

    @property
    def root(self) -> str:
        """The API's root; the service itself unless the way through the proxy matters."""
        origin = f"http://127.0.0.1:{self.place.service_port}" if self.direct else self.place.url
        return f"{origin}/services/reports/api/v1/"

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        content = None
        if body is not None:
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            headers.setdefault("Content_Type", "application/json")
        return request(
            self.root + path, method=method, body=content, Authorization=f"token {self.token}", **self.sent, **headers
        )

    def get(self, path: str, **headers: str) -> Reply:
        return self.ask("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Reply:
        return self.ask("POST", path, body, **headers)

    def put(self, path: str, body: Any = None, **headers: str) -> Reply:
        return self.ask("PUT", path, body, **headers)

    def delete(self, path: str) -> Reply:
        return self.ask("DELETE", path)
