"""The sending loop: one event loop in a daemon thread, kept for the life of the process with its connections.

SQL stays in other threads: waves go in, outcomes come out in lists, and the window never has to empty.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeVar

import uvloop

from broadcaster import logs
from broadcaster.alert.delivery import Event, StatusItem
from broadcaster.channels.contract import START_BY, Bulk, Channel, Outgoing
from broadcaster.channels.errors import OptedOut, SendError, Throttled, TooLate
from broadcaster.dispatch.waves.pressure import Pressure
from broadcaster.dispatch.waves.retry import pause
from broadcaster.store.fanout.outcomes import Outcome

log = logs.get(__name__)
Result = TypeVar("Result")
START_WITHIN_S = 1.0
"""What has not started 1.0 s (monotonic) after the claim began goes back to the queue, unsent."""
FLUSH_S = 0.05
FLUSH_ROWS = 500
"""Outcomes are handed on every 50 ms, or when so many have gathered."""
BULK_ASK_S = 1.0
"""A wave that was taken in one request is asked after a second later."""
BULK_REST_S = 60.0
FIRST_RATE = 1000.0
"""Rows a second that a carrier is thought to take before it has shown what it takes."""
TICK_S = 0.005
"""Rows that are due within 5 ms of each other start together."""


@dataclass(frozen=True, slots=True)
class OpenedWave:
    """A claimed wave with its rows opened: `born` is the monotonic second before its claim began."""

    id: int
    fanout_id: int
    carrier: str
    sender_id: int
    born: float
    starts_in: float
    spread: float
    rows: Sequence[Outgoing]
    probe: bool = False
    bulk: bool = False


@dataclass(slots=True)
class Finished:
    """The outcome of one row; `opted_out` tells the suppression list, `blames` the carrier's circuit, `operation` is
    the carrier's reference of the whole wave, with its first row, `items` its word for each of its own channels."""

    wave: OpenedWave
    outcome: Outcome
    opted_out: bool = False
    blames: bool = False
    operation: str = ""
    items: tuple[StatusItem, ...] = ()


Heard = Callable[[list[Finished]], object]


def due(wave: OpenedWave, now: float) -> tuple[int, float]:
    """How many of a wave's rows may have started at a monotonic second, and in how many seconds the next one may."""
    step = wave.spread / max(1, len(wave.rows))
    passed = now + TICK_S - wave.born - wave.starts_in
    if passed < 0:
        return 0, -passed
    if step * (len(wave.rows) - 1) <= passed:
        return len(wave.rows), 0.0
    count = int(passed / step) + 1
    return count, max(TICK_S, count * step - passed)


class Mouth:
    """One carrier's share of the window, inside the loop: rows that are due, and those who send them."""

    def __init__(self, window: Window, channel: Channel, most: int) -> None:
        self._window, self._channel = window, channel
        self.pressure = Pressure(most)
        self._due: deque[tuple[OpenedWave, Outgoing]] = deque()
        self._senders: set[asyncio.Task[None]] = set()
        self._quiet_until = 0.0
        self.rate = FIRST_RATE
        self._counted, self._since = 0, window.clock()

    def take(self, wave: OpenedWave) -> None:
        """Start a wave's rows, each at its place in the granted second."""
        self._release(wave, 0)

    def _release(self, wave: OpenedWave, no: int) -> None:
        """Make due what may start now, and come back for the rest."""
        until, pause = due(wave, self._window.clock())
        self._due.extend([(wave, row) for row in wave.rows[no:until]])
        if until < len(wave.rows):
            self._window.loop.call_later(pause, self._release, wave, max(no, until))
        self._pump()

    def _pump(self) -> None:
        """As many senders as rows are due, and never more than the carrier stands."""
        for _ in range(min(len(self._due), self.pressure.places - len(self._senders))):
            task = self._window.loop.create_task(self._work())
            self._senders.add(task)
            task.add_done_callback(self._senders.discard)

    async def _work(self) -> None:
        """Send one row after the other, until none is due or there are too many of us."""
        while self._due and len(self._senders) <= self.pressure.places:
            if (early := self._quiet_until - self._window.clock()) > 0:
                await asyncio.sleep(early)
                continue
            wave, row = self._due.popleft()
            self._window.hand_on(await self._post(wave, row))
            self._count()
        if len(self._senders) <= 1:  # the last one: nobody brings more outcomes soon
            self._window.flush()

    def _count(self) -> None:
        """Rows a second, as they have ended lately: what is worth claiming ahead follows from it."""
        self._counted += 1
        if (passed := self._window.clock() - self._since) > 0.1:
            self.rate = 0.5 * self.rate + 0.5 * self._counted / passed
            self._counted, self._since = 0, self._window.clock()

    async def _post(self, wave: OpenedWave, row: Outgoing) -> Finished:
        key = row.key
        if self._window.clock() - wave.born > START_WITHIN_S:
            return Finished(wave, Outcome(key.address, key.n, Event.NOT_SENT, "too_late_to_start", wave_id=wave.id))
        START_BY.set(wave.born + START_WITHIN_S)
        try:
            accepted = await self._channel.send(row)
        except SendError as error:
            return self._failed(wave, row, error)
        except Exception:
            log.exception("send_failed_unexpectedly", carrier=wave.carrier, delivery=str(key))
            return Finished(wave, Outcome(key.address, key.n, Event.AMBIGUOUS, "bug", wave_id=wave.id), blames=True)
        self.pressure.heard(False)
        outcome = Outcome(key.address, key.n, Event.ACCEPTED, "", accepted.ref, wave_id=wave.id)
        return Finished(wave, outcome, items=accepted.items)

    def _failed(self, wave: OpenedWave, row: Outgoing, error: SendError) -> Finished:
        throttled = isinstance(error, Throttled)
        if quiet := self.pressure.heard(throttled, error.wait):
            self._quiet_until = self._window.clock() + quiet
            log.warning("carrier_asks_for_quiet", carrier=wave.carrier, seconds=quiet, places=self.pressure.places)
        wait = pause(row.key.n, error.wait, self._window.dice) if error.event is not Event.REJECTED else 0.0
        outcome = Outcome(row.key.address, row.key.n, error.event, error.reason, wait=wait, wave_id=wave.id)
        return Finished(wave, outcome, isinstance(error, OptedOut), error.blames_carrier, items=error.items)


@dataclass
class Window:
    """A bounded number of requests in flight per carrier, shared by every drain of the process.

    `carriers` are the ways out by the carrier's name; `in_flight` bounds each beside its own traits.
    """

    carriers: Mapping[str, Channel]
    in_flight: Mapping[str, int] | int = 100
    dice: Random = field(default_factory=Random)
    clock: Callable[[], float] = time.monotonic
    bulk: Bulk | None = None

    def __post_init__(self) -> None:
        self.loop = uvloop.new_event_loop()
        self.bulk_refused_at = -BULK_REST_S
        self._heard: Heard | None = None
        self._over: list[Finished] = []
        self._flushing: asyncio.TimerHandle | None = None
        self._mouths = {name: Mouth(self, way, self.limit(name)) for name, way in self.carriers.items()}
        self._thread = threading.Thread(target=self.loop.run_forever, name="sending", daemon=True)
        self._thread.start()

    def limit(self, carrier: str) -> int:
        """How many requests to a carrier may be in flight at once."""
        asked = self.in_flight if isinstance(self.in_flight, int) else self.in_flight.get(carrier, 100)
        return min(asked, self.carriers[carrier].traits.in_flight)

    def rate(self, carrier: str) -> float:
        """Rows a second that have lately ended at a carrier."""
        return self._mouths[carrier].rate

    def places(self, carrier: str) -> int:
        """How many requests the carrier stands now."""
        return self._mouths[carrier].pressure.places

    def tell(self, heard: Heard) -> None:
        """Who hears of outcomes, called inside the loop with lists; it must return at once."""
        self._heard = heard

    def start(self, wave: OpenedWave) -> None:
        """Begin to send a wave; returns at once, and every row's outcome is handed on."""
        if wave.bulk and self.bulk is not None:
            asyncio.run_coroutine_threadsafe(self._hand_over(self.bulk, wave), self.loop)
        else:
            self.loop.call_soon_threadsafe(self._mouths[wave.carrier].take, wave)

    async def _hand_over(self, bulk: Bulk, wave: OpenedWave) -> None:
        """A whole wave in one request; what the carrier makes of each row is asked after, whatever it answered."""
        outcomes = [Outcome(row.key.address, row.key.n, Event.AMBIGUOUS, wave_id=wave.id) for row in wave.rows]
        first = Finished(wave, outcomes[0])
        event, why, wait = Event.AMBIGUOUS, "in_bulk", BULK_ASK_S
        try:
            START_BY.set(wave.born + START_WITHIN_S)
            first.operation = (await bulk.hand_over(wave.rows)).ref
        except TooLate as error:
            event, why, wait = error.event, error.reason, 0.0
        except SendError as error:
            log.warning("bulk_not_taken", carrier=wave.carrier, reason=error.reason, rows=len(wave.rows))
            event, why, wait = error.event, f"bulk_{error.reason}", pause(1, error.wait, self.dice)
            first.blames, self.bulk_refused_at = error.blames_carrier, self.clock()
        except Exception:
            log.exception("bulk_failed_unexpectedly", carrier=wave.carrier, wave=wave.id)
            why = "bug"
        for outcome in outcomes:
            outcome.event, outcome.reason, outcome.wait = event, why, wait
        for one in [first, *(Finished(wave, outcome) for outcome in outcomes[1:])]:
            self.hand_on(one)

    @property
    def bulk_is_on(self) -> bool:
        """Whether waves may go in one request now: after a refusal texts go one by one for a minute."""
        return self.bulk is not None and self.clock() - self.bulk_refused_at > BULK_REST_S

    def hand_on(self, finished: Finished) -> None:
        """An outcome, inside the loop; several go together."""
        self._over.append(finished)
        if len(self._over) >= FLUSH_ROWS:
            self.flush()
        elif self._flushing is None:
            self._flushing = self.loop.call_later(FLUSH_S, self.flush)

    def flush(self) -> None:
        """Hand on what has gathered, inside the loop."""
        if self._flushing is not None:
            self._flushing.cancel()
            self._flushing = None
        over, self._over = self._over, []
        if over and self._heard is not None:
            self._heard(over)

    def run(self, work: Coroutine[Any, Any, Result], timeout: float) -> Result:
        """Run something in the sending loop from another thread; TimeoutError after `timeout` seconds."""
        future: Future[Result] = asyncio.run_coroutine_threadsafe(work, self.loop)
        try:
            return future.result(timeout)
        except TimeoutError:
            future.cancel()
            raise

    def close(self) -> None:
        """Close the carriers' connections and stop the loop."""
        for channel in self.carriers.values():
            self.run(channel.close(), 5.0)
        if self.bulk is not None:
            self.run(self.bulk.close(), 5.0)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(5.0)
        if not self.loop.is_running():
            self.loop.close()
