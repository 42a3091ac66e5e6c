"""When the sending loop hands on what has gathered, how fast it believes a carrier to be, and how much it gives it."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from broadcaster.alert.delivery import Event
from broadcaster.channels.contract import START_BY, Accepted, Outgoing
from broadcaster.dispatch.waves import window as sending
from broadcaster.dispatch.waves.window import FLUSH_ROWS, START_WITHIN_S, Window
from tests.flow.story import until
from tests.unit.dispatch.waves.test_window import TRAITS, Clock, Scripted, events, send, wave


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


def test_a_text_must_leave_within_the_second_of_its_claim() -> None:
    """Whatever its place in that second: the door looks at it when the connection is in hand."""
    seen: list[float] = []

    async def look(out: Outgoing) -> Accepted:
        seen.append(START_BY.get())
        return Accepted("SM1")

    window = Window({"twilio": Scripted(look)}, in_flight=4, clock=Clock(100.5))
    send(window, wave(2, born=100.0))
    window.close()
    assert seen == [100.0 + START_WITHIN_S] * 2


def test_nobody_hears_of_nothing() -> None:
    """As many as go together, and then the last sender finds that there are no more."""
    told: list[int] = []
    window = Window({"twilio": Scripted()}, in_flight=4, clock=Clock())
    window.tell(lambda some: told.append(len(some)))
    window.start(wave(FLUSH_ROWS))
    until(lambda: sum(told) == FLUSH_ROWS)
    window.close()
    assert all(told)


@pytest.mark.parametrize(
    ("asked", "stands", "limit"), [(4, 16, 4), (50, 16, 16), ({"twilio": 7}, 16, 7), ({}, 1000, 100), ({}, 16, 16)]
)
def test_a_carrier_is_given_what_is_set_and_no_more_than_it_stands(
    asked: int | dict[str, int], stands: int, limit: int
) -> None:
    made = Window({"twilio": Scripted(traits=replace(TRAITS, in_flight=stands))}, in_flight=asked)
    assert made.limit("twilio") == made.places("twilio") == limit
    made.close()
