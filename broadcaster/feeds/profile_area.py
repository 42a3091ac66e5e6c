"""Findings on the areas of an info block: SAME codes, polygons, circles."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from broadcaster.feeds.capvalues import AreaBlock, Info
from broadcaster.feeds.finding import Finding, error, warning

MOST_SAME_CODES = 31
MOST_NODES = 100
Point = tuple[float, float]
_PAIR = re.compile(r"-?\d+(\.\d+)?,-?\d+(\.\d+)?")
CAP = "CAP 1.2 section 3.2.4"


def area_findings(info: Info, at: str) -> Iterator[Finding]:
    """Everything about where; `at` is the info block's XPath."""
    if not info.areas:
        yield error("area-missing", at, "The message does not say where: no area.", "IPAWS USA Profile v1.0, rule 7")
    if len(info.same_places) > MOST_SAME_CODES:
        sentence = f"{len(info.same_places)} SAME codes: EAS boxes read the first {MOST_SAME_CODES} only."
        yield error("same-too-many", f"{at}/area/geocode", sentence, "47 CFR 11.31(c)")
    for number, area in enumerate(info.areas, 1):
        yield from _area(area, f"{at}/area[{number}]")


def _area(area: AreaBlock, at: str) -> Iterator[Finding]:
    if not area.desc.strip():
        yield error("area-desc", f"{at}/areaDesc", "The area needs a description.", CAP)
    codes = [code.value for code in area.geocodes if code.name == "SAME"]
    if not codes:
        sentence = f"No SAME code for {area.desc[:60]}: EAS and WEA do not reach it. Send a second alert for it."
        yield warning("same-missing", f"{at}/geocode", sentence, "IPAWS USA Profile v1.0, rule 7")
    for code in codes:
        if not re.fullmatch(r"\d{6}", code):
            sentence = f"“{code}” is no SAME location: six digits, PSSCCC."
            yield error("same-form", f"{at}/geocode", sentence, "47 CFR 11.31(c)")
    for number, text in enumerate(area.polygons, 1):
        yield from _polygon(text, f"{at}/polygon[{number}]")
    for number, text in enumerate(area.circles, 1):
        if not _is_circle(text):
            sentence = "A circle is lat,lon and a radius in kilometres."
            yield error("circle", f"{at}/circle[{number}]", sentence, CAP)
    yield from _heights(area, at)


def _heights(area: AreaBlock, at: str) -> Iterator[Finding]:
    if area.ceiling is not None and area.altitude is None:
        yield error("ceiling", f"{at}/ceiling", "A ceiling needs an altitude.", "CAP validator: INVALID_AREA")


def _polygon(text: str, at: str) -> Iterator[Finding]:
    points = [_point(pair) for pair in text.split(" ")]
    known = [point for point in points if point]
    if len(known) < len(points):
        sentence = "A polygon is lat,lon pairs with single spaces, latitude first."
        yield error("polygon-form", at, sentence, CAP)
    elif len(known) < 4 or known[0] != known[-1]:
        yield error("polygon-open", at, "A polygon needs four points or more and must end where it began.", CAP)
    else:
        if len(known) > MOST_NODES:
            sentence = f"The polygon has {len(known)} points; IPAWS takes {MOST_NODES}: draw it coarser."
            yield error("polygon-nodes", at, sentence, "FEMA software requirements")
        if _crosses_itself(known):
            yield warning("polygon-crossed", at, "The polygon crosses itself.", CAP)


def _point(pair: str) -> Point | None:
    """``lat,lon`` in degrees, or None when it is no place on Earth."""
    if not _PAIR.fullmatch(pair):
        return None
    lat, lon = (float(number) for number in pair.split(","))
    return (lat, lon) if abs(lat) <= 90 and abs(lon) <= 180 else None


def _is_circle(text: str) -> bool:
    match = re.fullmatch(r"(\S+) (\d+(?:\.\d+)?)", text)
    return bool(match and _point(match[1]))


def _crosses_itself(ring: list[Point]) -> bool:
    sides = list(pairwise(ring))
    last = len(sides) - 1
    return any(
        _cross(sides[one], sides[two])
        for one in range(len(sides))
        for two in range(one + 2, len(sides))
        if (one, two) != (0, last)
    )


def _cross(one: tuple[Point, Point], two: tuple[Point, Point]) -> bool:
    """Whether two segments properly cross; touching does not count."""
    return _turn(*one, two[0]) * _turn(*one, two[1]) < 0 and _turn(*two, one[0]) * _turn(*two, one[1]) < 0


def _turn(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
