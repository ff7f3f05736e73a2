"""Who has no certificate of the cluster gets nothing: not from the scheduler, not from a worker, nanny or dashboard."""

import datetime
import json
import os
import socket
import ssl
import stat
import subprocess
import sys
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path

import psutil
import pytest

OTHER_ACCOUNT = "nobody"
# The other account reads neither this checkout nor its environment, so what it runs is text for the system's python.
SPY = """
import json, os, socket, ssl, sys, urllib.error, urllib.request
ports, dashboard, folder = json.loads(sys.stdin.read())
found = {"uid": os.getuid(), "heard": {}}
for port in ports:
    for way in ("plain", "tls"):
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as raw:
                if way == "tls":
                    context = ssl.create_default_context()
                    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
                    raw = context.wrap_socket(raw)
                raw.settimeout(2)
                raw.sendall(b"hello, let me in")
                found["heard"][f"{way} {port}"] = len(raw.recv(100)) if way == "tls" else raw.recv(100).hex()[:2]
        except OSError as refused:
            found["heard"][f"{way} {port}"] = type(refused).__name__
try:
    found["dashboard"] = urllib.request.urlopen(dashboard, timeout=5).status
except urllib.error.HTTPError as refused:
    found["dashboard"] = refused.code
try:
    found["folder"] = os.listdir(folder)
except OSError as refused:
    found["folder"] = type(refused).__name__
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def addresses(open_cluster):
    """The address of the scheduler, and of every worker and nanny."""
    info = open_cluster.client.scheduler_info(n_workers=-1)
    workers = info["workers"]
    return [info["address"], *workers, *(each["nanny"] for each in workers.values())]


@pytest.fixture(scope="module")
def tree(open_cluster):
    owner = psutil.Process(open_cluster._process.pid)
    return [owner, *owner.children(recursive=True)]


def first_words(address: str, context: ssl.SSLContext | None) -> bytes:
    """What a server says to a client that has connected and waits: nothing when the client is refused."""
    host, port = address.rpartition("//")[2].split(":")
    try:
        with (
            socket.create_connection((host, int(port)), timeout=5) as raw,
            nullcontext(raw) if context is None else context.wrap_socket(raw) as connection,
        ):
            connection.settimeout(1)
            return connection.recv(100)
    except OSError:
        return b""


def trusting_nobody() -> ssl.SSLContext:
    """A client's context that accepts any server, as an intruder would."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


@pytest.fixture
def foreign_certificate(tmp_path):
    """A certificate made the way Dask makes the cluster's, same name, another key."""
    from distributed.security import Security

    other = Security.temporary()
    pem = tmp_path / "foreign.pem"
    pem.write_text(other.tls_client_key + other.tls_client_cert)
    return pem


def test_every_server_of_the_cluster_talks_to_its_owner(open_cluster, addresses):
    # Without this the refusals below would prove nothing.
    context = open_cluster.client.security.get_connection_args("client")["ssl_context"]
    assert len(addresses) == 5
    assert all(len(first_words(address, context)) > 0 for address in addresses)


def test_a_client_without_tls_is_refused_everywhere(addresses):
    with ThreadPoolExecutor(len(addresses)) as pool:  # each waits a second for an answer that does not come
        assert list(pool.map(first_words, addresses, [None] * 5)) == [b""] * 5


def test_a_tls_client_without_a_certificate_is_refused_everywhere(addresses):
    assert [first_words(address, trusting_nobody()) for address in addresses] == [b""] * 5


def test_a_tls_client_with_a_foreign_certificate_is_refused_everywhere(addresses, foreign_certificate):
    context = trusting_nobody()
    context.load_cert_chain(foreign_certificate)
    assert [first_words(address, context) for address in addresses] == [b""] * 5


def test_old_tls_is_refused(open_cluster, addresses):
    context = open_cluster.client.security.get_connection_args("client")["ssl_context"]
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
    assert [first_words(address, context) for address in addresses] == [b""] * 5


def test_dasks_own_client_without_the_certificate_cannot_connect(addresses):
    code = (
        "import sys, logging; logging.disable(logging.CRITICAL)\n"
        "from distributed import Client\n"
        "from distributed.security import Security\n"
        "address = sys.argv[1]\n"
        "for where, security in ((address.replace('tls', 'tcp'), None), (address, Security.temporary())):\n"
        "    try:\n"
        "        Client(where, security=security, timeout=2).run_on_scheduler(lambda: 1)\n"
        "    except OSError:  # what Dask's own errors of closed and unsafe connections derive from\n"
        "        print('refused')\n"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code, addresses[0]], capture_output=True, check=True, text=True, timeout=120
    )
    assert shown.stdout.split() == ["refused", "refused"], shown.stderr


def test_the_certificate_is_young_and_its_own(open_cluster):
    from cryptography import x509

    held = x509.load_pem_x509_certificate(open_cluster.client.security.tls_client_cert.encode())
    age = datetime.datetime.now(datetime.UTC) - held.not_valid_before_utc
    assert age < datetime.timedelta(minutes=30)


def test_everything_that_listens_listens_on_loopback(tree):
    listening = [
        connection.laddr
        for process in tree
        for connection in process.net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert len(listening) == 6, "scheduler, two nannies, two workers, one dashboard"
    assert {address.ip for address in listening} == {"127.0.0.1"}


def test_no_key_stands_in_a_command_line_or_an_environment(open_cluster, tree):
    for process in tree:
        told = " ".join(process.cmdline()) + json.dumps(process.environ())
        assert "BEGIN" not in told
        assert open_cluster._secret not in told


def test_the_clusters_files_are_closed_to_other_accounts(open_cluster):
    folder = Path(open_cluster._process.folder)
    assert any(folder.rglob("*")), "the workers keep their files here"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    spill_folders = open_cluster.client.run(lambda dask_worker: dask_worker.local_directory)
    assert all(Path(each).is_relative_to(folder) for each in spill_folders.values())


def test_the_dashboard_refuses_whoever_has_no_link(open_cluster):
    base = f"http://127.0.0.1:{open_cluster._dashboard_port}"
    for path in ("/", "/status", "/status/ws", "/json/counts.json", "/info/main/workers.html", "/sitemap.json",
                 "/health", "/metrics", "/statics/css/base.css", "/nowhere", "/status?key=guess"):  # fmt: skip
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(base + path, timeout=10)
        refused.value.close()
        assert refused.value.code == 403, path


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another account")
def test_another_account_of_the_machine_gets_nothing(open_cluster, addresses):
    ports = [int(address.rpartition(":")[2]) for address in addresses]
    dashboard = f"http://127.0.0.1:{open_cluster._dashboard_port}/status"
    shown = subprocess.run(
        ["/usr/bin/python3", "-c", SPY],
        input=json.dumps([ports, dashboard, open_cluster._process.folder]),
        user=OTHER_ACCOUNT,
        extra_groups=[],
        cwd="/",
        env={},
        capture_output=True,
        check=True,
        text=True,
        timeout=120,
    )
    found = json.loads(shown.stdout)
    assert found["uid"] != 0
    assert found["folder"] == "PermissionError"
    assert found["dashboard"] == 403
    # "15" is a TLS alert, "" a closed connection; anything longer would be an answer.
    assert {heard for way, heard in found["heard"].items() if way.startswith("plain")} <= {
        "", "15", "ConnectionResetError", "TimeoutError",
    }  # fmt: skip
    assert {heard for way, heard in found["heard"].items() if way.startswith("tls")} <= {
        0, "SSLError", "SSLEOFError", "SSLZeroReturnError", "ConnectionResetError", "BrokenPipeError",
    }  # fmt: skip
