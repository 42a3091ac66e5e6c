"""People who text or call the number: kept, answered with their number, and red at the desk until somebody claims."""

from __future__ import annotations

import re
import threading

import pytest
from lxml import etree
from sqlalchemy import text

from broadcaster.store.database import Sessions
from broadcaster.store.places import directory_load
from broadcaster.store.public import inbound, residents
from broadcaster.store.public.consent import Consent
from broadcaster.store.public.inbound import ANSWERS_AN_HOUR, Inbound
from broadcaster.store.timeline import ledger
from broadcaster.web.carriers.callbacks import INBOUND, VOICE
from tests import desk as desks
from tests import onair, webhooks
from tests.desk import BOTH, ISSUER, SECOND, Desk
from tests.onair import BASE, TOKEN
from tests.webhooks import TEXT, Caller, signed, told

PHONE = "+14135550123"


@pytest.fixture
def desk(sessions: Sessions) -> Desk:
    """A desk with a directory, whose carrier calls back with the account of the tests."""
    account = {"twilio_account_sid": TEXT["AccountSid"], "twilio_auth_token": TOKEN}
    return Desk(sessions, chosen=desks.settings(**account, callbacks_base_url=BASE, secret_key=onair.SECRET))


@pytest.fixture
def phone(desk: Desk):
    """Whoever posts to us."""
    with webhooks.caller(desk.sessions, desk.chosen) as made:
        yield made


def says(phone: Caller, body: str, number: str = PHONE, sid: str = "") -> list[str]:
    form = {**TEXT, "Body": body, "From": number, "MessageSid": sid or f"SM{abs(hash((body, number)))}"}
    request = told(INBOUND, form, signed(BASE + INBOUND, form))
    assert phone.ask(request) == [200]
    assert not re.search("<(Dial|Redirect)", request.text), "nothing of theirs reaches dispatch"
    return [message.text or "" for message in etree.fromstring(request.text.encode()).iter("Message")]


def calls(phone: Caller, number: str = PHONE, **more: str) -> str:
    form = {"AccountSid": TEXT["AccountSid"], "CallSid": "CA1", "From": number, "To": TEXT["To"], **more}
    request = told(VOICE, form, signed(BASE + VOICE, form))
    assert phone.ask(request) == [200]
    assert {one.tag for one in etree.fromstring(request.text.encode()).iter()} <= {"Response", "Say", "Gather"}
    return request.text


def everything(sessions: Sessions) -> list[Inbound]:
    with sessions() as session:
        return session.query(Inbound).order_by(Inbound.id).all()


def test_any_day_a_town_is_answered_with_its_number(desk: Desk, phone: Caller) -> None:
    (answer,) = says(phone, "ayer")
    assert "No 911 outage is reported in Ayer" in answer
    assert "978-555-0101" in answer
    (row,) = everything(desk.sessions)
    assert (row.kind, row.wish, row.place, row.red, row.answered) == ("text", "other", "ayer", False, True)


def test_a_restricted_number_is_texted_to_nobody(desk: Desk, phone: Caller) -> None:
    assert desks.RESTRICTED not in says(phone, "Groton")[0]
    assert "978-555-0102" in says(phone, "groton!")[0]


def test_an_outage_is_answered_in_the_approved_words_of_the_persons_town(desk: Desk, phone: Caller) -> None:
    author, second = desk.browser(ISSUER), desk.browser(BOTH)
    desks.released(desk, author, second, BOTH)
    with desk.sessions.begin() as session:
        address = residents.address(session, desk.sealer, "sms", PHONE, lang="es")
        residents.subscribe(session, address, directory_load.community_ids(session)["ayer"])
    phone.app._phones._door._kept = None
    (answer,) = says(phone, "hay fuego en mi casa")
    assert answer.startswith("978-555-0101 Ayer\n")
    assert "911" in answer
    assert answer.endswith("Nadie lee este numero.")
    (row,) = everything(desk.sessions)
    assert (row.red, row.place, row.lang) == (True, "ayer", "es")


def test_joining_by_text_is_consent_and_gets_the_next_alert(desk: Desk, phone: Caller) -> None:
    assert "State 911 will text this phone if 911 fails in Salem" in says(phone, "JOIN Salem")[0]
    assert says(phone, "JOIN Salem") != []
    with desk.sessions() as session:
        who = residents.who(session, desk.sealer.index(f"sms:{PHONE}"))
        assert (who.lang, who.homes) == ("en", ("salem",))
        (row,) = session.query(Consent).all()
        assert (row.step, row.method, row.places) == ("joined", "text", ["salem"])


def test_a_record_of_consent_cannot_be_changed_or_taken_away(desk: Desk, phone: Caller) -> None:
    says(phone, "JOIN Salem")
    for statement in ("UPDATE consent SET step = 'left'", "DELETE FROM consent"):
        with pytest.raises(Exception, match="never changed"), desk.sessions.begin() as session:
            session.execute(text(statement))
    with desk.sessions.begin() as session:
        session.execute(text("ALTER TABLE consent DISABLE TRIGGER consent_stays"))
        session.execute(text("UPDATE consent SET at = now() - interval '5 years'"))
        session.execute(text("ALTER TABLE consent ENABLE TRIGGER consent_stays"))
        session.execute(text("DELETE FROM consent"))


def test_a_flood_from_one_number_is_kept_and_answered_a_few_times(desk: Desk, phone: Caller) -> None:
    answers = [says(phone, "what?", sid=f"SM{no}") for no in range(ANSWERS_AN_HOUR + 15)]
    assert [len(each) for each in answers] == [1] * ANSWERS_AN_HOUR + [0] * 15
    assert len(everything(desk.sessions)) == ANSWERS_AN_HOUR + 15
    assert says(phone, "what?", "+14135550999") != [], "another phone pays for nobody's flood"
    with desk.sessions.begin() as session:
        session.execute(text("UPDATE inbound SET at = at - interval '61 minutes'"))
    assert len(says(phone, "what?", sid="SM99")) == 1


def test_a_flood_at_once_is_answered_no_more_often(desk: Desk, phone: Caller) -> None:
    forms = [{**TEXT, "Body": "what?", "From": PHONE, "MessageSid": f"SM{no}"} for no in range(40)]
    requests = [told(INBOUND, form, signed(BASE + INBOUND, form)) for form in forms]
    assert set(phone.ask(*requests)) == {200}
    assert sum("<Message>" in request.text for request in requests) == ANSWERS_AN_HOUR


def test_what_is_no_keyword_stays_red_until_somebody_takes_it_on(desk: Desk, phone: Caller) -> None:
    says(phone, "my house is on fire")
    says(phone, "Ayer")
    author, second = desk.browser(ISSUER), desk.browser(SECOND)
    assert "Nobody has taken it on" in author.open("/desk/").words
    author.open("/desk/texts/")
    assert "my house is on fire" in author.words
    assert PHONE not in author.text
    author.send("/claim")
    assert "You have taken this text on" in author.words
    assert PHONE in author.text
    assert "No text waits for anybody" in second.open("/desk/texts/").words
    assert PHONE not in second.text
    assert "Nobody has taken it on" not in second.open("/desk/").words
    with desk.sessions() as session:
        (row,) = [row for row in everything(desk.sessions) if row.red]
        (event,) = ledger.timeline(session, f"inbound:{row.public_id}")
        assert event.action == "inbound-claimed"
        assert PHONE.encode() not in event.canonical


def test_of_two_who_claim_at_once_one_is_told_so(desk: Desk, phone: Caller) -> None:
    says(phone, "my house is on fire")
    author, second = desk.browser(ISSUER), desk.browser(SECOND)
    both = [author.open("/desk/texts/"), second.open("/desk/texts/")]
    threads = [threading.Thread(target=one.send, args=("/claim",)) for one in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = sorted("Somebody else has taken this text on" in one.words for one in both)
    assert told == [False, True]
    assert [PHONE in one.text for one in sorted(both, key=lambda one: "Somebody else" in one.words)] == [True, False]
    with desk.sessions() as session:
        (row,) = [row for row in everything(desk.sessions) if row.red]
        assert len(ledger.timeline(session, f"inbound:{row.public_id}")) == 1


def test_an_auditor_looks_and_claims_nothing(desk: Desk, phone: Caller) -> None:
    says(phone, "my house is on fire")
    auditor = desk.browser(desks.AUDITOR).open("/desk/texts/")
    assert not auditor.has("/claim")
    with desk.sessions() as session:
        key = inbound.unclaimed(session, desk.sealer)[0].public_id
    assert auditor.client.post(f"/desk/texts/{key}/claim").status_code in (400, 403)


def test_the_board_of_an_outage_shows_that_texts_wait(desk: Desk, phone: Caller) -> None:
    author, second = desk.browser(ISSUER), desk.browser(BOTH)
    alert = desks.released(desk, author, second, BOTH)
    assert "Texts that nobody has taken on" not in author.open(alert).words
    says(phone, "my house is on fire")
    assert "Texts that nobody has taken on: 1" in author.open(alert).words


def test_a_caller_who_is_known_hears_the_number_of_their_town(desk: Desk, phone: Caller) -> None:
    says(phone, "JOIN Ayer")
    said = calls(phone)
    assert said.count("9 7 8, 5 5 5, 0 1 0 1") == 2
    assert "No one answers on this line" in said


@pytest.mark.parametrize("number", ["+14135550999", "anonymous", "+266696687", ""])
def test_a_stranger_is_asked_for_the_zip_and_told_the_number(desk: Desk, phone: Caller, number: str) -> None:
    with desk.sessions.begin() as session:
        session.execute(text("UPDATE community SET zips = '{01432}' WHERE code = 'ayer'"))
    said = calls(phone, number)
    assert '<Gather action="/callbacks/twilio/voice" method="POST" numDigits="5"' in said
    assert "Enter your five digit ZIP code" in said
    assert "9 7 8, 5 5 5, 0 1 0 1" in calls(phone, number, Digits="01432")
    assert "We know no place with that ZIP code" in calls(phone, number, Digits="99999")


def test_a_forged_call_is_refused(desk: Desk, phone: Caller) -> None:
    form = {"AccountSid": TEXT["AccountSid"], "CallSid": "CA1", "From": PHONE}
    assert phone.post(VOICE, form, signed(BASE + VOICE, form, "wrong")) == 403
    assert phone.post(VOICE, form, None) == 403
    assert everything(desk.sessions) == []


def test_who_cannot_be_answered_is_told_the_door_and_is_red(
    desk: Desk, phone: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise RuntimeError("the directory is broken")

    monkeypatch.setattr(phone.app._phones._door, "reception", broken)
    (answer,) = says(phone, "Ayer")
    assert "https://911.example" in answer
    assert "No one reads this number." in answer
    assert "fire or police station" in calls(phone)
    assert [row.red for row in everything(desk.sessions)] == [True, True]
    assert says(phone, "STOP") == []
    with desk.sessions() as session:
        assert session.execute(text("SELECT count(*) FROM suppression")).scalar_one() == 1
