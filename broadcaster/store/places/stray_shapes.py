"""Shapes that lie outside their county: latitude and longitude were changed over, or the wrong community is named."""

from __future__ import annotations

from collections.abc import Sequence

from shapely import Geometry, prepare
from shapely.geometry import shape
from sqlalchemy.orm import Session

from broadcaster.directory import Directory
from broadcaster.directory.table import Refusal
from broadcaster.directory.town_shapes import TownShape
from broadcaster.feeds import shapes as land
from broadcaster.feeds.shapes import NoOutlines
from broadcaster.said import Said, pattern
from broadcaster.store.places import outlines


def refusals(session: Session, directory: Directory, shapes: Sequence[TownShape]) -> list[Refusal]:
    """A sentence for each shape that shares no land with its county; none where no outline of the county is known."""
    places = {one.code: one for one in directory.communities}
    states = {places[one.code].county_fips[:2] for one in shapes}
    counties = {fips: county for state in sorted(states) for fips, county in _counties(session, state).items()}
    for county in counties.values():
        prepare(county)
    strays = []
    for one in shapes:
        place = places[one.code]
        county = counties.get(place.county_fips)
        if county is not None and not county.intersects(shape(one.geometry)):
            strays.append(Refusal(0, Said(STRAY, name=place.name, county=directory.county_names[place.county_fips])))
    return strays


STRAY = pattern(
    "%(name)s lies outside %(county)s County in this file: is longitude first, and is it the right community?"
)


def _counties(session: Session, state: str) -> dict[str, Geometry]:
    text = outlines.load(session, state)
    try:
        return dict(land.read(text).counties) if text else {}
    except NoOutlines:
        return {}
