"""Service boundaries: which PSAP answers at a point. GeoJSON (RFC 7946) in the form of NG911 GIS data (NENA-STA-006).

A feature is a polygon of the PSAP boundary layer: ``NGUID``, ``DsplayName``, ``Agency_ID``, ``ServiceURN``. The PSAP is
found by our own property ``psap``, else by ``Agency_ID``, else by ``DsplayName``. Our property ``communities`` names
those that it serves, wholly or in part: so a community comes to be served by several.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import shapely
from shapely.geometry import Point, shape

from broadcaster.directory import geometry
from broadcaster.directory.entries import Community
from broadcaster.directory.rows import Key, RowKind, Values
from broadcaster.directory.table import Refusal
from broadcaster.directory.town_shapes import Towns, TownShape
from broadcaster.directory.whole import Directory
from broadcaster.said import Said

SOS = ("urn:service:sos", "urn:nena:service:sos.psap")
"""Services that answer 911 itself; a file may hold others (fire, poison), which are not taken."""


@dataclass(frozen=True, slots=True)
class Boundary:
    """The area that a PSAP answers; `geometry` is a GeoJSON Polygon or MultiPolygon in WGS 84, longitude first."""

    nguid: str
    psap: str
    name: str
    geometry: dict[str, Any]
    communities: tuple[str, ...] = ()
    properties: dict[str, Any] | None = None


def read(text: str, directory: Directory) -> tuple[list[Boundary], list[Refusal]]:
    """The boundaries in a file, and each feature that cannot be taken, counted from 1; a refusal of the whole has 0."""
    try:
        features = geometry.features(text, Said("the PSAP boundary layer"))
    except ValueError as error:
        return [], [Refusal(0, str(error))]
    found: dict[str, Boundary] = {}
    refused = []
    for no, feature in enumerate(features, start=1):
        try:
            one = _boundary(feature, directory)
            if one.nguid in found:
                raise ValueError(Said("NGUID “%(nguid)s” stands in the file already.", nguid=one.nguid))
            found[one.nguid] = one
        except geometry.BAD as error:
            refused.append(Refusal(no, geometry.told(error)))
    return list(found.values()), refused


def _boundary(feature: dict[str, Any], directory: Directory) -> Boundary:
    own = feature.get("properties") or {}
    nguid, name = str(own.get("NGUID") or feature.get("id") or "").strip(), str(own.get("DsplayName") or "").strip()
    if not nguid:
        raise ValueError(Said("NGUID is missing: every NG911 feature has one."))
    urn = str(own.get("ServiceURN") or SOS[0])
    if urn not in SOS:
        raise ValueError(Said("ServiceURN is %(urn)s, which is not 911: leave this layer out.", urn=urn))
    given = own.get("communities") or ()
    served = [each.strip() for each in given.split(";")] if isinstance(given, str) else [str(each) for each in given]
    known = {community.code for community in directory.communities}
    strange = [code for code in served if code not in known]
    if strange:
        raise ValueError(Said("No community has the code “%(code)s”.", code=strange[0]))
    fields = {"ServiceURN": urn, **_plain(own)}
    return Boundary(nguid, _psap(own, name, directory), name, _geometry(feature), tuple(served), fields)


def _psap(own: dict[str, Any], name: str, directory: Directory) -> str:
    codes = {psap.code for psap in directory.psaps}
    by_name = {psap.name.casefold(): psap.code for psap in directory.psaps}
    for given in (str(own.get("psap") or ""), str(own.get("Agency_ID") or "")):
        if given in codes:
            return given
    if name.casefold() in by_name:
        return by_name[name.casefold()]
    called = name or own.get("Agency_ID") or ""
    raise ValueError(Said("No PSAP is called “%(name)s”: put its code in the property “psap”.", name=called))


def _geometry(feature: dict[str, Any]) -> dict[str, Any]:
    drawn = geometry.area(feature, Said("a service boundary"))
    if why := geometry.why_broken(drawn):
        raise ValueError(Said("The polygon is broken: %(why)s.", why=why))
    return geometry.plain(drawn)


def _plain(own: dict[str, Any]) -> dict[str, Any]:
    """The fields that it came with, but ours."""
    kept = {name: value for name, value in own.items() if isinstance(value, str | int | float | bool)}
    return {name: value for name, value in kept.items() if name not in ("psap", "communities")}


def write(boundaries: Sequence[Boundary], directory: Directory) -> str:
    """A FeatureCollection with every boundary, in the fields it came with and ours."""
    names = {psap.code: psap.name for psap in directory.psaps}
    features = [
        {
            "type": "Feature",
            "id": one.nguid,
            "geometry": one.geometry,
            "properties": {
                **(one.properties or {}),
                "NGUID": one.nguid,
                "DsplayName": one.name or names.get(one.psap, ""),
                "psap": one.psap,
                "communities": list(one.communities),
            },
        }
        for one in boundaries
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)


def rows(boundaries: Iterable[Boundary]) -> dict[Key, Values]:
    """Boundaries as rows of the directory."""
    return {
        (RowKind.BOUNDARY.value, one.nguid): {
            "psap": one.psap,
            "name": one.name,
            "communities": list(one.communities),
            "properties": one.properties or {},
            "geometry": one.geometry,
        }
        for one in boundaries
    }


def served(directory: Directory, boundaries: Sequence[Boundary]) -> Directory:
    """The directory in which every community is served by all the PSAPs whose boundaries name it; its first stays."""
    more: dict[str, list[str]] = {}
    for one in boundaries:
        for code in one.communities:
            more.setdefault(code, []).append(one.psap)
    return replace(directory, communities=tuple(_with(one, more.get(one.code, ())) for one in directory.communities))


def _with(community: Community, psaps: Sequence[str]) -> Community:
    new = [code for code in dict.fromkeys(psaps) if code not in (community.psap_code, *community.other_psaps)]
    return replace(community, other_psaps=(*community.other_psaps, *new)) if new else community


class Areas:
    """Boundaries, and the shapes of communities, made ready once for many points."""

    def __init__(self, boundaries: Sequence[Boundary], towns: Sequence[TownShape] = ()) -> None:
        self.boundaries = tuple(boundaries)
        self.towns = Towns(towns)
        self._tree = shapely.STRtree([shape(one.geometry) for one in self.boundaries])

    def __bool__(self) -> bool:
        return bool(self.boundaries or self.towns)

    def at(self, longitude: float, latitude: float) -> list[Boundary]:
        """Those that hold a point (degrees, WGS 84) or have it on their edge, in their order."""
        return [self.boundaries[no] for no in sorted(self._tree.query(Point(longitude, latitude), "covered_by"))]
