"""The guarantee: without Celery and without Redis, everything released still goes out and comes to its end.

A plain supervised process, at least one per host: `keep` every SWEEP_EVERY seconds, and a drain of every lane that
nobody has served for a moment.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from broadcaster import logs
from broadcaster.dispatch.engine import CANARIES, QUEUES, Engine
from broadcaster.dispatch.waves.drain import drain
from broadcaster.dispatch.waves.followup import follow_up, look_again
from broadcaster.dispatch.waves.recall import recall
from broadcaster.store import database
from broadcaster.store.fanout import endings, fanouts, tallies
from broadcaster.store.timeline import ledger
from broadcaster.store.vitals import Heart

log = logs.get(__name__)
QUIET_S = 1.0
"""A queue with open work that has started no wave for so long is drained here."""


def keep(engine: Engine) -> None:
    """One round of housekeeping: leases, questions, expiry, endings, plans, folding."""
    follow_up(engine)
    look_again(engine)
    with engine.sessions.begin() as session:
        expired = endings.expire_overdue(session)
        for fanout in expired:
            log.warning("fanout_expired", fanout=fanout)
        _note(session, "expired", expired)
        endings.end_queued(session)
    with engine.sessions.begin() as session:
        endings.reopen_for_late(session)
        for fanout in fanouts.uncounted(session):
            fanouts.plan(session, fanout)
    with engine.sessions.begin() as session:
        finished = endings.finish(session)
        for fanout in finished:
            log.info("fanout_done", fanout=fanout, missed=fanouts.missed(session, fanout))
        _note(session, "ended", finished)
    with engine.sessions.begin() as session:
        tallies.fold(session)


_ALERTS = text(
    "SELECT a.public_id, array_agg(f.id ORDER BY f.id) AS fanouts FROM fanout f JOIN revision r ON r.id = f.revision_id"
    " JOIN alert a ON a.id = r.alert_id WHERE f.id = ANY(:ids) AND a.kind IN ('outage', 'test') GROUP BY 1 ORDER BY 1"
)


def _note(session: Session, what: str, ids: list[int]) -> None:
    """What the machine has decided of each alert, into the ledger."""
    for row in session.execute(_ALERTS, {"ids": ids}).all() if ids else ():
        ledger.append(session, "machine:sweep", what, f"alert:{row.public_id}", {"fanouts": list(row.fanouts)})


_IDLE = text(
    "SELECT EXISTS (SELECT 1 FROM lane l JOIN fanout f ON f.id = l.fanout_id WHERE l.state = 'open'"
    "   AND l.channel = ANY(:ch) AND f.expires_at > clock_timestamp()"
    " UNION ALL SELECT 1 FROM followup u JOIN fanout f ON f.id = u.fanout_id WHERE u.kind = 'retry'"
    "   AND u.due <= clock_timestamp() AND f.state = 'running' AND f.channel = ANY(:ch))"
    " AND NOT EXISTS (SELECT 1 FROM wave w JOIN fanout f ON f.id = w.fanout_id WHERE f.channel = ANY(:ch)"
    "   AND w.started_at > clock_timestamp() - make_interval(secs => :quiet))"
)


def nobody_serves(engine: Engine, queue: str, quiet: float = QUIET_S) -> bool:
    """Whether a queue has open work and no wave was started for it within `quiet` seconds."""
    served = [channel for channel in QUEUES[queue] if channel in engine.carriers_by_channel]
    with engine.sessions() as session:
        return bool(session.execute(_IDLE, {"ch": served, "quiet": quiet}).scalar_one())


@dataclass
class Sweep:
    """The process: a thread per duty, so that a long drain never delays the follow-ups.

    `duties` are further housekeeping by name (receipts, publishing), each in its own thread, every so many seconds.
    """

    engine: Engine
    every: float
    duties: Mapping[str, tuple[Callable[[], object], float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._heart = Heart(database.engine_of(self.engine.sessions))

    def start(self) -> None:
        """Begin; returns at once. Canaries are left to the workers: they are there to notice that these are gone."""
        for name in CANARIES:
            self.engine.carriers_by_channel.pop(name, None)
        self._repeat("keep", self._keep, self.every)
        for queue in QUEUES:
            self._repeat(f"drain-{queue}", lambda queue=queue: self._drain(queue), min(self.every, 0.5))  # type: ignore[misc]
        self._repeat("recall", lambda: recall(self.engine), self.every)
        for name, (duty, every) in self.duties.items():
            self._repeat(name, duty, every)

    def stop(self) -> None:
        """Finish what is in flight and end."""
        self._stop.set()
        for thread in self._threads:
            thread.join(30.0)
        self._heart.close()

    def wait(self) -> None:
        """Until `stop` is called from a signal."""
        self._stop.wait()

    def _repeat(self, name: str, duty: Callable[[], object], every: float) -> None:
        thread = threading.Thread(target=self._loop, args=(name, duty, every), name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _loop(self, name: str, duty: Callable[[], object], every: float) -> None:
        while not self._stop.is_set():
            began = time.monotonic()
            try:
                duty()
            except SQLAlchemyError as error:
                log.error("duty_failed", duty=name, error=str(error.__cause__ or error)[:300])
            except Exception:
                log.exception("duty_failed", duty=name)
            self._stop.wait(max(0.05, every - (time.monotonic() - began)))

    def _keep(self) -> None:
        keep(self.engine)
        self._heart.beat()

    def _drain(self, queue: str) -> None:
        if nobody_serves(self.engine, queue):
            log.info("sweep_drains", queue=queue)
            drain(self.engine, queue, go_on=lambda: not self._stop.is_set())
