"""Which number here? By community, ZIP, county or point: the communities meant, and the ladder of each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from broadcaster.alert.phone import AlternateNumber
from broadcaster.directory.boundaries import Areas
from broadcaster.directory.entries import Answer, Community, UnknownCommunity
from broadcaster.directory.whole import Directory
from broadcaster.said import Said

_POINT = re.compile(r"\s*(-?\d{1,2}(?:\.\d+)?)\s*[, ]\s*(-?\d{1,3}(?:\.\d+)?)\s*")


NO_BOUNDARY_THERE = Said("No PSAP's service boundary holds this point: ask by community, ZIP or county.")
NOTHING_THERE = Said(
    "No community's shape and no PSAP's service boundary holds this point: ask by community, ZIP or county."
)


class BadPlace(ValueError):
    """A place that cannot be looked up as it was given; the message says how to write it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One of the ways to ask; `point` is ``latitude,longitude`` in degrees (WGS 84), as maps give it."""

    q: str = ""
    zip: str = ""
    county: str = ""
    point: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was asked."""
        return not (self.q or self.zip or self.county or self.point)


@dataclass(frozen=True, slots=True)
class Here:
    """One community: what its people call, best first; where a text goes; who answers its 911 calls."""

    community: Community
    county: str
    answers: tuple[Answer, ...]
    texts: tuple[AlternateNumber, ...]
    text_to_911: bool
    psaps: tuple[str, ...]


def look(directory: Directory, areas: Areas, asked: Asked) -> list[Here]:
    """Every community that is meant. UnknownCommunity when nothing is there, BadPlace when it cannot be read."""
    return [_here(directory, community) for community in _communities(directory, areas, asked)]


def _communities(directory: Directory, areas: Areas, asked: Asked) -> Sequence[Community]:
    given = [name for name in ("q", "zip", "county", "point") if getattr(asked, name)]
    if len(given) != 1:
        raise BadPlace(Said("Ask for one of q (a community or ZIP), zip, county or point."))
    if asked.point:
        return _at(directory, areas, asked.point)
    if asked.county:
        return _in_county(directory, asked.county)
    if asked.zip and not re.fullmatch(r"\s*\d{5}(-\d{4})?\s*", asked.zip):
        raise BadPlace(Said("“%(typed)s” is no ZIP code: write five digits.", typed=asked.zip.strip()))
    return directory.find(asked.zip or asked.q)


def _in_county(directory: Directory, given: str) -> Sequence[Community]:
    wanted = given.strip().casefold().removesuffix(" county")
    fips = {county.fips for county in directory.counties if wanted in (county.fips, county.name.casefold())}
    found = [community for each in sorted(fips) for community in directory.in_county(each)]
    if not found:
        raise UnknownCommunity(
            Said("No county here is called “%(typed)s”: write its name or five-digit FIPS code.", typed=given.strip())
        )
    return found


def _at(directory: Directory, areas: Areas, given: str) -> Sequence[Community]:
    """Those whose own shape holds the point; where none does, those that the boundaries there name. A boundary that
    names none stands for all that its PSAP serves."""
    match = _POINT.fullmatch(given)
    if match is None or abs(float(match[1])) > 90 or abs(float(match[2])) > 180:
        raise BadPlace(Said("A point is latitude,longitude in degrees, like 42.56,-71.59."))
    if not areas:
        raise UnknownCommunity(Said("No shapes or service boundaries were imported: ask by community, ZIP or county."))
    latitude, longitude = float(match[1]), float(match[2])
    listed = {community.code: community for community in directory.communities}
    found = [listed[code] for code in areas.towns.at(longitude, latitude) if code in listed]
    if found:
        return found
    codes: list[str] = []
    for one in areas.at(longitude, latitude):
        codes += one.communities or [each.code for each in directory.communities if _serves(one.psap, each)]
    found = [listed[code] for code in dict.fromkeys(codes) if code in listed]
    if not found:
        raise UnknownCommunity(NOTHING_THERE if areas.towns else NO_BOUNDARY_THERE)
    return found


def _serves(psap: str, community: Community) -> bool:
    return psap in (community.psap_code, *community.other_psaps)


def _here(directory: Directory, community: Community) -> Here:
    return Here(
        community,
        directory.county_names[community.county_fips],
        directory.rungs(community.code),
        directory.textable(community.code),
        directory.takes_text_to_911(community.code),
        (community.psap_code, *community.other_psaps),
    )
