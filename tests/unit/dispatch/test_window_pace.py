"""When the sending loop hands on what has gathered, and how fast it believes a carrier to be."""

from __future__ import annotations

from random import Random

import pytest

from broadcaster.alert.delivery import Event
from broadcaster.channels.contract import Accepted, Outgoing
from broadcaster.dispatch import window as sending
from broadcaster.dispatch.window import Window
from tests.unit.dispatch.test_window import Clock, Scripted, events, send, wave


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
