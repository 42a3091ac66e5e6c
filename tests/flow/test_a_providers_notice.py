"""A provider tells us of its outage, by mail, form and API: from its first word to a draft, to the answering points, to
the follow-up that it owes; and what it said in confidence reaches nobody outside."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from broadcaster.cli.provider_watch import ProviderWatch
from broadcaster.directory import Agency, AgencyRole, Contact, ContactChannel, Directory
from broadcaster.dispatch.telling.notice_chase import chase
from broadcaster.dispatch.waves.drain import drain
from broadcaster.local import mailbox
from broadcaster.local.carrier import Carrier, Faults, start_in_thread
from broadcaster.local.mailbox.returned import drop
from broadcaster.outage.notice.intake import Intake
from broadcaster.outage.notice.reader import NoticeReader
from broadcaster.receipts.bounce_mailbox import BounceMailbox
from broadcaster.store.agencies.provider_senders import ProviderSender
from broadcaster.store.database import Sessions
from broadcaster.store.desk import contacts, people
from broadcaster.store.desk.contacts import What
from broadcaster.store.fanout import senders
from broadcaster.store.fanout.senders import NewSender
from broadcaster.store.places import directory_load
from broadcaster.store.timeline import ledger
from broadcaster.web.carriers.voice import ANSWERED, PRESS
from tests import desk as desks
from tests.desk import AUDITOR, ISSUER, Browser, Desk
from tests.factories import KEYS, SENDER, SID, TOKEN, Ways, engine
from tests.unit.web.carriers.test_voice_callbacks import at, say
from tests.webhooks import caller

ZONE = ZoneInfo("America/New_York")
RELAY = "mx.state911.example"
SIGNED = f"Authentication-Results: {RELAY}; dkim=pass header.d=ex.example\n"
"""By which our own relay proves the sender of the mails of these tests."""
LINE, PHONE = "+16175550101", "+12025550101"
NOTICES = "/desk/outages/notices/"


def places() -> Directory:
    """Three answering points: Ayer's has a mailbox and a telephone, Groton's a mailbox, Salem's is elsewhere."""

    def point(town: str, *more: Contact) -> Agency:
        box = Contact(ContactChannel.EMAIL, f"desk@{town}-psap.example", 1)
        return Agency(f"{town}-psap", f"{town.title()} dispatch", AgencyRole.PSAP, (box, *more), (town,))

    known = desks.directory()
    ayer = point("ayer", Contact(ContactChannel.VOICE, LINE, 2))
    return replace(known, agencies=(*known.agencies, ayer, point("groton"), point("salem")))


@pytest.fixture
def desk(sessions: Sessions) -> Desk:
    """A desk whose clock is the database's, with the keys of the engines of the tests."""
    keys = {name.lower(): key for name, key in KEYS.items()}
    now = datetime.now(UTC).replace(microsecond=0)
    made = Desk(sessions, now=now, chosen=desks.settings(**keys), places=places())
    with sessions.begin() as store:
        senders.register(store, NewSender("voice", "voice", SENDER, 100.0))
        ida = people.by_email(store, ISSUER)
        assert ida is not None
        whose = {"provider": "Example Telecom", "provider_key": "exampletelecom", "sender": "ex.example"}
        store.add(ProviderSender(**whose, added_by=ida.id))
    return made


def written(desk: Desk, minutes: float) -> str:
    """A moment so many minutes ago, as a provider writes it."""
    return (desk.now - timedelta(minutes=minutes)).astimezone(ZONE).strftime("%m/%d/%Y %I:%M %p %Z")


def mail(desk: Desk, words: str, ticket: str = "ET-4711", **lines: str) -> bytes:
    said = "".join(f"{name.replace('_', ' ')}: {value}\n" for name, value in lines.items())
    top = f"{SIGNED}From: Example NOC <noc@ex.example>\nSubject: {words}\nContent-Type: text/plain\n\n"
    return f"{top}{f'Ticket: {ticket}' if ticket else 'Dear PSAP'}\nProvider: Example Telecom\n{said}".encode()


def first(desk: Desk, **more: str) -> bytes:
    lines = {
        "Discovered": written(desk, 20), "Start": written(desk, 25), "ETR": written(desk, -90),
        "Area": "Ayer, Groton, Gotham", "Impact": "Calls to 911 cannot be completed.", "Services": "wireline calls",
        "Cause": "a firewall", "Circuit ID": "12/HCGS/345", "Contact": "Nora Noc", "Phone": "617-555-0147",
    }  # fmt: skip
    return mail(desk, "INITIAL outage notification", **{**lines, **more})


def arrive(desk: Desk, folder: Path, *mails: bytes) -> None:
    """Mails lie in the Maildir, and the sweep looks into it."""
    reader = NoticeReader(Intake(desk.sealer, "Massachusetts"), ZONE, RELAY)
    for raw in mails:
        drop(folder / "Maildir", raw)
    assert BounceMailbox(folder / "Maildir", desk.sessions, reader, "notices.read", cut=True).look() == len(mails)


def column(desk: Desk, query: str) -> list[object]:
    with desk.sessions() as store:
        return list(store.execute(text(query)).scalars())


def notice_page(desk: Desk, browser: Browser) -> Browser:
    [key] = column(desk, "SELECT public_id FROM provider_notice ORDER BY id DESC LIMIT 1")
    return browser.open(f"{NOTICES}{key}")


def test_a_mail_becomes_a_draft_and_a_further_one_a_version(desk: Desk, tmp_path: Path) -> None:
    local = (desk.now - timedelta(minutes=25)).astimezone(ZONE).strftime("%Y-%m-%dT%H:%M")
    arrive(desk, tmp_path, first(desk), first(desk))
    assert column(desk, "SELECT no FROM provider_notice_version") == [1], "the same words twice are said once"
    author = desk.browser(ISSUER)
    page = notice_page(desk, author)
    for words in ("Example Telecom, ET-4711", "Calls to 911 cannot be completed.", "Nora Noc", "12/HCGS/345"):
        assert words in page.words
    page.send("/draft")
    assert page.path == "/desk/new" and "The directory does not know: Gotham." in page.words
    typed = page.values("/desk/new")
    assert (typed["communities"], typed["failure"], typed["certainty"]) == (
        ["ayer", "groton"],
        ["all_calls"],
        ["reported"],
    )
    assert typed["began"] == [local] and typed["expected_restoration"] and typed["note"] == [""]

    client = author.client
    kept = {**typed, "note": ["Use the other line."]}
    assert client.post(f"/desk/drafts/{typed['draft'][0]}", data=kept).status_code == 204
    arrive(desk, tmp_path, mail(desk, "UPDATE", ETR=written(desk, -30), Area="Ayer, Groton, Harvard"))
    assert column(desk, "SELECT no FROM provider_notice_version ORDER BY no") == [1, 2]
    notice_page(desk, author).send("/draft")
    assert author.values("/desk/new")["note"] == ["Use the other line."], "what was typed is never written over"
    assert "stands as you left it" in author.words
    author.send("/desk/new", note="")
    assert "/revisions/1" in author.path, author.words
    [outage] = column(desk, "SELECT public_id FROM outage")
    record = author.open(f"/desk/outages/{outage}")
    for words in (
        "Example Telecom, ticket ET-4711",
        "sent an initial notice by mail",
        "sent an update by mail",
        "was begun",
    ):
        assert words in record.words
    assert "a firewall" not in record.words and "HCGS" not in record.words
    assert column(desk, "SELECT count(*) FROM alert WHERE outage_id IS NOT NULL") == [1]
    with desk.sessions() as store:
        assert ledger.verify(store).why == ""
    assert notice_page(desk, desk.browser(AUDITOR)).status == 403


def test_what_no_machine_can_read_waits_for_a_person(desk: Desk, tmp_path: Path) -> None:
    words = SIGNED.encode() + b"From: a <noc@ex.example>\nSubject: outage\n\nIt seems that 911 fails in Ayer.\n"
    arrive(desk, tmp_path, words)
    arrive(desk, tmp_path, words.replace(b"Ayer", b"Groton"), b"Auto-Submitted: auto-replied\n\nI am away\n")
    assert column(desk, "SELECT count(*) FROM outage") == [0]
    author = desk.browser(ISSUER)
    assert author.words.count("A notice that waits for you") == 2
    first_one, second = column(desk, "SELECT public_id FROM provider_notice ORDER BY id")
    page = author.open(f"{NOTICES}{first_one}")
    assert "It seems that 911 fails in Ayer." in page.words
    page.send("/dismiss")
    assert "Put aside" in page.words
    page.open(f"{NOTICES}{second}").send("/take")
    assert page.path.startswith("/desk/outages/") and "sent a notice by mail" in page.words
    assert "A notice that waits for you" not in page.open("/desk/").words
    stale = {"csrf_token": page.open(f"{NOTICES}{second}").values("/draft")["csrf_token"]}
    answer = page.client.post(f"{NOTICES}{second}/dismiss", data=stale)
    assert answer.status_code == 422 and "belongs to an outage already" in answer.get_data(as_text=True)
    assert column(desk, "SELECT count(*) FROM outage") == [1]


def test_the_form_says_what_is_wrong_and_keeps_what_was_typed(desk: Desk) -> None:
    author = desk.browser(ISSUER).open("/desk/outages/notices/new")
    later = (desk.now + timedelta(hours=3)).astimezone(ZONE).strftime("%Y-%m-%dT%H:%M")
    author.send("/notices/new", discovered=later, cause="a backhoe")
    assert (author.status, author.values("/notices/new")["cause"]) == (422, ["a backhoe"])
    assert "in the future" in author.beside("discovered") and "at least whose outage" in author.beside("provider")
    author.send("/notices/new", discovered="", provider="Example Telecom", ticket="7", area="Ayer")
    assert author.path.startswith(NOTICES) and "a backhoe" in author.words
    author.open(author.form("/draft").action.removesuffix("/draft"))
    author.open(f"/desk/outages/notices/new?notice={author.path.removeprefix(NOTICES)}")
    assert author.values("/notices/new")["ticket"] == ["7"]
    author.send("/notices/new", effect="It works again.", kind="final")
    assert "Final 2" in author.words and "2 hours after its first word" in author.words
    assert column(desk, "SELECT kind FROM provider_notice_version ORDER BY no") == ["initial", "final"]


def test_a_clock_that_runs_out_is_said_to_the_watch_once(desk: Desk, tmp_path: Path) -> None:
    with desk.sessions.begin() as store:
        ida = people.by_email(store, ISSUER)
        assert ida is not None
        contacts.put(store, desk.sealer, ida.id, What.PHONE, PHONE)
    arrive(desk, tmp_path, first(desk))
    watch = ProviderWatch(desk.sessions, desk.sealer, "State 911", "http://localhost", ZONE)
    assert [watch.look(desk.now + timedelta(minutes=minutes)) for minutes in (0, 110, 125, 125, 300)] == [0, 0, 1, 0, 0]
    assert column(desk, "SELECT channel || ' ' || tier FROM fanout ORDER BY id") == ["sms desk", "email desk"]
    [said, *_] = column(desk, "SELECT b.text FROM target t JOIN body b ON b.id = t.body_id ORDER BY t.fanout_id")
    assert "State 911: Example Telecom owes us a word" in str(said) and "Ayer, Groton" in str(said)
    desk.later(minutes=125)
    author = desk.browser(ISSUER)
    assert "Example Telecom owes us a follow-up" in author.words
    [outage] = column(desk, "SELECT public_id FROM outage")
    assert "owes us a follow-up since" in author.open(f"/desk/outages/{outage}").words
    assert "Overdue: call them" in author.open(f"/desk/outages/{outage}/notices").words
    author.open(f"/desk/outages/notices/new?outage={outage}")
    author.send("/notices/new", provider="Example Telecom", ticket="et 4711", kind="update", effect="Half is back.")
    assert "came late, at" in author.words and "owes us" not in author.open(f"/desk/outages/{outage}").words
    with desk.sessions() as store:
        assert ledger.verify(store).why == ""


def test_answering_points_are_mailed_and_called_on_one_persons_word(desk: Desk, tmp_path: Path) -> None:
    arrive(desk, tmp_path, first(desk))
    page = notice_page(desk, desk.browser(ISSUER))
    assert "It concerns Ayer dispatch, Groton dispatch." in page.words
    page.send("/pass-on")
    assert "on its way" in page.words and ("urgent",) in desk.rung
    again = page.client.post(f"{page.path}/pass-on", data={"csrf_token": page.values("/draft")["csrf_token"]})
    assert again.status_code == 422 and "passed on already" in again.get_data(as_text=True)
    ways = {"voice": "http://localhost:9"}
    with (
        mailbox.start_in_thread() as post,
        start_in_thread(Carrier(SID, TOKEN, faults=Faults(share_callbacks_dropped=1.0))) as carrier,
        engine(desk.sessions, carrier.url, tmp_path, ways=Ways(smtp_url=post.smtp_url, **ways)) as works,
    ):
        drain(works, "urgent")
        works.recorder.wait()
        mails, [call] = post.mails(), carrier.calls()
    assert sorted(each.to for each in mails) == ["desk@ayer-psap.example", "desk@groton-psap.example"]
    for each in mails:
        for words in ("ET-4711", "Nora Noc, 617-555-0147", "Best-known cause: a firewall", "Assessment: Initial"):
            assert words in each.text
        assert "HCGS" not in each.text
    assert call["to"] == LINE
    with caller(desk.sessions) as line:
        [key] = column(desk, "SELECT fanout_id || '.' || address_id || '.1' FROM target t JOIN fanout f"
                             " ON f.id = t.fanout_id WHERE f.channel = 'voice'")  # fmt: skip
        said = say(line, at(ANSWERED, str(key)))[1]
        assert "Example Telecom says: Calls to 911 cannot be completed." in said and "firewall" not in said
        assert "recorded that you have heard" in say(line, at(PRESS, str(key)), Digits="1")[1]
    [link] = [word for each in mails if "ayer" in each.to for word in each.text.split() if "/ack/" in word]
    browser = Browser(desk.app.test_client()).open(link.partition("http://localhost:8911")[2])
    assert "ET-4711" in browser.words
    browser.send(browser.path, answer="read")
    shown = notice_page(desk, desk.browser(ISSUER)).words
    assert shown.count("acknowledged at") == 2, shown
    assert "Not called, only mailed" in shown and "Groton dispatch" in shown
    late_in_writing(desk)
    with desk.sessions() as store:
        assert ledger.verify(store).why == ""


def late_in_writing(desk: Desk) -> None:
    """Groton has not acknowledged: its next contact is texted, then nobody is left, and the page says so. Ayer, which
    has, is left alone."""
    with desk.sessions.begin() as store:
        directory_load.save(store, replace(places(), agencies=with_a_phone(places())), desk.sealer)
    waits, shown = (300.0, 900.0), []
    for due in range(3):
        shown.append(notice_page(desk, desk.browser(ISSUER)).words)
        with desk.sessions.begin() as store:
            store.execute(text("UPDATE notice_chase SET due = clock_timestamp() WHERE due IS NOT NULL"))
        assert chase(desk.sessions, waits) == (1 if due < 2 else 0)
    assert "Groton dispatch has not acknowledged it. The next one is tried at" in shown[0]
    assert "Groton dispatch has not acknowledged it, 1 further contact was tried." in shown[1]
    steps = "SELECT channel || right(purpose, 8) FROM fanout WHERE purpose LIKE '%again%' ORDER BY id"
    assert column(desk, steps) == ["sms-again-1", "sms-again-2"]
    [said, _] = column(desk, "SELECT b.text FROM target t JOIN body b ON b.id = t.body_id JOIN fanout f"
                             " ON f.id = t.fanout_id WHERE f.channel = 'sms' ORDER BY f.id")  # fmt: skip
    assert "State 911: 911 outage notice of Example Telecom (Ayer, Groton, Gotham)" in str(said)
    page = notice_page(desk, desk.browser(ISSUER)).words
    assert "Groton dispatch has not acknowledged it, 2 further contacts were tried." in page
    assert "Nobody else is in the directory: call them." in page and "Ayer dispatch has not" not in page


def with_a_phone(known: Directory) -> tuple[Agency, ...]:
    """The agencies, Groton's with a phone that gets texts."""
    phone = Contact(ContactChannel.SMS, PHONE, 2)
    return tuple(
        replace(one, contacts=(*one.contacts, phone)) if one.code == "groton-psap" else one for one in known.agencies
    )
