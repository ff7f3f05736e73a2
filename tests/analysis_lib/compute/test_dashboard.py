"""The gate before the dashboard, by real requests: one cookie per link, and nothing without a cookie."""

import http.client
from urllib.parse import urlsplit

import pytest

from analysis_lib.compute.dashboard import link_key


class Visitor:
    """A browser with one cookie jar; follows no redirect."""

    def __init__(self, port):
        self.port, self.cookie = port, None

    def ask(self, path, *, method="GET", **headers):
        if self.cookie:
            headers["Cookie"] = self.cookie
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, headers=headers)
            answer = connection.getresponse()
            answer.read()
        finally:
            connection.close()
        if answer.getheader("Set-Cookie"):
            self.cookie = answer.getheader("Set-Cookie").partition(";")[0]
        return answer


@pytest.fixture
def link(open_cluster):
    address = urlsplit(open_cluster.dashboard_link)
    return f"{address.path}?{address.query}"


@pytest.fixture
def visitor(open_cluster):
    return Visitor(open_cluster._dashboard_port)


def test_a_link_opens_the_dashboard_and_the_browser_may_come_back_without_it(visitor, link):
    entered = visitor.ask(link)
    assert entered.status == 302
    assert entered.getheader("Location") == "status"
    assert "key" not in entered.getheader("Location")
    for path in ("/status", "/tasks", "/workers", "/health", "/json/counts.json"):
        assert visitor.ask(path).status == 200, path


def test_a_link_works_once(open_cluster, visitor, link):
    assert visitor.ask(link).status == 302
    assert Visitor(open_cluster._dashboard_port).ask(link).status == 403


def test_looking_ahead_with_head_does_not_spend_a_link(visitor, link):
    assert visitor.ask(link, method="HEAD").status == 403
    assert visitor.ask(link).status == 302


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_no_other_method_gets_past_the_gate(visitor, link, method):
    assert visitor.ask(link, method=method).status == 403


def test_a_key_of_another_cluster_is_refused(visitor):
    assert visitor.ask(f"/status?key={link_key('another secret')}").status == 403


@pytest.mark.parametrize("key", ["", ".", "x.y", "é.é", "a" * 10_000, "%00.%ff"])
def test_a_made_up_key_is_refused(visitor, key):
    from urllib.parse import quote

    assert visitor.ask(f"/status?key={quote(key, safe='%')}").status == 403


def test_a_made_up_cookie_is_refused(open_cluster, visitor):
    visitor.cookie = f"cohorthub-dashboard-{open_cluster._dashboard_port}=guess"
    assert visitor.ask("/status").status == 403


def test_the_cookie_goes_to_the_users_own_server_only_and_to_no_script(visitor, link):
    cookie = visitor.ask(link, **{"X-ProxyContextPath": "/user/researcher-1/proxy/1234"}).getheader("Set-Cookie")
    assert "Path=/user/researcher-1/proxy/1234/;" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie


def test_the_dashboards_websocket_is_behind_the_gate_too(open_cluster, visitor, link):
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    assert visitor.ask("/status/ws", **upgrade).status == 403
    visitor.ask(link)
    # Past the gate it is bokeh that answers, and it asks for a session's token.
    assert visitor.ask("/status/ws", **upgrade).status != 403


def test_the_dashboard_is_drawn_and_not_just_answered(visitor, link):
    visitor.ask(link)
    connection = http.client.HTTPConnection("127.0.0.1", visitor.port, timeout=10)
    connection.request("GET", "/status", headers={"Cookie": visitor.cookie})
    page = connection.getresponse().read().decode()
    connection.close()
    assert "bokeh" in page
    assert "pip install" not in page, "Dask's page for an environment without bokeh"
