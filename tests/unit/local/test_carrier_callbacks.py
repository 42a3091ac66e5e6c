"""Status callbacks: signed as Twilio signs them, and lost, doubled and reordered as the faults say."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from twilio.request_validator import RequestValidator

from broadcaster.local.carrier.callbacks import Callbacks, is_loopback
from broadcaster.local.carrier.faults import Faults, Panel
from tests.carrier import PHONE, SENDER, SERVICE, SID, TOKEN, carrier, client, receiver, send, until

OVERRIDES = "#rc=2&rp=all&ct=2000"


def settled(running: Any) -> Counter[str]:
    """The counts, once no callback waits or is under way."""

    def counts() -> Counter[str] | None:
        found = Counter(running.summary()["callbacks"])
        ended = found["answered"] + found["refused"] + found["failed"]
        expected = 2 * running.summary()["accepted"] - found["dropped"] + found["duplicated"]
        return found if ended == expected else None

    found: Counter[str] = until(counts)
    return found


def test_every_callback_has_a_signature_that_the_official_validator_accepts() -> None:
    with receiver() as ears, carrier(share_callbacks_dropped=0) as running, client(running) as twilio:
        url = f"{ears.url}/callbacks/twilio/status?d=17&m=a%2Bb%20c"
        sid = send(twilio, messaging_service_sid=SERVICE, status_callback=url + OVERRIDES).sid
        settled(running)
    valid = RequestValidator(TOKEN)
    assert [each.form["MessageStatus"] for each in ears.heard] == ["sent", "delivered"]
    for each in ears.heard:
        assert each.url == url  # the fragment is neither sent nor signed
        assert valid.validate(each.url, each.form, each.signature)
        assert not valid.validate(each.url + "0", each.form, each.signature)
        expected = {"MessageSid": sid, "To": PHONE, "From": SENDER, "AccountSid": SID, "MessagingServiceSid": SERVICE}
        assert expected.items() <= each.form.items()


def test_a_text_that_never_arrived_says_why() -> None:
    with receiver() as ears, carrier(share_callbacks_dropped=0, share_undelivered=1.0) as running:
        with client(running) as twilio:
            send(twilio, status_callback=ears.url)
        settled(running)
    [lost] = ears.of("undelivered")
    assert lost.form["ErrorCode"] in {"30003", "30005", "30006"}


def lost_of_1000(seed: int) -> list[int]:
    """Which of 1,000 callbacks are lost with the default share."""
    callbacks = Callbacks(TOKEN, Panel(Faults(seed=seed)), connections=1)
    lost = []
    for number in range(1000):
        before = callbacks.counts["dropped"]
        callbacks.send("http://127.0.0.1:1/", {"MessageSid": str(number)})
        lost += [number] * (callbacks.counts["dropped"] - before)
    assert callbacks.waiting() == 1000 - len(lost)
    return lost


def test_one_callback_in_five_is_lost_and_the_same_ones_with_each_seed() -> None:
    assert lost_of_1000(seed=11) == lost_of_1000(seed=11) != lost_of_1000(seed=12)
    assert len(lost_of_1000(seed=11)) == pytest.approx(200, rel=0.15)


def test_what_was_not_lost_arrived() -> None:
    with receiver() as ears, carrier(seed=11) as running, client(running) as twilio:
        for number in range(40):
            send(twilio, to=f"+150855502{number:02}", status_callback=ears.url)
        until(lambda: running.summary()["by_status"] == {"delivered": 40})
        counts = settled(running)
    assert counts["dropped"] > 0
    assert len(ears.heard) == counts["answered"] == 80 - counts["dropped"]


def test_callbacks_can_come_twice_and_in_the_wrong_order() -> None:
    faults = {"share_callbacks_dropped": 0, "callbacks_duplicated": 1.0, "callbacks_reordered": 0.5}
    with receiver() as ears, carrier(**faults) as running, client(running) as twilio:
        for number in range(20):
            send(twilio, to=f"+150855503{number:02}", status_callback=ears.url)
        until(lambda: running.summary()["by_status"] == {"delivered": 20})
        settled(running)
    statuses = Counter((each.form["To"], each.form["MessageStatus"]) for each in ears.heard)
    assert set(statuses.values()) == {2}
    assert len(statuses) == 40
    first = {}
    for each in ears.heard:
        first.setdefault(each.form["To"], each.form["MessageStatus"])
    assert "delivered" in first.values()


@pytest.mark.parametrize(("status", "counted"), [(500, "refused"), (204, "answered")])
def test_an_answer_is_counted_and_never_asked_for_again(status: int, counted: str) -> None:
    with receiver() as ears, carrier(share_callbacks_dropped=0) as running, client(running) as twilio:
        ears.answer = (status, "text/plain", b"" if status == 204 else b"no")
        send(twilio, status_callback=ears.url)
        counts = settled(running)
    assert (counts[counted], len(ears.heard)) == (2, 2)


def test_a_receiver_that_is_not_there_is_counted_as_failed() -> None:
    with receiver() as gone:
        nowhere = gone.url
    with carrier(share_callbacks_dropped=0) as running, client(running) as twilio:
        send(twilio, status_callback=nowhere)
        assert settled(running)["failed"] == 2


def test_a_receiver_may_hang_up_after_each_answer() -> None:
    with receiver() as ears, carrier(share_callbacks_dropped=0) as running, client(running) as twilio:
        ears.answer = (200, "text/plain\r\nConnection: close", b"ok")
        for number in range(70):  # more than there are kept connections
            send(twilio, to=f"+150855504{number:02}", status_callback=ears.url)
        counts = settled(running)
    assert counts["answered"] == 140


def test_nobody_outside_this_machine_is_ever_called() -> None:
    with carrier(share_callbacks_dropped=0) as running, client(running) as twilio:
        send(twilio, status_callback="https://911.example.gov/callbacks")
        until(lambda: running.summary()["callbacks"].get("refused_not_loopback") == 2)
    places = {
        "http://127.0.0.1:1/x": True,
        "https://localhost/": True,
        "http://10.0.0.1/": False,
        "ftp://localhost": False,
    }
    assert {place: is_loopback(place) for place in places} == places
