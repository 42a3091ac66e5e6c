"""A drawing of where an alert holds: the counties and towns, those chosen, the neighbours, and the polygon over
them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import lru_cache

from shapely import Geometry, Polygon, box, get_parts

from broadcaster.feeds import shapes
from broadcaster.feeds.picture import AreaMap, Label, Piece
from broadcaster.feeds.shapes import Drawn, Outlines

WIDTH = 640.0
"""The width of the drawing in SVG units; its height follows the area."""
STEEPEST = 2.0
"""No drawing is so many times taller than it is wide."""
AROUND, FARTHEST = 0.12, 0.45
"""The share of the area's width that is shown around it, and degrees at most: the neighbours are known no farther."""
INSET = 75.0
"""Units that a name stays away from the sides."""
LEAST = 0.35
"""Degrees of latitude that are shown at least, so that a small county is not alone on its page."""
EVEN = 0.0008
"""Degrees within which a town's border may be straightened: a third of a unit where a whole county is seen."""
Project = Callable[[float, float], tuple[float, float]]


def drawn(outlines: Outlines, area: Drawn, names: dict[str, str]) -> AreaMap | None:
    """The map of a drawn area, `names` by FIPS code and by the code of a community; None where there is no polygon."""
    return _drawn(outlines, area, tuple(sorted(names.items()))) if area.polygons else None


@lru_cache(maxsize=16)
def _drawn(outlines: Outlines, area: Drawn, named: tuple[tuple[str, str], ...]) -> AreaMap:
    """Kept by all that it is drawn from: outlines never change, and others are other ones."""
    names = dict(named)
    whole = shapes.whole(area.polygons)
    frame = _frame(whole.bounds)
    project, height = _projection(frame)
    neighbours = {name: land.intersection(frame) for name, land in outlines.neighbours.items()}
    counties = {code: land.intersection(frame) for code, land in outlines.counties.items()}
    chosen = set(area.counties)
    return AreaMap(
        width=round(WIDTH),
        height=height,
        neighbours=tuple(Piece(name, _path(land, project)) for name, land in neighbours.items() if not land.is_empty),
        counties=tuple(
            Piece(names.get(code, code), _path(land, project), code in chosen)
            for code, land in counties.items()
            if not land.is_empty
        ),
        polygons=tuple(_path(shapes.polygon(ring), project) for ring in area.polygons),
        labels=tuple(_labels(neighbours, frame, project)),
        points=sum(ring.count(" ") + 1 for ring in area.polygons),
        towns=tuple(_towns(outlines, area, names, frame, project)),
    )


def _towns(outlines: Outlines, area: Drawn, names: dict[str, str], frame: Polygon, project: Project) -> Iterator[Piece]:
    """The towns in view, where some are meant: the chosen ones last, so that their borders lie on top."""
    chosen = set(area.towns)
    for code, land in sorted(outlines.towns.items() if chosen else (), key=lambda pair: pair[0] in chosen):
        seen = land.intersection(frame).simplify(EVEN)
        if not seen.is_empty:
            yield Piece(names.get(code, code), _path(seen, project), code in chosen)


def _frame(bounds: tuple[float, float, float, float]) -> Polygon:
    """What is shown: the area with a margin, never a sliver."""
    west, south, east, north = bounds
    narrow = math.cos(math.radians((south + north) / 2))
    margin = min(AROUND * max(east - west, north - south), FARTHEST)
    tall = max(north - south + 2 * margin, LEAST)
    wide = max(east - west + 2 * margin, tall / STEEPEST / narrow, LEAST / narrow)
    x, y = (west + east) / 2, (south + north) / 2
    return box(x - wide / 2, y - tall / 2, x + wide / 2, y + tall / 2)


def _projection(frame: Polygon) -> tuple[Project, int]:
    west, south, east, north = frame.bounds
    narrow = math.cos(math.radians((south + north) / 2))
    scale = WIDTH / ((east - west) * narrow)
    return lambda lon, lat: ((lon - west) * narrow * scale, (north - lat) * scale), math.ceil((north - south) * scale)


def _path(land: Geometry, project: Project) -> str:
    rings = (ring for part in get_parts(land) if isinstance(part, Polygon) for ring in (part.exterior, *part.interiors))
    return "".join(f"M{'L'.join(_points(ring.coords, project))}Z" for ring in rings)


def _points(coords: object, project: Project) -> Iterator[str]:
    for lon, lat in coords:  # type: ignore[attr-defined] # shapely has no types
        x, y = project(lon, lat)
        yield f"{x:.1f} {y:.1f}"


def _labels(neighbours: dict[str, Geometry], frame: Polygon, project: Project) -> Iterator[Label]:
    for name, land in neighbours.items():
        if land.area > frame.area / 40:
            largest = max(get_parts(land), key=lambda part: part.area)
            point = largest.representative_point()
            x, y = project(point.x, point.y)
            yield Label(name, round(min(max(x, INSET), WIDTH - INSET)), round(y))
