"""The towns on the desk's maps: drawn from the shapes in the directory, kept until one of them changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, jsonify
from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcaster.store.places import town_shapes
from broadcaster.store.places.directory import Community
from broadcaster.web import outline
from broadcaster.web.house import house
from broadcaster.web.outline import Drawing
from broadcaster.web.signin.guard import require_person

town_map = Blueprint("town_map", __name__, url_prefix="/desk/towns")
town_map.before_request(require_person)

FOR_EVER = "private, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Town:
    """One community on a map: its county, and its SVG path in the units of the state's drawing."""

    county: str
    path: str


@dataclass(frozen=True, slots=True)
class TownMap:
    """Every community that has a shape, by its code, the largest first; `generated` when shapes are made up."""

    stamp: str
    towns: Mapping[str, Town]
    generated: bool


NOTHING = TownMap("", {}, False)
_kept: dict[tuple[str, str], TownMap] = {}
MOST_KEPT = 4


@town_map.get("/<stamp>.json")
def file(stamp: str) -> Response:
    """The towns for the form's map, under an address of their own for each version: browsers ask for it once."""
    with house().sessions.begin() as store:
        found = of(store)
    answer = jsonify([[code, town.county, town.path] for code, town in found.towns.items()])
    if stamp == found.stamp:
        answer.headers["Cache-Control"] = FOR_EVER
    return answer


def of(store: Session) -> TownMap:
    """The towns as they are drawn now; none where nothing was imported, or the county outlines are not built."""
    fips = house().settings.state_fips
    drawing, stamp = outline.of_state(fips), town_shapes.stamp(store)
    if drawing is None or not stamp:
        return NOTHING
    key = (fips, stamp)
    if key not in _kept:
        while len(_kept) >= MOST_KEPT:
            _kept.pop(next(iter(_kept)), None)
        _kept[key] = TownMap(stamp, dict(_drawn(store, drawing)), town_shapes.is_generated(store))
    return _kept[key]


def _drawn(store: Session, drawing: Drawing) -> Iterator[tuple[str, Town]]:
    listed = select(Community.code, Community.county_fips).where(Community.retired_at.is_(None))
    counties = dict(store.execute(listed).all())
    shapes = town_shapes.drawings(store)
    for code in sorted(counties.keys() & shapes.keys(), key=lambda one: (-_wide(shapes[one]), one)):
        yield code, Town(counties[code], "".join(_path(ring, drawing) for ring in _rings(shapes[code])))


def _rings(geometry: Mapping[str, Any]) -> list[list[tuple[float, float]]]:
    polygons = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    return [ring for polygon in polygons for ring in polygon]


def _wide(geometry: Mapping[str, Any]) -> float:
    """The size of the box around a shape: what is within another is drawn after it."""
    points = [point for ring in _rings(geometry) for point in ring]
    east_west, north_south = [point[0] for point in points], [point[1] for point in points]
    return (max(east_west) - min(east_west)) * (max(north_south) - min(north_south))


def _path(ring: list[tuple[float, float]], drawing: Drawing) -> str:
    points = ("{:.1f} {:.1f}".format(*drawing.at(*point[:2])) for point in ring[:-1])
    return f"M{'L'.join(points)}Z"
