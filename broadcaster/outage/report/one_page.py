"""The one page of the report on letter paper: large numbers, three charts, and what it can be proved by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from broadcaster.alert.reach import ACCEPTED, NOT_REACHED, REACHED, UNKNOWN, CountyCount
from broadcaster.feeds.public_page import Wording
from broadcaster.outage.report import charts, figures, words
from broadcaster.outage.report.figures import Measure, Report
from broadcaster.outage.report.moments import SHARE
from broadcaster.outage.report.pen import (
    AMBER,
    BLUE,
    GREEN,
    GREY,
    INK,
    LINE,
    MARGIN,
    NAVY,
    PALE,
    RED,
    VIOLET,
    WIDTH,
    Pen,
)
from broadcaster.outage.report.places import Mapped, mapped

INNER = WIDTH - 2 * MARGIN
HALF = INNER / 2 - 10
TONES = {"ours": GREEN, "late": RED, "target": NAVY, "other": "#a9aeb1"}
FILLS: Mapping[str, tuple[str, str, tuple[int, ...]]] = {
    REACHED: ("#2e8540", INK, ()),
    ACCEPTED: ("#73b3e7", "#1a5fa0", (1,)),
    UNKNOWN: (AMBER, INK, (-1,)),
    NOT_REACHED: ("#f8dfdd", RED, (1, -1)),
}
"""The ink of each group on the map, and the slants that say the same without colour."""
MOST_COUNTIES = 16
ACCESSIBLE = "This file has no tags for a screen reader: the page of this report at the desk is its accessible form."
ONE_PAGE = ("public", "restored", "corrected")


@dataclass(frozen=True, slots=True)
class Paper:
    """Whose report it is, in which zone its hours are read, and the state's counties as SVG paths by FIPS code; of the
    communities that have a shape theirs by code, the first one lowest."""

    authority: str
    zone: ZoneInfo
    counties: Mapping[str, str]
    towns: Mapping[str, str] = field(default_factory=dict)


def draw(pen: Pen, report: Report, paper: Paper) -> None:
    """The whole page."""
    y = _head(pen, report, paper)
    y = _heads(pen, report, y + 8)
    left = _minutes(pen, report, y)
    right = _pace(pen, report, y)
    y = _reach(pen, report, paper, max(left, right) + 12)
    y = _timeline(pen, report, paper, y + 12)
    _foot(pen, report, paper, y)


def _head(pen: Pen, report: Report, paper: Paper) -> float:
    y, when = MARGIN, Wording(paper.zone)
    if report.story.drill:
        pen.box(MARGIN, y - 4, (INNER, 17), VIOLET)
        pen.words(MARGIN + 6, y + 8, report.story.drill, 9.5, "#ffffff", bold=True)
        y += 22
    pen.words(MARGIN, y + 4, paper.authority, 8.5, GREY)
    y = pen.bold(MARGIN, y + 22, words.title(report), INNER, 15)
    mark, ink, over = ("PRELIMINARY", AMBER, INK) if report.preliminary else ("RECONCILED", GREEN, "#ffffff")
    pen.box(MARGIN, y - 10, (76, 13), ink)
    pen.words(MARGIN + 4, y, mark, 8, over, bold=True)
    said = f"As of {when.full(report.as_of)}. Known since {when.full(report.story.known_at)}."
    return pen.wrapped(MARGIN + 84, y, said, INNER - 84, 7.5, GREY)


def _heads(pen: Pen, report: Report, y: float) -> float:
    width = INNER / 6
    for no, (number, said, small) in enumerate(words.headlines(report)):
        x = MARGIN + no * width
        pen.box(x, y, (width - 5, 62), "#ffffff", edge=LINE)
        pen.words(x + 5, y + 19, number, 13 if len(number) < 9 else 9.5, bold=True)
        below = pen.wrapped(x + 5, y + 31, said, width - 14, 6.6)
        pen.wrapped(x + 5, below + 1, small, width - 14, 6, GREY)
    return y + 84


def _title(pen: Pen, x: float, y: float, said: str) -> float:
    pen.words(x, y, said, 10, bold=True)
    return y + 13


def _minutes(pen: Pen, report: Report, y: float) -> float:
    y = _title(pen, MARGIN, y, "Minutes beside those of others")
    shown = [one for one in report.measures if one.interval.key in ONE_PAGE]
    for measure in shown:
        y = bars(pen, measure, (MARGIN, y), HALF) + 6
    return y if shown else pen.wrapped(MARGIN, y, "Nothing to compare yet.", HALF, 8, GREY)


def bars(pen: Pen, measure: Measure, corner: tuple[float, float], width: float) -> float:
    """A measure as bars; returns where the next thing may stand."""
    x, y = corner
    late = f" ({measure.preliminary})" if measure.preliminary else ""
    pen.words(x, y, f"{measure.interval.label}{late}", 7.5, bold=True)
    room = width * 0.42
    for bar in charts.bars(measure):
        y += 11
        pen.words(x, y, bar.label[:44], 6.3, bold=bar.tone in ("ours", "late"))
        pen.box(x + width * 0.44, y - 6, (max(1.0, bar.length * room), 7), TONES[bar.tone])
        pen.words_to(x + width, y, words.minutes(bar.minutes), 6.5, bold=bar.tone in ("ours", "late"))
    return y + 11


def _pace(pen: Pen, report: Report, y: float) -> float:
    x = MARGIN + HALF + 20
    y = _title(pen, x, y, "How fast the texts went")
    start = report.moment("approved")
    people = int(report.figure("people").value or 0)
    made = charts.curve(report.facts.first, start.at if start else None, people, report.moments)
    if made is None:
        return pen.wrapped(x, y, "No text was accepted, or its deliveries were deleted by age.", HALF, 8, GREY)
    _curve(pen, made, (x + 26, y), (HALF - 34, 112))
    y += 150
    for no, key in enumerate(("first_text", *(f"{SHARE}{n}" for n in figures.SHARES))):
        figure = report.figure(key)
        pen.words(x + no * HALF / 4, y, words.value(figure), 9, bold=True)
        pen.words(x + no * HALF / 4, y + 9, "first text" if key == "first_text" else f"{key[6:]} %", 6.5, GREY)
    return y + 14


def _curve(pen: Pen, made: charts.Curve, corner: tuple[float, float], size: tuple[float, float]) -> None:
    (x, y), (width, height) = corner, size
    for share in (25, 50, 75, 100):
        at = y + height * (1 - share / 100)
        pen.line([(x, at), (x + width, at)], "#dfe1e2")
        pen.words_to(x - 4, at + 2.5, f"{share} %", 6.5, GREY)
    pen.line([(x, y), (x, y + height), (x + width, y + height)], INK, 0.8)
    for tick in made.ticks:
        pen.line([(x + tick.at * width, y + height), (x + tick.at * width, y + height + 3)], INK)
        pen.words_at(x + tick.at * width, y + height + 11, tick.label, 6.5, GREY)
    pen.words_to(x + width, y + height + 19, "after the approval", 6.3, GREY)
    pen.line([(x + px * width, y + height * (1 - py)) for px, py in made.line], BLUE, 1.8)
    for mark in made.marks:
        pen.dot(x + mark.x * width, y + height * (1 - mark.y), 2.4, BLUE)


def _reach(pen: Pen, report: Report, paper: Paper, y: float) -> float:
    y = _title(pen, MARGIN, y, "Who was reached by the first text")
    shown = mapped(report.facts.places, paper.towns)
    low = state_map(pen, shown, paper, (MARGIN, y - 6), HALF + 10)
    under = _county_table(pen, shown.counties, (MARGIN + HALF + 20, y))
    y = _legend(pen, max(low, under) + 8)
    return pen.wrapped(MARGIN, y + 4, sentence(report), INNER, 8)


def sentence(report: Report) -> str:
    """Doubles, agencies and callers in one paragraph."""
    told = {one.key: words.value(one) for one in report.figures}
    said = (
        f"{told['accepted']} of {told['people']} texts were accepted by a carrier, {told['delivered']} reported as"
        f" delivered. Came twice: {told['doubled']} for certain, {told['perhaps']} perhaps."
        f" {told['acknowledged']} of {told['agencies']} agencies acknowledged."
    )
    if report.missed is None:
        return f"{said} No list of callers who dialled 911 in vain was given."
    parts = ", ".join(f"{many:,} {outcome}" for outcome, many in report.missed.outcomes.items())
    return f"{said} {report.missed.people:,} people dialled 911 in vain: {parts}."


def state_map(pen: Pen, shown: Mapped, paper: Paper, corner: tuple[float, float], width: float) -> float:
    """The state by what is true of most people in each county and each town that has a shape; returns where it ends."""
    shapes = {fips: charts.rings(path) for fips, path in paper.counties.items()}
    points = [point for rings in shapes.values() for ring in rings for point in ring]
    if not points:
        return corner[1]
    scale = min(width / max(x for x, _ in points), 140 / max(y for _, y in points))
    tones = {fips: one.tone for fips, one in shown.by_fips.items()} | {one.fips: one.tone for one in shown.towns}
    towns = {one.fips: charts.rings(paper.towns[one.fips]) for one in shown.towns}
    for code, rings in (*shapes.items(), *towns.items()):
        placed = [[(corner[0] + x * scale, corner[1] + y * scale) for x, y in ring] for ring in rings]
        ink, over, slants = FILLS[tones[code]] if code in tones else ("#ffffff", INK, ())
        pen.shape(placed, ink)
        pen.hatched(placed, over, slants)
        for ring in placed if code in towns and code in shown.twice else ():
            pen.line([*ring, ring[0]], RED, 1.2)
    return corner[1] + scale * max(y for _, y in points)


def _county_table(pen: Pen, counties: Sequence[CountyCount], corner: tuple[float, float]) -> float:
    x, y = corner
    rights = [x + HALF * share for share in (0.54, 0.68, 0.82, 1.0)]
    for right, head in zip(rights, ("reached", "accepted", "unknown", "not reached"), strict=True):
        pen.words_to(right, y, head, 6, GREY)
    for one in sorted(counties, key=lambda each: -each.total)[:MOST_COUNTIES]:
        y += 9.5
        pen.words(x, y, one.name, 7)
        for right, group in zip(rights, FILLS, strict=True):
            pen.words_to(right, y, f"{one.people.get(group, 0):,}", 7)
    if len(counties) > MOST_COUNTIES:
        y += 9.5
        pen.words(x, y, f"and {len(counties) - MOST_COUNTIES} more, in the full report", 7, GREY)
    return y


def _legend(pen: Pen, y: float) -> float:
    short = {REACHED: "reached", ACCEPTED: "accepted, no word yet", UNKNOWN: "unknown"}
    short[NOT_REACHED] = "not reached"
    for no, (group, (ink, over, slants)) in enumerate(FILLS.items()):
        x = MARGIN + no * INNER / 4
        key = [[(x, y), (x + 14, y), (x + 14, y + 8), (x, y + 8)]]
        pen.shape(key, ink)
        pen.hatched(key, over, slants)
        pen.words(x + 18, y + 6.5, short[group], 6.5, GREY)
    return y + 18


def _timeline(pen: Pen, report: Report, paper: Paper, y: float) -> float:
    """Every moment, down one column and then down the other."""
    y = _title(pen, MARGIN, y, "Timeline")
    rows = -(-len(report.moments) // 2)
    for no, one in enumerate(report.moments):
        x, at = MARGIN + no // rows * (HALF + 20), y + no % rows * 10.5
        pen.words(x, at, words.dated(one.at, paper.zone), 7, GREY)
        pen.words(x + 86, at, one.label, 7)
    return y + rows * 10.5


def _foot(pen: Pen, report: Report, paper: Paper, y: float) -> None:
    pen.box(MARGIN, y - 2, (INNER, 0.6), LINE)
    pen.box(MARGIN, y, (INNER, 3), PALE)
    y += 12
    for line in (*words.foot(report, paper.zone), ACCESSIBLE):
        y = pen.wrapped(MARGIN, y, line, INNER, 6.6, GREY)
