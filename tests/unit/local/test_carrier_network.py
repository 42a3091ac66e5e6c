"""Queues, pace, expiry and handsets, on a clock that the test moves."""

from __future__ import annotations

import pytest

from broadcaster.local.carrier.faults import Faults, Panel
from broadcaster.local.carrier.ledger import Ledger, new_sid
from broadcaster.local.carrier.network import Network
from broadcaster.local.carrier.records import Attempt, Message
from broadcaster.local.carrier.segments import count
from tests.carrier import NOON, SENDER, SERVICE


class Radio:
    """A network with its ledger, and every status in the order in which it was told."""

    def __init__(self, **faults: object) -> None:
        self.ledger, self.panel = Ledger(), Panel(Faults(**{"delivery_ms": 0.0, **faults}))
        self.told: list[tuple[int, str]] = []
        self.network = Network(
            self.ledger, self.panel, SENDER, lambda message: self.told.append((message.seq, message.status))
        )

    def text(self, segments: int = 1, life: float | None = None, service: str = "") -> Message:
        sender = "" if service else SENDER
        expires = None if life is None else NOON + life
        message = Message(0, new_sid(), NOON, "+15085550100", sender, "text", segments, "queued", service=service)
        message.expires_at = expires
        self.ledger.attempt(Attempt(NOON, message.to, sender, "text", True, 201, 0, "", message.sid), message)
        self.network.take(message)
        return message

    def run(self, seconds: float, start: float = 0.0, step: float = 0.02) -> None:
        for number in range(round(seconds / step) + 1):
            self.network.step(NOON + start + number * step)

    def sent(self) -> int:
        return sum(status == "sent" for _, status in self.told)


@pytest.mark.parametrize(
    ("rate", "segments", "seconds", "sent"),
    [(3, 1, 10, 30), (3, 2, 10, 15), (100, 1, 2, 200), (25, 3, 6, 50), (0.5, 1, 20, 10)],
)
def test_a_sender_keeps_its_pace_in_segments(rate: float, segments: int, seconds: float, sent: int) -> None:
    radio = Radio(sender_mps=rate)
    for _ in range(2 * sent):
        radio.text(segments)
    radio.run(seconds)
    assert sent <= radio.sent() <= sent * 1.1 + 1


def test_without_a_rate_everything_goes_at_once_and_arrives() -> None:
    radio = Radio()
    for _ in range(3):
        radio.text()
    radio.run(1)
    assert radio.told == [(n, "sent") for n in range(3)] + [(n, "delivered") for n in range(3)]


def test_a_text_that_waits_too_long_fails_on_time_wherever_it_is_in_the_queue() -> None:
    radio = Radio(sender_mps=0.1)
    first, second, third = radio.text(), radio.text(life=5), radio.text(life=900)
    radio.run(4.9)
    assert (first.status, second.status) == ("delivered", "queued")
    radio.run(0.2, start=4.9)
    assert (second.status, second.error_code) == ("failed", 30036)
    radio.run(10, start=5.1)
    assert third.status == "delivered"


def test_what_is_canceled_leaves_room_for_the_next() -> None:
    radio = Radio(sender_mps=1)
    texts = [radio.text() for _ in range(4)]
    assert radio.network.cancel(texts[1], NOON)
    assert radio.network.cancel(texts[2], NOON)
    radio.run(1.2)
    assert [text.status for text in texts] == ["delivered", "canceled", "canceled", "delivered"]


def test_cancelling_can_be_limited_to_what_the_real_carrier_promises() -> None:
    radio = Radio(sender_mps=1, cancel_queued=False)
    text = radio.text()
    assert not radio.network.cancel(text, NOON)
    assert text.status == "queued"


def test_a_share_never_reaches_its_handset_and_says_why() -> None:
    radio = Radio(share_undelivered=0.3, share_failed=0.1)
    texts = [radio.text() for _ in range(300)]
    radio.run(1)
    lost = {text.error_code for text in texts if text.status == "undelivered"}
    failed = {text.error_code for text in texts if text.status == "failed"}
    assert (lost, failed) == ({30003, 30005, 30006}, {30008})
    assert {text.status for text in texts} == {"delivered", "undelivered", "failed"}


def test_a_queue_holds_ten_hours_and_a_service_fails_what_does_not_fit() -> None:
    radio = Radio(sender_mps=0.001)  # 36 segments
    texts = [radio.text(service=SERVICE) for _ in range(37)]
    assert [(text.status, text.error_code) for text in texts[-2:]] == [("queued", None), ("failed", 30001)]
    assert radio.network.full(SERVICE, 1)
    assert not radio.network.full(SENDER, 1)


@pytest.mark.parametrize(
    ("body", "segments"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("a" * 152 + "€" + "a" * 152, 3),  # the euro sign does not fit into the last septet of the first part
        ("ñ" * 160, 1),
        ("á" * 70, 1),
        ("á" * 71, 2),
        ("🚨" * 35, 1),
        ("🚨" * 36, 2),
        ("á" * 66 + "🚨" + "á" * 66, 3),
    ],
)
def test_segments_are_counted_as_the_network_packs_them(body: str, segments: int) -> None:
    assert count(body) == segments
