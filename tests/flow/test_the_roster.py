"""The roster: who is on call, who is in charge, the hand-over with its receipt, and contacts that nobody else reads."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text

from broadcaster.store.database import Sessions
from broadcaster.store.desk import people
from broadcaster.store.desk.roster import Handover, Shift
from broadcaster.store.timeline import ledger
from tests.desk import AUDITOR, BOTH, ISSUER, SECOND, Desk


@pytest.fixture
def desk(sessions: Sessions) -> Desk:
    return Desk(sessions)


def id_of(desk: Desk, email: str) -> str:
    with desk.sessions.begin() as store:
        found = people.by_email(store, email)
        assert found is not None
        return str(found.id)


def test_the_office_passes_when_the_next_officer_says_so(desk: Desk) -> None:
    ida, bea = desk.browser(ISSUER), desk.browser(BOTH)
    assert "Nobody is in charge" in ida.open("/desk/roster/").words
    ida.send("/hand-over", to=id_of(desk, ISSUER), note="First watch")
    ida.send("/receive")
    assert "Ida since" in ida.words
    ida.send("/hand-over", to=id_of(desk, BOTH), note=" ")
    assert ida.status == 422 and "Write what the next officer must know" in ida.beside("note")
    assert ida.values("/hand-over")["to"] == [id_of(desk, BOTH)]
    ida.send("/hand-over", note="Ayer is quiet; Groton's line is jammed")
    assert not ida.has("/receive") and "Ida since" in ida.words
    assert not bea.open("/desk/roster/").has("/hand-over")
    bea.send("/receive")
    assert "Bea since" in bea.words and "after Ida" in bea.words and "Groton's line is jammed" in bea.words
    assert not ida.open("/desk/roster/").has("/hand-over")
    with desk.sessions.begin() as store:
        said = set(store.scalars(select(ledger.AuditEvent.action)))
        assert {"handed-over", "received-the-office"} <= said


def test_nobody_receives_what_was_not_offered_to_them(desk: Desk) -> None:
    ida, abe = desk.browser(ISSUER), desk.browser(SECOND)
    ida.open("/desk/roster/").send("/hand-over", to=id_of(desk, BOTH), note="Yours")
    token = abe.open("/desk/roster/me").values("/me")["csrf_token"][0]
    abe.client.post("/desk/roster/hand-over/1/receive", data={"csrf_token": token})
    with desk.sessions.begin() as store:
        assert store.scalars(select(Handover.received_at)).one() is None


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"ends": "2026-06-18T11:00"}, "ends", "end before it begins"),
        ({"begins": "tomorrow"}, "begins", "Fill in date and time"),
        ({"who": ""}, "who", "Choose somebody"),
        ({"who": "somebody else"}, "who", "Only an administrator"),
    ],
)
def test_a_shift_that_cannot_be_is_said_and_the_rest_kept(
    desk: Desk, typed: dict[str, str], field: str, words: str
) -> None:
    abe = desk.browser(SECOND)
    full = {"who": id_of(desk, SECOND), "begins": "2026-06-18T12:00", "ends": "2026-06-18T20:00"} | typed
    full["who"] = id_of(desk, BOTH) if full["who"] == "somebody else" else full["who"]
    abe.open("/desk/roster/").send("/shifts", **full)
    assert abe.status == 422 and words in abe.beside(field)
    assert abe.values("/shifts")["ends"] == [full["ends"]]


def test_on_call_from_now_until_tonight(desk: Desk) -> None:
    abe = desk.browser(SECOND)
    assert "No approver is on call now" in abe.open("/desk/roster/").words
    abe.send("/shifts", who=id_of(desk, SECOND), begins="2026-06-18T11:00", ends="2026-06-18T20:00")
    assert "Abe (now)" in abe.words and "mail only: no phone" in abe.words
    assert "No approver is on call now" not in abe.words
    assert not desk.browser(ISSUER).open("/desk/roster/").has("/remove")
    abe.send("/remove")
    with desk.sessions.begin() as store:
        assert store.scalars(select(Shift.id)).all() == []


def test_contacts_are_sealed_and_a_wrong_one_is_said(desk: Desk) -> None:
    abe = desk.browser(SECOND).open("/desk/roster/me")
    abe.send("/me", phone="911", second_phone="202-555-0143", mail="abe at home")
    assert abe.status == 422 and "cannot be" in abe.beside("phone") and "no mail address" in abe.beside("mail")
    assert abe.values("/me")["second_phone"] == ["202-555-0143"]
    abe.send("/me", phone="202-555-0143", mail="")
    assert abe.status == 422 and "the same phone again" in abe.beside("second_phone")
    abe.send("/me", phone="202-555-0142")
    assert abe.status == 200 and abe.values("/me")["phone"] == ["202-555-0142"]
    with desk.sessions.begin() as store:
        kept = store.execute(text("SELECT value_enc FROM address WHERE owner = 'person'")).scalars().all()
        assert len(kept) == 2 and not any(b"2025550142" in bytes(each) for each in kept)
        assert not any("5550142" in bytes(each).decode() for each in store.scalars(select(ledger.AuditEvent.canonical)))
    abe.send("/me", phone="", second_phone="")
    with desk.sessions.begin() as store:
        assert store.execute(text("SELECT count(*) FROM address WHERE owner = 'person'")).scalar_one() == 0


def test_an_auditor_only_looks(desk: Desk) -> None:
    una = desk.browser(AUDITOR).open("/desk/roster/")
    assert una.status == 200 and not (una.has("/shifts") or una.has("/hand-over"))
