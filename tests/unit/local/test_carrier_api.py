"""The official client sends, lists, fetches and cancels at the simulated carrier as it would at the real one."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
import requests
from twilio.base.exceptions import TwilioException, TwilioRestException

from tests.carrier import NOON, PHONE, SENDER, SERVICE, SID, TEXT, TOKEN, Clock, carrier, client, send, until

STUCK = 0.0001  # segments/s: nothing leaves the queue after the first text


def test_a_text_is_accepted_queued_and_recorded() -> None:
    with carrier(clock=Clock()) as running, client(running) as twilio:
        sent = send(twilio, validity_period=900)
        [message] = running.ledger()["messages"]
    assert (sent.status, sent.direction, sent.num_segments) == ("queued", "outbound-api", "1")
    assert sent.date_created == datetime.fromtimestamp(NOON, UTC)
    assert sent.date_sent is None
    assert (len(sent.sid), sent.sid[:2]) == (34, "SM")
    assert (message["sid"], message["to"], message["sender"], message["body"]) == (sent.sid, PHONE, SENDER, TEXT)
    assert message["expires_at"] == NOON + 900


def test_a_messaging_service_chooses_its_sender_when_it_sends() -> None:
    with carrier() as running, client(running) as twilio:
        sent = send(twilio, messaging_service_sid=SERVICE)
        until(lambda: running.summary()["by_status"] == {"delivered": 1})
        later = twilio.messages(sent.sid).fetch()
    assert (sent.status, sent.from_, sent.num_segments) == ("accepted", None, "0")
    assert (later.status, later.from_, later.num_segments) == ("delivered", SENDER, "1")
    assert later.date_sent is not None


@pytest.mark.parametrize(
    ("wrong", "code", "status"),
    [
        ({"to": "5085550100"}, 21211, 400),
        ({"to": "+15005550001"}, 21211, 400),
        ({"to": "+15005550004"}, 21610, 400),
        ({"to": "+15005550009"}, 21614, 400),
        ({"to": "+442079460000"}, 21408, 403),
        ({"body": "x" * 1601}, 21617, 400),
        ({"body": ""}, 21602, 400),
        ({"validity_period": 0}, 21624, 400),
        ({"validity_period": 36_001}, 21624, 400),
        ({"status_callback": "not a url"}, 21609, 400),
        ({"messaging_service_sid": "MG-unknown"}, 21701, 404),
    ],
)
def test_what_cannot_be_sent_is_refused_with_its_code(wrong: dict[str, object], code: int, status: int) -> None:
    with carrier() as running, client(running) as twilio:
        with pytest.raises(TwilioRestException) as refused:
            send(twilio, **wrong)
        summary = running.summary()
    assert (refused.value.code, refused.value.status) == (code, status)
    assert (summary["attempts"], summary["accepted"], summary["by_code"]) == (1, 0, {str(code): 1})


def test_wrong_credentials_are_refused_everywhere() -> None:
    with carrier() as running, client(running, token="wrong") as twilio:
        for call in (lambda: send(twilio), lambda: twilio.api.accounts(SID).fetch()):
            with pytest.raises(TwilioRestException) as refused:
                call()
            assert (refused.value.status, refused.value.code) == (401, 20003)
        with pytest.raises(TwilioException, match="Unable to fetch page"):
            twilio.messages.list()
        assert running.summary()["accepted"] == 0


def test_the_account_can_be_fetched() -> None:
    with carrier() as running, client(running) as twilio:
        assert twilio.api.accounts(SID).fetch().status == "active"


def test_the_listing_lags_behind_and_fetching_does_not() -> None:
    clock = Clock()
    with carrier(clock=clock, listing_lag_s=2.0) as running, client(running) as twilio:
        sent = send(twilio)
        clock.now += 1.9
        too_early = twilio.messages.list(to=PHONE)
        fetched = twilio.messages(sent.sid).fetch()
        clock.now += 0.2
        [listed] = twilio.messages.list(to=PHONE)
    assert too_early == []
    assert fetched.sid == listed.sid == sent.sid


def test_the_listing_is_newest_first_and_paged_without_gaps() -> None:
    with carrier() as running, client(running) as twilio:
        sids = [send(twilio, to=f"+150855501{number:02}").sid for number in range(25)]
        page = twilio.messages.page(page_size=10)
        first = [message.sid for message in page]
        send(twilio, to="+15085550199")  # a text in between must not shift the next page
        second = [message.sid for message in page.next_page()]
        everything = [message.sid for message in twilio.messages.list(page_size=7)]
    assert first + second == sids[::-1][:20]
    assert everything[1:] == sids[::-1]


def test_the_listing_filters_by_number_sender_and_day() -> None:
    clock = Clock()
    with carrier(clock=clock, sender_rates=f"91199={STUCK}") as running, client(running) as twilio:
        sent = send(twilio)
        twilio.messages.create(to=PHONE, from_="91199", body="first out")
        until(lambda: running.summary()["by_status"] == {"delivered": 2})
        twilio.messages.create(to=PHONE, from_="91199", body="waits")
        count = {
            name: len(twilio.messages.list(**query))
            for name, query in {
                "to": {"to": PHONE},
                "other to": {"to": "+15085550999"},
                "from": {"from_": SENDER},
                "that day": {"date_sent": date(2025, 6, 18)},
                "next day": {"date_sent": date(2025, 6, 19)},
                "since noon": {"date_sent_after": datetime.fromtimestamp(NOON, UTC)},
                "until before noon": {"date_sent_before": datetime.fromtimestamp(NOON - 1, UTC)},
            }.items()
        }
        assert twilio.messages.list(from_=SENDER)[0].sid == sent.sid
    assert count == {
        "to": 3,
        "other to": 0,
        "from": 1,
        "that day": 2,  # a queued text has no date_sent, so no filter on it finds it
        "next day": 0,
        "since noon": 2,
        "until before noon": 0,
    }


def test_a_listing_that_cannot_be_understood_or_is_down_says_so() -> None:
    with carrier() as running:
        url = f"{running.url}/2010-04-01/Accounts/{SID}/Messages.json"
        wrong = requests.get(url, {"DateSent": "yesterday"}, auth=(SID, TOKEN), timeout=20)
        running.set_faults(listing_down=True)
        down = requests.get(url, auth=(SID, TOKEN), timeout=20)
    assert (wrong.status_code, wrong.json()["code"]) == (400, 20001)
    assert (down.status_code, down.json()["code"]) == (503, 20503)


def test_what_waits_can_be_canceled_once_and_what_was_sent_cannot() -> None:
    with carrier(sender_mps=STUCK) as running, client(running) as twilio:
        first, second = send(twilio), send(twilio, to="+15085550101")
        until(lambda: running.summary()["by_status"].get("delivered"))
        assert twilio.messages(second.sid).update(status="canceled").status == "canceled"
        for sid in (first.sid, second.sid):
            with pytest.raises(TwilioRestException) as refused:
                twilio.messages(sid).update(status="canceled")
            assert refused.value.code == 30409
        assert running.summary()["by_status"] == {"delivered": 1, "canceled": 1}


def test_an_unknown_message_is_not_found() -> None:
    with carrier() as running, client(running) as twilio, pytest.raises(TwilioRestException) as refused:
        twilio.messages("SM" + "0" * 32).fetch()
    assert (refused.value.status, refused.value.code) == (404, 20404)
