"""How soon: the approve click, the first text, a more urgent alert in a backlog, and all of it without Redis."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from sqlalchemy import text

from broadcaster.alert.alert import Area
from broadcaster.alert.lifecycle import AlertKind
from tests.bench import ours
from tests.bench.gauge import Void, quantile
from tests.bench.ours import Approved, Carrier, Works
from tests.bench.plan import Plan
from tests.bench.stage import Stage
from tests.bench.table import Goal, Row, Table, at_most
from tests.factories import content

FIRST_MS, APPROVE_MS, FROZEN_MS, URGENT_MS = 100.0, 300.0, 500.0, 500.0
FROZEN_RELEASES = 10
URGENT_RELEASES = 10
REST_S = 0.2


def measure(stage: Stage, table: Table, plan: Plan) -> None:
    """Every size; the backlog is the largest one."""
    for size in plan.latencies:
        table.trying(f"latency/{size}", f"latency, {size:,}", lambda size=size: _size(stage, table, plan, size))
    for what in ("first", "approve"):
        least, most = (f"latency/{what}/{size}/p99" for size in (plan.latencies[0], plan.latencies[-1]))
        if least != most:
            table.compare(most, least, f"the same at {plan.latencies[0]:,}")


def _size(stage: Stage, table: Table, plan: Plan, size: int) -> None:
    with stage.audience(size) as audience, ours.at_work(stage, audience, Carrier()) as works:
        releases = [_first(works) for _ in range(plan.releases)]
        _rows(table, f"first/{size}", f"first text after the approval, {size:,}", [r[1] for r in releases], FIRST_MS)
        took = [approved.took_s for approved, _ in releases]
        _rows(table, f"approve/{size}", f"the approve transaction, {size:,}", took, APPROVE_MS)
        if size == plan.latencies[-1]:
            _backlog(works, table, plan)
        with frozen(stage.valkey_pid):
            cold = [_first(works) for _ in range(min(FROZEN_RELEASES, plan.releases))]
        rung = [approved.rung_s for approved, _ in cold]
        _rows(table, f"frozen/{size}", f"approve and ring, Redis frozen, {size:,}", rung, FROZEN_MS)
        swept = [first for _, first in cold]
        _rows(table, f"swept/{size}", f"first text by the sweep, Redis frozen, {size:,}", swept, None)


def _rows(table: Table, key: str, what: str, seconds: Sequence[float], most: float | None) -> None:
    """The median and the 99th percentile, in ms; the goal is for the latter."""
    ms = [1e3 * each for each in seconds]
    table.add(Row(f"latency/{key}/p50", f"{what}, p50", "ms", [quantile(ms, 0.5)], note=f"{len(ms)} releases"))
    goal: Goal | None = at_most(most) if most else None
    table.add(Row(f"latency/{key}/p99", f"{what}, p99", "ms", [quantile(ms, 0.99)], goal))


def _first(works: Works) -> tuple[Approved, float]:
    """Release to everybody; stopped after the first text. Returns it with the seconds from commit to first text."""
    time.sleep(REST_S)
    revision = works.draft()
    works.stage.sink.reset()
    approved = works.approve(revision)
    first = _arrival(works, approved.fanout) - approved.at
    if not works.over(approved.fanout):
        works.hold(approved)
    return approved, first


def _arrival(works: Works, fanout: int) -> float:
    """When the sink had the first text of a fan-out (Unix seconds)."""
    found: list[float] = []

    def came() -> bool:
        stats = works.stage.sink.stats()
        found.extend([stats.fanouts[fanout][0]] if fanout in stats.fanouts else [])
        return bool(found)

    ours.until(came, "no text ever came", ours.STALLED_S)
    return found[0]


def _backlog(works: Works, table: Table, plan: Plan) -> None:
    """A test alert to everybody is under way when real ones come, one after another."""
    many = works.audience.many
    with works.audience.house.sessions.begin() as session:  # no test goes out while an outage goes on
        session.execute(text("UPDATE alert SET state = 'closed', closed_at = clock_timestamp() WHERE state = 'open'"))
    test = works.draft(kind=AlertKind.TEST)
    works.stage.sink.reset()
    backlog = works.approve(test)
    _arrival(works, backlog.fanout)
    area = Area(communities=tuple(sorted(works.some_people())))
    seconds = []
    for _ in range(min(URGENT_RELEASES, plan.releases)):
        revision = works.draft(replace(content(), area=area))
        urgent = works.approve(revision)
        seconds.append(_arrival(works, urgent.fanout) - urgent.at)
        _until_told(works, urgent.fanout)
    sent = works.stage.sink.stats().fanouts[backlog.fanout][1]
    if sent >= many and not plan.quick:
        raise Void("the backlog was over before the urgent alerts were")
    if not works.over(backlog.fanout):
        works.hold(backlog)
    what = f"first text of a more urgent alert in a backlog of {many:,}"
    _rows(table, f"urgent/{many}", what, seconds, URGENT_MS)


def _until_told(works: Works, fanout: int) -> None:
    """Until everybody of an urgent alert was told; Void, with what its rows say, when somebody never is."""
    many = sum(works.some_people().values())
    try:
        ours.until(lambda: works.states(fanout) == {"accepted": many}, "", ours.STALLED_S)
    except Void:
        raise Void(f"the urgent alert for {many:,} never ended: its rows say {works.states(fanout)}") from None


@contextmanager
def frozen(pid: int) -> Iterator[None]:
    """A process that answers nothing while the block lasts."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)
