"""This engine as the product runs it: its own processes, a release by two people, the bell; judged by the sink."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from sqlalchemy import text

from broadcaster import collector, tasks
from broadcaster.alert.alert import Area, Content
from broadcaster.alert.lifecycle import AlertKind, Tier
from broadcaster.dispatch import actions
from broadcaster.local import child
from broadcaster.local.child import Process
from broadcaster.local.installation import command
from broadcaster.store.alerting.alerts import Revision
from tests.bench import gauge
from tests.bench.gauge import Void
from tests.bench.sink import Stats
from tests.bench.stage import Audience, Stage
from tests.factories import content

SENDERS = 2
BELLS = ("urgent", "sms")
"""What the desk rings after an approval (broadcaster/web)."""
OVER = text("UPDATE alert SET state = 'closed', closed_at = clock_timestamp() WHERE kind = 'outage' AND state = 'open'")
STALLED_S = 30.0
"""Nothing new for so long, and the run is void."""
WARM_UP = 400
STARTING_S = 60.0


@dataclass(frozen=True, slots=True)
class Carrier:
    """How the sink behaves in a run, and how many requests all our senders together may have in flight."""

    tls: bool = False
    delay_ms: float = 0.0
    in_flight: int = 200

    @property
    def scheme(self) -> str:
        """Of its address."""
        return "https" if self.tls else "http"

    @property
    def name(self) -> str:
        """For the table."""
        pace = f"{self.delay_ms:g} ms, {self.in_flight} in flight" if self.delay_ms else "instant"
        return f"{self.scheme}, {pace}"


@dataclass(frozen=True, slots=True)
class Told:
    """One release, start to finish. Seconds are from the commit of the approval; `cores` is processor time a second."""

    rate: float
    first_s: float
    whole_s: float
    approve_s: float
    cores: float
    peak: int


@dataclass(frozen=True, slots=True)
class Approved:
    """A released revision: its fan-out of texts, when it was committed (Unix seconds), how long that took, and how
    long until the call that rings the bell had returned as well."""

    revision: int
    fanout: int
    at: float
    took_s: float
    rung_s: float


@dataclass
class Works:
    """Our processes on one audience; `sending` are the ids of those that send."""

    stage: Stage
    audience: Audience
    carrier: Carrier
    sending: list[int]

    def draft(self, words: Content | None = None, kind: AlertKind = AlertKind.OUTAGE) -> int:
        """A submitted revision that waits for its approval; returns its id. The outages before it are over: thirty at
        once over the whole state would each stand in the words of all."""
        house = self.audience.house
        with house.sessions.begin() as session:
            session.execute(OVER)
            revision = actions.new_alert(house.actor(session), kind, words or content())
            actions.submit(house.actor(session), revision)
            return revision.id

    def approve(self, revision: int, *bells: str) -> Approved:
        """The second person approves, and the bell is rung."""
        house = self.audience.house
        began = time.perf_counter()
        house.approve(revision)
        at, took = time.time(), time.perf_counter() - began
        tasks.ring(*(bells or BELLS))
        rung = time.perf_counter() - began
        with house.sessions() as session:
            query = text("SELECT id FROM fanout WHERE revision_id = :r AND channel = 'sms'")
            fanout = int(session.execute(query, {"r": revision}).scalar_one())
        return Approved(revision, fanout, at, took, rung)

    def hold(self, approved: Approved) -> None:
        """Stop a release where it is, and wait for what is in flight."""
        house = self.audience.house
        with house.sessions.begin() as session:
            actions.hold(house.actor(session), session.get_one(Revision, approved.revision), Tier.PUBLIC)
        until(self.quiet, "what was in flight never came back")

    def quiet(self) -> bool:
        """Whether every outcome is recorded, and the sweep has counted who was to be told."""
        query = text(
            "SELECT NOT EXISTS (SELECT 1 FROM wave WHERE closed_at IS NULL)"
            " AND NOT EXISTS (SELECT 1 FROM fanout WHERE planned IS NULL AND channel = 'sms')"
        )
        with self.audience.house.sessions() as session:
            return bool(session.execute(query).scalar_one())

    def release(self) -> Told:
        """Tell everybody once, and check that it was once."""
        many = self.audience.many
        revision = self.draft()
        self.stage.sink.reset(self.carrier.delay_ms)
        busy = gauge.cpu_seconds(self.sending)
        approved = self.approve(revision)
        stats = self.wait_for(many)
        done = self.recorded(approved.fanout, many)
        whole = done - approved.at
        return Told(
            rate=many / whole,
            first_s=stats.first - approved.at,
            whole_s=whole,
            approve_s=approved.took_s,
            cores=(gauge.cpu_seconds(self.sending) - busy) / whole,
            peak=stats.peak,
        )

    def wait_for(self, texts: int) -> Stats:
        """Until the sink has so many texts; Void when nothing comes any more, or when somebody was told twice."""
        seen, since = -1, time.monotonic()
        while True:
            stats = self.stage.sink.stats()
            if stats.texts >= texts:
                if not stats.each_once or stats.texts > texts:
                    raise Void(f"{stats.texts:,} texts reached {stats.distinct:,} of {texts:,} people")
                return stats
            if stats.texts != seen:
                seen, since = stats.texts, time.monotonic()
            if time.monotonic() - since > STALLED_S:
                raise Void(f"stalled at {seen:,} of {texts:,} texts: see {self.stage.folder / 'logs'}")
            time.sleep(0.05)

    def recorded(self, fanout: int, many: int) -> float:
        """Until every outcome is committed; returns when the last one was (Unix seconds). Void when any differs."""
        until = time.monotonic() + STALLED_S
        query = text(
            "SELECT count(*) FILTER (WHERE closed_at IS NULL), extract(epoch FROM max(closed_at))::float8"
            " FROM wave WHERE fanout_id = :f"
        )
        while True:
            with self.audience.house.sessions() as session:
                waiting, last = session.execute(query, {"f": fanout}).one()
            if not waiting:
                break
            if time.monotonic() > until:
                raise Void(f"{waiting} waves were never closed")
            time.sleep(0.02)
        states = self.states(fanout)
        if states != {"accepted": many}:
            raise Void(f"the rows say {states}, and {many:,} were told")
        return float(last)

    def states(self, fanout: int) -> dict[str, int]:
        """The rows of a fan-out, counted by state."""
        with self.audience.house.sessions() as session:
            query = text("SELECT state, count(*) FROM delivery WHERE fanout_id = :f GROUP BY state")
            return {row.state: row.count for row in session.execute(query, {"f": fanout})}

    def over(self, fanout: int) -> bool:
        """Whether the sweep has closed a fan-out: nothing of it is left to be done behind our back."""
        with self.audience.house.sessions() as session:
            query = text("SELECT state = 'done' FROM fanout WHERE id = :f")
            return bool(session.execute(query, {"f": fanout}).scalar_one())

    def warm_up(self) -> None:
        """A first small alert through every sending process: after it, connections are open and code is loaded."""
        some = self.some_people()
        for _ in range(2):
            revision = self.draft(replace(content(), area=Area(communities=tuple(some))))
            self.stage.sink.reset(self.carrier.delay_ms)
            approved = self.approve(revision, *BELLS, "sms")
            self.wait_for(sum(some.values()))
            until(lambda fanout=approved.fanout: self.over(fanout), "the first alert never ended")

    def some_people(self) -> dict[str, int]:
        """Small communities with about `WARM_UP` residents together, and how many live in each."""
        query = text("SELECT code, last_slot FROM community WHERE last_slot > 0 ORDER BY last_slot, code")
        found: dict[str, int] = {}
        with self.audience.house.sessions() as session:
            for row in session.execute(query):
                if not found or sum(found.values()) + row.last_slot <= WARM_UP:
                    found[row.code] = row.last_slot
        return found


def until(true: Callable[[], bool], otherwise: str, seconds: float = STARTING_S) -> None:
    """Wait for something to become true; Void when it does not."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise Void(otherwise)
        time.sleep(0.02)


@contextmanager
def at_work(stage: Stage, audience: Audience, carrier: Carrier, **more: str) -> Iterator[Works]:
    """The processes of one installation, warm, for as long as the block lasts: the sweep, and a worker per queue.

    `more` is added to their environment.
    """
    in_flight = str(carrier.in_flight // SENDERS)
    env = stage.environment(audience.url, tls=carrier.tls, SMS_IN_FLIGHT=in_flight, **more)
    stage.enter(env)
    started: list[Process] = []

    def start(*words: str) -> Process:
        process = child.spawn(command(*words), stage.log_of("-".join(words)), env)
        started.append(process)
        return process

    try:
        start("sweep")
        start("worker", "urgent")
        start("worker", "receipts", "housekeeping")
        senders = start("worker", "sms", "--concurrency", str(SENDERS))
        until(lambda: len(gauge.children(senders.pid)) >= SENDERS, "the workers never started")
        works = Works(stage, audience, carrier, [])
        works.warm_up()
        collector.rest_the_collector()  # this process approves: it is as the desk's is
        works.sending = gauge.children(senders.pid)
        yield works
    finally:
        for process in reversed(started):
            child.end(process, (signal.SIGTERM, 20.0))
