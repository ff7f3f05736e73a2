"""Who may sign in, and how guessing is slowed down."""

import asyncio
import json
import stat
import time
from pathlib import Path

import pytest
from tornado.web import HTTPError

from hub_config.accounts import Account, AccountStore, make_password
from hub_config.accounts.authenticator import AccountsAuthenticator
from hub_config.accounts.throttle import FREE_ATTEMPTS, LONGEST_WAIT_SECONDS, NAMES_KEPT, Throttle
from hub_config.errors import AccountError, HomeCorruptError


@pytest.fixture
def store(tmp_path: Path) -> AccountStore:
    return AccountStore(tmp_path / "accounts.json")


def test_the_right_password_signs_in_and_a_wrong_one_does_not(store: AccountStore) -> None:
    store.add("ada", "correct horse", admin=True)
    assert store.verify("ada", "correct horse") == Account("ada", admin=True)
    assert store.verify("ada", "correct hors") is None
    assert store.verify("eve", "correct horse") is None


@pytest.mark.parametrize("password", ["", "ä" * 300, "\udcff", "a\x00b", "x" * 2_000_000])
def test_any_typed_text_is_just_a_wrong_password(store: AccountStore, password: str) -> None:
    store.add("ada", "right")
    assert store.verify("ada", password) is None


def test_the_file_holds_no_password_and_is_closed_to_others(store: AccountStore) -> None:
    store.add("ada", "correct horse")
    assert "correct" not in store.file.read_text()
    assert stat.S_IMODE(store.file.stat().st_mode) == 0o600


def test_equal_passwords_have_different_hashes(store: AccountStore) -> None:
    store.add("ada", "same")
    store.add("bob", "same")
    accounts = json.loads(store.file.read_text())["accounts"]
    assert accounts["ada"]["scrypt"]["hash"] != accounts["bob"]["scrypt"]["hash"]


def test_an_unknown_name_takes_as_long_as_a_known_one(store: AccountStore) -> None:
    store.add("ada", "right")

    def fastest(name: str) -> float:
        times = []
        for _ in range(5):
            begun = time.perf_counter()
            store.verify(name, "wrong")
            times.append(time.perf_counter() - begun)
        return min(times)

    assert 0.5 < fastest("eve") / fastest("ada") < 2


def test_another_process_sees_a_change_at_once(store: AccountStore) -> None:
    other = AccountStore(store.file)
    assert other.accounts() == []
    store.add("ada", "one")
    assert other.find("ada") == Account("ada", admin=False)
    store.set_password("ada", "two")
    assert other.verify("ada", "one") is None
    assert other.verify("ada", "two") is not None
    store.remove("ada")
    assert other.find("ada") is None


@pytest.mark.parametrize("name", ["", "Ada", "-a", "a_b", "../x", "a/b", "a" * 33, "ada\n", "ä"])
def test_a_name_that_is_no_folder_name_is_refused_without_repeating_it(store: AccountStore, name: str) -> None:
    with pytest.raises(AccountError, match="lower-case letters, digits and hyphens"):
        store.add(name, "x")


def test_a_taken_or_unknown_name_is_refused(store: AccountStore) -> None:
    store.add("ada", "x")
    with pytest.raises(AccountError, match="there is an account of this name"):
        store.add("ada", "y")
    with pytest.raises(AccountError, match="known are: ada"):
        store.remove("bob")


@pytest.mark.parametrize("text", ["", "[]", '{"accounts": {"ada": {}}}', '{"accounts": 5}'])
def test_a_damaged_file_is_named_not_ignored(store: AccountStore, text: str) -> None:
    store.file.write_text(text)
    with pytest.raises(HomeCorruptError, match="the accounts file is not what CohortHub writes"):
        store.verify("ada", "x")


def test_random_passwords_differ_and_hold_no_signs_that_look_alike() -> None:
    passwords = {make_password() for _ in range(200)}
    assert len(passwords) == 200
    assert not set("".join(passwords)) & set("l1IO0")


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_some_attempts_are_free_then_each_waits_longer_up_to_a_minute() -> None:
    clock = Clock()
    throttle = Throttle(clock)
    waits = []
    for _ in range(FREE_ATTEMPTS + 8):
        waits.append(throttle.wait_seconds("ada"))
        clock.now += waits[-1]
        throttle.begin("ada")
    assert waits == [0] * FREE_ATTEMPTS + [2, 4, 8, 16, 32, 60, 60, 60]
    assert throttle.wait_seconds("ada") == LONGEST_WAIT_SECONDS
    assert throttle.wait_seconds("bob") == 0


def test_the_right_password_or_a_quarter_of_an_hour_clears_the_record() -> None:
    clock = Clock()
    throttle = Throttle(clock)
    for _ in range(9):
        throttle.begin("ada")
        throttle.begin("bob")
    throttle.succeed("ada")
    assert throttle.wait_seconds("ada") == 0
    clock.now += 901
    assert throttle.wait_seconds("bob") == 0


def test_many_names_do_not_fill_the_memory() -> None:
    throttle = Throttle()
    for number in range(NAMES_KEPT + 100):
        throttle.begin(str(number))
    assert len(throttle._records) == NAMES_KEPT


@pytest.fixture
def authenticator(store: AccountStore) -> AccountsAuthenticator:
    store.add("ada", "right", admin=True)
    return AccountsAuthenticator(accounts_file=str(store.file))


def test_the_authenticator_gives_the_name_and_the_admin_flag(authenticator: AccountsAuthenticator) -> None:
    signed_in = asyncio.run(authenticator.authenticate(None, {"username": " ada", "password": "right"}))
    assert signed_in is None
    signed_in = asyncio.run(authenticator.authenticate(None, {"username": "ada", "password": "right"}))
    assert signed_in == {"name": "ada", "admin": True}


def test_guesses_made_at_the_same_moment_do_not_slip_through(authenticator: AccountsAuthenticator) -> None:
    async def guess_at_once() -> list[object]:
        tries = (authenticator.authenticate(None, {"username": "ada", "password": f"guess {n}"}) for n in range(20))
        return list(await asyncio.gather(*tries, return_exceptions=True))

    outcomes = asyncio.run(guess_at_once())
    refused = [each for each in outcomes if isinstance(each, HTTPError)]
    assert len(refused) == 20 - FREE_ATTEMPTS
    assert {each.status_code for each in refused} == {429}


def test_a_removed_account_is_signed_out(authenticator: AccountsAuthenticator, store: AccountStore) -> None:
    class User:
        name = "ada"

    assert asyncio.run(authenticator.refresh_user(User())) == {"name": "ada", "admin": True}
    store.remove("ada")
    assert asyncio.run(authenticator.refresh_user(User())) is False
