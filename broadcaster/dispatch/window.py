"""The sending loop: one asyncio loop in a daemon thread, kept for the life of the process with its connections.

SQL stays in the caller's thread: waves go in, outcomes come out through a queue, and the window never has to empty.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections import Counter
from collections.abc import Coroutine, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeVar

from broadcaster import logs
from broadcaster.alert.delivery import Event
from broadcaster.channels.contract import Channel, Outgoing
from broadcaster.channels.errors import OptedOut, SendError
from broadcaster.dispatch.retry import pause
from broadcaster.store.outcomes import Outcome

log = logs.get(__name__)
Result = TypeVar("Result")
START_WITHIN_S = 1.0
"""What has not started 1.0 s (monotonic) after the claim began goes back to the queue, unsent."""


@dataclass(frozen=True, slots=True)
class OpenedWave:
    """A claimed wave with its rows opened: `born` is the monotonic second before its claim began."""

    id: int
    fanout_id: int
    channel: str
    born: float
    starts_in: float
    spread: float
    rows: Sequence[Outgoing]


@dataclass(frozen=True, slots=True)
class Finished:
    """The outcome of one row; `opted_out` tells the suppression list."""

    wave: OpenedWave
    outcome: Outcome
    opted_out: bool = False


@dataclass
class Window:
    """A bounded number of requests in flight per channel, shared by every drain of the process."""

    channels: Mapping[str, Channel]
    in_flight: int = 100
    dice: Random = field(default_factory=Random)

    def __post_init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._places: dict[str, asyncio.Semaphore] = {}
        self._thread = threading.Thread(target=self._loop.run_forever, name="sending", daemon=True)
        self._thread.start()

    def limit(self, channel: str) -> int:
        """How many requests of a channel may be in flight at once."""
        return min(self.in_flight, self.channels[channel].traits.in_flight)

    def start(self, wave: OpenedWave, done: queue.SimpleQueue[Finished]) -> None:
        """Begin to send a wave; returns at once, and every row's outcome goes into `done`."""
        self._loop.call_soon_threadsafe(lambda: self._loop.create_task(self._send_wave(wave, done)))

    def run(self, work: Coroutine[Any, Any, Result], timeout: float) -> Result:
        """Run something in the sending loop from another thread; TimeoutError after `timeout` seconds."""
        future: Future[Result] = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result(timeout)
        except TimeoutError:
            future.cancel()
            raise

    def close(self) -> None:
        """Close the channels and stop the loop."""
        for channel in self.channels.values():
            self.run(channel.close(), 5.0)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5.0)
        if not self._loop.is_running():
            self._loop.close()

    async def _send_wave(self, wave: OpenedWave, done: queue.SimpleQueue[Finished]) -> None:
        places = self._places.setdefault(wave.channel, asyncio.Semaphore(self.limit(wave.channel)))
        step = wave.spread / max(1, len(wave.rows))
        tasks = set()
        for no, row in enumerate(wave.rows):
            early = wave.born + wave.starts_in + no * step - time.monotonic()
            if early > 0.002:
                await asyncio.sleep(early)
            await places.acquire()
            task = self._loop.create_task(self._send(wave, row, places, done))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        if tasks:
            await asyncio.wait(tasks)

    async def _send(
        self, wave: OpenedWave, row: Outgoing, places: asyncio.Semaphore, done: queue.SimpleQueue[Finished]
    ) -> None:
        try:
            finished = await self._post(wave, row)
        finally:
            places.release()
        done.put(finished)

    async def _post(self, wave: OpenedWave, row: Outgoing) -> Finished:
        key = row.key
        if time.monotonic() - wave.born > START_WITHIN_S:
            return Finished(wave, Outcome(key.address, key.n, Event.NOT_SENT, "too_late_to_start"))
        try:
            accepted = await self.channels[wave.channel].send(row)
        except SendError as error:
            wait = pause(key.n, error.wait, self.dice) if error.event is not Event.REJECTED else 0.0
            outcome = Outcome(key.address, key.n, error.event, error.reason, wait=wait)
            return Finished(wave, outcome, isinstance(error, OptedOut))
        except Exception:
            log.exception("send_failed_unexpectedly", channel=wave.channel, delivery=str(key))
            return Finished(wave, Outcome(key.address, key.n, Event.AMBIGUOUS, "bug"))
        return Finished(wave, Outcome(key.address, key.n, Event.ACCEPTED, ref=accepted.ref))


@dataclass
class Flight:
    """One drain's rows in the window: what it started, and what has come back."""

    window: Window

    def __post_init__(self) -> None:
        self._done: queue.SimpleQueue[Finished] = queue.SimpleQueue()
        self._pending: Counter[str] = Counter()

    @property
    def pending(self) -> int:
        """Rows handed in whose outcome nobody has collected yet."""
        return self._pending.total()

    def free(self, channel: str) -> int:
        """How many more rows of a channel are worth claiming now: a tenth more than it can have in flight."""
        limit = self.window.limit(channel)
        return max(0, limit + limit // 10 - self._pending[channel])

    def start(self, wave: OpenedWave) -> None:
        """Begin to send a wave; returns at once."""
        if wave.rows:
            self._pending[wave.channel] += len(wave.rows)
            self.window.start(wave, self._done)

    def finished(self, wait: float) -> list[Finished]:
        """The outcomes since the last call; waits up to `wait` seconds for the first one."""
        found: list[Finished] = []
        try:
            found.append(self._done.get(timeout=wait) if wait > 0 else self._done.get_nowait())
            while True:
                found.append(self._done.get_nowait())
        except queue.Empty:
            self._pending.subtract(one.wave.channel for one in found)
            return found
