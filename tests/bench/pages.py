"""What the pages weigh the first time, and how long the server works on each, in a state of 351 communities."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from time import perf_counter

from broadcaster.local.massachusetts import sample
from broadcaster.store import database
from tests.bench.plan import Plan
from tests.bench.stage import Stage
from tests.bench.table import Row, Table, at_most
from tests.desk import NOON, Desk
from tests.weights import LIMIT, of_the_desk, of_the_public, weigh

MOST_MS = 100.0
"""Milliseconds of the server (issue 6), without the network."""


def measure(stage: Stage, table: Table, plan: Plan) -> None:
    """A desk of its own on a database of its own, asked in this process: what gunicorn and a proxy add is not in it."""
    engine = database.connect(stage.new_database("pages"))
    try:
        desk = Desk(database.sessions(engine), places=sample.load(NOON.date()))
        for name, get, path in of_the_desk(desk):
            _page(table, plan, name, get, path)
        for name, get, path in of_the_public():
            _page(table, plan, name, get, path)
    finally:
        engine.dispose()
        stage.admin('DROP DATABASE "pages" WITH (FORCE)')


def _page(table: Table, plan: Plan, name: str, get: Callable[[str], bytes], path: str) -> None:
    weight = weigh(get, path).total / 1000
    table.add(Row(f"pages/weight/{name}", f"{name}, the first time", "kB", [weight], at_most(LIMIT / 1000)))
    rounds = [_median(lambda: get(path), plan.page_views) for _ in range(plan.rounds)]
    table.add(Row(f"pages/time/{name}", f"{name}, the server's median", "ms", rounds, at_most(MOST_MS)))


def _median(act: Callable[[], object], times: int) -> float:
    """Milliseconds."""
    took = []
    for _ in range(times):
        began = perf_counter()
        act()
        took.append(1000 * (perf_counter() - began))
    return median(took)
