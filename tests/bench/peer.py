"""The rows of the naive peer, beside which this engine is put."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
import redis
from sqlalchemy import make_url

from broadcaster.local import child
from tests.bench import ceiling, gauge
from tests.bench.gauge import Void
from tests.bench.ours import STALLED_S, until
from tests.bench.people import phone
from tests.bench.plan import Plan
from tests.bench.sink import ROOT
from tests.bench.stage import Stage
from tests.bench.table import Row, Table
from tests.factories import SENDER, SID, TOKEN

WORKERS = 2
LEAST = 150.0
"""A peer slower than this is no peer: something is wrong with the run, and every ratio to it is void."""
WARM_UP = 40
SLOW_MOST = 500


@dataclass(frozen=True, slots=True)
class Told:
    """One release of the peer; seconds from the press of the button."""

    rate: float
    first_s: float
    memory_mb: float


@dataclass
class Peer:
    """Its processes: the one whose button is pressed, and the workers."""

    stage: Stage
    url: str
    desk: subprocess.Popen[str]
    workers: list[int]

    def release(self, many: int, delay_ms: float = 0.0) -> Told:
        """Tell so many people, and check that each was told once."""
        self.stage.sink.reset(delay_ms)
        ceiling.say(self.desk, json.dumps({"phones": [phone(no) for no in range(many)]}))
        said = json.loads(ceiling.hear(self.desk))
        last = self._sent(said["alert"], many)
        stats = self.stage.sink.stats()
        if not stats.each_once or stats.texts != many:
            raise Void(f"{stats.texts:,} texts reached {stats.distinct:,} of {many:,} people")
        memory = max((gauge.rss_mb(pid, most=True) for pid in self.workers), default=0.0)
        return Told(many / (last - said["pressed"]), stats.first - said["pressed"], memory)

    def _sent(self, alert: int, many: int) -> float:
        """Until every row says so; returns when the last one did (Unix seconds)."""
        plain = make_url(self.url).set(drivername="postgresql").render_as_string(hide_password=False)
        query = (
            "SELECT count(*) FILTER (WHERE status = 'sent'), extract(epoch FROM max(updated_at))::float8"
            " FROM message WHERE alert_id = %s"
        )
        seen, since = -1, time.monotonic()
        with psycopg.connect(plain, autocommit=True) as db:
            while True:
                sent, last = db.execute(query, (alert,)).fetchone() or (0, 0.0)
                if sent == many:
                    return float(last)
                if sent != seen:
                    seen, since = sent, time.monotonic()
                if time.monotonic() - since > STALLED_S:
                    raise Void(f"the peer stalled at {seen:,} of {many:,}")
                time.sleep(0.25)


@contextmanager
def at_work(stage: Stage, tls: bool = False) -> Iterator[Peer]:
    """The peer on an empty database, warm."""
    url = stage.new_database("naive", pattern="template1")
    env = {
        **stage.environment(url, tls=tls),
        "NAIVE_DATABASE_URL": url,
        "NAIVE_BROKER_URL": stage.redis_url,
        "NAIVE_URL": stage.sink.url(tls),
        "NAIVE_SID": SID,
        "NAIVE_TOKEN": TOKEN,
        "NAIVE_FROM": SENDER,
    }
    with redis.Redis.from_url(stage.redis_url) as broker:
        broker.flushall()
    argv = [sys.executable, "-m", "tests.bench.naive.run"]
    desk = subprocess.Popen(argv, env=env, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    ceiling.hear(desk)
    celery = [sys.executable, "-m", "celery", "-A", "tests.bench.naive.tasks", "worker"]
    celery += ["--concurrency", str(WORKERS), "--loglevel", "WARNING", "--without-gossip", "--without-mingle"]
    worker = child.spawn(celery, stage.log_of("naive"), env)
    try:
        until(lambda: len(gauge.children(worker.pid)) >= WORKERS, "the peer's workers never started")
        Peer(stage, url, desk, []).release(WARM_UP)
        yield Peer(stage, url, desk, gauge.children(worker.pid))
    finally:
        child.end(worker, (signal.SIGTERM, 20.0))
        desk.kill()
        desk.communicate()


def measure(stage: Stage, table: Table, plan: Plan) -> None:
    """Every size over HTTP, the smallest over TLS too, and a few with slow answers."""
    least = min(plan.peers)
    for scheme in plan.schemes:
        sizes = plan.peers if scheme == "http" else (least,)
        what = f"naive peer, {scheme}"
        table.trying(
            f"peer/{scheme}", what, lambda sizes=sizes, scheme=scheme: _fast(stage, table, plan, sizes, scheme)
        )
    if plan.slow_ms:
        table.trying("peer/slow", "naive peer, slow answers", lambda: _slow(stage, table, plan, min(SLOW_MOST, least)))


def _fast(stage: Stage, table: Table, plan: Plan, sizes: Sequence[int], scheme: str) -> None:
    with at_work(stage, scheme == "https") as peer:
        for size in sizes:
            told = [peer.release(size) for _ in range(plan.rounds)]
            key, what = f"{size}/{scheme}", f"naive peer, {size:,}, {scheme}, instant"
            row = Row(f"peer/{key}", what, "/s", [one.rate for one in told], note=f"a task each, {WORKERS} workers")
            if row.value < LEAST and not plan.quick and scheme == "http":
                table.void(row.key, what, f"{row.value:.0f}/s is under {LEAST:.0f}/s: something is wrong with this run")
                continue
            table.add(row)
            first = [one.first_s * 1e3 for one in told]
            table.add(Row(f"peer/first/{key}", f"  first text after the click, {what}", "ms", first))
            table.add(Row(f"peer/memory/{key}", f"  a worker's memory, {what}", "MB", [told[-1].memory_mb]))


def _slow(stage: Stage, table: Table, plan: Plan, size: int) -> None:
    with at_work(stage) as peer:
        rates = [peer.release(size, plan.slow_ms).rate for _ in range(plan.rounds)]
    table.add(Row("peer/slow", f"naive peer, {size:,}, http, {plan.slow_ms:g} ms", "/s", rates))
