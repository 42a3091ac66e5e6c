"""The detector's operating curve: its delays beside the physical limit, and its false proposals in quiet years."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from math import log10
from pathlib import Path
from random import Random
from statistics import median

from broadcaster.outage.detector.pools import Kind, Unit
from broadcaster.outage.detector.watch import limit_min
from tests import switchboard
from tests.bench.gauge import quantile
from tests.bench.operating_curve import Found, Ground, Quiet, quiet_year
from tests.bench.plan import Plan
from tests.bench.stage import Stage
from tests.bench.table import Row, Table, at_most

HOURS = {4: "4 a.m.", 12: "noon", 18: "6 p.m."}
WITHIN = 1.25
"""Times the physical limit."""
FEEDS = {"10 s": (10, True), "minute": (60, False)}
"""How often a feed pushes, and whether it says when the last call was."""
Scale = Callable[[float], float]
PLOT = (90, 30, 560, 330)
"""Left, top, width and height of the chart's field."""


@dataclass(frozen=True, slots=True)
class Point:
    """One cell of the curve."""

    name: str
    hour: int
    feed: str
    found: tuple[Found, ...]

    @property
    def ratio(self) -> float:
        """The median beside the limit."""
        return median(one.ratio for one in self.found)

    @property
    def limit(self) -> float:
        """The median limit in minutes."""
        return median(one.limit for one in self.found)

    def minutes(self, share: float) -> float:
        """A quantile of the delays."""
        return quantile(sorted(one.minutes for one in self.found), share)


def cases(ground: Ground) -> dict[str, Unit]:
    """The sizes that are judged."""
    city, village = switchboard.city(), switchboard.village()
    return {
        "the state, 8,800 calls a day": ground.units[0],
        "a city of 1,500": ground.unit(Kind.PSAP, city),
        "a PSAP of 40, pooled": ground.unit(Kind.POOL, village),
    }


def curve(outages: int, seed: int = 911) -> Iterator[Point]:
    """Every size at every hour, by every feed."""
    for feed, (step, exact) in FEEDS.items():
        ground = Ground(Random(seed), step, exact)
        for name, unit in cases(ground).items():
            for hour in HOURS:
                yield Point(name, hour, feed, tuple(ground.outage(unit, hour) for _ in range(outages)))


def falls(outages: int, seed: int = 912) -> Iterator[tuple[str, list[float]]]:
    """How many minutes a fall of the whole state takes to be seen, at noon."""
    ground = Ground(Random(seed))
    for kept, name in ((0.2, "to a fifth"), (0.5, "to a half")):
        yield name, [ground.outage(ground.units[0], 12, kept).minutes for _ in range(outages)]


def measure(standing: Stage, table: Table, plan: Plan) -> None:
    """All of it; the chart and the points lie beside the result."""
    table.trying("detector", "the detector", lambda: _measure(standing.folder, table, plan))


def _measure(folder: Path, table: Table, plan: Plan) -> None:
    points = []
    for point in curve(plan.outages):
        points.append(point)
        table.add(_row(point))
    for name, minutes in falls(plan.outages):
        table.add(Row(f"detector/fall/{name}", f"the state falls {name}, noon: seen after", "min", minutes))
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        years = list(pool.map(quiet_year, range(1, plan.years + 1), repeat(plan.year_weeks), repeat(plan.psap_weeks)))
    for kind, goal in ((Kind.STATE, at_most(1.0)), (Kind.POOL, None), (Kind.PSAP, None)):
        weeks = sum(year.weeks[kind] for year in years)
        if not weeks:
            continue
        mean = sum(year.of(kind) for year in years) * 52.0 / weeks
        note = f"{weeks} simulated weeks of 204 PSAPs: {_told(kind, years)}"
        table.add(Row(f"detector/false/{kind}", f"false proposals a year, {kind}", "", [mean], goal, note=note))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "detector.svg").write_text(chart([one for one in points if one.feed == "10 s"]), encoding="utf-8")
    (folder / "detector.json").write_text(json.dumps([_plain(one) for one in points], indent=1), encoding="utf-8")


def _row(point: Point) -> Row:
    what = f"silence of {point.name}, {HOURS[point.hour]}, a push each {point.feed}"
    key = f"detector/{point.name}/{point.hour}/{point.feed}"
    note = f"limit {point.limit:.1f} min, seen after {point.minutes(0.5):.1f}, p90 {point.minutes(0.9):.1f}"
    goal = at_most(WITHIN) if point.feed == "10 s" else None
    return Row(key, what, "x the limit", [point.ratio], goal, note=note)


def _told(kind: Kind, years: Sequence[Quiet]) -> str:
    return ", ".join(str(year.of(kind)) for year in years)


def _plain(point: Point) -> dict[str, object]:
    return {
        "size": point.name,
        "hour": point.hour,
        "feed": point.feed,
        "limit_min": point.limit,
        "median_min": point.minutes(0.5),
        "p90_min": point.minutes(0.9),
        "ratio": point.ratio,
        "outages": len(point.found),
    }


def chart(points: Sequence[Point]) -> str:
    """The delays over the rate, both by powers of ten, with the line of the limit; SVG 1.1."""
    left, top, width, height = PLOT

    def x(rate: float) -> float:
        return left + width * (log10(rate) + 2.0) / 3.2

    def y(minutes: float) -> float:
        return top + height * (1.0 - log10(minutes) / 2.7)

    line = " ".join(f"{x(10 ** (no / 10)):.0f},{y(limit_min(10 ** (no / 10))):.0f}" for no in range(-13, 11))
    marks = "".join(_mark(point, x, y) for point in points)
    grid = "".join(
        f'<text x="{left - 8}" y="{y(many) + 4:.0f}" text-anchor="end">{many} min</text>' for many in (1, 10, 100)
    ) + "".join(f'<text x="{x(rate):.0f}" y="{top + height + 20}">{rate:g}/min</text>' for rate in (0.1, 1, 10))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 700 420" font-family="sans-serif" font-size="12">'
        f'<rect width="700" height="420" fill="#fff"/><rect x="{left}" y="{top}" width="{width}" height="{height}"'
        f' fill="none" stroke="#888"/>{grid}<polyline points="{line}" fill="none" stroke="#b50909" stroke-width="2"/>'
        f'{marks}<text x="{left}" y="18">Silence: median delay and p90, beside the physical limit (line)</text></svg>\n'
    )


def _mark(point: Point, x: Scale, y: Scale) -> str:
    """The median as a dot and the p90 as a line above it, where the limit would be reached by a steady rate."""
    rate = _rate(point.limit)
    middle, high = y(point.minutes(0.5)), y(point.minutes(0.9))
    return (
        f'<line x1="{x(rate):.0f}" x2="{x(rate):.0f}" y1="{middle:.0f}" y2="{high:.0f}" stroke="#005ea2"/>'
        f'<circle cx="{x(rate):.0f}" cy="{middle:.0f}" r="4" fill="#005ea2"><title>{point.name}, {HOURS[point.hour]}:'
        f" {point.minutes(0.5):.1f} min, limit {point.limit:.1f}</title></circle>"
    )


def _rate(limit: float) -> float:
    """The steady rate whose limit this is."""
    low, high = 0.001, 100.0
    while high - low > 1e-4 * low:
        middle = (low + high) / 2.0
        low, high = (middle, high) if limit_min(middle) > limit else (low, middle)
    return low
