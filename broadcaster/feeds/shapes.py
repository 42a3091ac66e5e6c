"""Where an alert holds as polygons: the chosen counties and towns in few points, and how far those reach over the
state line.

Geometry happens at draft and submit; what was drawn is frozen with the revision. Sizes are in square kilometres.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from pydantic import TypeAdapter
from shapely import Geometry, MultiPolygon, Polygon, box, transform, union_all
from shapely.geometry import shape

from broadcaster.feeds.covering import covering
from broadcaster.said import Said, joined

MOST_POINTS = 99
"""FEMA's software requirements: fewer than 100 nodes, the repeated first one included (cap-ipaws.md section 2.4)."""
MOST_PARTS = 8
DECIMALS = 5
"""About a metre; readers take six at most (cap-ipaws.md section 8)."""
KM_A_DEGREE = 111.2
NEAR = 0.2
"""Degrees around some towns within which the rest of the state is spared: no border moves farther outwards."""
KM2 = "\N{NO-BREAK SPACE}km²"


UNREADABLE = "The county outlines cannot be read: run `make assets` and `broadcaster db upgrade`."


class NoOutlines(ValueError):
    """A text that holds no outlines; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class Spill:
    """How far a polygon reaches over the state line: by state, and as a share (0 to 1) of the whole polygon."""

    states: tuple[tuple[str, float], ...] = ()
    share: float = 0.0

    @property
    def km2(self) -> float:
        """The land of other states within the polygon."""
        return sum(size for _, size in self.states)

    @property
    def sentence(self) -> str:
        """What an officer reads."""
        if self.km2 < 1:
            return Said("The polygon stays within the state.")
        states = [f"{name} ({max(1, round(size))}{KM2})" for name, size in self.states if size >= 0.5]
        share = f"{self.share:.1%}" if self.share >= 0.001 else Said("less than 0.1%%")
        where = joined(Said(" and "), filter(None, (", ".join(states[:-1]), states[-1])))
        return Said(
            "The polygon reaches over the state line by %(size)s, %(share)s of it: into %(where)s.",
            size=f"{round(self.km2)}{KM2}",
            share=share,
            where=where,
        )


@dataclass(frozen=True, slots=True)
class Drawn:
    """What is frozen: rings of ``lat,lon`` pairs, the counties they cover whole, and the counties that have no outline;
    beside the counties the towns that they cover by their own shapes, and those that have none and so took their whole
    county in.

    With a county missing there is no ring at all: phones go by the polygon where there is one, and would miss it.
    """

    polygons: tuple[str, ...] = ()
    counties: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    spill: Spill = Spill()
    towns: tuple[str, ...] = ()
    shapeless: tuple[str, ...] = ()


_DRAWN = TypeAdapter(Drawn)


def to_json(drawn: Drawn) -> str:
    """A drawn area as text, to be frozen."""
    return _DRAWN.dump_json(drawn).decode()


def from_json(text: str) -> Drawn:
    """The drawn area that `to_json` wrote."""
    return _DRAWN.validate_json(text)


@dataclass(frozen=True, eq=False)
class Outlines:
    """The borders of one state's counties by FIPS code, the land of its neighbours by their name, and the shapes of its
    communities by their code, as far as they are known; in degrees."""

    counties: Mapping[str, Geometry]
    neighbours: Mapping[str, Geometry]
    towns: Mapping[str, Geometry] = field(default_factory=dict)


NOTHING = Outlines({}, {})


@lru_cache(maxsize=4)
def read(text: str) -> Outlines:
    """The outlines in a JSON text of GeoJSON geometries (`broadcaster.local.borders` writes it)."""
    try:
        both = json.loads(text)
        counties, neighbours = both["counties"], both["neighbours"]
        return Outlines(*({code: shape(each) for code, each in land.items()} for land in (counties, neighbours)))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NoOutlines(UNREADABLE) from error


def draw(outlines: Outlines, counties: Collection[str], towns: Collection[str] = ()) -> Drawn:
    """The polygons over some whole counties and some towns by their shapes: one for each part that lies apart."""
    meant = tuple(sorted(counties))
    missing = tuple(code for code in meant if code not in outlines.counties)
    return Drawn((), (), missing) if missing or not (meant or towns) else _drawn(outlines, meant, tuple(sorted(towns)))


@lru_cache(maxsize=256)
def _drawn(outlines: Outlines, counties: tuple[str, ...], towns: tuple[str, ...]) -> Drawn:
    land = union_all([*(outlines.counties[code] for code in counties), *(outlines.towns[code] for code in towns)])
    narrow = math.cos(math.radians(land.centroid.y)) * KM_A_DEGREE
    foreign = [_scaled(each, narrow, KM_A_DEGREE) for each in outlines.neighbours.values()]
    if towns:
        foreign.append(_scaled(_around(outlines, land), narrow, KM_A_DEGREE))
    made = covering(_scaled(land, narrow, KM_A_DEGREE), union_all(foreign), MOST_POINTS, MOST_PARTS)
    rings = [_scaled(each, 1 / narrow, 1 / KM_A_DEGREE) for each in made]
    states = {name: _scaled(each, narrow, KM_A_DEGREE) for name, each in outlines.neighbours.items()}
    whole = union_all(made)
    sizes = ((name, round(whole.intersection(each).area, 1)) for name, each in states.items())
    over = tuple(sorted((pair for pair in sizes if pair[1]), key=lambda pair: -pair[1]))
    spill = Spill(over, round(sum(size for _, size in over) / whole.area, 4))
    return Drawn(tuple(map(_written, rings)), counties, (), spill, towns)


def _around(outlines: Outlines, land: Geometry) -> Geometry:
    """The rest of the state near some towns: people there are not meant either."""
    near = box(*land.buffer(NEAR).bounds)
    return union_all([each.intersection(near) for each in outlines.counties.values()]).difference(land)


def _scaled(geometry: Geometry, x: float, y: float) -> Geometry:
    return transform(geometry, lambda points: points * (x, y))


def _written(ring: Polygon) -> str:
    """``lat,lon lat,lon ...``, closed, latitude first (CAP 1.2 section 3.2.4)."""
    degrees = ((lat, max(-180.0, min(180.0, lon))) for lon, lat in ring.exterior.coords[:-1])
    points = [f"{lat:.{DECIMALS}f},{lon:.{DECIMALS}f}" for lat, lon in degrees]
    kept = list(dict.fromkeys(points))
    return " ".join([*kept, kept[0]])


def polygon(text: str) -> Polygon:
    """The polygon of a CAP ring, in degrees with x as longitude."""
    pairs = [pair.split(",") for pair in text.split(" ")]
    return Polygon([(float(lon), float(lat)) for lat, lon in pairs])


def touched(outlines: Outlines, area: Geometry) -> tuple[str, ...]:
    """The counties that share land with an area, by FIPS code; touching a border alone does not count."""
    return _sharing(outlines.counties, area)


def towns_touched(outlines: Outlines, area: Geometry) -> tuple[str, ...]:
    """The communities that share land with an area by their own shapes, by code."""
    return _sharing(outlines.towns, area)


def _sharing(land: Mapping[str, Geometry], area: Geometry) -> tuple[str, ...]:
    found = (code for code, each in land.items() if each.intersects(area) and not each.touches(area))
    return tuple(sorted(found))


def whole(rings: Collection[str]) -> MultiPolygon:
    """Several CAP rings as one geometry."""
    return MultiPolygon([polygon(ring) for ring in rings])
