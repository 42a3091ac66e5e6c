"""Shapes of communities: where each one lies. GeoJSON (RFC 7946) in WGS 84, a feature for each or for each part of it.

A feature names its community by our property ``community`` (its code), else by a name and a county in the fields that
a state's layer of towns, the Census (``NAME``, ``COUNTYFP``) or NG911 GIS data (``Inc_Muni``, NENA-STA-006) has.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from broadcaster.directory import geometry
from broadcaster.directory.entries import Community
from broadcaster.directory.rows import Key, RowKind, Values
from broadcaster.directory.table import Refusal
from broadcaster.directory.whole import Directory
from broadcaster.said import Said

NAMES = ("name", "NAME", "Inc_Muni", "Uninc_Comm", "TOWN", "TOWN_NAME", "MUNI")
COUNTIES = ("county", "County", "COUNTY", "COUNTYFP", "FIPS_STCO")
OF_PSAPS = ("ServiceURN", "psap", "Agency_ID", "DsplayName")
"""Fields of the PSAP boundary layer: a file with one of them is not ours."""
MOST_POINTS, MOST_POINTS_IN_ALL = 20_000, 400_000
"""A shape is for a map and a lookup: the Census's 1:500,000 file of Massachusetts has about 60,000 points."""
MENDED_SHARE = 0.01
"""A shape that crosses itself is mended where that changes its area by no more than this share."""
DRAWN_WITHIN = 0.003
"""Degrees to which the shapes of maps are even (about 300 m); neighbours keep one border."""
_TITLES = re.compile(r"^(?:town|city|village) of |(?: \(?(?:town|city|village)\)?)$")


@dataclass(frozen=True, slots=True)
class TownShape:
    """Where a community lies; `geometry` is a GeoJSON Polygon or MultiPolygon in WGS 84, longitude first. `generated`
    for one that somebody has made up: good for a demo alone."""

    code: str
    geometry: dict[str, Any]
    generated: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """The shapes in a file, each feature that cannot be taken, and each that was mended, counted from 1."""

    shapes: list[TownShape]
    refused: list[Refusal]
    mended: list[Refusal] = field(default_factory=list)


def is_layer(features: Iterable[Any]) -> bool:
    """Whether these features are communities, not service boundaries of PSAPs."""
    fields = {name for each in features if isinstance(each, dict) for name in each.get("properties") or {}}
    return not fields.intersection(OF_PSAPS) and bool(fields.intersection(("community", *NAMES)))


def read(features: Sequence[Any], directory: Directory) -> Reading:
    """The shapes of communities; parts of one community are put together."""
    found: dict[str, list[BaseGeometry]] = {}
    made_up: set[str] = set()
    refused, mended, points = list[Refusal](), list[Refusal](), 0
    names = _by_name(directory)
    for no, feature in enumerate(features, start=1):
        try:
            own = feature.get("properties") or {}
            town = _town(own, directory, names)
            drawn, why = _drawn(feature, town)
        except geometry.BAD as error:
            refused.append(Refusal(no, geometry.told(error)))
            continue
        if why:
            mended.append(Refusal(no, Said("%(name)s was mended: %(why)s.", name=town.name, why=why)))
        found.setdefault(town.code, []).append(drawn)
        made_up |= {town.code} if own.get("generated") is True else set()
        points += shapely.get_num_coordinates(drawn)
    if points > MOST_POINTS_IN_ALL:
        refused.append(
            Refusal(
                0,
                Said(
                    "The shapes have %(points)s points, at most %(most)s: %(simpler)s",
                    points=f"{points:,}",
                    most=f"{MOST_POINTS_IN_ALL:,}",
                    simpler=SIMPLER,
                ),
            )
        )
    whole = {code: shapely.union_all(parts) for code, parts in sorted(found.items())}
    shapes = [TownShape(code, geometry.plain(area), code in made_up) for code, area in whole.items()]
    return Reading(shapes, refused, mended)


SIMPLER = Said("simplify them, or take a coarser file, such as the Census's 1:500,000.")


def _drawn(feature: Mapping[str, Any], town: Community) -> tuple[BaseGeometry, str]:
    """The area, and what was wrong with it where it could be mended."""
    drawn = geometry.area(feature, Said("a community"))
    points = shapely.get_num_coordinates(drawn)
    if points > MOST_POINTS:
        raise ValueError(
            Said(
                "%(name)s has %(points)s points, at most %(most)s: %(simpler)s",
                name=town.name,
                points=f"{points:,}",
                most=f"{MOST_POINTS:,}",
                simpler=SIMPLER,
            )
        )
    why = geometry.why_broken(drawn)
    if not why:
        return drawn, ""
    mended = shapely.union_all([one for one in shapely.get_parts(shapely.make_valid(drawn)) if one.area])
    if mended.is_empty or abs(mended.area - drawn.area) > MENDED_SHARE * mended.area:
        raise ValueError(
            Said(
                "The polygon of %(name)s is broken and cannot be mended: %(why)s. Repair it in your GIS.",
                name=town.name,
                why=why,
            )
        )
    return mended, why


def _town(own: Mapping[str, Any], directory: Directory, names: Mapping[str, list[Community]]) -> Community:
    """The community that a feature means; ValueError with a sentence when it is none or not sure which."""
    code = str(own.get("community") or "").strip()
    if code:
        listed = [one for one in directory.communities if one.code == code]
        if not listed:
            raise ValueError(Said("No community has the code “%(code)s”.", code=code))
        return listed[0]
    name = next((str(own[each]).strip() for each in NAMES if own.get(each)), "")
    if not name:
        raise ValueError(
            Said("No community is named: put its code into “community”, or its name and county into both.")
        )
    county = next((str(own[each]).strip() for each in COUNTIES if own.get(each) not in (None, "")), "")
    found = [one for one in names.get(_folded(name), []) if not county or _is_in(one, county, directory)]
    if not found:
        called = Said("No community is called “%(name)s”.", name=name)
        raise ValueError(
            Said("No community of %(county)s is called “%(name)s”.", county=county, name=name) if county else called
        )
    if len(found) > 1:
        raise ValueError(Said("Several communities are called “%(name)s”: put the county into “county”.", name=name))
    return found[0]


def _is_in(town: Community, county: str, directory: Directory) -> bool:
    name = directory.county_names[town.county_fips].casefold()
    return county.casefold().removesuffix(" county") in (name, town.county_fips, town.county_fips[2:])


def _by_name(directory: Directory) -> dict[str, list[Community]]:
    found: dict[str, list[Community]] = {}
    for one in directory.communities:
        found.setdefault(_folded(one.name), []).append(one)
    return found


def _folded(name: str) -> str:
    return "".join(letter for letter in _TITLES.sub("", name.casefold().strip()) if letter.isalnum())


def write(shapes: Sequence[TownShape], directory: Directory) -> str:
    """A FeatureCollection with every shape, as `read` reads it."""
    listed = {one.code: one for one in (*directory.former, *directory.communities)}
    features = [
        {"type": "Feature", "id": one.code, "geometry": one.geometry, "properties": _fields(one, listed, directory)}
        for one in shapes
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)


def _fields(one: TownShape, listed: Mapping[str, Community], directory: Directory) -> dict[str, Any]:
    town = listed.get(one.code)
    place = {"name": town.name, "county": directory.county_names[town.county_fips]} if town else {}
    return {"community": one.code, **place, **({"generated": True} if one.generated else {})}


def rows(shapes: Iterable[TownShape]) -> dict[Key, Values]:
    """Shapes as rows of the directory."""
    return {(RowKind.SHAPE.value, one.code): {"generated": one.generated, "geometry": one.geometry} for one in shapes}


def simplified(shapes: Sequence[TownShape]) -> dict[str, dict[str, Any]]:
    """What maps draw, by code: the same shapes with few points, neighbours along one line still."""
    whole = [shape(one.geometry) for one in shapes]
    fewer = shapely.coverage_simplify(whole, DRAWN_WITHIN) if whole else []
    kept = [few if few.is_valid and not few.is_empty else full for few, full in zip(fewer, whole, strict=True)]
    return {one.code: geometry.plain(area) for one, area in zip(shapes, kept, strict=True)}


class Towns:
    """Shapes made ready once for many points."""

    def __init__(self, shapes: Sequence[TownShape]) -> None:
        whole = sorted(((shape(one.geometry), one.code) for one in shapes), key=lambda pair: (pair[0].area, pair[1]))
        self._codes = [code for _, code in whole]
        self._tree = shapely.STRtree([area for area, _ in whole])

    def __bool__(self) -> bool:
        return bool(self._codes)

    def at(self, longitude: float, latitude: float) -> list[str]:
        """The codes of those that hold a point (degrees, WGS 84) or have it on their edge; the smallest comes first,
        so a campus comes before its town."""
        point = shapely.Point(longitude, latitude)
        return [self._codes[no] for no in sorted(self._tree.query(point, "covered_by"))]
