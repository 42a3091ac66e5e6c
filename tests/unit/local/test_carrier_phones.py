"""Phones answer: STOP and START, the inbound webhook, and the pages on which a person plays a phone."""

from __future__ import annotations

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator

from broadcaster.local.carrier.inbound import STARTED, STOPPED, answers_in, opt_out_type
from tests.carrier import PHONE, SENDER, TEXT, TOKEN, carrier, client, receiver, send, until

TWIML = b'<?xml version="1.0"?><Response><Message>Springfield: call 413-555-0100.</Message></Response>'


def test_after_stop_nothing_goes_and_after_start_it_does_again() -> None:
    with carrier() as running, client(running) as twilio:
        stopped = requests.post(
            f"{running.url}/sim/inbound", json={"from": PHONE, "to": SENDER, "body": " stop "}, timeout=20
        ).json()
        with pytest.raises(TwilioRestException) as refused:
            send(twilio)
        started = running.inbound(PHONE, SENDER, "START")
        assert send(twilio).status == "queued"
        summary = running.summary()
    assert refused.value.code == 21610
    assert (stopped["opt_out_type"], stopped["opted_out"], stopped["answers"]) == ("STOP", True, [STOPPED])
    assert started["answers"] == (STARTED,)
    assert (summary["accepted"], summary["by_code"], summary["opted_out"]) == (1, {"21610": 1}, 0)


def test_every_text_reaches_the_webhook_signed_and_its_answer_the_phone() -> None:
    with receiver() as ears, carrier(inbound_url=f"{ears.url}/callbacks/twilio/inbound") as running:
        ears.answer = (200, "text/xml", TWIML)
        asked = running.inbound(PHONE, SENDER, "01103")
        stopped = running.inbound(PHONE, SENDER, "STOP")
        url = f"{running.url}/phones/{PHONE}"
        page = requests.get(url, timeout=20).text
    assert (asked["webhook"], asked["answers"]) == (200, ("Springfield: call 413-555-0100.",))
    assert stopped["answers"] == (STOPPED,)  # whoever has opted out gets no answer but the carrier's own
    for heard, kind in zip(ears.heard, (None, "STOP"), strict=True):
        assert RequestValidator(TOKEN).validate(heard.url, heard.form, heard.signature)
        assert (heard.form["From"], heard.form["To"], heard.form.get("OptOutType")) == (PHONE, SENDER, kind)
    assert page.count('class="bubble mine"') == 2
    assert "opted out (STOP)" in page


@pytest.mark.parametrize(
    "answer", [(204, "text/plain", b""), (500, "text/plain", b"oops"), (200, "text/plain", b"oops")]
)
def test_a_webhook_that_says_nothing_useful_sends_nothing(answer: tuple[int, str, bytes]) -> None:
    with receiver() as ears, carrier(inbound_url=ears.url) as running:
        ears.answer = answer
        heard = running.inbound(PHONE, SENDER, "hello")
    assert (heard["webhook"], heard["answers"]) == (answer[0], ())


def test_a_webhook_that_is_away_does_not_keep_a_stop_from_counting() -> None:
    with receiver() as gone:
        nowhere = gone.url
    with carrier(inbound_url=nowhere) as running:
        assert running.inbound(PHONE, SENDER, "STOP")["webhook"] == 0
        assert running.summary()["opted_out"] == 1


@pytest.mark.parametrize(
    ("body", "kind"),
    [("STOP", "STOP"), (" Unsubscribe\n", "STOP"), ("yes", "START"), ("help", "HELP"), ("stop it", ""), ("", "")],
)
def test_only_a_whole_text_is_a_word_of_command(body: str, kind: str) -> None:
    assert opt_out_type(body) == kind


def test_every_message_verb_is_an_answer() -> None:
    twiml = b"<Response><Message>One</Message><Message><Body>Two</Body></Message><Message/></Response>"
    assert answers_in(twiml) == ["One", "Two"]


def test_an_incomplete_text_is_refused_with_a_sentence() -> None:
    with carrier() as running:
        for text in ({"from": PHONE, "to": SENDER}, {"from": PHONE, "to": SENDER, "body": 7}, ["STOP"]):
            answer = requests.post(f"{running.url}/sim/inbound", json=text, timeout=20)
            assert (answer.status_code, set(answer.json())) == (400, {"error"})


def test_the_overview_counts_and_shows_the_latest_phones() -> None:
    with carrier(share_bad_json=0.125) as running, client(running) as twilio:
        assert "No text has been sent yet." in requests.get(running.url, timeout=20).text
        running.set_faults(share_bad_json=0)
        send(twilio, body='<script>alert("1")</script>')
        page = requests.get(running.url, timeout=20)
    assert page.headers["Content-Type"].startswith("text/html")
    assert f'href="/phones/{PHONE.replace("+", "%2B")}"' in page.text
    assert "&lt;script&gt;alert" in page.text
    assert "<b>1</b><span>accepted</span>" in page.text


def test_a_phone_shows_its_conversation_and_answers_from_the_page() -> None:
    with carrier() as running, client(running) as twilio:
        send(twilio)
        until(lambda: running.summary()["by_status"] == {"delivered": 1})
        url = f"{running.url}/phones/{PHONE}"
        before = requests.get(url, timeout=20).text
        requests.post(f"{url}/reply", {"to": SENDER, "body": "thanks"}, timeout=20)
        after = requests.post(f"{url}/reply", {"to": SENDER, "body": "", "word": "STOP"}, timeout=20)
        with pytest.raises(TwilioRestException, match="unsubscribed"):
            send(twilio)
    assert TEXT in before
    assert "delivered · 1 segment · from +18885550911" in before
    assert after.url == url.replace("+", "%2B")
    assert after.text.index("thanks") < after.text.index(STOPPED)
    assert 'value="START"' in after.text


@pytest.mark.parametrize(
    ("typed", "lands_on"),
    [
        ("508-555-0100", "/phones/%2B15085550100"),
        ("+15085550101", "/phones/%2B15085550101"),
        ("0101", "/phones/%2B15085550101"),
    ],
)
def test_a_number_is_found_as_people_type_it(typed: str, lands_on: str) -> None:
    with carrier() as running, client(running) as twilio:
        for to in (PHONE, "+15085550101"):
            send(twilio, to=to)
        found = requests.get(f"{running.url}/phones", {"number": typed}, timeout=20)
    assert found.url == running.url + lands_on


def test_a_search_that_finds_several_or_none_says_so() -> None:
    with carrier() as running, client(running) as twilio:
        for to in (PHONE, "+15085550101"):
            send(twilio, to=to)
        both = requests.get(f"{running.url}/phones", {"number": "555"}, timeout=20).text
        none = requests.get(f"{running.url}/phones", {"number": "999"}, timeout=20).text
    assert both.count('class="card"') == 2
    assert "No phone with this number" in none


def test_faults_are_set_from_the_page_and_mistakes_are_said_there() -> None:
    with carrier() as running:
        url = f"{running.url}/faults"
        requests.post(url, {"share_429": "0.5", "listing_down": "true", "seed": "1"}, timeout=20)
        faults = requests.get(f"{running.url}/sim/faults", timeout=20).json()
        wrong = requests.post(url, {"share_429": "5"}, timeout=20)
        foreign = requests.post(url, {"share_429": "0"}, headers={"Sec-Fetch-Site": "cross-site"}, timeout=20)
    assert (faults["share_429"], faults["listing_down"]) == (0.5, True)
    assert wrong.status_code == 400
    assert "share_429 must be between 0 and 1, not 5." in wrong.text
    assert foreign.status_code == 403
