"""Group commit on one event loop: what waits is written together, and each who waited hears after the commit.

Several batches are under way at once: one is being committed while the next collects. Where more comes than the
database takes, it is refused at once; nobody is left hanging until the carrier gives up.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from broadcaster import logs
from broadcaster.store.fanout.receipts import NewReceipt

log = logs.get(__name__)
MOST = 1000
"""Receipts in one INSERT."""
MOST_WAITING = 20_000
"""Receipts that wait at most, about 2 s of work and 40 MB; the next one is refused at once."""
WRITERS = 2
LINGER_S = 0.002
"""A batch collects for so long before a writer takes it: a commit costs as much as 40 rows."""
LONGEST_WAIT_S = 5.0
"""Twilio gives up 15 s after the first of its tries (connection overrides): a refusal must leave room for another."""
LOOK_EVERY_S = 0.25
BREATHER_S = 0.2
"""A writer whose database is away tries again so much later, with whatever waits then."""


class NotKept(RuntimeError):
    """A receipt could not be made durable now: answer 503, the carrier comes again or the listing settles the rest."""


class _Waiting:
    """A receipt, when it must be answered at the latest (the loop's clock), and who hears of it."""

    __slots__ = ("heard", "receipt", "until")

    def __init__(self, receipt: NewReceipt, until: float, heard: asyncio.Future[None]) -> None:
        self.receipt, self.until, self.heard = receipt, until, heard

    def refuse(self, why: str) -> None:
        """Whoever waits reads NotKept, unless the answer is given already."""
        if not self.heard.done():
            self.heard.set_exception(NotKept(why))


class Batches:
    """The queue in front of the database; `write` commits a batch in a thread, `written` is rung after each.

    Belongs to the event loop that first keeps something.
    """

    def __init__(
        self,
        write: Callable[[Sequence[NewReceipt]], object],
        written: Callable[[], object],
        most_waiting: int = MOST_WAITING,
        longest_wait: float = LONGEST_WAIT_S,
    ) -> None:
        self._write, self._written = write, written
        self._most_waiting, self._longest_wait = most_waiting, longest_wait
        self._open: deque[_Waiting] = deque()
        self._writing: list[list[_Waiting]] = []
        self._idle = WRITERS
        self._pool = ThreadPoolExecutor(WRITERS, thread_name_prefix="receipts")
        self._starting: asyncio.TimerHandle | None = None
        self._looking = False

    async def keep(self, receipt: NewReceipt) -> None:
        """Return when the receipt is committed; NotKept at once when too many wait, or when it lasts too long."""
        if len(self._open) >= self._most_waiting:
            raise NotKept("More receipts come than can be written down.")
        loop = asyncio.get_running_loop()
        waiting = _Waiting(receipt, loop.time() + self._longest_wait, loop.create_future())
        self._open.append(waiting)
        if self._idle and self._starting is None:
            self._starting = loop.call_later(LINGER_S, self._start)
        if not self._looking:
            self._looking = True
            loop.call_later(LOOK_EVERY_S, self._look)
        await waiting.heard

    def _start(self) -> None:
        """Hand what waits to the idle writers."""
        self._starting = None
        while self._open and self._idle:
            self._idle -= 1
            batch = [self._open.popleft() for _ in range(min(MOST, len(self._open)))]
            self._writing.append(batch)
            work = asyncio.get_running_loop().run_in_executor(self._pool, self._write, [one.receipt for one in batch])
            work.add_done_callback(lambda done, batch=batch: self._settle(batch, done))  # type: ignore[misc]

    def _settle(self, batch: list[_Waiting], done: asyncio.Future[object]) -> None:
        self._writing.remove(batch)
        error = done.exception()
        if error is None:
            for one in batch:
                if not one.heard.done():
                    one.heard.set_result(None)
            self._written()
            self._free()
            return
        log.error("receipts_not_kept", waiting=len(batch), error=str(error)[:300])
        for one in batch:
            one.refuse("The receipt could not be written down: the database is away.")
        asyncio.get_running_loop().call_later(BREATHER_S, self._free)

    def _free(self) -> None:
        self._idle += 1
        self._start()

    def _look(self) -> None:
        """Refuse whoever has waited too long, also behind a writer that hangs; look again while anybody waits."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        while self._open and self._open[0].until <= now:
            self._open.popleft().refuse("The receipt waited too long.")
        for batch in self._writing:
            if batch[0].until <= now:
                for one in batch:
                    one.refuse("The receipt waits for a database that does not answer.")
        self._looking = bool(self._open or self._writing)
        if self._looking:
            loop.call_later(LOOK_EVERY_S, self._look)
