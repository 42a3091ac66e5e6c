"""A border drawn with few points that still lies outside the land everywhere: nobody meant is left out.

Lines are straightened outwards only. Each step fills the cheapest triangle at the border, a bay or the corner between
two sides drawn out until they meet; land that is not meant costs more than water.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

from shapely import Geometry, Polygon, get_parts, prepare, unary_union

Point = tuple[float, float]
Measure = Callable[[Sequence[Point]], float]
MARGIN = 0.2
"""Kilometres that the border is moved outwards first. The atlas of us-atlas has steps of 0.0036 degrees of longitude,
so its borders may be 150 m off (300 m of width); and rounding to a metre must leave nobody outside."""
FARTHEST = 50.0
"""Kilometres over which parts are not joined, however many: the Aleutians lie on both sides of 180 degrees."""
WATER = 0.1
"""What a square kilometre of water costs, beside 1 of land that is not meant."""
MANY_POINTS = 700
COARSER = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4)
"""Kilometres by which a border of more than `MANY_POINTS` points is evened out before it is straightened."""


def covering(land: Geometry, foreign: Geometry, most_points: int, most_parts: int) -> list[Polygon]:
    """Polygons over `land`, all in kilometres: closed rings of at most `most_points` points, largest first.

    Parts that lie apart stay apart, up to `most_parts`; then the nearest are joined. Lakes are filled, and what grows
    into each other becomes one.
    """
    prepare(foreign)
    wide = land.buffer(MARGIN, join_style="mitre")
    parts = _parts(wide, most_parts)
    while True:
        made = [_few_points(part, foreign, most_points) for part in parts]
        parts = _filled(unary_union(made))
        if len(parts) == len(made):
            return sorted(made, key=lambda part: -part.area)


def _parts(land: Geometry, most: int) -> list[Polygon]:
    reach = 0.25
    parts = _filled(land)
    while len(parts) > most and reach < FARTHEST:
        parts, reach = _filled(land.buffer(reach).buffer(-reach).union(land)), reach * 1.6
    return parts


def _filled(land: Geometry) -> list[Polygon]:
    """The parts that do not touch, without lakes."""
    whole = unary_union([Polygon(part.exterior) for part in get_parts(land) if isinstance(part, Polygon)])
    return [part for part in get_parts(whole) if isinstance(part, Polygon)]


def _few_points(part: Polygon, foreign: Geometry, most: int) -> Polygon:
    for reach in COARSER:
        if len(part.exterior.coords) <= MANY_POINTS:
            break
        part = max(_filled(part.buffer(reach, quad_segs=2).simplify(reach)), key=lambda each: each.area)

    def cost(triangle: Sequence[Point]) -> float:
        shape = Polygon(triangle)
        theirs = shape.intersection(foreign).area if foreign.intersects(shape) else 0.0
        return float(WATER * shape.area + theirs)

    ring = Ring(_anticlockwise(part), cost)
    going = True
    while going and len(ring.points) >= most:
        going = ring.straighten()
    return Polygon(ring.points) if len(ring.points) < most else _hull(part, most)


def _hull(part: Polygon, most: int) -> Polygon:
    """The last resort, which always works: a convex border, and a rectangle where even that has too many points."""
    hull = part.convex_hull
    return hull if len(hull.exterior.coords) <= most else hull.envelope


def _anticlockwise(part: Polygon) -> list[Point]:
    points = [(x, y) for x, y in part.exterior.coords[:-1]]
    return points if part.exterior.is_ccw else points[::-1]


class Ring:
    """An anticlockwise border that loses a point at each step and never any land."""

    def __init__(self, points: list[Point], cost: Measure) -> None:
        self.points = points
        self._cost = cost
        self._known: dict[tuple[Point, ...], float] = {}

    def straighten(self) -> bool:
        """Take the cheapest step that keeps the border simple; False when there is none."""
        for _, at, width, corner in sorted(self._steps()):
            made = self._with(at, width, corner)
            if Polygon(made).is_valid:
                self.points = made
                return True
        return False

    def _with(self, at: int, width: int, corner: tuple[Point, ...]) -> list[Point]:
        turned = self.points[at:] + self.points[:at]
        return [*corner, *turned[width:]]

    def _steps(self) -> Iterator[tuple[float, int, int, tuple[Point, ...]]]:
        """Every bay that can be filled, and every side that can give way to a corner."""
        many = len(self.points)
        turns = [_turn(self.points[no - 1], self.points[no], self.points[(no + 1) % many]) for no in range(many)]
        for no in range(many):
            before, here, after = self.points[no - 1], self.points[no], self.points[(no + 1) % many]
            if turns[no] <= 0:
                yield self._priced((before, here, after)), no, 1, ()
            elif turns[(no + 1) % many] > 0:
                corner = _meeting(before, here, after, self.points[(no + 2) % many])
                if corner:
                    yield self._priced((here, corner, after)), no, 2, (corner,)

    def _priced(self, triangle: tuple[Point, Point, Point]) -> float:
        if triangle not in self._known:
            self._known[triangle] = self._cost(triangle)
        return self._known[triangle]


def _turn(a: Point, b: Point, c: Point) -> float:
    """Positive where the way from a over b to c turns left."""
    return (b[0] - a[0]) * (c[1] - b[1]) - (b[1] - a[1]) * (c[0] - b[0])


def _meeting(a: Point, b: Point, c: Point, d: Point) -> Point | None:
    """Where the line from a beyond b meets the line from d beyond c; None when they part."""
    ux, uy, vx, vy = b[0] - a[0], b[1] - a[1], c[0] - d[0], c[1] - d[1]
    across = ux * vy - uy * vx
    if math.isclose(across, 0.0, abs_tol=1e-9):
        return None
    along = ((c[0] - b[0]) * vy - (c[1] - b[1]) * vx) / across
    back = ((c[0] - b[0]) * uy - (c[1] - b[1]) * ux) / across
    return (b[0] + along * ux, b[1] + along * uy) if along > 0 and back > 0 else None
