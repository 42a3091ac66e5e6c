"""A resident signs up on the page, answers a text, changes, and leaves; and what a stranger can do with that page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import event, text

from broadcaster.channels.http import Door
from broadcaster.channels.sms_twilio import TwilioAccount, TwilioSms
from broadcaster.dispatch.office import Office
from broadcaster.dispatch.waves.courtesies import Courtesies
from broadcaster.local.carrier import Carrier, Faults, Running, start_in_thread
from broadcaster.store.database import Sessions
from broadcaster.store.fanout.courtesies import Budget, Courtesy
from broadcaster.store.public import residents, signups
from broadcaster.store.public.consent import Consent
from tests import desk as desks
from tests import onair, webhooks
from tests.desk import BOTH, ISSUER, Browser, Desk
from tests.factories import SENDER
from tests.flow.test_people_text_us import calls
from tests.flow.test_people_text_us import says as say
from tests.onair import BASE, TOKEN
from tests.webhooks import TEXT, Caller

ACCOUNT = TEXT["AccountSid"]
PHONE, OTHER = "+14135550123", "+14135550177"
LINE = "+16175550911"


@pytest.fixture
def desk(sessions: Sessions) -> Desk:
    """A desk whose clock is the real one, because links and forms end by it."""
    account = {"twilio_account_sid": ACCOUNT, "twilio_auth_token": TOKEN, "twilio_from": SENDER}
    doors = {"callbacks_base_url": BASE, "lookup_sms": LINE, "lookup_voice": LINE}
    chosen = desks.settings(**account, **doors, secret_key=onair.SECRET, signup_texts_per_day=50)
    return Desk(sessions, now=datetime.now(UTC).replace(microsecond=0), chosen=chosen)


@pytest.fixture
def phone(desk: Desk) -> Iterator[Caller]:
    """A phone that texts and calls us."""
    with webhooks.caller(desk.sessions, desk.chosen) as made:
        yield made


@pytest.fixture
def carrier() -> Iterator[Running]:
    """The carrier that our courtesies go to."""
    with start_in_thread(Carrier(ACCOUNT, TOKEN, faults=Faults(delivery_ms=0.0))) as running:
        yield running


@pytest.fixture
def waiter(desk: Desk, carrier: Running) -> Iterator[Courtesies]:
    """The sweep's duty."""
    account = TwilioAccount(ACCOUNT, TOKEN, SENDER, f"{BASE}/callbacks/twilio/status", carrier.url)
    made = Courtesies(
        desk.sessions, desk.sealer, onair.SECRET, Office.of(desk.chosen), TwilioSms(account, Door(live=False)), 50
    )
    yield made
    made.close()


def sign_up(desk: Desk, number: str = PHONE, places: str = "Ayer", **more: str) -> Browser:
    browser = desk.browser().open("/subscribe")
    return browser.send("/subscribe", phone=number, places=places, **more)


def texts(carrier: Running, to: str = PHONE) -> list[str]:
    return [row["body"] for row in carrier.ledger()["messages"] if row["to"] == to]


def says(phone: Caller, body: str, number: str = PHONE, sid: str = "SMyes") -> str:
    return "".join(say(phone, body, number, sid))


def who(desk: Desk, number: str = PHONE, kind: str = "sms") -> residents.Who:
    with desk.sessions() as session:
        return residents.who(session, desk.sealer.index(f"{kind}:{number}"))


def steps(desk: Desk) -> list[tuple[str, str]]:
    with desk.sessions() as session:
        return [(row.step, row.method) for row in session.query(Consent).order_by(Consent.id)]


def states(desk: Desk) -> list[tuple[str, str]]:
    with desk.sessions() as session:
        return [(row.state, row.reason) for row in session.query(Courtesy).order_by(Courtesy.id)]


def test_nobody_is_signed_up_before_their_phone_has_answered(
    desk: Desk, phone: Caller, waiter: Courtesies, carrier: Running
) -> None:
    page = sign_up(desk, places="Ayer\nSalem", text_lang="es", no_voice="1")
    assert page.path == "/subscribe/sent"
    assert "Reply YES within a day" in page.words
    assert who(desk) == residents.Who()
    waiter.look()
    (verify,) = texts(carrier)
    assert "responda YES" in verify
    assert "Ayer, Salem" in verify
    answer = says(phone, "YES")
    assert "si el 911 falla en Ayer, Salem" in answer
    for town, number in (("ayer", "978-555-0101"), ("salem", "978-555-0104")):
        assert number in answer and f"/card/{town}.html" in answer, "the card to print comes with the sign-up"
    assert who(desk) == residents.Who("es", ("ayer", "salem"))
    assert steps(desk) == [("started", "text"), ("asked", "page"), ("confirmed", "text")]
    with desk.sessions() as session:
        assert session.execute(text("SELECT no_voice FROM address WHERE lang = 'es'")).scalar_one() is True
        assert session.query(signups.Signup).count() == 0


def test_a_form_that_is_a_day_old_is_no_sign_up(desk: Desk, phone: Caller) -> None:
    sign_up(desk)
    with desk.sessions.begin() as session:
        session.execute(text("UPDATE signup SET asked_at = now() - interval '25 hours'"))
    assert says(phone, "YES") == ""
    assert who(desk) == residents.Who()
    with desk.sessions.begin() as session:
        assert signups.forget_old(session) == 1


def test_stop_ends_a_sign_up_that_waits_and_no_more_is_texted(
    desk: Desk, phone: Caller, waiter: Courtesies, carrier: Running
) -> None:
    sign_up(desk)
    says(phone, "STOP", sid="SMstop")
    waiter.look()
    assert texts(carrier) == []
    assert states(desk) == [("dropped", "suppressed")]
    says(phone, "START", sid="SMstart")
    assert who(desk) == residents.Who(), "the form is gone: START means what it always means"


def test_a_landline_is_confirmed_by_its_call_and_never_texted(
    desk: Desk, phone: Caller, waiter: Courtesies, carrier: Running
) -> None:
    assert "Call 617-555-0911 from that phone" in sign_up(desk, landline="1").words
    waiter.look()
    assert texts(carrier) == []
    assert "Press 1 to get a call when 9 1 1 fails in Ayer" in calls(phone)
    assert who(desk, kind="voice") == residents.Who()
    assert "9 7 8, 5 5 5, 0 1 0 1" in calls(phone, Digits="1")
    assert who(desk, kind="voice") == residents.Who("en", ("ayer",))
    assert ("confirmed", "call") in steps(desk)
    assert "To get no more calls from us, press 9." in calls(phone)
    assert "You will get no more calls from us." in calls(phone, Digits="9")
    assert steps(desk)[-1] == ("stopped", "call")
    with desk.sessions() as session:
        (stopped,) = session.execute(text("SELECT value_index FROM suppression")).scalars()
        assert bytes(stopped) == desk.sealer.index(f"voice:{PHONE}"), "of the line, and not of a phone's texts"


def link_of(desk: Desk, waiter: Courtesies, carrier: Running, number: str = PHONE) -> str:
    browser = desk.browser().open("/subscribe/change")
    assert "a link is on its way" in browser.send("/change", phone=number).words
    waiter.look()
    found = [re.search(r"/subscribe/me/\S+", words) for words in texts(carrier, number)]
    return next((match[0] for match in reversed(found) if match), "")


def test_change_and_leave_by_a_texted_link(desk: Desk, phone: Caller, waiter: Courtesies, carrier: Running) -> None:
    sign_up(desk)
    says(phone, "YES")
    link = link_of(desk, waiter, carrier)
    mine = desk.browser().open(f"{link}?lang=en")
    assert mine.values("/" + link.rpartition("/")[2])["places"] == ["Ayer"]
    assert who(desk).homes == ("ayer",), "GET changes nothing"
    mine.send("/" + link.rpartition("/")[2], places="Groton\nHarvard", text_lang="pt", save="1")
    assert who(desk) == residents.Who("pt", ("groton", "harvard"))
    gone = desk.browser().open(f"{link}?lang=en")
    gone.send("/" + link.rpartition("/")[2], leave="1")
    assert who(desk).homes == ()
    assert steps(desk)[-2:] == [("changed", "link"), ("left", "link")]


def test_a_link_is_ours_or_opens_nothing(desk: Desk, phone: Caller, waiter: Courtesies, carrier: Running) -> None:
    sign_up(desk)
    says(phone, "YES")
    link = link_of(desk, waiter, carrier)
    address, until, mac = link.rpartition("/")[2].split(".")
    forged = (f"1{address}.{until}.{mac}", f"{address}.{int(until) + 1}.{mac}", f"{address}.{until}.{mac[::-1]}", "x")
    for token in forged:
        assert desk.browser().open(f"/subscribe/me/{token}").status == 404
        assert desk.browser().client.post(f"/subscribe/me/{token}", data={"leave": "1"}).status_code == 404
    assert who(desk).homes == ("ayer",)
    desk.later(hours=49)
    assert "too old" in desk.browser().open(f"{link}?lang=en").words


def test_a_link_for_a_number_that_nobody_knows_is_dropped_in_the_sweep(
    desk: Desk, waiter: Courtesies, carrier: Running
) -> None:
    assert link_of(desk, waiter, carrier, OTHER) == ""
    assert states(desk) == [("dropped", "nobody")]


def statements(desk: Desk, act: str, number: str) -> tuple[list[str], str, int]:
    """Every statement that a form causes, and the page that answers."""
    ran: list[str] = []
    engine = desk.sessions.kw["bind"]

    def note(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        ran.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        browser = desk.browser().open(f"/subscribe{act}")
        more = {} if act else {"places": "Ayer"}
        page = browser.send(act or "/subscribe", phone=number, **more)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return ran, page.text, page.status


@pytest.mark.parametrize("act", ["", "/change"])
def test_known_unknown_stopped_and_exhausted_numbers_get_the_same_answer_by_the_same_work(
    desk: Desk, phone: Caller, act: str
) -> None:
    sign_up(desk)
    says(phone, "YES")
    says(phone, "STOP", number=OTHER, sid="SMother")
    statements(desk, act, "+14135550111")  # reads the directory, which is then kept
    answers = [statements(desk, act, number) for number in (PHONE, "+14135550199", OTHER, PHONE, PHONE, PHONE, PHONE)]
    assert all(answer == answers[0] for answer in answers)
    assert len(answers[0][0]) >= 2


BAD = [
    "911", "1-900-555-0123", "+1 876 555 0123", "+1 809 555 0123", "+1 242 555 0123", "+44 20 7946 0018",
    "800-555-0123", "413-555-012", "", "'; DROP TABLE signup; --", "413-555-0123 x4", "<script>alert(1)</script>",
]  # fmt: skip


@pytest.mark.parametrize("number", BAD)
def test_only_numbers_of_people_in_our_countries_may_sign_up(desk: Desk, number: str) -> None:
    page = sign_up(desk, number)
    assert page.status == 422
    assert "This is no phone number in the United States or Canada that we can reach." in page.beside("phone")
    assert page.values("/subscribe")["places"] == ["Ayer"]
    assert (states(desk), steps(desk)) == ([], [])


def test_a_place_that_nobody_knows_is_said_beside_its_field(desk: Desk) -> None:
    page = sign_up(desk, places="Ayer\nAtlantis <b>")
    assert "We know no place called “Atlantis <b>”" in page.beside("places")
    assert "<b>”" not in page.text
    assert sign_up(desk, places="").status == 422


def test_a_bot_causes_few_texts(desk: Desk) -> None:
    for no in range(40):
        assert sign_up(desk, f"+1413555{1000 + no}").path == "/subscribe/sent"
    assert len(states(desk)) == Budget().prefix
    for _ in range(5):
        sign_up(desk, "+16175551234")
    assert len(states(desk)) == Budget().prefix + Budget().number
    for no in range(60):
        sign_up(desk, f"+1{600 + no % 10 + 7}{200 + no}5551")
    assert len(states(desk)) <= desk.chosen.signup_texts_per_day


def test_an_alert_waits_for_no_courtesy_and_courtesies_wait_for_it(
    desk: Desk, waiter: Courtesies, carrier: Running
) -> None:
    sign_up(desk)
    author, second = desk.browser(ISSUER), desk.browser(BOTH)
    desks.released(desk, author, second, BOTH)
    assert waiter.look() == 0
    assert texts(carrier) == []
    with desk.sessions.begin() as session:
        session.execute(text("UPDATE lane SET state = 'done'"))
    assert waiter.look() == 1
    assert len(texts(carrier)) == 1


def test_a_courtesy_whose_outcome_is_unknown_is_never_sent_again(desk: Desk) -> None:
    sign_up(desk)
    faults = Faults(delivery_ms=0.0, share_accept_then_reset=1.0)
    with start_in_thread(Carrier(ACCOUNT, TOKEN, faults=faults)) as lying:
        account = TwilioAccount(ACCOUNT, TOKEN, SENDER, f"{BASE}/callbacks/twilio/status", lying.url)
        way = TwilioSms(account, Door(live=False))
        waiter = Courtesies(desk.sessions, desk.sealer, onair.SECRET, Office.of(desk.chosen), way)
        assert [waiter.look(), waiter.look(), waiter.look()] == [1, 0, 0]
        waiter.close()
        assert len(texts(lying)) == 1
    assert [state for state, _ in states(desk)] == ["unknown"]
