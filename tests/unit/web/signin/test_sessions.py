"""Sessions that are listed and ended, one by one: what a stolen, planted, ended or guessed cookie opens."""

from __future__ import annotations

import secrets
from datetime import timedelta

import pytest
from sqlalchemy import event, select

from broadcaster.store.database import Sessions, engine_of
from broadcaster.store.desk import desk_sessions, people
from broadcaster.store.desk.desk_sessions import DeskSession, Visit, Way
from broadcaster.store.desk.people import User
from broadcaster.web.signin import accounts
from broadcaster.web.signin.guard import KEY
from tests.desk import ISSUER, PASSWORD, SECOND, Browser, Desk

ADMIN = "ana@desk.example"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:130.0) Gecko/20100101 Firefox/130.0"
CHROME = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/129.0 Mobile Safari/537.36"


@pytest.fixture
def desk(sessions: Sessions) -> Desk:
    made = Desk(sessions)
    with sessions.begin() as store:
        accounts.add_user(store, made.sealer, ADMIN, "Ana", PASSWORD, ["admin"])
    return made


def at(desk: Desk, email: str, agent: str = FIREFOX, address: str = "203.0.113.77") -> Browser:
    browser = Browser(desk.app.test_client())
    browser.client.environ_base |= {"HTTP_USER_AGENT": agent, "REMOTE_ADDR": address}
    browser.open("/desk/sign-in").send("sign-in", email=email, password=PASSWORD, code=desk.code(email))
    return browser


def with_cookie(desk: Desk, key: object) -> Browser:
    browser = desk.browser()
    with browser.client.session_transaction() as cookie:
        cookie[KEY] = key
    return browser.open("/desk/new")


def cookie_of(browser: Browser) -> str:
    with browser.client.session_transaction() as cookie:
        return str(cookie[KEY])


def test_they_are_listed_by_machine_and_network_and_ended_one_by_one(desk: Desk) -> None:
    here, phone, other = at(desk, ISSUER), at(desk, ISSUER, CHROME, "2001:db8:1:2:3::9"), at(desk, SECOND)
    said = here.open("/desk/account/sessions").words
    for seen in ("Firefox on Windows This one", "203.0.113.0/24", "Chrome on Android", "2001:db8:1::/48"):
        assert seen in said
    assert "203.0.113.77" not in here.text and said.count("with a code") == 2
    here.send("/end")
    assert "Ended." in here.words and "Chrome on Android" not in here.words
    assert phone.open("/desk/new").path == "/desk/sign-in"
    assert other.open("/desk/account/sessions").status == here.open("/desk/new").status == 200
    again = at(desk, ISSUER)
    here.open("/desk/account/sessions").send("/end-others")
    assert "your only session" in here.words and again.open("/desk/new").path == "/desk/sign-in"


def test_an_administrator_ends_anothers_and_nobody_else_does(desk: Desk) -> None:
    ida, abe, ana = at(desk, ISSUER), at(desk, SECOND), at(desk, ADMIN)
    with desk.sessions() as store:
        user = people.by_email(store, ISSUER)
        assert user is not None
        key = store.scalars(select(DeskSession.id).where(DeskSession.user_id == user.id)).one()
    token = abe.open("/desk/account/sessions").values("sign-out")["csrf_token"][0]
    abe.client.post(f"/desk/account/sessions/{key}/end", data={"csrf_token": token})
    assert abe.client.post(f"/desk/people/{user.id}/sessions/{key}/end", data={"csrf_token": token}).status_code == 403
    assert ida.open("/desk/new").path == "/desk/new"
    ana.open(f"/desk/people/{user.id}").send(f"/sessions/{key}/end")
    assert "Ended." in ana.words
    ida.client.post("/desk/new", data={"csrf_token": ida.values("/desk/new")["csrf_token"][0], "names": "Ayer"})
    assert ida.open("/desk/new").path == "/desk/sign-in"


def test_what_was_being_typed_outlives_the_end_of_its_session(desk: Desk) -> None:
    ida, there = at(desk, ISSUER), at(desk, ISSUER)
    ida.open("/desk/new")
    there.open("/desk/account/sessions").send("/end-others")
    ida.send("/desk/new", names="Ayer", note="A firewall stops calls.")
    assert ida.status == 403 and "What you typed is kept" in ida.words
    ida.send("sign-in", email=ISSUER, password=PASSWORD, code=desk.code(ISSUER))
    assert ida.path == "/desk/new" and ida.values("/desk/new")["note"] == ["A firewall stops calls."]


def test_a_new_password_ends_every_other_session_and_the_old_one_opens_nothing(desk: Desk) -> None:
    here, there = at(desk, ISSUER), at(desk, ISSUER)
    here.open("/desk/account/").send("/password", password="short", code=desk.code(ISSUER))
    assert "at least 12 characters" in here.beside("new")
    here.send("/password", password="another of the tests", code="000000")
    assert "does not fit" in here.words and there.open("/desk/new").path == "/desk/new"
    here.send("/password", password="another of the tests", code=desk.code(ISSUER))
    assert "was ended" in here.words
    assert there.open("/desk/new").path == "/desk/sign-in"
    assert at(desk, ISSUER).status == 422


def test_cookies_that_open_nothing(desk: Desk) -> None:
    key = cookie_of(at(desk, ISSUER))
    with desk.sessions() as store:
        digest = store.scalars(select(DeskSession.digest)).one()
    for name, given in {
        "guessed": secrets.token_urlsafe(32),
        "none": "",
        "a number": 1,
        "a hash": digest.hex(),
    }.items():
        assert with_cookie(desk, given).path == "/desk/sign-in", name
    assert with_cookie(desk, key).path == "/desk/new"
    with desk.sessions.begin() as store:
        user = people.by_email(store, ISSUER)
        assert user is not None
        user.active = False
    assert with_cookie(desk, key).path == "/desk/sign-in", "of an ended account"
    with desk.sessions.begin() as store:
        store.get_one(User, user.id).active = True
        store.scalars(select(DeskSession)).one().seen_at -= timedelta(hours=2)
    assert with_cookie(desk, key).path == "/desk/sign-in", "run out"


def test_a_session_planted_before_signing_in_is_not_the_one_after(desk: Desk) -> None:
    """Session fixation: whoever planted a cookie of their own in a browser learns nothing of the session to come."""
    planted = cookie_of(at(desk, SECOND))
    victim = desk.browser().open("/desk/sign-in")
    form = {"csrf_token": victim.values("sign-in")["csrf_token"][0], "email": ISSUER, "password": PASSWORD}
    with victim.client.session_transaction() as cookie:
        cookie[KEY] = planted
    victim.client.post("/desk/sign-in", data={**form, "code": desk.code(ISSUER)})
    assert cookie_of(victim) != planted
    assert "Abe" in with_cookie(desk, planted).open("/desk/").words


def test_a_request_reads_once_and_writes_once_a_minute(desk: Desk) -> None:
    browser, said = at(desk, ISSUER), []
    event.listen(engine_of(desk.sessions), "before_cursor_execute", lambda *call: said.append(call[2]))
    for _ in range(4):
        browser.open("/desk/account/sessions")
        desk.later(seconds=25)
    about = [line for line in said if "desk_session" in line]
    assert sum(line.startswith("UPDATE") for line in about) == 1
    assert sum("digest = " in line for line in about) == 4


def test_what_has_run_out_for_good_is_forgotten(desk: Desk) -> None:
    with desk.sessions.begin() as store:
        user = people.by_email(store, ISSUER)
        assert user is not None
        visit = Visit(Way.CODE)
        old = desk_sessions.begin(store, user.id, visit, desk.now)
        assert desk_sessions.ended(store, [old, "another"], desk.now) == {"another"}
        later = desk.now + desk_sessions.ABSOLUTE
        new = desk_sessions.begin(store, user.id, visit, later)
        assert desk_sessions.ended(store, [old, new], later) == {old}
        assert len(store.scalars(select(DeskSession)).all()) == 1
