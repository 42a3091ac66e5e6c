"""The evidence of a proposal as a drawing: what was expected and what came, and the moment of the decision. SVG, in
units of its own; it needs no script."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from broadcaster.store.outage.proposals import Proposal

WIDTH, HEIGHT = 640, 240
LEFT, RIGHT, TOP, BOTTOM = 44, 8, 12, 26
LABELS = 4
Scale = Callable[[float], float]
BAND = 2.0
"""Standard deviations of Poisson counts about what is expected."""


@dataclass(frozen=True, slots=True)
class Bar:
    """The calls of one step."""

    x: float
    y: float
    width: float
    height: float
    calls: int


@dataclass(frozen=True, slots=True)
class Mark:
    """A word at a place."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A moment on the axis."""

    x: float
    at: datetime


@dataclass(frozen=True, slots=True)
class Row:
    """One step in words: the same as a table, for whoever does not see the drawing. Without `expected` nothing was
    heard."""

    at: datetime
    calls: int
    expected: float | None


@dataclass(frozen=True, slots=True)
class Span:
    """Steps side by side."""

    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything that the template draws. `began` and `decided` are places on the axis; bands and lines are those of
    the spans in which somebody was heard, `unheard` the others."""

    bars: Sequence[Bar]
    bands: Sequence[str]
    lines: Sequence[str]
    unheard: Sequence[Span]
    began: float
    decided: float
    heights: Sequence[Mark]
    ticks: Sequence[Tick]
    rows: Sequence[Row]
    step: int
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    floor: int = HEIGHT - BOTTOM


def chart(row: Proposal) -> Chart:
    """The drawing of a proposal."""
    series = row.evidence["series"]
    calls, due, step = series["calls"], series["expected"], int(series["step"])
    start = datetime.fromisoformat(series["start"])
    many = max(1, len(calls))
    most = float(max([1.0, *calls, *(one + BAND * math.sqrt(one) for one in due if one is not None)]))
    wide = (WIDTH - LEFT - RIGHT) / many

    def x(moment: datetime) -> float:
        return LEFT + min(max((moment - start) / timedelta(minutes=step), 0.0), many) * wide

    def y(value: float) -> float:
        return float(round(TOP + (HEIGHT - TOP - BOTTOM) * (1.0 - max(value, 0.0) / most), 1))

    def path(first: int, values: Sequence[float], off: float = 0.0) -> list[str]:
        return [
            f"{LEFT + (no + 0.5) * wide:.1f},{y(value + off * math.sqrt(value))}"
            for no, value in enumerate(values, first)
        ]

    heard, unheard = _spans(due)
    bars = [_bar(no, came, wide, y) for no, came in enumerate(calls)]
    moments = [start + timedelta(minutes=step * no) for no in range(many)]
    return Chart(
        bars=[bar for bar in bars if bar.calls],
        bands=[" ".join([*path(*one, BAND), *reversed(path(*one, -BAND))]) for one in heard],
        lines=[" ".join(path(*one)) for one in heard],
        unheard=[Span(round(LEFT + no * wide, 1), round(width * wide, 1)) for no, width in unheard],
        began=round(x(row.began), 1),
        decided=round(x(row.decided_at), 1),
        heights=[Mark(y(value), f"{value:g}") for value in _levels(most)],
        ticks=[Tick(round(x(moments[no]), 1), moments[no]) for no in range(0, many, max(1, many // LABELS))],
        rows=[Row(at, *both) for at, *both in zip(moments, calls, due, strict=True)],
        step=step,
    )


def _spans(due: Sequence[float | None]) -> tuple[list[tuple[int, list[float]]], list[tuple[int, int]]]:
    """The spans in which somebody was heard: the first step, and what was expected; and of the others the first step,
    and how many there are."""
    heard, unheard, no = [], [], 0
    for is_heard, steps in groupby(due, lambda one: one is not None):
        values = list(steps)
        if is_heard:
            heard.append((no, [one for one in values if one is not None]))
        else:
            unheard.append((no, len(values)))
        no += len(values)
    return heard, unheard


def _bar(no: int, calls: int, wide: float, y: Scale) -> Bar:
    top = y(calls)
    return Bar(round(LEFT + (no + 0.15) * wide, 1), top, round(wide * 0.7, 1), round(HEIGHT - BOTTOM - top, 1), calls)


def _levels(most: float) -> list[float]:
    """Two or three round heights."""
    power = float(10 ** math.floor(math.log10(most)))
    unit = next(unit for unit in (power / 2, power, power * 2) if most / unit < LABELS + 1)
    return [no * unit for no in range(int(most / unit) + 1)]
