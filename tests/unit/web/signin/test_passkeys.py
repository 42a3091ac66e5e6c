"""Passkeys: making one, signing in and approving by it, and every answer that proves nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from broadcaster.store.database import Sessions
from broadcaster.store.desk import people
from broadcaster.store.desk.passkeys import MOST, Passkey, PasskeyChallenge
from broadcaster.store.timeline.ledger import AuditEvent
from broadcaster.web.signin import passkey_answers
from tests.desk import ISSUER, SECOND, Browser, Desk, walk
from tests.fakes.authenticator import PRESENT, Authenticator


@pytest.fixture
def desk(sessions: Sessions) -> Desk:
    return Desk(sessions)


def asked(browser: Browser, path: str, about: str = "") -> dict[str, Any]:
    token = browser.page.xpath("//input[@name='csrf_token']/@value")[0]
    answer = browser.client.post(path, data={"csrf_token": token, "about": about})
    assert answer.status_code == 200, answer.status
    found: dict[str, Any] = answer.get_json()
    return found


def made(desk: Desk, email: str, device: Authenticator, name: str = "My phone") -> Browser:
    """The person's browser after their device made a passkey."""
    browser = desk.browser(email).open("/desk/account/")
    options = asked(browser, "/desk/account/passkeys/new")
    browser.send("/passkeys/add", name=name, credential=device.make(options), code=desk.code(email))
    assert "Made." in browser.words, browser.words
    return browser


def sign_in(desk: Desk, device: Authenticator, **lies: Any) -> Browser:
    browser = desk.browser().open("/desk/sign-in")
    options = asked(browser, "/desk/sign-in/challenge")
    device.count += 1
    return browser.send("/sign-in/passkey", passkey=device.answer(options, **lies))


def test_it_signs_in_without_a_name_and_approves_without_a_code(desk: Desk) -> None:
    device, author = Authenticator(), desk.browser(ISSUER)
    made(desk, SECOND, device)
    walk(desk, author)
    author.send("/submit")
    abe = sign_in(desk, device)
    assert abe.path == "/desk/" and "Abe" in abe.words
    assert "with a passkey" in abe.open("/desk/account/sessions").words
    abe.open(author.path)
    options = asked(abe, "/desk/account/passkeys/challenge", f"{author.path}/approve")
    assert [one["id"] for one in options["allowCredentials"]] and options["userVerification"] == "required"
    device.count += 1
    abe.send("/approve", passkey=device.answer(options))
    assert "Approved." in abe.words
    with desk.sessions() as store:
        row = store.scalars(select(Passkey)).one()
        assert (row.sign_count, row.name, row.used_at) == (3, "My phone", desk.now)
        assert store.scalars(select(PasskeyChallenge)).all() == []
        did = list(store.scalars(select(AuditEvent.action).where(AuditEvent.object == SECOND)))
        assert "passkey-made" in did


Lie = Callable[[Desk, Authenticator], Browser]


def replayed(desk: Desk, device: Authenticator) -> Browser:
    browser = desk.browser().open("/desk/sign-in")
    device.count += 1
    answer = device.answer(asked(browser, "/desk/sign-in/challenge"))
    with browser.client.session_transaction() as cookie:
        before = dict(cookie)
    assert browser.send("/sign-in/passkey", passkey=answer).path == "/desk/"
    with browser.client.session_transaction() as cookie:
        cookie.clear()
        cookie.update(before)
    browser.open("/desk/sign-in")
    return browser.send("/sign-in/passkey", passkey=answer)


def too_late(desk: Desk, device: Authenticator) -> Browser:
    browser = desk.browser().open("/desk/sign-in")
    device.count += 1
    answer = device.answer(asked(browser, "/desk/sign-in/challenge"))
    desk.later(minutes=5)
    return browser.send("/sign-in/passkey", passkey=answer)


def in_another_browser(desk: Desk, device: Authenticator) -> Browser:
    device.count += 1
    stolen = device.answer(asked(desk.browser().open("/desk/sign-in"), "/desk/sign-in/challenge"))
    other = desk.browser().open("/desk/sign-in")
    asked(other, "/desk/sign-in/challenge")
    return other.send("/sign-in/passkey", passkey=stolen)


def of_nobody(desk: Desk, device: Authenticator) -> Browser:
    return sign_in(desk, replace(device, credential=b"unknown", count=device.count))


def with_the_handle_of_another(desk: Desk, device: Authenticator) -> Browser:
    with desk.sessions() as store:
        ida = people.by_email(store, ISSUER)
        assert ida is not None
        return sign_in(desk, replace(device, handle=ida.handle.encode()))


def of_an_ended_account(desk: Desk, device: Authenticator) -> Browser:
    with desk.sessions.begin() as store:
        abe = people.by_email(store, SECOND)
        assert abe is not None
        abe.active = False
    return sign_in(desk, device)


LIES: dict[str, Lie] = {
    "replayed": replayed,
    "too late": too_late,
    "asked in another browser": in_another_browser,
    "of an unknown credential": of_nobody,
    "with the handle of another person": with_the_handle_of_another,
    "without a handle": lambda desk, device: sign_in(desk, replace(device, handle=b"")),
    "from another origin": lambda desk, device: sign_in(desk, device, origin="https://desk.evil.example"),
    "from another port": lambda desk, device: sign_in(desk, device, origin="http://localhost:8080"),
    "inside a page of another site": lambda desk, device: sign_in(desk, device, crossOrigin=True),
    "of another relying party": lambda desk, device: sign_in(desk, replace(device, rp_id="evil.example")),
    "to another challenge": lambda desk, device: sign_in(desk, device, challenge="AAAA"),
    "a making and no answer": lambda desk, device: sign_in(desk, device, type="webauthn.create"),
    "signed by another key": lambda desk, device: sign_in(desk, Authenticator(handle=device.handle, count=9)),
    "with a counter that stands still": lambda desk, device: sign_in(desk, replace(device, count=1)),
    "with a counter that goes back": lambda desk, device: sign_in(desk, replace(device, count=0)),
    "without verifying the person": lambda desk, device: sign_in(desk, replace(device, flags=PRESENT)),
    "without anybody present": lambda desk, device: sign_in(desk, replace(device, flags=0x04)),
    "of an account that has ended": of_an_ended_account,
}


def test_answers_that_sign_nobody_in(desk: Desk) -> None:
    device = Authenticator()
    made(desk, SECOND, device)
    for name, lie in LIES.items():
        browser = lie(desk, device)
        assert browser.status == 422 and "cannot be used" in browser.words, name
        assert browser.open("/desk/new").path == "/desk/sign-in", name


def said(client: str, handle: str = "") -> str:
    parts = {"clientDataJSON": client, "authenticatorData": "", "signature": ""} | (
        {"userHandle": handle} if handle else {}
    )
    return json.dumps({"id": "AA", "rawId": "AA", "type": "public-key", "response": parts})


MALFORMED = ["", "{", "null", "[]", '"x"', "[" * 20_000, "{}", json.dumps({"id": 1}), "\x00", "é"]
MALFORMED += [said("!"), said("/////w"), said("eyJ0eXBlIjoxLCJjaGFsbGVuZ2UiOjEsIm9yaWdpbiI6MX0"), said("bnVsbA", "é")]


def test_what_is_no_answer_is_refused_with_a_sentence(desk: Desk) -> None:
    browser = desk.browser()
    for answer in MALFORMED:
        browser.open("/desk/sign-in").send("/sign-in/passkey", passkey=answer)
        assert browser.status == 422 and passkey_answers.REFUSED in browser.words, answer[:80]


def submitted(desk: Desk) -> str:
    author = desk.browser(ISSUER)
    walk(desk, author)
    author.send("/submit")
    return author.path


def test_consent_to_one_act_by_one_person_is_to_nothing_else(desk: Desk) -> None:
    page, abe, ida = submitted(desk), Authenticator(), Authenticator(credential=b"of ida")
    mine, hers, door = made(desk, SECOND, abe), made(desk, ISSUER, ida), desk.browser().open("/desk/sign-in")
    ask = "/desk/account/passkeys/challenge"
    cases = {
        "another act": lambda: abe.answer(asked(mine, ask, f"{page}/resume")),
        "the sign-in": lambda: abe.answer(asked(door, "/desk/sign-in/challenge")),
        "another's passkey": lambda: ida.answer(asked(mine, ask, f"{page}/approve")),
        "another's question": lambda: abe.answer(asked(hers, ask, f"{page}/approve")),
    }
    for name, lie in cases.items():
        abe.count, ida.count = abe.count + 1, ida.count + 1
        mine.open(page).send("/approve", passkey=lie())
        assert mine.status == 422 and "cannot be used" in mine.words, name
    with desk.sessions() as store:
        did = list(store.scalars(select(AuditEvent.action).order_by(AuditEvent.seq.desc()).limit(4)))
        assert did == ["code-refused"] * 4


def test_an_answer_approves_once(desk: Desk) -> None:
    page, device = submitted(desk), Authenticator()
    browser = made(desk, SECOND, device).open(page)
    options = asked(browser, "/desk/account/passkeys/challenge", f"{page}/approve")
    device.count += 1
    answer = device.answer(options)
    browser.send("/approve", passkey=answer, hash="0" * 64)
    assert "changed after this page was opened" in browser.words
    browser.open(page).send("/approve", passkey=answer)
    assert "Approved." in browser.words, "what was refused was rolled back, and the proof with it"


def test_a_question_is_about_an_address_of_the_desk(desk: Desk) -> None:
    browser = desk.browser(SECOND).open("/desk/account/")
    token = browser.values("/passkeys/add")["csrf_token"][0]
    for about in ("", "elsewhere", "/desk/\r\nx", "https://evil.example/desk/x", "/desk/<b>"):
        answer = browser.client.post("/desk/account/passkeys/challenge", data={"csrf_token": token, "about": about})
        assert answer.status_code == 404, about


MAKING: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "from another origin": ({}, {"origin": "https://desk.evil.example"}),
    "of another relying party": ({"rp_id": "evil.example"}, {}),
    "to another challenge": ({}, {"challenge": "AAAA"}),
    "without verifying the person": ({"flags": PRESENT}, {}),
    "an answer and no making": ({}, {"type": "webauthn.get"}),
    "of a credential that somebody has": ({"credential": b"taken"}, {}),
}


def test_passkeys_that_are_not_kept(desk: Desk) -> None:
    made(desk, ISSUER, Authenticator(credential=b"taken"))
    browser = desk.browser(SECOND)
    for name, (device, lies) in MAKING.items():
        browser.open("/desk/account/")
        answer = Authenticator(**device).make(asked(browser, "/desk/account/passkeys/new"), **lies)
        browser.send("/passkeys/add", name="x", credential=answer, code=desk.code(SECOND))
        assert browser.status == 422 and "could not be used" in browser.words, name
    with desk.sessions() as store:
        assert [row.credential_id for row in store.scalars(select(Passkey))] == [b"taken"]


def test_making_one_takes_a_fresh_code_and_ending_one_too(desk: Desk) -> None:
    device = Authenticator()
    browser = desk.browser(SECOND).open("/desk/account/")
    options = asked(browser, "/desk/account/passkeys/new")
    assert options["authenticatorSelection"]["residentKey"] == "required" and options["rp"]["id"] == "localhost"
    browser.send("/passkeys/add", name="Her phone", credential="")
    assert "sent no passkey" in browser.words and browser.values("/passkeys/add")["name"] == ["Her phone"]
    browser.send("/passkeys/add", credential=device.make(options), code="000000")
    assert browser.status == 422 and "does not fit" in browser.words
    made(desk, SECOND, device)
    browser.open("/desk/account/").send("/end", code="000000")
    assert browser.status == 422
    browser.send("/end", code=desk.code(SECOND))
    assert "Ended." in browser.words and sign_in(desk, device).status == 422
    with desk.sessions.begin() as store:
        abe = people.by_email(store, SECOND)
        assert abe is not None
        for no in range(MOST):
            kept = {"credential_id": bytes([no]), "public_key": b"k", "sign_count": 0, "name": "x"}
            store.add(Passkey(user_id=abe.id, made_at=desk.now, **kept))
    browser.open("/desk/account/").send("/passkeys/add", credential="{}", code=desk.code(SECOND))
    assert "end one first" in browser.words
