"""Where a message may travel."""

import ast
import subprocess
import sys
from ipaddress import ip_network

import pytest

from hub_config.reports.notices.addresses import ConnectionRefusedByPolicyError, Gate, is_reachable
from hub_config.reports.notices.targets import PARAMETERS, SCHEMES

CLOSED = [
    *("127.0.0.1", "127.255.255.254", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.1.1", "100.64.0.1"),
    *("169.254.169.254", "169.254.170.2", "100.100.100.200", "168.63.129.16", "192.0.0.192", "224.0.0.1", "240.0.0.1"),
    *("255.255.255.255", "198.18.0.1", "192.0.2.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254"),
    *("ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b::a00:1"),
    *("2002:7f00:1::", "2002:a00:1::1", "2001:db8::1", "", "localhost", "example.org", "127.1", "2130706433"),
]
OPEN = ["1.1.1.1", "8.8.8.8", "2606:4700:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"]


@pytest.mark.parametrize("address", CLOSED)
def test_what_is_not_public_is_closed(address: str) -> None:
    assert not is_reachable(address, networks=())


@pytest.mark.parametrize("address", OPEN)
def test_what_is_public_is_open(address: str) -> None:
    assert is_reachable(address, networks=())


def test_the_operator_opens_networks_but_never_metadata() -> None:
    house = [ip_network("10.0.0.0/8"), ip_network("0.0.0.0/0")]
    assert is_reachable("10.1.2.3", networks=house)
    assert is_reachable("::ffff:10.1.2.3", networks=house)
    assert not is_reachable("169.254.169.254", networks=house)
    assert not is_reachable("::ffff:169.254.169.254", networks=house)
    assert not is_reachable("fc00::1", networks=house)


def test_unencrypted_messages_stay_in_the_operators_networks() -> None:
    gate = Gate((ip_network("10.0.0.0/8"),), operators=False, encrypted=False)
    gate.hook("socket.connect", (None, ("10.0.0.1", 80)))
    assert not gate.refused
    with pytest.raises(ConnectionRefusedByPolicyError):
        gate.hook("socket.connect", (None, ("1.1.1.1", 80)))
    assert gate.refused
    Gate((), operators=False, encrypted=True).hook("socket.connect", (None, ("1.1.1.1", 443)))


@pytest.mark.parametrize("place", ["/run/docker.sock", b"\0abstract", ("localhost", 80), (1, 2), None])
def test_what_is_no_internet_address_is_refused(place: object) -> None:
    with pytest.raises(ConnectionRefusedByPolicyError):
        Gate((), operators=not isinstance(place, tuple), encrypted=True).hook("socket.connect", (None, place))


@pytest.mark.parametrize("event", ["subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork"])
def test_no_program_is_started(event: str) -> None:
    with pytest.raises(ConnectionRefusedByPolicyError):
        Gate((), operators=True).hook(event, ())


def test_every_service_on_the_list_exists_and_has_only_harmless_parameters() -> None:
    program = """
import apprise
from hub_config.reports.notices.targets import SCHEMES, PARAMETERS
known = {}
for each in apprise.Apprise().details()["schemas"]:
    for scheme in [*(each["protocols"] or []), *(each["secure_protocols"] or [])]:
        known[scheme] = set(each["details"]["args"])
print(sorted(SCHEMES.keys() - known.keys()))
print(sorted(PARAMETERS - set().union(*(known[s] for s in SCHEMES if s in known))))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    missing, unused = done.stdout.splitlines()
    assert missing == "[]"
    assert set(ast.literal_eval(unused)) == {"user", "pass", "password", "port"}  # these every service takes
    assert not {"template", "redirect", "verify", "pgpprv", "pgppub", "attach", "cto", "rto", "retry"} & PARAMETERS
    assert (
        not {"file", "syslog", "rsyslog", "dbus", "glib", "gnome", "windows", "macosx", "http", "https"}
        & SCHEMES.keys()
    )


ADDRESSES = {
    "mailto": "mailto://u:p@example.org",
    "mailtos": "mailtos://u:p@example.org",
    "json": "json://example.org/x",
    "jsons": "jsons://example.org/x?method=PUT",
    "xml": "xml://example.org/x",
    "xmls": "xmls://example.org/x",
    "form": "form://example.org/x",
    "forms": "forms://example.org/x",
    "slack": "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#ops",
    "discord": "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js?avatar=no",
    "tgram": "tgram://123456789:abcdefg_hijklmnop-qrstuvwxyz1234567/12315544/?silent=yes",
    "workflow": "workflow://prod-00.westus.logic.azure.com:443/643e69f83c8944438d68119179a10a64/KODuebWbDGYFr0z0eu",
    "workflows": "workflows://prod-00.westus.logic.azure.com:443/643e69f83c8944438d68119179a10a64/KODuebWbDGYFr0z0eu",
    "gchat": "gchat://workspace/key/token?thread=t",
    "webex": "webex://" + "a" * 80,
    "wxteams": "wxteams://" + "a" * 80,
    "mmost": "mmost://example.org/3ccdd113474722377935511fc85d3dd4",
    "mmosts": "mmosts://example.org/3ccdd113474722377935511fc85d3dd4?channel=ops",
    "rocket": "rocket://token/abcdefgh1234567890@example.org/room",
    "rockets": "rockets://token/abcdefgh1234567890@example.org/room",
    "zulip": "zulip://bot@example/" + "a" * 32 + "/stream",
    "ntfy": "ntfy://example.org/topic",
    "ntfys": "ntfys://example.org/topic?priority=high",
    "gotify": "gotify://example.org/A1b2C3d4E5f6G7h",
    "gotifys": "gotifys://example.org/A1b2C3d4E5f6G7h?priority=high",
}
PLAIN = {"mailto", "json", "xml", "form", "mmost", "rocket", "ntfy", "gotify"}


def test_each_service_is_known_to_be_encrypted_or_not() -> None:
    program = """
import apprise, sys
from hub_config.reports.notices.delivery import _has_only_known_parameters, _is_encrypted
for url in sys.argv[1:]:
    plugin = apprise.Apprise.instantiate(url)
    print(plugin is not None, _has_only_known_parameters(url), plugin is not None and _is_encrypted(plugin))
"""
    assert ADDRESSES.keys() == SCHEMES.keys()
    words = [sys.executable, "-c", program, *ADDRESSES.values(), "mailtos://u:p@example.org?mode=insecure"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    seen = dict(zip([*ADDRESSES, "insecure"], done.stdout.splitlines(), strict=True))
    assert seen == {scheme: f"True True {scheme not in PLAIN}" for scheme in ADDRESSES} | {
        "insecure": "True True False"
    }
