"""The detector's operating curve: its delays beside the physical limit, and its false proposals in quiet years."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import product

from broadcaster.outage.detector.pools import YEARLY, Kind
from tests.bench.curve_chart import chart, hour_of, paragraphs
from tests.bench.operating_curve import FEEDS, Point, falls, points
from tests.bench.plan import Plan
from tests.bench.quiet import Quiet, quiet_year
from tests.bench.stage import Stage
from tests.bench.table import Row, Table, at_most

WITHIN = 1.25
"""Times the limit."""
SIZES = ("state", "city", "pooled", "alone")
MOST_PROCESSES = 2
STATE = frozenset((Kind.STATE,))
Year = tuple[int, str, frozenset[Kind]]
"""A seed, a feed, and what is judged."""


def measure(standing: Stage, table: Table, plan: Plan) -> None:
    """All of it; the chart, the tables and the points lie beside the result, for the servers' own folder is removed."""
    table.trying("detector", "the detector", lambda: _measure(standing, table, plan))


def _measure(standing: Stage, table: Table, plan: Plan) -> None:
    found: list[Point] = []
    cases = [(size, feed) for feed in FEEDS for size in SIZES]
    years: list[Year] = list(product(range(1, plan.years + 1), FEEDS, [frozenset(Kind)]))
    years += product(range(101, 101 + plan.state_years), FEEDS, [STATE])
    many = len(cases)
    with ProcessPoolExecutor(min(MOST_PROCESSES, os.cpu_count() or 1)) as pool:
        for one in pool.map(points, cases, [plan.hours] * many, [plan.outages] * many):
            found += one
            for point in one:
                table.add(_row(point))
        for name, minutes in falls(plan.outages):
            table.add(Row(f"detector/fall/{name}", f"the state falls {name}, noon: seen after", "min", minutes))
        quiet = {}
        for year, one in zip(years, pool.map(_year, years, [plan.year_weeks] * len(years)), strict=True):
            quiet[year] = one
            standing.say(f"  quiet year {year[0]}, a push each {year[1]}: {_told(one)}")
    for feed in FEEDS:
        for kind in Kind:
            table.add(
                _false(kind, feed, [one for (_, by, kinds), one in quiet.items() if by == feed and kind in kinds])
            )
    folder = standing.folder.parent
    (folder / "detector.svg").write_text(chart(found), encoding="utf-8")
    (folder / "detector.md").write_text(paragraphs(found), encoding="utf-8")
    (folder / "detector.json").write_text(json.dumps([_plain(one) for one in found], indent=1), encoding="utf-8")


def _year(year: Year, weeks: int) -> Quiet:
    seed, feed, kinds = year
    return quiet_year(seed, weeks, kinds, exact=FEEDS[feed][1])


def _told(quiet: Quiet) -> str:
    """What a year proposed."""
    many = Counter((unit.kind.value, verdict.sign.value) for _, unit, verdict in quiet.proposed)
    return ", ".join(f"{kind} {sign} {no}" for (kind, sign), no in sorted(many.items())) or "nothing"


def _row(point: Point) -> Row:
    """A feed of seconds is held against the limit itself, one of whole minutes against what it tells."""
    what = f"silence of {point.name}, {hour_of(point.hour)}, a push each {point.feed}"
    key = f"detector/{point.name}/{point.hour}/{point.feed}"
    seen = f"seen after {point.minutes(0.5):.1f}, p90 {point.minutes(0.9):.1f}"
    if FEEDS[point.feed][1]:
        note = f"limit {point.limit:.1f} min, {seen}"
        return Row(key, what, "x the limit", [point.ratio], at_most(WITHIN), note=note)
    note = f"limit {point.limit:.1f} min, of its feed {point.pushed:.1f}, {seen}, {point.ratio:.2f} x the limit"
    return Row(key, what, "x the feed's limit", [point.ratio_of_feed], at_most(WITHIN), note=note)


def _false(kind: Kind, feed: str, years: Sequence[Quiet]) -> Row:
    weeks = sum(year.weeks for year in years)
    signs = Counter(verdict.sign for year in years for _, unit, verdict in year.proposed if unit.kind is kind)
    told = ", ".join(f"{many} {sign}" for sign, many in sorted(signs.items()))
    note = f"{weeks} simulated weeks of 204 PSAPs: {told or 'none'}"
    mean = signs.total() * 52.0 / weeks
    goal = at_most(YEARLY[kind])
    return Row(
        f"detector/false/{kind}/{feed}",
        f"false proposals a year, {kind}, a push each {feed}",
        "",
        [mean],
        goal,
        note=note,
    )


def _plain(point: Point) -> dict[str, object]:
    return {
        "size": point.name,
        "hour": point.hour,
        "feed": point.feed,
        "limit_min": point.limit,
        "feed_limit_min": point.pushed,
        "median_min": point.minutes(0.5),
        "p90_min": point.minutes(0.9),
        "ratio": point.ratio,
        "ratio_of_feed": point.ratio_of_feed,
        "outages": len(point.found),
    }
