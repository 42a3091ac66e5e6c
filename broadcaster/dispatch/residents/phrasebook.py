"""The residents' phrases in use, kept by a process: one look a second, however many people text or call."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from broadcaster.messages.book import Books
from broadcaster.messages.reception import phrases
from broadcaster.messages.volume import RESIDENTS
from broadcaster.store.alerting import wordings

LOOK_EVERY_S = 1.0
"""A version that was approved is spoken within this time."""


@dataclass
class Phrasebook:
    """Shared by the threads of a process; `strict` is live."""

    strict: bool
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _kept: Books | None = None
    _approvals: tuple[int, int] = (0, 0)
    _looked_at: float = 0.0

    def read(self, session: Session) -> Books:
        """The phrases, at most a second old; they are read again only when a version was approved."""
        with self._lock:
            moment = time.monotonic()
            if self._kept is None or moment - self._looked_at > LOOK_EVERY_S:
                approvals = wordings.approvals(session)
                if self._kept is None or approvals != self._approvals:
                    self._kept = wordings.books(session, RESIDENTS, strict=self.strict)
                    self._approvals = approvals
                self._looked_at = moment
            return self._kept

    @property
    def last(self) -> Books:
        """What was read last, for when the database is away; before that the shipped ones."""
        return self._kept or phrases(strict=self.strict)
