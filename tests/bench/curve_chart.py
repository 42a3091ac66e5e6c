"""The operating curve for readers: all delays drawn beside the line of the limit, and tables by hour and size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import log10

from broadcaster.outage.detector.watch import limit_min
from tests.bench.operating_curve import FEEDS, Point

Scale = Callable[[float], float]
PLOT = (70, 46, 590, 400)
"""Left, top, width and height of the chart's field."""
LEAST_RATE, RATES = -2.15, 3.3
"""The smallest rate of the axis and its length, as powers of ten; so with the minutes."""
LEAST_MIN, MINUTES = 0.1, 2.9
COLOURS = dict(zip(FEEDS, ("#005ea2", "#b35900"), strict=True))
RED, GREY, INK = "#b50909", "#71767a", "#1b1b1b"


def hour_of(hour: int) -> str:
    """An hour as it is said."""
    names = {0: "midnight", 12: "noon"}
    return names.get(hour) or f"{hour % 12} {'a.m.' if hour < 12 else 'p.m.'}"


def x(rate: float) -> float:
    """The place of a rate, in calls a minute."""
    return PLOT[0] + PLOT[2] * (log10(rate) - LEAST_RATE) / RATES


def y(minutes: float) -> float:
    """The place of a delay."""
    return PLOT[1] + PLOT[3] * (1.0 - (log10(minutes) - LEAST_MIN) / MINUTES)


def chart(points: Sequence[Point]) -> str:
    """The delays over the rate, both by powers of ten, with the line of the limit; SVG 1.1."""
    left, top, width, height = PLOT
    rates = [10 ** (LEAST_RATE + RATES * no / 60) for no in range(61)]
    line = " ".join(f"{x(rate):.0f},{y(limit_min(rate)):.0f}" for rate in rates if y(limit_min(rate)) >= top)
    grid = "".join(_across(minutes) for minutes in (2, 5, 10, 30, 60, 120, 300, 600))
    grid += "".join(_text(x(rate), top + height + 20, f"{rate:g}", "middle") for rate in (0.01, 0.1, 1, 10))
    marks = "".join(_mark(point) for point in sorted(points, key=lambda one: one.feed != "minute"))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left + width + 20} {top + height + 52}"'
        ' font-family="sans-serif" font-size="13" role="img">'
        "<title>How long silence lasts before it is proposed, beside the physical limit</title>"
        f'<rect width="100%" height="100%" fill="#fff"/><rect x="{left}" y="{top}" width="{width}" height="{height}"'
        f' fill="none" stroke="{GREY}"/>{grid}<polyline points="{line}" fill="none" stroke="{RED}" stroke-width="2"/>'
        f"{marks}{_legend()}{_text(left + width / 2, top + height + 42, 'calls a minute', 'middle')}</svg>\n"
    )


def _across(minutes: int) -> str:
    left, _, width, _ = PLOT
    at = y(minutes)
    ruled = f'<line x1="{left}" x2="{left + width}" y1="{at:.0f}" y2="{at:.0f}" stroke="#dfe1e2"/>'
    return ruled + _text(left - 8, at + 4, f"{minutes} min" if minutes < 60 else f"{minutes // 60} h", "end")


def _mark(point: Point) -> str:
    """The median as a dot and the p90 as a line above it, where the limit would be reached by a steady rate."""
    at = x(_rate(point.limit)) + (0.0 if FEEDS[point.feed][1] else 5.0)
    middle, high, colour = y(point.minutes(0.5)), y(point.minutes(0.9)), COLOURS[point.feed]
    return (
        f'<line x1="{at:.0f}" x2="{at:.0f}" y1="{middle:.0f}" y2="{high:.0f}" stroke="{colour}" stroke-width="1.5"/>'
        f'<circle cx="{at:.0f}" cy="{middle:.0f}" r="4" fill="{colour}"><title>{point.name}, {hour_of(point.hour)}:'
        f" {point.minutes(0.5):.1f} min, limit {point.limit:.1f}</title></circle>"
    )


def _legend() -> str:
    left = PLOT[0]
    words = [("the limit", RED), ("a push each 10 s: median and p90", COLOURS["10 s"])]
    words.append(("whole minutes", COLOURS["minute"]))
    places = (left, left + 110, left + 380)
    return "".join(
        f'<rect x="{at}" y="22" width="14" height="6" fill="{colour}"/>{_text(at + 20, 30, word, "start")}'
        for at, (word, colour) in zip(places, words, strict=True)
    )


def _text(at: float, height: float, words: str, anchor: str) -> str:
    return f'<text x="{at:.0f}" y="{height:.0f}" text-anchor="{anchor}" fill="{INK}">{words}</text>'


def _rate(limit: float) -> float:
    """The steady rate whose limit this is."""
    low, high = 0.001, 100.0
    while high - low > 1e-4 * low:
        middle = (low + high) / 2.0
        low, high = (middle, high) if limit_min(middle) > limit else (low, middle)
    return low


def paragraphs(points: Sequence[Point]) -> str:
    """Tables in Markdown, one for each feed: sizes down, hours across; the median, the limit, and how they compare."""
    made = []
    for feed, (_, exact) in FEEDS.items():
        here = [one for one in points if one.feed == feed]
        hours = sorted({one.hour for one in here})
        made.append(f"A push each {feed}:\n")
        made.append(f"| | {' | '.join(map(hour_of, hours))} |\n|{' --- |' * (len(hours) + 1)}")
        for name in dict.fromkeys(one.name for one in here):
            cells = [_cell(one, exact=exact) for hour in hours for one in here if (one.name, one.hour) == (name, hour)]
            made.append(f"| {name} | {' | '.join(cells)} |")
        made.append("")
    return "\n".join(made)


def _cell(point: Point, *, exact: bool) -> str:
    limit, ratio = (point.limit, point.ratio) if exact else (point.pushed, point.ratio_of_feed)
    return f"{_minutes(point.minutes(0.5))} of {_minutes(limit)}: {ratio:.2f}"


def _minutes(value: float) -> str:
    return f"{value:.1f}" if value < 60 else f"{value:.0f}"
