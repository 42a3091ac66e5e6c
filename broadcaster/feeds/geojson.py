"""A polygon of somebody else, as GeoJSON (RFC 7946): longitude first, closed rings, bounded in size."""

from __future__ import annotations

from typing import Any

from shapely import Geometry, MultiPolygon, Polygon
from shapely.errors import ShapelyError

MOST_POINTS = 2_000
"""Points of all rings together; more is a map, not an alert's area."""


class BadGeoJson(ValueError):
    """Not a usable area; the message is a sentence that says what to change."""


def area(kind: str, coordinates: list[Any]) -> Geometry:
    """The area of a ``Polygon`` or a ``MultiPolygon``; BadGeoJson for anything that is not a plain, valid one."""
    rings = [coordinates] if kind == "Polygon" else coordinates
    if not rings or not all(isinstance(polygon, list) and polygon for polygon in rings):
        raise BadGeoJson("The polygon has no ring: send [[[lon, lat], ...]].")
    if sum(len(ring) for polygon in rings for ring in polygon if isinstance(ring, list)) > MOST_POINTS:
        raise BadGeoJson(f"The polygon has more than {MOST_POINTS:,} points: simplify it.")
    made = MultiPolygon([_polygon(polygon) for polygon in rings])
    if not made.is_valid:
        raise BadGeoJson("The polygon crosses or overlaps itself: draw it again.")
    return made


def _polygon(rings: list[Any]) -> Polygon:
    outer, *holes = [_ring(ring) for ring in rings]
    try:
        return Polygon(outer, holes)
    except (ShapelyError, ValueError) as error:
        raise BadGeoJson("A ring has too few points: four or more, the last one equal to the first.") from error


def _ring(ring: Any) -> list[tuple[float, float]]:
    if not isinstance(ring, list):
        raise BadGeoJson("A ring is a list of [lon, lat].")
    points = [_point(point) for point in ring]
    if len(points) < 4 or points[0] != points[-1]:
        raise BadGeoJson("A ring needs four points or more, and must end where it began.")
    return points


def _point(point: Any) -> tuple[float, float]:
    numbers = point[:2] if isinstance(point, list) else []
    if len(numbers) != 2 or not all(type(number) in (int, float) for number in numbers):
        raise BadGeoJson("A point is [lon, lat], two numbers.")
    lon, lat = numbers
    if not (abs(lon) <= 180 and abs(lat) <= 90):
        raise BadGeoJson(f"{str(point)[:40]} is no place on Earth: longitude comes first.")
    return float(lon), float(lat)
