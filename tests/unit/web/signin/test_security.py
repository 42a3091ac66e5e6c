"""Flask-Security over our rows: what it brings, what was there before it, and the ways in of its own that stay shut."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from argon2 import PasswordHasher
from flask import session
from flask_login.utils import encode_cookie
from flask_security import current_user
from sqlalchemy import event

from broadcaster.store.database import Sessions, engine_of
from broadcaster.store.desk import people
from broadcaster.store.desk.people import User
from broadcaster.web.signin import accounts, security
from broadcaster.web.signin.guard import KEY, Person
from tests.desk import AUDITOR, ISSUER, NOON, PASSWORD, Desk
from tests.factories import SEALER


@pytest.fixture
def desk(sessions: Sessions) -> Desk:
    return Desk(sessions)


def hash_of(sessions: Sessions, email: str) -> str:
    with sessions() as store:
        user = people.by_email(store, email)
        assert user is not None
        return user.password_hash


def rehashed(desk: Desk, hashed: str) -> str:
    """What is kept after somebody with this hash has signed in."""
    with desk.sessions.begin() as store:
        user = people.by_email(store, ISSUER)
        assert user is not None
        user.password_hash = hashed
    assert desk.browser(ISSUER).path == "/desk/"
    return hash_of(desk.sessions, ISSUER)


def test_hashes_of_before_fit_and_are_made_anew_at_the_cost_of_today(desk: Desk) -> None:
    here = {"memory_cost": security.COST["argon2__memory_cost"], "parallelism": security.COST["argon2__parallelism"]}
    same = PasswordHasher(time_cost=security.COST["argon2__rounds"], **here).hash(PASSWORD)
    assert rehashed(desk, same) == same
    dearer = PasswordHasher(time_cost=2, memory_cost=128, parallelism=2).hash(PASSWORD)
    kept = rehashed(desk, dearer)
    assert kept != dearer and PasswordHasher().verify(kept, PASSWORD)
    assert rehashed(desk, kept) == kept


@pytest.mark.parametrize("kept", ["", "x", "$argon2id$", "$argon2id$v=19$m=64,t=1,p=1$AAAA$!", "{SHA}AAAA"])
def test_what_is_no_hash_fits_no_password(sessions: Sessions, kept: str) -> None:
    with sessions.begin() as store:
        accounts.add_user(store, SEALER, ISSUER, "Ida", PASSWORD, ["issuer"])
        user = people.by_email(store, ISSUER)
        assert user is not None
        user.password_hash = kept
        assert not accounts.password_fits(user, PASSWORD) and not accounts.password_fits(user, kept)


def test_the_person_of_the_request_is_the_one_of_flask_security(desk: Desk) -> None:
    browser = desk.browser(ISSUER)
    with browser.client.session_transaction() as cookie:
        key = cookie[KEY]
        assert set(cookie) == {KEY, "csrf_token"}, "no address, no browser and no moment stands in it"
    with desk.app.test_request_context("/desk/"):
        assert current_user._get_current_object() is None
    with desk.app.test_request_context("/desk/"):
        session[KEY] = key
        who = current_user._get_current_object()
        assert isinstance(who, Person) and who.email == ISSUER
        assert who.has_role("issuer") and not who.has_role("approver")
    for elsewhere in ("/desk/static/desk.css", "/healthz", "/api/v1/alerts"):
        with desk.app.test_request_context(elsewhere):
            session[KEY] = key
            assert current_user._get_current_object() is None, "a cookie counts for nothing there"


def test_its_own_pages_and_commands_are_not_there(desk: Desk) -> None:
    assert not [rule for rule in desk.app.url_map.iter_rules() if rule.endpoint.startswith("security")]
    assert not desk.app.cli.commands.keys() & {"users", "roles"}
    for path in ("/login", "/logout", "/verify", "/tf-validate", "/wan-signin", "/mf-recovery"):
        assert desk.app.test_client().get(path).status_code == 404


def test_its_other_ways_in_are_shut(desk: Desk) -> None:
    """A cookie that remembers, and a token signed by the application: both could be made with its key alone."""
    with desk.sessions() as store:
        user = people.by_email(store, ISSUER)
        assert user is not None
    with desk.app.test_request_context("/desk/"):
        remembered, made = encode_cookie(user.handle), desk.app.extensions[security.NAME].remember_token_serializer
        token = made.dumps({"ver": "5", "uid": user.handle, "fs_paa": 0, "exp": 0})
    browser = desk.browser()
    browser.client.set_cookie("remember_token", remembered)
    assert browser.open("/desk/new").path == "/desk/sign-in"
    for path in ("/desk/new", "/api/v1/alerts"):
        for told in ({"headers": {"Authentication-Token": token}}, {"query_string": {"auth_token": token}}):
            assert desk.app.test_client().get(path, **told).status_code in (303, 401), path
    assert desk.browser(AUDITOR).open("/desk/new").status == 403


def test_styles_are_the_same_for_everybody_and_ask_no_database(desk: Desk) -> None:
    browser, said = desk.browser(ISSUER), []
    event.listen(engine_of(desk.sessions), "before_cursor_execute", lambda *call: said.append(call[2]))
    with browser.client.get("/desk/static/desk.css") as answer:
        assert (answer.status_code, answer.headers.get("Vary")) == (200, None)
    assert browser.client.get("/healthz").status_code == 200 and said == []


def test_a_code_of_an_older_step_is_worth_nothing_after_a_newer_one(sessions: Sessions) -> None:
    with sessions.begin() as store:
        accounts.add_user(store, SEALER, ISSUER, "Ida", PASSWORD, ["issuer"])
        user = people.by_email(store, ISSUER)
        assert user is not None
        older, newer = (accounts.current_code(SEALER, user, NOON.replace(second=second)) for second in (0, 30))
        assert accounts.use_code(store, SEALER, user, newer, NOON)
        assert not accounts.use_code(store, SEALER, user, older, NOON)
        assert store.get_one(User, user.id, populate_existing=True).totp_counter == int(NOON.timestamp()) // 30 + 1


def test_two_commands_at_once_each_have_the_hosts_own(sessions: Sessions) -> None:
    def made(number: int) -> bool:
        with sessions.begin() as store:
            accounts.add_account(store, SEALER, f"p{number}@desk.example", "P", PASSWORD)
            user = people.by_email(store, f"p{number}@desk.example")
            return accounts.password_fits(user, PASSWORD)

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(made, range(4)))
