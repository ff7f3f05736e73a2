"""Requests that are too large, too slow or broken: an answer that says so, as a page or as the API does."""

import json
import socket
from collections.abc import Iterator

import pytest

from hub_config.reports.service.intake import LARGEST_BODY, LARGEST_HEADERS, LARGEST_READ

from .served import PREFIX, Served, serve

MARK = "Zyxwv4711"


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Iterator[Served]:
    with serve(tmp_path_factory.mktemp("intake") / "home") as served:
        yield served


def send(served: Served, *pieces: bytes) -> tuple[int, dict[str, str], bytes]:
    """Send bytes as they are; give status, headers and body of the first answer, however the connection ends."""
    with socket.create_connection(("127.0.0.1", served.port), timeout=20) as connection:
        for piece in pieces:
            connection.sendall(piece)
        with connection.makefile("rb") as answer:
            status = answer.readline()
            assert status, "no answer"
            lines = iter(answer.readline, b"\r\n")
            headers = {
                name.lower(): value.strip() for name, _, value in (line.decode().partition(":") for line in lines)
            }
            return int(status.split()[1]), headers, answer.read(int(headers.get("content-length", "0")))


def head(path: str, *more: str, method: str = "POST") -> bytes:
    lines = [f"{method} {PREFIX}{path} HTTP/1.1", "Host: 127.0.0.1", "X-Person: kim", *more, "", ""]
    return "\r\n".join(lines).encode("latin-1")


URLENCODED = "Content-Type: application/x-www-form-urlencoded"
MULTIPART = "Content-Type: multipart/form-data; boundary=edge"
FILE = b'--edge\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'


@pytest.mark.parametrize("more", [1, 5 * LARGEST_BODY])
@pytest.mark.parametrize(("kind", "begin"), [(URLENCODED, b"p-words="), (MULTIPART, FILE)], ids=["form", "file"])
def test_a_form_or_file_that_is_too_large_gets_a_page_that_says_so(served, kind, begin, more):
    body = begin + b"x" * (LARGEST_BODY - len(begin) + more)
    status, headers, page = send(served, head("new/steady", kind, f"Content-Length: {len(body)}"), body)
    assert status == 413
    assert "4 MiB together" in page.decode()
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in headers["content-security-policy"]


def test_a_form_as_large_as_may_be_is_taken(served):
    body = b"p-words=" + b"x" * (LARGEST_BODY - 8)
    status, _, _ = send(served, head("new/none", URLENCODED, f"Content-Length: {len(body)}"), body)
    assert status in {403, 404}


def test_the_page_speaks_korean_too(served):
    status, _, page = send(
        served,
        head("new/steady", "Accept-Language: ko", f"Content-Length: {LARGEST_BODY + 1}"),
        b"x" * (LARGEST_BODY + 1),
    )
    assert (status, "4 MiB까지" in page.decode()) == (413, True)


def test_a_body_whose_length_is_not_said_before_is_weighed_as_it_comes(served):
    piece = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    status, _, page = send(
        served, head("new/steady", URLENCODED, "Transfer-Encoding: chunked"), *[piece] * 80, b"0\r\n\r\n"
    )
    assert (status, "4 MiB together" in page.decode()) == (413, True)


def test_a_body_that_nobody_would_wait_for_is_refused_before_it_is_read(served):
    status, _, page = send(served, head("new/steady", URLENCODED, f"Content-Length: {LARGEST_READ + 1}"))
    assert (status, "4 MiB together" in page.decode()) == (413, True)


def test_after_a_refusal_the_next_request_on_the_connection_is_taken(served):
    with socket.create_connection(("127.0.0.1", served.port), timeout=20) as connection:
        connection.sendall(head("new/steady", URLENCODED, f"Content-Length: {LARGEST_BODY + 1}"))
        connection.sendall(b"x" * (LARGEST_BODY + 1) + head("health", method="GET"))
        with connection.makefile("rb") as answer:
            assert answer.readline().startswith(b"HTTP/1.1 413")
            assert any(b"HTTP/1.1 200" in line for line in answer)


@pytest.mark.parametrize("path", ["api/v1/projects/wards/runs", "api/v1/nothing", "metrics"])
def test_the_api_says_it_with_its_own_code(served, path):
    body = b'{"template": "' + b"x" * LARGEST_BODY + b'"}'
    status, headers, answer = send(
        served, head(path, "Content-Type: application/json", f"Content-Length: {len(body)}"), body
    )
    assert (status, headers["content-type"]) == (413, "application/json")
    error = json.loads(answer)["error"]
    assert (error["code"], error["problems"][0]["field"], error["problems"][0]["rule"]) == (
        "REPORTS-API",
        "body",
        "size",
    )


@pytest.mark.parametrize(("path", "found"), [("", "32 KiB"), ("api/v1/projects", '"rule": "size"')])
def test_headers_that_are_too_large_get_an_answer(served, path, found):
    large = f"Cookie: a={'x' * LARGEST_HEADERS}"
    status, _, answer = send(served, head(path, large, method="GET"))
    assert (status, found in answer.decode()) == (431, True)
    status, _, answer = send(served, head(f"{path}?{'y' * LARGEST_HEADERS}", method="GET"))
    assert (status, found in answer.decode()) == (431, True)


def test_headers_without_end_close_the_connection(served):
    with socket.create_connection(("127.0.0.1", served.port), timeout=20) as connection, pytest.raises(OSError):  # noqa: PT012
        for _ in range(100):
            connection.sendall(b"GET / HTTP/1.1\r\nCookie: " + b"x" * 10_000)
        if not connection.recv(10):
            raise ConnectionResetError


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("text/plain", b"p-words=x", 415),
        ("application/json", b"{}", 415),
        ("", b"p-words=x", 415),
        ("multipart/form-data", b"x", 400),
        ("multipart/form-data; boundary=edge", b"--edg", 400),
        ("multipart/form-data; boundary=edge", b"--edge\r\n\r\nx\r\n--edge--", 400),
        ("multipart/form-dataxyz; boundary=edge", b"--edge--", 400),
        ("application/x-www-form-urlencoded", b"p-words=%ff%fe", 400),
        ("application/x-www-form-urlencoded", b"p-words=\xff\xfe" + MARK.encode(), 400),
    ],
)
def test_a_body_of_another_kind_or_a_broken_one_is_refused_with_a_page(served, kind, body, status):
    reader = served.reader("kim")
    reader.get("")
    token = next(cookie.value for cookie in reader.jar if cookie.name == "_xsrf")
    answer = reader.post("new/data_quality", body, Content_Type=kind, X_XSRFToken=token)
    assert answer.status == status
    assert "<h1>" in answer.text
    assert MARK not in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "?lang=%ff",
        "history?project=%ff",
        "history?who=%ff&lang=ko",
        "runs/%ff",
        "projects/%ff%fe",
        "compare?a=%ff",
        "%ff",
    ],
)
def test_an_address_that_is_no_utf_8_gets_a_page(served, path):
    answer = served.reader("kim").get(path)
    assert answer.status in {200, 400, 404}
    assert "<h1>" in answer.text
