"""A whole wave in one request: whatever the carrier answers, what became of each row is asked after."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from random import Random

import pytest

from broadcaster.alert.delivery import Event
from broadcaster.channels.contract import START_BY, Asked, Operation, Outgoing, Progress, Told, Unsupported
from broadcaster.channels.errors import Ambiguous, Misconfigured, NotSent, Throttled, TooLate
from broadcaster.dispatch.waves.window import START_WITHIN_S, Window
from tests.unit.dispatch.waves.test_window import Clock, Scripted, events, send, wave

REF = "comms_operation_1"


@dataclass
class Lane:
    """A bulk lane that answers as a test says, and remembers what it was given, and until when it had to leave."""

    error: Exception | None = None
    carrier: str = "twilio"
    most_rows: int = 1000
    least_life_s: float = 120.0
    given: list[list[int]] = field(default_factory=list)
    start_by: list[float] = field(default_factory=list)
    closed: bool = False

    async def hand_over(self, rows: Sequence[Outgoing]) -> Operation:
        self.given.append([row.key.address for row in rows])
        self.start_by.append(START_BY.get())
        if self.error is not None:
            raise self.error
        return Operation(REF, Progress.PROCESSING, len(rows))

    async def operation(self, ref: str) -> Operation:
        raise Unsupported

    async def messages(self, ref: str, asked: Sequence[Asked]) -> list[Told]:
        raise Unsupported

    async def find(self, asked: Sequence[Asked]) -> list[Told]:
        raise Unsupported

    async def close(self) -> None:
        self.closed = True


@pytest.fixture
def clock() -> Clock:
    """The clock of the window."""
    return Clock()


@pytest.fixture
def channel() -> Scripted:
    """The way for each text by itself."""
    return Scripted()


@pytest.fixture
def lane() -> Lane:
    """The way for a wave."""
    return Lane()


@pytest.fixture
def window(channel: Scripted, lane: Lane, clock: Clock) -> Iterator[Window]:
    """A window with both."""
    made = Window({"twilio": channel}, in_flight=4, dice=Random(1), clock=clock, bulk=lane)
    yield made
    made.close()


ANSWERS = {
    # what is answered: event, reason, pause in seconds, whether the carrier is blamed, whether the lane rests
    "taken": (None, Event.AMBIGUOUS, "in_bulk", (1.0, 1.0), False, False),
    "throttled": (Throttled("20429", wait=7.0), Event.NOT_SENT, "bulk_20429", (7.0, 7.5), False, True),
    "no connection": (NotSent("no_connection"), Event.NOT_SENT, "bulk_no_connection", (0.25, 0.5), True, True),
    "our account": (Misconfigured("21212", wait=30.0), Event.NOT_SENT, "bulk_21212", (30.0, 30.5), True, True),
    "nobody knows": (Ambiguous("timeout"), Event.AMBIGUOUS, "bulk_timeout", (0.25, 0.5), True, True),
    "it missed its second": (TooLate("too_late"), Event.NOT_SENT, "too_late", (0.0, 0.0), False, False),
    "a bug of ours": (ZeroDivisionError("+14135550001"), Event.AMBIGUOUS, "bug", (1.0, 1.0), False, False),
}


@pytest.mark.parametrize("what", ANSWERS)
def test_every_answer_has_its_event_its_reason_and_its_pause(
    what: str, window: Window, channel: Scripted, lane: Lane, clock: Clock
) -> None:
    error, event, reason, (least, most), blamed, rests = ANSWERS[what]
    lane.error = error
    found = send(window, replace(wave(5), bulk=True))
    assert [one.outcome.address_id for one in found] == [1, 2, 3, 4, 5]
    assert (events(found), lane.given, channel.given) == ({(event, reason): 5}, [[1, 2, 3, 4, 5]], [])
    assert {(one.outcome.ref, one.outcome.n, one.outcome.wave_id) for one in found} == {(None, 1, 1)}
    assert least <= min(one.outcome.wait for one in found) <= max(one.outcome.wait for one in found) <= most
    assert [one.operation for one in found] == ["" if error else REF, "", "", "", ""]
    assert [one.blames for one in found] == [blamed, False, False, False, False], "one request, one failure"
    assert window.bulk_is_on is not rests


def test_a_wave_leaves_within_the_second_of_its_claim_or_not_at_all(window: Window, lane: Lane) -> None:
    send(window, replace(wave(2), bulk=True))
    assert lane.start_by == [100.0 + START_WITHIN_S]


@pytest.mark.parametrize(("passed", "on"), [(0.0, False), (59.9, False), (60.0, False), (60.1, True)])
def test_after_a_refusal_texts_go_one_by_one_for_a_minute(
    passed: float, on: bool, window: Window, lane: Lane, clock: Clock
) -> None:
    assert window.bulk_is_on
    lane.error = Throttled("20429")
    send(window, replace(wave(1), bulk=True))
    clock.now += passed
    assert window.bulk_is_on is on


def test_a_wave_that_is_none_of_bulks_goes_one_by_one(window: Window, channel: Scripted, lane: Lane) -> None:
    assert events(send(window, wave(3))) == {(Event.ACCEPTED, ""): 3}
    assert (sorted(channel.given), lane.given) == ([1, 2, 3], [])


def test_without_the_lane_a_wave_goes_one_by_one(channel: Scripted, clock: Clock) -> None:
    made = Window({"twilio": channel}, in_flight=4, clock=clock)
    assert not made.bulk_is_on
    assert events(send(made, replace(wave(3), bulk=True))) == {(Event.ACCEPTED, ""): 3}
    made.close()


def test_closing_closes_the_lane_too(channel: Scripted, lane: Lane) -> None:
    made = Window({"twilio": channel}, bulk=lane)
    made.close()
    assert (channel.closed, lane.closed, made.loop.is_closed()) == (True, True, True)
