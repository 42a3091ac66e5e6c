"""Shapes for the towns of Massachusetts, made up: each town gets what lies nearest to its points within its county.

No package holds the real ones. These share the counties' real outlines, fill them without gaps, and are invented inside
them: good to click on in a demo, and wrong about who lives where. Every one of them says so (`TownShape.generated`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from shapely import Geometry, MultiPoint, STRtree, get_parts, polygonize, transform, union_all
from shapely import voronoi_polygons as cells

from broadcaster.directory import geometry
from broadcaster.directory.town_shapes import TownShape
from broadcaster.local.massachusetts.tables import table

NARROW = math.cos(math.radians(42.2))
"""A degree of longitude beside one of latitude, in the middle of the state."""
GRID = 0.00001
Point = tuple[float, float]


def generated(counties: Mapping[str, Geometry]) -> list[TownShape]:
    """A shape for every municipality whose county (by FIPS code, in degrees) is given, in the order of the table."""
    points: dict[str, list[Point]] = {}
    for row in table("points"):
        points.setdefault(row["code"], []).append((float(row["longitude"]) * NARROW, float(row["latitude"])))
    towns: dict[str, list[str]] = {}
    for row in table("communities"):
        if row["code"] in points:
            towns.setdefault(row["county_fips"], []).append(row["code"])
    made = {
        code: land
        for fips, codes in towns.items()
        if fips in counties
        for code, land in _parted(counties[fips], codes, points)
    }
    whole = _side_by_side(made)
    return [TownShape(code, geometry.plain(whole[code]), True) for code in points if code in whole]


def _parted(
    county: Geometry, towns: Sequence[str], points: Mapping[str, list[Point]]
) -> Iterator[tuple[str, Geometry]]:
    """The towns of one county; one that is alone has all of it."""
    if len(towns) == 1:
        yield towns[0], county
        return
    land = transform(county, lambda degrees: degrees * (NARROW, 1))
    seeds = [(code, point) for code in towns for point in points[code]]
    made = get_parts(cells(MultiPoint([point for _, point in seeds]), extend_to=land, ordered=True))
    own: dict[str, list[Geometry]] = {}
    for (code, _), cell in zip(seeds, made, strict=True):
        own.setdefault(code, []).append(cell)
    for code, parts in own.items():
        yield code, transform(union_all(parts).intersection(land), lambda flat: flat / (NARROW, 1))


def _side_by_side(towns: Mapping[str, Geometry]) -> dict[str, Geometry]:
    """The same towns on one grid, neighbours with the very same points along their border, also over a county line."""
    tree, codes = STRtree(list(towns.values())), list(towns)
    lines = union_all([land.boundary for land in towns.values()], grid_size=GRID)
    own: dict[str, list[Geometry]] = {}
    for face in get_parts(polygonize(get_parts(lines))):
        within = tree.query(face.representative_point(), "within")
        if len(within):
            own.setdefault(codes[int(within[0])], []).append(face)
    return {code: union_all(parts) for code, parts in own.items()}
