"""Group commit: what waits is written together, and everybody who waited hears after the commit, never before."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from broadcaster import logs
from broadcaster.store.receipts import NewReceipt

log = logs.get(__name__)
MOST = 1000
"""Receipts in one INSERT."""
LONGEST_WAIT_S = 10.0
"""Twilio gives up on us after 15 s (twilio.md 5.2)."""


class NotKept(RuntimeError):
    """A receipt could not be made durable now: answer 503, the listing settles the rest."""


@dataclass(eq=False)
class _Batch:
    receipts: list[NewReceipt] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    kept: bool = False


class Batches:
    """A writer thread, started with the first receipt; `write` commits a batch, `written` hears how many it held."""

    def __init__(
        self, write: Callable[[Sequence[NewReceipt]], object], written: Callable[[], object], most: int = MOST
    ) -> None:
        self._write, self._written, self._most = write, written, most
        self._lock = threading.Condition()
        self._open: list[_Batch] = []
        self._thread: threading.Thread | None = None

    def keep(self, receipt: NewReceipt, wait: float = LONGEST_WAIT_S) -> None:
        """Return when the receipt is committed; NotKept when it is not within `wait` seconds."""
        batch = self._join(receipt)
        if not batch.over.wait(wait) or not batch.kept:
            raise NotKept("The receipt could not be written down: the database is away.")

    def _join(self, receipt: NewReceipt) -> _Batch:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="receipts", daemon=True)
                self._thread.start()
            if not self._open or len(self._open[-1].receipts) >= self._most:
                self._open.append(_Batch())
            batch = self._open[-1]
            batch.receipts.append(receipt)
            self._lock.notify()
            return batch

    def _run(self) -> None:
        while True:
            with self._lock:
                while not self._open:
                    self._lock.wait()
                batch = self._open.pop(0)
            self._settle(batch)

    def _settle(self, batch: _Batch) -> None:
        try:
            self._write(batch.receipts)
            batch.kept = True
        except Exception:
            log.exception("receipts_not_kept", waiting=len(batch.receipts))
        finally:
            batch.over.set()
        if batch.kept:
            self._written()
