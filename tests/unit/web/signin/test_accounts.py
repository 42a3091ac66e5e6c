"""Passwords, one-time codes that are good for one use, and accounts that cannot be made."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from broadcaster.store.database import Sessions
from broadcaster.store.desk import people
from broadcaster.store.desk.people import User
from broadcaster.web.signin import accounts
from broadcaster.web.signin.brake import FREE, LONGEST, Brake
from tests.desk import NOON
from tests.factories import SEALER

EMAIL, PASSWORD = "ida@desk.example", "a password of the tests"


@pytest.fixture
def ida(sessions: Sessions) -> Sessions:
    with sessions.begin() as store:
        accounts.add_user(store, SEALER, EMAIL, "Ida", PASSWORD, ["issuer"])
    return sessions


def user_of(store: object) -> User:
    user = people.by_email(store, EMAIL.upper())  # type: ignore[arg-type]
    assert user is not None
    return user


def test_a_code_is_good_for_one_use(ida: Sessions) -> None:
    with ida.begin() as store:
        code = accounts.current_code(SEALER, user_of(store), NOON)
        assert accounts.use_code(store, SEALER, user_of(store), f"{code[:3]} {code[3:]}", NOON)
        assert not accounts.use_code(store, SEALER, user_of(store), code, NOON)


def test_a_code_used_twice_at_once_counts_once(ida: Sessions) -> None:
    with ida.begin() as store:
        code = accounts.current_code(SEALER, user_of(store), NOON)

    def use(_: int) -> bool:
        with ida.begin() as store:
            return accounts.use_code(store, SEALER, user_of(store), code, NOON)

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(use, range(8))) == 1


@pytest.mark.parametrize("step, fits", [(-3, False), (-1, True), (0, True), (1, True), (3, False)])
def test_clocks_may_differ_by_one_step(ida: Sessions, step: int, fits: bool) -> None:
    with ida.begin() as store:
        code = accounts.current_code(SEALER, user_of(store), NOON + timedelta(seconds=30 * step))
        assert accounts.use_code(store, SEALER, user_of(store), code, NOON) is fits


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "12 34"])
def test_what_is_no_code_is_refused(ida: Sessions, code: str) -> None:
    with ida.begin() as store:
        assert not accounts.use_code(store, SEALER, user_of(store), code, NOON)


def test_another_authenticator_takes_the_place_of_the_old_one(ida: Sessions) -> None:
    with ida.begin() as store:
        user, new = user_of(store), accounts.new_secret()
        old = accounts.current_code(SEALER, user, NOON)
        accounts.set_authenticator(store, SEALER, user, new, "console")
        assert accounts.secret_of(SEALER, user) == new and new.encode() not in (user.totp_secret or b"")
        assert not accounts.use_code(store, SEALER, user, old, NOON)
        assert accounts.use_code(store, SEALER, user, accounts.current_code(SEALER, user, NOON), NOON)


def test_passwords(ida: Sessions) -> None:
    with ida.begin() as store:
        user = user_of(store)
        assert accounts.password_fits(user, PASSWORD)
        assert not accounts.password_fits(user, PASSWORD + " ")
        assert not accounts.password_fits(None, PASSWORD)
        user.active = False
        assert not accounts.password_fits(user, PASSWORD)


@pytest.mark.parametrize(
    ("email", "password", "roles", "words"),
    [
        ("nobody", PASSWORD, ["issuer"], "is no mail address"),
        (EMAIL.upper(), PASSWORD, ["issuer"], "has an account already"),
        ("new@desk.example", "short", ["issuer"], "too short"),
        ("new@desk.example", PASSWORD, ["king"], "“king” is none"),
        ("new@desk.example", PASSWORD, [], "Choose a role"),
    ],
)
def test_accounts_that_cannot_be_made(ida: Sessions, email: str, password: str, roles: list[str], words: str) -> None:
    with ida.begin() as store, pytest.raises(accounts.AccountRefused, match=words):
        accounts.add_user(store, SEALER, email, "New", password, roles)


def test_the_brake_delays_more_and_more_and_never_refuses() -> None:
    waited: list[float] = []
    brake = Brake(waited.append)
    for _ in range(FREE + 6):
        brake.wait("ida")
        brake.failed("ida")
    assert waited == [0.5, 1.0, 2.0, 4.0, LONGEST, LONGEST]
    brake.wait("somebody else")
    brake.passed("ida")
    brake.wait("ida")
    assert len(waited) == 6


def test_a_flood_cannot_take_every_thread() -> None:
    brake = Brake(lambda _: None, at_once=1)
    inner: list[float] = []
    brake._sleep = lambda _: (inner.append(1.0), brake.wait("ida"))[0]
    for _ in range(FREE):
        brake.failed("ida")
    brake.wait("ida")
    assert inner == [1.0]
