"""What the stories share: a released alert, senders that die, and the judgement by the carrier's own ledger."""

from __future__ import annotations

import hashlib
import os
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from sqlalchemy.engine import make_url

from broadcaster.dispatch.engine import Engine
from broadcaster.dispatch.sweep import keep
from broadcaster.dispatch.waves.drain import drain
from broadcaster.local.carrier import Running
from broadcaster.store.database import Sessions
from broadcaster.store.fanout import fanouts, tallies
from broadcaster.store.fanout.deliveries import Fanout
from tests.flow import warm
from tests.flow.warm import Forked

NOON = datetime(2026, 6, 18, 17, 15, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[2]


AT_WORK = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND xact_start IS NOT NULL AND pid <> pg_backend_pid()"
)
"""How many others are in the midst of a transaction."""


def until(true: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait for something to become true; AssertionError when it does not."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def sender(database_url: str, carrier: Running, folder: Path, failpoint: str = "", lane: str = "") -> Forked:
    """A sending process that dies at a fail point, or lives until its queue is empty; `lane` may be ``bulk``."""
    return child(failpoint, "tests.flow.sender_process", database_url, carrier.url, str(folder), lane)


def child(failpoint: str, module: str, *words: str) -> Forked:
    """A module of ours as a process of its own, which dies at a fail point by `kill -9`."""
    env = {**os.environ, "FAILPOINT": failpoint, "PYTHONPATH": str(ROOT)}
    with Path(os.devnull).open("r+b") as nothing:
        return warm.fork(env, module, words, (nothing, nothing, nothing))


def dies(process: Forked, database_url: str) -> None:
    """Wait until a process has died by `kill -9` and the database has seen it: until then its rows are locked, and
    whoever goes on passes them by."""
    assert process.wait(30) == -9
    with psycopg.connect(make_url(database_url).set(drivername="postgresql").render_as_string(False)) as here:
        here.autocommit = True
        until(lambda: here.execute(AT_WORK).fetchone() == (0,))


def finish(works: Engine, seconds: float = 60.0) -> None:
    """Sweep until every fan-out is done."""
    end = time.monotonic() + seconds
    while True:
        drain(works, "sms", seconds=1.0)
        keep(works)
        with works.sessions() as session:
            if not session.query(Fanout).filter(Fanout.channel == "sms", Fanout.state != "done").count():
                return
        assert time.monotonic() < end, "fan-outs are still open"
        time.sleep(0.1)


def texted(carrier: Running) -> Counter[str]:
    """How many texts each phone was sent, by the carrier's ledger."""
    return Counter(row["to"] for row in carrier.ledger()["messages"] if row["direction"] == "outbound-api")


def accepted(carrier: Running) -> int:
    """How many messages the carrier has taken."""
    return int(carrier.summary()["accepted"])


def sums_close(sessions: Sessions, revision: int, planned: int) -> tallies.Count:
    """The sum rule, the independent anti-join, and tallies equal to GROUP BY; returns the counts."""
    with sessions() as session:
        fanout = session.query(Fanout).filter_by(channel="sms", revision_id=revision).one()
        count = tallies.whole(session, fanout.id)
        assert fanout.state == "done"
        assert fanout.planned == planned == count.total
        assert count.of("sending", "unknown", "queued") == 0
        assert tallies.by_community(session, fanout.id) == tallies.truth(session, fanout.id)
        if fanout.ended_as == "running":
            assert fanouts.missed(session, fanout.id) == 0
        return count


def sha(text: str) -> str:
    """The hash under which a body was previewed and frozen."""
    return hashlib.sha256(f"\x00{text}\x00".encode()).hexdigest()
