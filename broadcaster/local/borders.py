"""The borders of every state's counties and of the land around it, from the TopoJSON of us-atlas, as GeoJSON."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shapely import Geometry, LineString, Polygon, make_valid, set_precision, union_all
from shapely.geometry import mapping
from sqlalchemy.orm import Session

from broadcaster.local.outlines import Point, decoded, ring
from broadcaster.store.places import outlines

AROUND = 1.0
"""Degrees around a state within which its neighbours are kept: neither a polygon nor its map reaches farther."""
GRID = 0.00001
ISLET = 0.002
"""Degrees, half a step of the atlas."""
STATIC = Path(__file__).resolve().parents[1] / "web" / "static" / "borders"


def by_state(topology: Mapping[str, Any]) -> dict[str, str]:
    """By state FIPS code, the JSON text of ``{"counties": {fips: geometry}, "neighbours": {name: geometry}}``."""
    arcs = decoded(topology)
    counties: dict[str, dict[str, Geometry]] = defaultdict(dict)
    for county in topology["objects"]["counties"]["geometries"]:
        fips = str(county["id"])
        counties[fips[:2]][fips] = _land(county, arcs)
    states = {str(one["id"]): (one["properties"]["name"], _land(one, arcs)) for one in _states(topology)}
    return {fips: _text(counties[fips], _around(fips, states)) for fips in states}


def _states(topology: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = topology["objects"]["states"]["geometries"]
    return found


def _land(shape: Mapping[str, Any], arcs: list[list[Point]]) -> Geometry:
    polygons = shape["arcs"] if shape["type"] == "MultiPolygon" else [shape["arcs"]]
    made = [_patch(ring(outer, arcs), [ring(hole, arcs) for hole in holes]) for outer, *holes in polygons]
    return set_precision(make_valid(union_all(made)), GRID)


def _patch(outer: list[Point], holes: list[list[Point]]) -> Geometry:
    """A polygon; an islet that the atlas has rounded to a line is a small blot, so that nobody there is forgotten."""
    if len(outer) < 4:
        return LineString(outer).buffer(ISLET, quad_segs=1)
    return make_valid(Polygon(outer, [hole for hole in holes if len(hole) >= 4]))


def _around(fips: str, states: Mapping[str, tuple[str, Geometry]]) -> dict[str, Geometry]:
    near = states[fips][1].buffer(AROUND, quad_segs=2)
    others = ((name, land.intersection(near)) for code, (name, land) in states.items() if code != fips)
    return {name: land for name, land in others if not land.is_empty}


def _text(counties: Mapping[str, Geometry], neighbours: Mapping[str, Geometry]) -> str:
    plain = {
        "counties": {fips: mapping(land) for fips, land in sorted(counties.items())},
        "neighbours": {name: mapping(set_precision(land, GRID)) for name, land in sorted(neighbours.items())},
    }
    return json.dumps(plain, separators=(",", ":"))


def built(fips: str, folder: Path = STATIC) -> str:
    """The borders of a state as `make assets` has built them; ``""`` where it has not."""
    path = folder / f"{fips}.json"
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def install(session: Session, fips: str) -> bool:
    """Keep the built borders of a state in the database; False where they have not been built."""
    text = built(fips)
    if text and text != outlines.load(session, fips):
        outlines.save(session, fips, text)
    return bool(text)
