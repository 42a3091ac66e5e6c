"""The geometry of the report's charts, the same for the screen and for paper: bars, a curve, and a state's counties.

Lengths are shares (0 to 1) of the width and height that whoever draws has; y grows upwards.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from broadcaster.outage.report.figures import Measure
from broadcaster.outage.report.moments import SHARE, Moment
from broadcaster.said import Said
from broadcaster.store.outage.report import Pace

STEPS_S = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400)
"""What the axis of time may be counted in, in seconds."""
MOST_TICKS = 6
_RING = re.compile(r"M([^MZ]+)Z")
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its words, its length, and whose it is (`ours`, `late`, `target` or `other`)."""

    label: str
    minutes: float
    length: float
    tone: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on an axis."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A point of the curve that has a name."""

    x: float
    y: float
    label: str


@dataclass(frozen=True, slots=True)
class Curve:
    """How many had the text by when: a line that only rises, from the approval to the last one."""

    line: tuple[Point, ...]
    ticks: tuple[Tick, ...]
    marks: tuple[Mark, ...]


def bars(measure: Measure) -> tuple[Bar, ...]:
    """Ours first, then the target, then the others as they come; the longest fills the width."""
    interval, ours = measure.interval, measure.minutes
    longest = max([ours or 0.0, interval.target, *(one.minutes for one in interval.references)])
    found = []
    if ours is not None:
        found.append(Bar(Said("This outage"), ours, ours / longest, "ours" if measure.in_time else "late"))
    found.append(Bar(Said("Our target"), interval.target, interval.target / longest, "target"))
    others = (Bar(one.name, one.minutes, one.minutes / longest, "other", one.source) for one in interval.references)
    return (*found, *others)


def curve(pace: Pace, start: datetime | None, people: int, found: Sequence[Moment]) -> Curve | None:
    """The curve of the first texts; None where there is nothing to draw."""
    if start is None or not pace.points or not people:
        return None
    end = max(1.0, (pace.points[-1][0] - start).total_seconds())

    def x(at: datetime) -> float:
        return round(min(1.0, max(0.0, (at - start).total_seconds() / end)), 4)

    line: list[Point] = [(0.0, 0.0)]
    for at, so_far in pace.points:
        line += [(x(at), line[-1][1]), (x(at), round(min(1.0, so_far / people), 4))]
    shares = [(one, int(one.key.removeprefix(SHARE))) for one in found if one.key.startswith(SHARE)]
    marks = (Mark(x(one.at), share / 100, f"{share} %") for one, share in shares)
    return Curve(tuple(line), tuple(ticks(end)), tuple(marks))


def ticks(seconds: float) -> Iterator[Tick]:
    """Round places on an axis of so many seconds."""
    step = next((each for each in STEPS_S if seconds / each <= MOST_TICKS), STEPS_S[-1])
    for no in range(int(seconds // step) + 1):
        yield Tick(round(no * step / seconds, 4), _clock(no * step, step))


def _clock(seconds: int, step: int) -> str:
    if step < 60:
        return f"{seconds} s"
    return f"{seconds // 3600} h" if step >= 3600 else f"{seconds // 60} min"


def rings(path: str) -> list[list[Point]]:
    """The rings of an SVG path of straight lines (``M1 2L3 4Z``), for a pen that knows no SVG."""
    return [[_point(pair) for pair in ring.split("L")] for ring in _RING.findall(path)]


def _point(pair: str) -> Point:
    x, y = pair.split()
    return float(x), float(y)
