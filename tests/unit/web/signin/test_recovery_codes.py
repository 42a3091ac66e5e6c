"""The night on which the phone is lost: ten codes on paper, each for one use, and what they do not open."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pyotp
import pytest
from sqlalchemy import select

from broadcaster.store.database import Sessions
from broadcaster.store.desk import people
from broadcaster.store.desk.tidings import News, Tiding
from broadcaster.store.timeline.ledger import AuditEvent
from broadcaster.web.signin import accounts
from tests.desk import ISSUER, PASSWORD, SECOND, Browser, Desk, walk

CODE = re.compile(r"\b(?:[2-9a-z]{4}-){3}[2-9a-z]{4}\b")


@pytest.fixture
def desk(sessions: Sessions) -> Desk:
    return Desk(sessions)


def ten(desk: Desk, email: str) -> list[str]:
    browser = desk.browser(email).open("/desk/account/")
    browser.send("/recovery-codes", code=desk.code(email))
    return CODE.findall(browser.text)


def sign_in(desk: Desk, email: str, recovery: str, password: str = PASSWORD) -> Browser:
    return desk.browser().open("/desk/").send("sign-in", email=email, password=password, recovery=recovery)


def events(desk: Desk) -> list[tuple[str, str]]:
    with desk.sessions() as store:
        return [
            (row.action, row.canonical.decode()) for row in store.scalars(select(AuditEvent).order_by(AuditEvent.seq))
        ]


def test_ten_are_shown_once_and_each_signs_in_once(desk: Desk) -> None:
    codes = ten(desk, SECOND)
    assert len(set(codes)) == 10
    here = sign_in(desk, SECOND, codes[0].upper().replace("-", " "))
    assert here.path == "/desk/" and "9 of 10 left" in here.open("/desk/account/").words
    assert not CODE.search(here.text)
    assert "with a recovery code" in here.open("/desk/account/sessions").words
    with desk.sessions() as store:
        user = people.by_email(store, SECOND)
        assert user is not None
        kept = " ".join(user.recovery_hashes)
        assert not any(code.replace("-", "") in kept for code in codes)
        told = list(store.scalars(select(Tiding.what).order_by(Tiding.id)))
    assert told == [News.RECOVERY_MADE, News.RECOVERY_USED]
    action, canonical = next(row for row in events(desk) if row[0] == "recovery-code-used")
    assert '"for":"sign-in","left":9' in canonical and action


def test_what_opens_nothing_gets_the_answer_of_every_wrong_sign_in(desk: Desk) -> None:
    before, codes = ten(desk, SECOND), ten(desk, SECOND)
    assert sign_in(desk, SECOND, codes[0]).path == "/desk/"
    cases = {
        "used": (SECOND, codes[0], PASSWORD),
        "of before": (SECOND, before[0], PASSWORD),
        "of somebody else": (ISSUER, codes[1], PASSWORD),
        "of nobody": ("nobody@desk.example", codes[1], PASSWORD),
        "wrong password": (SECOND, codes[1], "a guess"),
        "a guess": (SECOND, "2222-3333-4444-5555", PASSWORD),
        "a TOTP code": (SECOND, desk.code(SECOND), PASSWORD),
    }
    for name, (email, code, password) in cases.items():
        desk.app.extensions["broadcaster"].brake.passed(email)
        browser = sign_in(desk, email, code, password)
        assert browser.status == 422 and "That does not fit." in browser.words, name
    assert sign_in(desk, SECOND, codes[1]).path == "/desk/", "what was tried with a wrong password is not spent"


def test_one_used_twice_at_once_counts_once(desk: Desk) -> None:
    code = ten(desk, SECOND)[0]

    def use(_: int) -> bool:
        with desk.sessions.begin() as store:
            user = people.by_email(store, SECOND)
            assert user is not None
            return accounts.use_recovery_code(store, user, code, "a test")

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(use, range(6))) == 1


def test_the_approver_who_lost_the_phone_approves_what_another_person_wrote(desk: Desk) -> None:
    codes, author = ten(desk, SECOND), desk.browser(ISSUER)
    walk(desk, author)
    author.send("/submit")
    night = sign_in(desk, SECOND, codes[0]).open(author.path)
    night.send("/approve", recovery=codes[0])
    assert night.status == 422 and "was used already" in night.words
    night.send("/approve", recovery=codes[1])
    assert "Approved." in night.words
    used = [canonical for action, canonical in events(desk) if action == "recovery-code-used"]
    assert "/approve" in used[-1] and '"left":8' in used[-1]


def test_nobody_alerts_alone_with_a_slip_of_paper_and_a_new_authenticator_takes_a_minute(desk: Desk) -> None:
    codes, author = ten(desk, ISSUER), desk.browser(ISSUER)
    walk(desk, author)
    author.send("/submit")
    page = author.path
    desk.later(minutes=6)
    night = sign_in(desk, ISSUER, codes[0]).open(page)
    alone = {"reason": "Nobody answers", "place": "Ayer"}
    night.send("/break-glass", **alone, code="")
    assert "does not fit" in night.words
    form = {**alone, "hash": night.values("/break-glass")["hash"][0], "recovery": codes[1]}
    token = night.values("/break-glass")["csrf_token"][0]
    answer = night.client.post(f"{page}/break-glass", data={**form, "csrf_token": token})
    assert answer.status_code == 422 and "One person alone cannot do this" in answer.get_data(as_text=True)

    night.open("/desk/account/authenticator")
    secret = night.page.find_class("secret")[0].text_content().replace(" ", "")
    new = pyotp.TOTP(secret)
    night.send("/authenticator", new="000000", recovery=codes[1])
    assert "no code of the new authenticator" in night.words
    night.send("/authenticator", new=new.at(desk.now), recovery=codes[1])
    assert "Changed." in night.words
    night.open(page).send("/break-glass", **alone, code=new.at(desk.now))
    assert night.status == 422, "the code by which the authenticator was set up is spent"
    night.send("/break-glass", **alone, code=new.at(desk.now + timedelta(seconds=30)))
    assert "Released by you alone" in night.words


def test_the_secret_of_an_authenticator_on_its_way_is_bound_to_its_session(desk: Desk) -> None:
    abe, ida = desk.browser(SECOND).open("/desk/account/authenticator"), desk.browser(ISSUER)
    stolen = abe.values("/authenticator")["sealed"][0]
    ida.open("/desk/account/authenticator")
    for sealed in (stolen, "", "zz", "00"):
        ida.send("/authenticator", sealed=sealed, new="123456", code=desk.code(ISSUER))
        assert ida.status == 422 and "set the authenticator up anew" in ida.words
