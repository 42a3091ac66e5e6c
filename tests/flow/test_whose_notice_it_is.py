"""Whose notice it is: a mail that nobody proved is shown and fills in nothing, a word without a ticket goes on with the
notice that it is about, and what is typed of one is not lost."""

from __future__ import annotations

from pathlib import Path

from broadcaster.store.timeline import ledger
from broadcaster.web.signin import accounts
from broadcaster.web.signin.guard import IDLE
from tests import desk as desks
from tests.desk import ISSUER, Desk
from tests.flow.test_a_providers_notice import (
    NOTICES,
    RELAY,
    ZONE,
    arrive,
    column,
    desk,
    first,
    mail,
    notice_page,
    written,
)

__all__ = ["desk"]


def unproved(raw: bytes) -> bytes:
    """The same mail as anybody may write it: it bears its own seal of approval, in another relay's name."""
    return raw.replace(RELAY.encode(), b"mx.evil.example")


def test_a_mail_that_nobody_proved_is_shown_and_fills_in_nothing(desk: Desk, tmp_path: Path) -> None:
    """Anybody may write a mail. It waits, marked, and neither opens an outage nor stops a clock before somebody has
    asked the provider; the same words, proved, need nobody."""
    theirs = first(desk, Area="Ayer, Groton")
    forged = unproved(theirs)
    arrive(desk, tmp_path, forged, forged)
    assert column(desk, "SELECT count(*) FROM outage") == [0]
    ida = desk.browser(ISSUER)
    assert ida.words.count("A notice that waits for you") == 1
    page = notice_page(desk, ida)
    for words in ("Sender not proved.", "says nothing of its sender", "Calls to 911 cannot be completed."):
        assert words in page.words
    page.send("/judge", theirs="yes", words=" ")
    assert page.status == 422 and "Write whom you called" in page.words
    notice_page(desk, ida).send("/take")  # it may be the only word: the officer may go on with it
    assert "Example Telecom, ticket ET-4711, sender not proved" in page.words
    assert "Sender not proved: ask the provider before you rely on it." in page.words
    notice_page(desk, ida).send("/draft")
    assert "Sender not proved. Filled in from a mail that anybody may have written" in ida.words
    notice_page(desk, ida).send("/pass-on")
    [subject, _] = column(
        desk, "SELECT DISTINCT b.subject FROM target t JOIN body b ON b.id = t.body_id ORDER BY 1 DESC"
    )
    assert str(subject).startswith("Sender not proved. 911 outage notice of Example Telecom")
    [outage] = column(desk, "SELECT public_id FROM outage")
    clocks = ida.open(f"/desk/outages/{outage}/notices").words
    assert "not yet due" in clocks and "came" not in clocks and "call them, then confirm it" in clocks
    assert "Sender not proved: Example Telecom, ET-4711" in ida.open("/desk/").words

    arrive(desk, tmp_path, unproved(mail(desk, "FINAL", Impact="It works again. Send the all-clear.")))
    page = notice_page(desk, ida)
    page.send("/judge", theirs="no", words="Nora Noc at 617-555-0100: nobody wrote it.")
    assert "Not theirs: used for nothing" in page.words and "It is used for nothing." in page.words
    arrive(desk, tmp_path, theirs)
    page = notice_page(desk, ida)
    assert "Confirmed as theirs, our mail relay" in page.words and page.words.count("Sender not proved") == 0
    assert "came at" in page.words, "the clock of 30 minutes is met by the proved word"
    assert "Sender not proved" not in ida.open("/desk/").words
    arrive(
        desk, tmp_path, mail(desk, "Update", ticket="ET-9", Area="Salem").replace(b"Example Telecom", b"Other Telco")
    )
    assert "not known to write for the provider that it names" in notice_page(desk, ida).words
    notice_page(desk, ida).send("/judge", theirs="no", words="Other Telco, 617-555-0100")
    assert "Put aside at" in notice_page(desk, ida).words
    with desk.sessions() as store:
        assert ledger.verify(store).why == ""


def test_a_word_without_a_ticket_goes_on_with_the_notice_that_it_is_about(desk: Desk, tmp_path: Path) -> None:
    found = written(desk, 20)
    arrive(desk, tmp_path, first(desk, Discovered=found, Area="Ayer"))
    arrive(desk, tmp_path, mail(desk, "update", ticket="", Discovered=found, Area="Ayer, Groton", Impact="Worse."))
    arrive(desk, tmp_path, mail(desk, "update", ticket="", Area="Ayer", Impact="Better."))
    arrive(desk, tmp_path, mail(desk, "initial", ticket="", Area="Ayer", Impact="Another thing."))
    arrive(desk, tmp_path, mail(desk, "update", ticket="", Discovered=written(desk, 99), Area="Ayer", Impact="Old."))
    arrive(desk, tmp_path, mail(desk, "update", ticket="", Discovered=found, Area="Salem", Impact="Elsewhere."))
    arrive(desk, tmp_path, unproved(mail(desk, "update", ticket="", Discovered=found, Area="Ayer", Impact="Forged.")))
    by_notice = "SELECT string_agg(v.effect, ' ' ORDER BY v.no) FROM provider_notice_version v GROUP BY notice_id"
    assert column(desk, f"{by_notice} ORDER BY notice_id") == [
        "Calls to 911 cannot be completed. Worse. Better.", "Another thing.", "Old.", "Elsewhere.", "Forged."
    ]  # fmt: skip
    ida = desk.browser(ISSUER)
    [key] = column(desk, "SELECT public_id FROM provider_notice ORDER BY id LIMIT 1")
    page = ida.open(f"{NOTICES}{key}")
    same = "Joined to this notice because it gives no ticket and has the same provider, the same time of discovery"
    assert f"{same} and the same area, within 24 hours." in page.words
    assert "the same area, and calls itself an update or final, within 24 hours." in page.words
    [outage] = column(desk, "SELECT public_id FROM outage ORDER BY id LIMIT 1")
    assert (
        "an update by mail, ticket ET-4711. Joined to this notice because" in ida.open(f"/desk/outages/{outage}").words
    )
    ida.open(f"{NOTICES}{key}").send("/separate")
    assert "Separated: this word is a notice of its own" in ida.words and "Better." in ida.words
    assert "a firewall" not in ida.words, "what was said in confidence goes with its own word"
    assert "Better." not in ida.open(f"{NOTICES}{key}").words
    stale = {"csrf_token": ida.values("/draft")["csrf_token"], "version": "3"}
    assert ida.client.post(f"{NOTICES}{key}/separate", data=stale).status_code == 422
    arrive(desk, tmp_path, mail(desk, "update", Impact="Best."))
    assert column(desk, f"{by_notice} HAVING bool_or(no = 2)") == ["Calls to 911 cannot be completed. Worse. Best."]
    with desk.sessions() as store:
        assert ledger.verify(store).why == ""


def test_what_is_typed_of_a_notice_outlives_its_session(desk: Desk) -> None:
    """Kept as it is typed, sealed; through an ended session, and thrown away on a word."""
    ida = desk.browser(ISSUER).open("/desk/outages/notices/new")
    typed = ida.values("/notices/new")
    key = typed["draft"][0]
    said = {**typed, "provider": ["Example Telecom"], "cause": ["a backhoe"], "told_at": ["nonsense"]}
    assert ida.client.post(f"/desk/drafts/{key}", data=said).status_code == 204
    assert "backhoe" not in str(column(desk, "SELECT CAST(fields AS text) FROM typed_draft"))
    home = ida.open("/desk/").words
    assert "A provider’s notice, as you left it" in home and "Example Telecom" in home
    ida.open(f"/desk/outages/notices/new?draft={key}")
    assert ida.values("/notices/new")["cause"] == ["a backhoe"] and "as you left it" in ida.words
    desk.later(seconds=IDLE + 1)
    ida.send("/notices/new", effect="Half is down.")
    assert ida.status == 403 and "What you typed is kept" in ida.words
    ida.send("sign-in", email=ISSUER, password=desks.PASSWORD, code=desk.code(ISSUER))
    assert ida.path == "/desk/outages/notices/new" and "Everything you typed stands below" in ida.words
    assert ida.values("/notices/new")["effect"] == ["Half is down."]
    ida.send("/notices/new")
    assert ida.status == 422 and ida.values("/notices/new")["cause"] == ["a backhoe"]
    now = desk.now.astimezone(ZONE).strftime("%Y-%m-%dT%H:%M")
    ida.send("/notices/new", told_at=now, area="Ayer")
    assert ida.path.startswith(NOTICES) and "a backhoe" in ida.words
    assert column(desk, "SELECT count(*) FROM typed_draft") == [0]


def test_an_administrator_says_from_where_a_provider_writes(desk: Desk) -> None:
    with desk.sessions.begin() as store:
        accounts.add_user(store, desk.sealer, "ana@desk.example", "Ana", desks.PASSWORD, ["admin"])
    assert "An administrator adds addresses here." in desk.browser(ISSUER).open("/desk/outages/providers").words
    ana = desk.browser("ana@desk.example").open("/desk/outages/providers")
    for sender, words in {
        "gmail.com": "Anybody can have an address at gmail.com",
        "ex ample": "Write an address like",
        "localhost": "Write an address like",
        "a@b@c.example": "Write an address like",
    }.items():
        ana.send("/providers", provider="", sender=sender)
        assert (ana.status, ana.values("/providers")["sender"]) == (422, [sender])
        assert words in ana.beside("sender") and "Write the name of the provider" in ana.beside("provider")
    ana.send("/providers", provider="Other Telco", sender="@NOC.Other.example")
    assert "A mail from noc.other.example counts as Other Telco’s" in ana.words
    ana.send("/providers", provider="Other Telco", sender="noc.other.example")
    assert column(desk, "SELECT sender FROM provider_sender ORDER BY id") == ["ex.example", "noc.other.example"]
    [key] = column(desk, "SELECT max(id) FROM provider_sender")
    ana.send(f"/{key}/remove")
    assert "Taken off the list" in ana.words and "noc.other.example" not in ana.words
    events = "SELECT action FROM audit_event WHERE action LIKE 'provider_sender%' ORDER BY seq"
    assert column(desk, events) == ["provider_sender_added", "provider_sender_removed"]
