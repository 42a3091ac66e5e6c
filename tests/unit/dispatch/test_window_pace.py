"""When the sending loop hands on what has gathered, how fast it believes a carrier to be, and how much it gives it."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from broadcaster.alert.delivery import Event
from broadcaster.channels.contract import Accepted, Outgoing
from broadcaster.dispatch import window as sending
from broadcaster.dispatch.window import Window
from tests.unit.dispatch.test_window import TRAITS, Clock, Scripted, events, send, wave


@pytest.mark.parametrize(("passed", "rate"), [(0.2, 502.5), (0.1, 1000.0), (0.05, 1000.0)])
def test_the_rate_is_that_of_lately_and_the_last_sender_hands_on_at_once(
    passed: float, rate: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(0.0)

    async def slow(out: Outgoing) -> Accepted:
        clock.now += passed
        return Accepted("SM1")

    monkeypatch.setattr(sending, "FLUSH_S", 3600.0)
    window = Window({"twilio": Scripted(slow)}, in_flight=4, dice=Random(1), clock=clock)
    try:
        assert window.rate("twilio") == 1000.0
        assert events(send(window, wave(1, born=0.0))) == {(Event.ACCEPTED, ""): 1}
        assert window.rate("twilio") == pytest.approx(rate)
    finally:
        window.close()


@pytest.mark.parametrize(
    ("asked", "stands", "limit"), [(4, 16, 4), (50, 16, 16), ({"twilio": 7}, 16, 7), ({}, 1000, 100), ({}, 16, 16)]
)
def test_a_carrier_is_given_what_is_set_and_no_more_than_it_stands(
    asked: int | dict[str, int], stands: int, limit: int
) -> None:
    made = Window({"twilio": Scripted(traits=replace(TRAITS, in_flight=stands))}, in_flight=asked)
    assert made.limit("twilio") == made.places("twilio") == limit
    made.close()
