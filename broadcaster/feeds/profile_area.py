"""Findings on the areas of an info block: SAME codes, polygons, circles."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from shapely import LinearRing

from broadcaster.feeds.capvalues import AreaBlock, Info
from broadcaster.feeds.finding import Finding
from broadcaster.feeds.rules import found

MOST_SAME_CODES = 31
MOST_NODES = 100
Point = tuple[float, float]
MOST_DECIMALS = 6
_NUMBER = r"[-+]?(?:\d{1,3}(?:\.\d*)?|\.\d+)"
_PAIR = re.compile(f"{_NUMBER},{_NUMBER}", re.ASCII)
_STATES = frozenset(range(1, 57)) - {3, 7, 14, 43, 52} | {0, 60, 64, 66, 68, 69, 70, 72, 74, 78}
_MARINE = frozenset({57, 58, 59, 61, 65, 73, 75, 77, 91, 92, 93, 94, 96, 97, 98})
"""Parts of the sea that NWS numbers as if they were states (47 CFR 11.31(f))."""


def area_findings(info: Info, at: str) -> Iterator[Finding]:
    """Everything about where; `at` is the info block's XPath."""
    if not info.areas:
        yield found("area-missing", at, "The message does not say where: no area.")
    if len(info.same_places) > MOST_SAME_CODES:
        sentence = f"{len(info.same_places)} SAME codes: EAS boxes read the first {MOST_SAME_CODES} only."
        yield found("same-too-many", f"{at}/area/geocode", sentence)
    for number, area in enumerate(info.areas, 1):
        yield from _area(area, f"{at}/area[{number}]")


def _area(area: AreaBlock, at: str) -> Iterator[Finding]:
    if not area.desc.strip():
        yield found("area-desc", f"{at}/areaDesc", "The area needs a description.")
    if not (area.polygons or area.circles or area.geocodes):
        sentence = f"“{area.desc[:60]}” is described in words alone: no machine can tell where it is."
        yield found("area-shapeless", at, sentence)
    yield from _same(area, at)
    for number, text in enumerate(area.polygons, 1):
        yield from _polygon(text, f"{at}/polygon[{number}]")
    for number, text in enumerate(area.circles, 1):
        if not _is_circle(text):
            sentence = "A circle is lat,lon and a radius in kilometres."
            yield found("circle", f"{at}/circle[{number}]", sentence)
    yield from _heights(area, at)


def _same(area: AreaBlock, at: str) -> Iterator[Finding]:
    codes = [code.value for code in area.geocodes if code.name == "SAME"]
    if not codes:
        sentence = f"No SAME code for {area.desc[:60]}: EAS and WEA do not reach it. Send a second alert for it."
        yield found("same-missing", f"{at}/geocode", sentence)
    for code in codes:
        if not re.fullmatch(r"\d{6}", code, re.ASCII):
            yield found("same-form", f"{at}/geocode", f"“{code}” is no SAME location: six digits, PSSCCC.")
        elif int(code[1:3]) not in _STATES | _MARINE:
            sentence = f"“{code}” lies in no state: digits two and three are the state's FIPS code."
            yield found("same-state", f"{at}/geocode", sentence)


def _heights(area: AreaBlock, at: str) -> Iterator[Finding]:
    if area.ceiling is None:
        return
    if area.altitude is None:
        yield found("ceiling", f"{at}/ceiling", "A ceiling needs an altitude.")
    elif area.ceiling < area.altitude:
        yield found("ceiling-low", f"{at}/ceiling", "The ceiling is below the altitude: they are feet above sea level.")


def _polygon(text: str, at: str) -> Iterator[Finding]:
    for code, sentence in _faults(text):
        yield found(code, at, sentence)


@lru_cache(maxsize=256)
def _faults(text: str) -> tuple[tuple[str, str], ...]:
    """What is wrong with a polygon, by its very points: every language of a message has the same ones."""
    return tuple(_faults_of(text))


def _faults_of(text: str) -> Iterator[tuple[str, str]]:
    points = [_point(pair) for pair in text.split(" ")]
    known = [point for point in points if point]
    if len(known) < len(points):
        yield "polygon-form", "A polygon is lat,lon pairs with single spaces, latitude first."
        return
    if len(known) < 4 or known[0] != known[-1]:
        yield "polygon-open", "A polygon needs four points or more and must end where it began."
        return
    if len(known) > MOST_NODES:
        yield "polygon-nodes", f"The polygon has {len(known)} points; IPAWS takes {MOST_NODES}: draw it coarser."
    if re.search(rf"\.\d{{{MOST_DECIMALS + 1},}}", text):
        yield "polygon-decimals", "The polygon is finer than ten centimetres: six decimals are enough."
    if not LinearRing(known).is_simple:
        yield "polygon-crossed", "The polygon crosses or touches itself."


def _point(pair: str) -> Point | None:
    """``lat,lon`` in degrees, or None when it is no place on Earth."""
    if not _PAIR.fullmatch(pair):
        return None
    lat, lon = (float(number) for number in pair.split(","))
    return (lat, lon) if abs(lat) <= 90 and abs(lon) <= 180 else None


def _is_circle(text: str) -> bool:
    match = re.fullmatch(r"(\S+) (\d+(?:\.\d*)?|\.\d+)", text, re.ASCII)
    return bool(match and _point(match[1]))
