"""Test credentials at the simulated carrier: its rules are tried by them, and nothing is sent
(twilio.com/docs/iam/test-credentials)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.rest import Client

from broadcaster.local.carrier import Carrier, Faults, Running, start_in_thread
from tests.carrier import PHONE, SENDER, SID, TEXT, TOKEN, ToCarrier, client, receiver, send, until

TEST_SID, TEST_TOKEN, MAGIC = "AC" + "2" * 32, "test-token-of-the-carrier", "+15005550006"


@contextmanager
def trial(token: str = TEST_TOKEN, **faults: float) -> Iterator[tuple[Running, Client]]:
    """A carrier with test credentials beside its account, and the official client that uses them."""
    calm = Faults(delivery_ms=0.0, share_callbacks_dropped=0.0, **faults)
    config = Carrier(SID, TOKEN, faults=calm, test_sid=TEST_SID, test_token=TEST_TOKEN)
    with start_in_thread(config) as running:
        transport = ToCarrier(running.url, 20.0)
        try:
            yield running, Client(TEST_SID, token, http_client=transport)
        finally:
            transport.session.close()


def test_a_text_is_taken_and_goes_nowhere() -> None:
    with receiver() as ear, trial() as (running, twilio), client(running) as real:
        sent = twilio.messages.create(to=PHONE, from_=MAGIC, body=TEXT, status_callback=f"{ear.url}/trial")
        assert (sent.status, sent.from_, sent.account_sid) == ("queued", MAGIC, TEST_SID)
        send(real, status_callback=f"{ear.url}/real")
        until(lambda: ear.of("delivered"))
        summary, rows = running.summary(), running.ledger()
    assert {one.url.rpartition("/")[2] for one in ear.heard} == {"real"}, "no callback comes of a test"
    assert (summary["attempts"], summary["accepted"], len(rows["messages"])) == (2, 1, 1)


@pytest.mark.parametrize(
    ("sender", "to", "code"),
    [
        (MAGIC, "+15005550001", 21211),
        (MAGIC, "+15005550002", 21612),
        (MAGIC, "+15005550003", 21408),
        (MAGIC, "+15005550004", 21610),
        (MAGIC, "+15005550009", 21614),
        ("+15005550001", PHONE, 21212),
        ("+15005550007", PHONE, 21606),
        ("+15005550008", PHONE, 21611),
        (SENDER, PHONE, 21606),
        (MAGIC, "no number", 21211),
    ],
)
def test_magic_numbers_are_refused_each_in_its_way(sender: str, to: str, code: int) -> None:
    with trial() as (running, twilio):
        with pytest.raises(TwilioRestException) as refused:
            twilio.messages.create(to=to, from_=sender, body=TEXT)
        assert (refused.value.code, running.summary()["accepted"]) == (code, 0)


def test_they_are_good_for_nothing_else_and_a_carrier_that_is_blocked_blocks_them_too() -> None:
    def fetch(twilio: Client) -> object:
        return twilio.api.accounts(TEST_SID).fetch()

    def call(twilio: Client) -> object:
        return twilio.calls.create(to=PHONE, from_=MAGIC, url="http://127.0.0.1:1/voice")

    def text(twilio: Client) -> object:
        return twilio.messages.create(to=PHONE, from_=MAGIC, body=TEXT)

    acts: list[tuple[Callable[[Client], object], int, str, float]] = [
        (fetch, 403, TEST_TOKEN, 0.0),
        (call, 403, TEST_TOKEN, 0.0),
        (text, 401, "wrong", 0.0),
        (text, 500, TEST_TOKEN, 1.0),
    ]
    for act, status, token, blocked in acts:
        with trial(token, share_5xx_refused=blocked) as (running, twilio):
            with pytest.raises(TwilioRestException) as refused:
                act(twilio)
            assert refused.value.status in (status, status + 3 if blocked else status)
            assert (running.summary()["accepted"], running.calls()) == (0, [])
    with trial() as (_, twilio), pytest.raises(TwilioException, match="Unable to fetch page"):
        twilio.messages.list()
