"""Areas in a GeoJSON file (RFC 7946): read feature by feature, told in one way, refused with a sentence."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import shapely
from shapely.errors import ShapelyError
from shapely.geometry import mapping, shape
from shapely.geometry.base import BaseGeometry

from broadcaster.said import Said

DIGITS = 6
"""Decimals of a degree that are kept: about 0.1 m."""
BAD = (ValueError, KeyError, TypeError, AttributeError, ShapelyError)
"""Everything that reading a feature can raise."""


def features(text: str, layer: str) -> list[Any]:
    """The features of a file, whatever they are; ValueError with a sentence when it holds none of `layer`."""
    try:
        whole = json.loads(text)
    except ValueError as error:
        raise ValueError(Said("This is no JSON: %(why)s.", why=error)) from error
    if not isinstance(whole, dict) or whole.get("type") != "FeatureCollection":
        raise ValueError(Said("This is no GeoJSON FeatureCollection: export %(layer)s as GeoJSON.", layer=layer))
    found = whole.get("features") or []
    if not isinstance(found, list) or not found:
        raise ValueError(Said("There is no feature in this file."))
    return found


def told(error: Exception) -> str:
    """What is wrong with a feature, as a sentence."""
    return str(error) if isinstance(error, ValueError) else Said("This is no feature: %(why)s.", why=error)


def area(feature: Mapping[str, Any], what: str) -> BaseGeometry:
    """The area of a feature in degrees; ValueError when it is none. It may cross itself."""
    drawn = shape(feature["geometry"])
    if drawn.geom_type not in ("Polygon", "MultiPolygon") or drawn.is_empty:
        raise ValueError(Said("The geometry is no Polygon or MultiPolygon: %(what)s is an area.", what=what))
    west, south, east, north = drawn.bounds
    if west < -180 or east > 180 or south < -90 or north > 90:
        raise ValueError(Said("The coordinates are no degrees: export in WGS 84 (EPSG:4326), longitude first."))
    return drawn


def why_broken(drawn: BaseGeometry) -> str:
    """Where a polygon crosses itself; ``""`` for one that does not."""
    return "" if drawn.is_valid else shapely.is_valid_reason(drawn)


def plain(drawn: BaseGeometry) -> dict[str, Any]:
    """As GeoJSON, the same area always in the same words: outer rings counterclockwise (RFC 7946 section 3.1.6)."""
    tidy = shapely.orient_polygons(shapely.normalize(shapely.set_precision(drawn, 10.0**-DIGITS)))
    made: dict[str, Any] = json.loads(json.dumps(mapping(tidy)))
    return made
