"""What a call may fetch and press: nothing without the carrier's signature and our own proof, nothing by a machine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from broadcaster.channels.proof import proof
from broadcaster.store.alerting.alerts import Body
from broadcaster.store.database import Sessions
from broadcaster.store.desk import contacts
from broadcaster.store.desk.contacts import What
from broadcaster.store.desk.page_tests import NUMBERED_FROM, PageTest
from broadcaster.store.fanout.deliveries import Acknowledgement, Delivery, Fanout, Lane, Receipt, Source
from broadcaster.store.fanout.fanouts import LaneSpec, add_targets, make
from broadcaster.store.places.directory import Agency
from broadcaster.store.public.residents import address
from broadcaster.web.carriers.voice import ANSWERED, CALL, PRESS
from tests import onair
from tests.factories import person
from tests.onair import BASE, SEALER, SECRET, TOKEN
from tests.webhooks import Caller, caller, signed, told

FORM = {
    "AccountSid": "AC" + "1" * 32,
    "CallSid": "CA" + "2" * 32,
    "CallStatus": "in-progress",
    "AnsweredBy": "human",
    "From": "+18885550911",
    "To": "+14135550123",
}


WAYS_TO_PHONES = ("sms", "voice")


@pytest.fixture
def key(sessions: Sessions) -> str:
    """The key of a call to one desk that is under way."""
    with sessions.begin() as session:
        air = onair.on_air(session)
        there = address(session, SEALER, "voice", "+14135550123", owner="agency")
        desk = Agency(code="lynn", name="Lynn Police", role="police")
        said = Body(sha="f" * 64, subject="", text="9 1 1 is down in Lynn & <Saugus>.")
        session.add_all([desk, said])
        session.flush()
        fanout = Fanout(
            revision_id=air.revision.id,
            tier="agency",
            channel="voice",
            purpose="escalation-1",
            expires_at=onair.NOW + onair.timedelta(hours=1),
        )
        made = make(session, fanout, "urgent", 0, [LaneSpec(Source.TARGETS, 0)])
        add_targets(session, made, [(there, desk.id, said.id)])
        session.query(Lane).filter_by(fanout_id=made).update({"state": "done"})
        session.add(Delivery(fanout_id=made, address_id=there, body_id=said.id, n=1, state="accepted"))
    return f"{made}.{there}.1"


@pytest.fixture
def calls(sessions: Sessions) -> Iterator[Caller]:
    with caller(sessions) as made:
        yield made


def at(path: str, key: str, secret: str = SECRET, purpose: str = "delivery") -> str:
    return f"{path}?d={key}&m={proof(secret, purpose, key)}"


def say(calls: Caller, url: str, token: str = TOKEN, **more: str) -> tuple[int, str]:
    """Status and words of one request, signed for its address."""
    form = {**FORM, **more}
    request = told(url, form, signed(BASE + url, form, token))
    calls.ask(request)
    return request.status, request.text


def acknowledged(sessions: Sessions) -> int:
    with sessions() as session:
        return session.query(Acknowledgement).count()


def test_a_person_hears_the_notice_and_is_asked_for_a_key(calls: Caller, key: str) -> None:
    status, words = say(calls, at(ANSWERED, key))
    assert status == 200
    assert words.count("9 1 1 is down in Lynn &amp; &lt;Saugus&gt;.") == 2
    assert words.count("<Gather") == 2 and f"{BASE}{PRESS}?d={key}&amp;m=" in words


@pytest.mark.parametrize("by", ["machine_start", "machine_end_beep", "machine_end_silence", "machine_end_other", "fax"])
def test_a_machine_hears_it_once_and_is_asked_for_nothing(calls: Caller, key: str, by: str) -> None:
    _, words = say(calls, at(ANSWERED, key), AnsweredBy=by)
    assert words.count("9 1 1 is down") == 1
    assert "<Gather" not in words and "press 1" not in words


@pytest.mark.parametrize("by", ["human", "unknown", ""])
def test_one_press_acknowledges_once(calls: Caller, sessions: Sessions, key: str, by: str) -> None:
    for _ in range(3):
        status, words = say(calls, at(PRESS, key), Digits="1", AnsweredBy=by)
        assert (status, "Thank you" in words) == (200, True)
    assert acknowledged(sessions) == 1


@pytest.mark.parametrize("digits", ["", "2", "11", "0", "#", "*1", "one"])
def test_another_key_hears_it_again(calls: Caller, sessions: Sessions, key: str, digits: str) -> None:
    status, words = say(calls, at(PRESS, key), Digits=digits)
    assert status == 200 and f"{BASE}{ANSWERED}?d={key}" in words
    assert acknowledged(sessions) == 0


def test_a_tone_on_a_machines_line_acknowledges_nothing(calls: Caller, sessions: Sessions, key: str) -> None:
    say(calls, at(ANSWERED, key), AnsweredBy="machine_end_beep")
    form = {"Digits": "1"}
    assert "confirm there" in say(calls, at(PRESS, key), **form, AnsweredBy="machine_end_beep")[1]
    assert "confirm there" in say(calls, at(PRESS, key), **form, AnsweredBy="")[1], "also where it is not said again"
    assert acknowledged(sessions) == 0


FORGED = {
    "no signature": lambda key: told(at(PRESS, key), {**FORM, "Digits": "1"}, None),
    "an empty signature": lambda key: told(at(PRESS, key), {**FORM, "Digits": "1"}, ""),
    "another token": lambda key: _signed(at(PRESS, key), token="another"),
    "signed for another place": lambda key: _signed(at(PRESS, key), place=at(ANSWERED, key)),
    "another delivery under the same proof": lambda key: _signed(at(PRESS, key).replace("d=", "d=9")),
    "a proof of another secret": lambda key: _signed(at(PRESS, key, secret="x" * 32)),
    "the proof of a mail's link": lambda key: _signed(at(PRESS, key, purpose="ack")),
    "no proof": lambda key: _signed(f"{PRESS}?d={key}"),
    "no key": lambda key: _signed(f"{PRESS}?m={proof(SECRET, 'delivery', '')}"),
    "an account that is not ours": lambda key: _signed(at(PRESS, key), AccountSid="AC" + "9" * 32),
}


def _signed(url: str, place: str = "", token: str = TOKEN, **more: str):
    form = {**FORM, "Digits": "1", **more}
    return told(url, form, signed(BASE + (place or url), form, token))


@pytest.mark.parametrize("what", FORGED)
def test_a_forged_key_is_403_and_acknowledges_nothing(what: str, calls: Caller, sessions: Sessions, key: str) -> None:
    request = FORGED[what](key)
    assert calls.ask(request) == [403]
    assert acknowledged(sessions) == 0


def test_get_acknowledges_nothing(calls: Caller, sessions: Sessions, key: str) -> None:
    form = {**FORM, "Digits": "1"}
    request = told(at(PRESS, key), form, signed(BASE + at(PRESS, key), form), method="GET")
    assert calls.ask(request) == [405]
    assert acknowledged(sessions) == 0


ENDS = {
    "completed": "call_over",
    "busy": "call_busy",
    "no-answer": "call_in_vain",
    "failed": "call_failed",
    "canceled": "call_failed",
}


@pytest.mark.parametrize("status", ENDS)
def test_how_a_call_ended_is_kept_once(calls: Caller, sessions: Sessions, key: str, status: str) -> None:
    for _ in range(2):
        assert say(calls, at(CALL, key), CallStatus=status)[0] == 204
    with sessions() as session:
        assert [row.status for row in session.query(Receipt)] == [ENDS[status]]


SIP = {
    "404": "call_no_such_line",
    "604": "call_no_such_line",
    "503": "call_failed",
    "480": "call_failed",
    "": "call_failed",
}


@pytest.mark.parametrize("sip", SIP)
def test_why_a_call_failed_is_by_its_sip_code(calls: Caller, sessions: Sessions, key: str, sip: str) -> None:
    assert say(calls, at(CALL, key), CallStatus="failed", SipResponseCode=sip)[0] == 204
    with sessions() as session:
        assert [(row.status, row.code) for row in session.query(Receipt)] == [(SIP[sip], SIP[sip])]


def test_a_code_says_nothing_of_a_call_that_did_not_fail(calls: Caller, sessions: Sessions, key: str) -> None:
    assert say(calls, at(CALL, key), CallStatus="busy", SipResponseCode="404")[0] == 204
    with sessions() as session:
        assert [row.status for row in session.query(Receipt)] == ["call_busy"]


@pytest.mark.parametrize("status", ["", "ringing", "<x>"])
def test_what_is_no_end_of_a_call_is_refused(calls: Caller, key: str, status: str) -> None:
    assert say(calls, at(CALL, key), CallStatus=status)[0] == 400


def test_a_call_about_nothing_says_so(calls: Caller) -> None:
    status, words = say(calls, at(ANSWERED, "999.999.1"))
    assert status == 200 and "in error" in words


def test_a_key_on_the_telephone_confirms_the_monthly_test_and_a_machine_does_not(
    sessions: Sessions, calls: Caller
) -> None:
    with sessions.begin() as session:
        abe = person(session, "abe@state.example", "approver")
        there = contacts.address(session, SEALER, abe.id, What.PHONE, "+12025550101")
        tests = [
            PageTest(month="2026-06", user_id=abe.id, way=way, address_id=there, state="asked")
            for way in WAYS_TO_PHONES
        ]
        session.add_all(tests)
        session.flush()
        texted, called = (f"0.{NUMBERED_FROM + test.id}.1" for test in tests)
    said = say(calls, at(ANSWERED, called))[1]
    assert said.count("press 1") == 2 and "Nothing has happened" in said
    assert "was not confirmed" in say(calls, at(PRESS, called), Digits="1", AnsweredBy="machine_end_beep")[1]
    assert "was not confirmed" in say(calls, at(PRESS, called), Digits="2")[1]
    assert "was not confirmed" in say(calls, at(PRESS, texted), Digits="1")[1], "a text is confirmed by its link"
    assert "is confirmed for this month" in say(calls, at(PRESS, called), Digits="1")[1]
    with sessions() as session:
        assert [(row.way, row.state) for row in session.query(PageTest).order_by(PageTest.id)] == [
            ("sms", "asked"),
            ("voice", "confirmed"),
        ]
