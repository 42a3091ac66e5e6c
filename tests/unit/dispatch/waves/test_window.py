"""The sending loop: each row once, not before its turn, not after its second, and every failure by its name."""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

import pytest

from broadcaster.alert.delivery import Event
from broadcaster.channels.contract import Accepted, Asked, Key, Outgoing, Seen, Traits, Unsupported
from broadcaster.channels.errors import Ambiguous, Misconfigured, NotSent, OptedOut, Rejected, Throttled
from broadcaster.dispatch.waves.window import FLUSH_ROWS, START_WITHIN_S, TICK_S, Finished, OpenedWave, Window, due
from broadcaster.messages.message import Message

Sending = Callable[[Outgoing], Awaitable[Accepted]]


async def take(out: Outgoing) -> Accepted:
    """A carrier that takes everything."""
    return Accepted(f"SM-{out.key}")


TRAITS = Traits(receipts=True, listing=False, segments=True, cancels=False)


@dataclass
class Scripted:
    """A channel that does what a test says, and remembers what it was given."""

    sending: Sending = take
    name: str = "sms"
    carrier: str = "twilio"
    traits: Traits = TRAITS
    given: list[int] = field(default_factory=list)
    closed: bool = False

    async def send(self, out: Outgoing) -> Accepted:
        self.given.append(out.key.address)
        return await self.sending(out)

    async def find(self, asked: Sequence[Asked]) -> list[Seen]:
        raise Unsupported

    async def close(self) -> None:
        self.closed = True


@dataclass
class Clock:
    """The monotonic clock, which moves when somebody says so."""

    now: float = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """The clock of the window."""
    return Clock()


@pytest.fixture
def channel() -> Scripted:
    """The only channel of the window."""
    return Scripted()


@pytest.fixture
def window(channel: Scripted, clock: Clock) -> Iterator[Window]:
    """A window of four places."""
    made = Window({"twilio": channel}, in_flight=4, dice=Random(1), clock=clock)
    yield made
    made.close()


def wave(rows: int, born: float = 100.0, starts_in: float = 0.0, spread: float = 0.0) -> OpenedWave:
    """A claimed wave to so many addresses."""
    outgoing = [
        Outgoing(Key(7, address, 1), f"+1413555{address:04}", Message("", "911 is down", ""), "proof", 600)
        for address in range(1, rows + 1)
    ]
    return OpenedWave(1, 7, "twilio", 1, born, starts_in, spread, outgoing)


def send(window: Window, sent: OpenedWave) -> list[Finished]:
    """All outcomes of a wave."""
    done: queue.SimpleQueue[list[Finished]] = queue.SimpleQueue()
    window.tell(done.put)
    window.start(sent)
    found: list[Finished] = []
    while len(found) < len(sent.rows):
        found += done.get(timeout=10)
    return found


def events(found: Sequence[Finished]) -> Counter[tuple[Event, str]]:
    return Counter((one.outcome.event, one.outcome.reason) for one in found)


def test_each_row_is_handed_over_once_with_its_reference(window: Window, channel: Scripted, clock: Clock) -> None:
    found = send(window, wave(10))
    assert Counter(channel.given) == Counter(range(1, 11))
    assert {one.outcome.ref for one in found} == {f"SM-7.{address}.1" for address in range(1, 11)}
    assert events(found) == {(Event.ACCEPTED, ""): 10}
    assert {one.wave.id for one in found} == {1}


# The second


def test_what_starts_later_than_its_second_is_not_sent(window: Window, channel: Scripted, clock: Clock) -> None:
    found = send(window, wave(3, born=clock.now - START_WITHIN_S - 0.001))
    assert events(found) == {(Event.NOT_SENT, "too_late_to_start"): 3}
    assert channel.given == []


def test_what_starts_in_its_last_moment_is_sent(window: Window, channel: Scripted, clock: Clock) -> None:
    assert events(send(window, wave(3, born=clock.now - START_WITHIN_S))) == {(Event.ACCEPTED, ""): 3}


def test_what_waited_too_long_for_a_place_goes_back(window: Window, channel: Scripted, clock: Clock) -> None:
    """Four places; the carrier takes more than a second for the first four."""
    together = asyncio.Barrier(4)

    async def slow(out: Outgoing) -> Accepted:
        await together.wait()
        clock.now = 101.5
        return Accepted("SM1")

    channel.sending = slow
    found = send(window, wave(6))
    assert events(found) == {(Event.ACCEPTED, ""): 4, (Event.NOT_SENT, "too_late_to_start"): 2}
    assert Counter(channel.given) == Counter([1, 2, 3, 4])


# rows, starts in, spread; the second that has passed since the claim began -> rows that may have started, next one in
DUE = [
    (4, 0.0, 0.0, 0.0, (4, 0.0)),
    (4, 0.3, 0.4, 0.0, (0, 0.295)),
    (4, 0.3, 0.4, 0.3, (1, 0.095)),
    (4, 0.3, 0.4, 0.39, (1, 0.005)),
    (4, 0.3, 0.4, 0.396, (2, 0.099)),
    (4, 0.3, 0.4, 0.6, (4, 0.0)),
    (4, 0.3, 0.4, 9.0, (4, 0.0)),
    (1, 0.0, 0.9, 0.0, (1, 0.0)),
    (0, 0.0, 0.0, 0.0, (0, 0.0)),
    (500, 0.0, 0.5, 0.0005, (6, 0.005)),
]


@pytest.mark.parametrize(("rows", "starts_in", "spread", "passed", "expected"), DUE)
def test_rows_are_spread_over_what_was_granted(
    rows: int, starts_in: float, spread: float, passed: float, expected: tuple[int, float]
) -> None:
    assert due(wave(rows, 100.0, starts_in, spread), 100.0 + passed) == (expected[0], pytest.approx(expected[1]))


def test_no_row_starts_before_its_turn(channel: Scripted) -> None:
    started: dict[int, float] = {}

    async def note(out: Outgoing) -> Accepted:
        started[out.key.address] = time.monotonic()
        return Accepted("SM1")

    channel.sending = note
    window, born = Window({"twilio": channel}, in_flight=4), time.monotonic()
    try:
        send(window, wave(4, born=born, starts_in=0.05, spread=0.2))
    finally:
        window.close()
    for no, address in enumerate(sorted(started)):
        assert started[address] >= born + 0.05 + no * 0.05 - TICK_S


def test_no_more_than_its_places_are_in_flight(window: Window, channel: Scripted, clock: Clock) -> None:
    """Also where a second wave comes while the first one fills them."""
    here, most = 0, 0

    async def count(out: Outgoing) -> Accepted:
        nonlocal here, most
        here += 1
        most = max(most, here)
        await asyncio.sleep(0)
        here -= 1
        return Accepted("SM1")

    channel.sending = count
    window.start(wave(50))
    send(window, wave(60))
    assert most == 4


# What came of it

WHAT = {
    "rejected": (Rejected("30006"), Event.REJECTED, "30006", (0.0, 0.0), False),
    "opted out": (OptedOut("21610"), Event.REJECTED, "21610", (0.0, 0.0), True),
    "throttled": (Throttled("20429", wait=7.0), Event.NOT_SENT, "20429", (7.0, 7.5), False),
    "throttled, no wait named": (Throttled("20429"), Event.NOT_SENT, "20429", (0.25, 0.5), False),
    "not sent": (NotSent("no_connection"), Event.NOT_SENT, "no_connection", (0.25, 0.5), False),
    "our account": (Misconfigured("20003", wait=30.0), Event.NOT_SENT, "20003", (30.0, 30.5), False),
    "nobody knows": (Ambiguous("timeout"), Event.AMBIGUOUS, "timeout", (0.25, 0.5), False),
    "a bug of ours": (ZeroDivisionError("+14135550001"), Event.AMBIGUOUS, "bug", (0.0, 0.0), False),
    "a bug of the system": (OSError("reset"), Event.AMBIGUOUS, "bug", (0.0, 0.0), False),
}


@pytest.mark.parametrize("name", WHAT)
def test_every_failure_has_its_event_its_reason_and_its_pause(
    window: Window, channel: Scripted, clock: Clock, name: str
) -> None:
    error, event, reason, (least, most), opted_out = WHAT[name]

    async def fail(out: Outgoing) -> Accepted:
        raise error

    channel.sending = fail
    (found,) = send(window, wave(1))
    assert (found.outcome.event, found.outcome.reason, found.opted_out) == (event, reason, opted_out)
    assert (found.outcome.ref, found.outcome.n) == (None, 1)
    assert least <= found.outcome.wait <= most
    assert found.blames is (event is not Event.REJECTED and not isinstance(error, Throttled))


def test_one_that_fails_keeps_no_other_back_and_gives_its_place_back(
    window: Window, channel: Scripted, clock: Clock
) -> None:
    async def odd_ones_fail(out: Outgoing) -> Accepted:
        if out.key.address % 2:
            raise ValueError("odd")
        return Accepted("SM1")

    channel.sending = odd_ones_fail
    assert events(send(window, wave(20))) == {(Event.ACCEPTED, ""): 10, (Event.AMBIGUOUS, "bug"): 10}
    channel.sending = take
    assert events(send(window, wave(20))) == {(Event.ACCEPTED, ""): 20}


# Around it


def test_outcomes_come_together(window: Window, clock: Clock) -> None:
    """A list for many of them: the thread that records is not woken for each."""
    told: queue.SimpleQueue[list[Finished]] = queue.SimpleQueue()
    window.tell(told.put)
    window.start(wave(FLUSH_ROWS + 1))
    assert len(told.get(timeout=10)) + len(told.get(timeout=10)) == FLUSH_ROWS + 1
    assert told.empty()


def test_a_carrier_that_asks_for_quiet_gets_it(window: Window, channel: Scripted, clock: Clock) -> None:
    """Half and more refused: nothing starts for as long as the carrier asked, and fewer at once after it."""

    async def full(out: Outgoing) -> Accepted:
        raise Throttled("20429", wait=0.05)

    channel.sending = full
    assert events(send(window, wave(8))) == {(Event.NOT_SENT, "20429"): 8}
    started: list[float] = []

    async def note(out: Outgoing) -> Accepted:
        started.append(clock.now)
        return Accepted("SM1")

    channel.sending = note
    threading.Timer(0.1, lambda: setattr(clock, "now", 100.2)).start()
    assert events(send(window, wave(3))) == {(Event.ACCEPTED, ""): 3}
    assert started == [100.2] * 3
    assert window.places("twilio") <= 4


def test_work_in_the_loop_is_bounded_in_time(window: Window) -> None:
    async def never() -> None:
        await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        window.run(never(), 0.01)


def test_closing_closes_the_channels_and_ends_the_loop(channel: Scripted) -> None:
    made = Window({"twilio": channel})
    made.close()
    assert channel.closed and made.loop.is_closed()
