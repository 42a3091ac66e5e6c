"""The books of a process: what is in flight, and a thread that writes down what came of it, beside the sending.

Outcomes of many waves share a transaction. When the database is away everything is kept and tried again; what is lost
with the process is found by its wave's lease.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy.exc import OperationalError

from broadcaster import logs
from broadcaster.dispatch.waves.window import Finished, OpenedWave, Window

log = logs.get(__name__)
AWAY_S = 0.2
MOST = 2000
"""Outcomes in one transaction."""
ENOUGH = 400
GATHER_S = 0.15
"""So long outcomes are gathered while others are in flight, or until there are enough: a slow carrier's few hundred
answers a second would otherwise make a transaction of every handful."""

Record = Callable[[Sequence[Finished], bool], object]
"""Writes outcomes down in one transaction; the flag says that an earlier try may have been committed."""
Judge = Callable[[Sequence[Finished]], object]
"""What follows from outcomes that are written down; never a reason to write them again, which would count them twice
towards the end of their waves and close those over rows that nobody would ask after."""


@dataclass(frozen=True, slots=True)
class _Stop:
    """Tells the thread to end."""


class Recorder:
    """Knows how many rows of each carrier are handed in and not yet written down."""

    def __init__(self, window: Window, record: Record, judge: Judge) -> None:
        self._window, self._record, self._judge = window, record, judge
        self._over: queue.SimpleQueue[list[Finished] | _Stop] = queue.SimpleQueue()
        self._pending: Counter[str] = Counter()
        self._flying: Counter[str] = Counter()
        self._changed = threading.Condition()
        self.recorded = 0
        """How many outcomes this process has written down."""
        window.tell(self._hear)
        self._thread = threading.Thread(target=self._run, name="recording", daemon=True)
        self._thread.start()

    def send(self, wave: OpenedWave) -> None:
        """Hand a wave to the window; returns at once."""
        if wave.rows:
            with self._changed:
                self._pending[wave.carrier] += len(wave.rows)
                self._flying[wave.carrier] += len(wave.rows)
            self._window.start(wave)

    def _hear(self, some: list[Finished]) -> None:
        """Outcomes from the loop; they are no longer in flight, and not written down yet."""
        with self._changed:
            self._flying.subtract(one.wave.carrier for one in some)
        self._over.put(some)

    def flying(self, carrier: str) -> int:
        """Rows handed in for a carrier that have not ended yet."""
        with self._changed:
            return self._flying[carrier]

    def pending(self, carriers: Iterable[str]) -> int:
        """Rows at these carriers whose outcome is not written down yet."""
        with self._changed:
            return sum(self._pending[carrier] for carrier in carriers)

    def behind(self, carrier: str) -> int:
        """Rows of a carrier that have ended and whose outcome is not written down yet."""
        with self._changed:
            return self._pending[carrier] - self._flying[carrier]

    def pause(self, seconds: float) -> None:
        """Until something was written down, at most `seconds`."""
        with self._changed:
            self._changed.wait(seconds)

    def wait(self, seconds: float = 15.0) -> bool:
        """Until nothing is in flight, at most `seconds` (a POST lasts at most 10 s); whether nothing is."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._pending.total(), seconds)

    def close(self) -> None:
        """Let the last outcomes be written down and end."""
        self.wait()
        self._over.put(_Stop())
        self._thread.join(5.0)

    def _run(self) -> None:
        while (some := self._next()) is not None:
            self._write(some)

    def _next(self) -> list[Finished] | None:
        """What has gathered, at least one outcome; None at the end."""
        found: list[Finished] = []
        until = 0.0
        while len(found) < MOST:
            try:
                more = self._over.get(timeout=self._patience(found, until)) if found else self._over.get()
            except queue.Empty:
                break
            if isinstance(more, _Stop):
                return None
            until = until or time.monotonic() + GATHER_S
            found += more
        return found

    def _patience(self, found: Sequence[Finished], until: float) -> float:
        """Seconds that it is worth waiting for more."""
        with self._changed:
            others = self._flying.total()
        return max(0.0, until - time.monotonic()) if others and len(found) < ENOUGH else 0.0

    def _look(self, some: Sequence[Finished]) -> None:
        try:
            self._judge(some)
        except Exception:
            log.exception("outcomes_not_judged", rows=len(some))

    def _write(self, some: Sequence[Finished]) -> None:
        """One transaction, again and again until the database takes it."""
        again = False
        while True:
            try:
                self._record(some, again)
            except OperationalError as error:
                log.warning("outcomes_not_recorded_yet", rows=len(some), error=str(error.orig)[:200])
                again = again or bool(error.connection_invalidated)
                time.sleep(AWAY_S)
                continue
            except Exception:  # left as they are: their waves' leases run out, and the carrier is asked
                log.exception("outcomes_not_recorded", rows=len(some))
                break
            self._look(some)
            break
        with self._changed:
            self._pending.subtract(one.wave.carrier for one in some)
            self.recorded += len(some)
            self._changed.notify_all()
