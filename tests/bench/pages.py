"""What the pages weigh the first time, and how long the server works on each, in a state of 351 communities."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

from broadcaster.store import database
from tests.bench.plan import Plan
from tests.bench.stage import Stage
from tests.bench.table import Row, Table, at_most
from tests.weights import LIMIT, of_the_desk, of_the_public, weigh, whole_state

MOST_MS = 100.0
"""Milliseconds of the server (issue 6), without the network."""


def measure(stage: Stage, table: Table, plan: Plan) -> None:
    """A desk of its own on a database of its own, asked in this process: what gunicorn and a proxy add is not in it."""
    engine = database.connect(stage.new_database("pages"))
    try:
        desk = whole_state(database.sessions(engine))
        for name, get, path in of_the_desk(desk):
            _page(table, plan, name, get, path)
        with TemporaryDirectory() as folder:
            for name, get, path in of_the_public(desk, Path(folder)):
                _page(table, plan, name, get, path)
    finally:
        engine.dispose()
        stage.admin('DROP DATABASE "pages" WITH (FORCE)')


def _page(table: Table, plan: Plan, name: str, get: Callable[[str], bytes], path: str) -> None:
    weight = weigh(get, path).total / 1000
    table.add(Row(f"pages/weight/{name}", f"{name}, the first time", "kB", [weight], at_most(LIMIT / 1000)))
    rounds = [_medians(lambda: get(path), plan.page_views) for _ in range(plan.rounds)]
    row = Row(
        f"pages/time/{name}", f"{name}, the server's median", "ms", [took for took, _ in rounds], at_most(MOST_MS)
    )
    row.note = f"{median(own for _, own in rounds):.0f} ms of the desk's own processor"
    table.add(row)


def _medians(act: Callable[[], object], times: int) -> tuple[float, float]:
    """Milliseconds on the clock, with the database and whatever else the machine has to do, and of this process."""
    took, own = [], []
    for _ in range(times):
        began, worked = perf_counter(), process_time()
        act()
        took.append(1000 * (perf_counter() - began))
        own.append(1000 * (process_time() - worked))
    return median(took), median(own)
