"""County outlines as SVG paths, from the TopoJSON of us-atlas (Census 2017 cartographic boundaries, public domain)."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from shapely.geometry import LineString

Point = tuple[float, float]
WIDTH = 640.0
"""The width of every drawing in SVG units; its height follows the state."""
TOLERANCE = 0.004
"""Degrees (about 400 m) within which a border may be straightened; shared borders stay shared."""


def states(topology: Mapping[str, Any]) -> dict[str, dict[str, object]]:
    """By state FIPS code: ``{"width", "height", "corner", "units", "counties": {fips: path}}``, borders shared.

    `corner` is the north-west in degrees, longitude first, and `units` how many of the drawing a degree has.
    """
    arcs = [_straightened(arc) for arc in decoded(topology)]
    by_state: dict[str, dict[str, list[list[Point]]]] = defaultdict(dict)
    for county in topology["objects"]["counties"]["geometries"]:
        fips = str(county["id"])
        polygons = county["arcs"] if county["type"] == "MultiPolygon" else [county["arcs"]]
        by_state[fips[:2]][fips] = [ring(indices, arcs) for polygon in polygons for indices in polygon]
    return {state: _drawing(rings) for state, rings in by_state.items()}


def decoded(topology: Mapping[str, Any]) -> list[list[Point]]:
    """The arcs as points of longitude and latitude in degrees, as exact as the atlas has them."""
    (scale_x, scale_y), (shift_x, shift_y) = topology["transform"]["scale"], topology["transform"]["translate"]
    found = []
    for arc in topology["arcs"]:
        x = y = 0
        points: list[Point] = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            points.append((x * scale_x + shift_x, y * scale_y + shift_y))
        found.append(points)
    return found


def _straightened(points: list[Point]) -> list[Point]:
    if len(points) < 3 or points[0] == points[-1]:
        return points
    return [(x, y) for x, y in LineString(points).simplify(TOLERANCE).coords]


def ring(indices: Sequence[int], arcs: Sequence[list[Point]]) -> list[Point]:
    """The points of a ring; a negative index is the arc ``~index`` walked backwards (TopoJSON 2.1.4)."""
    found: list[Point] = []
    for index in indices:
        points = arcs[index] if index >= 0 else arcs[~index][::-1]
        found += points[1:] if found else points
    return found


def _drawing(counties: Mapping[str, list[list[Point]]]) -> dict[str, object]:
    every = [point for rings in counties.values() for ring in rings for point in ring]
    west, east = min(x for x, _ in every), max(x for x, _ in every)
    south, north = min(y for _, y in every), max(y for _, y in every)
    narrow = math.cos(math.radians((south + north) / 2))
    scale = WIDTH / ((east - west) * narrow or 1)

    def path(ring: list[Point]) -> str:
        shown = (f"{(x - west) * narrow * scale:.1f} {(north - y) * scale:.1f}" for x, y in ring)
        return f"M{'L'.join(shown)}Z"

    return {
        "width": round(WIDTH),
        "height": math.ceil((north - south) * scale),
        "corner": [west, north],
        "units": [narrow * scale, scale],
        "counties": {fips: "".join(map(path, rings)) for fips, rings in sorted(counties.items())},
    }
