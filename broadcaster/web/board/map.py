"""The board on the map: each town that has a shape, and each county, by what is true of most people there, said by a
pattern and in words too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcaster.alert import reach
from broadcaster.alert.reach import CountyCount
from broadcaster.receipts.counts import CommunityCount
from broadcaster.store.places.directory import Community, County
from broadcaster.web.town_map import TownMap


def groups(place: CommunityCount) -> Counter[str]:
    """One community in the four groups."""
    return reach.groups(place.counts, place.handsets, place.planned)


def towns(places: Iterable[CommunityCount], town_map: TownMap) -> list[CountyCount]:
    """The communities on the map in which somebody was to be told, in the order in which they are drawn."""
    told = {place.code: place for place in places if place.planned}
    return [CountyCount(code, told[code].name, groups(told[code])) for code in town_map.towns if code in told]


def by_county(store: Session, places: Iterable[CommunityCount], town_map: TownMap) -> dict[str, CountyCount]:
    """What colours the counties: the people of those communities that are not on the map themselves."""
    return {each.fips: each for each in counties(store, (one for one in places if one.code not in town_map.towns))}


def counties(store: Session, places: Iterable[CommunityCount]) -> list[CountyCount]:
    """The counties in which somebody was to be told, by name."""
    here = select(Community.code, County.fips, County.name).join(County, Community.county_fips == County.fips)
    known = {code: (name, fips) for code, fips, name in store.execute(here)}
    sums: dict[tuple[str, str], Counter[str]] = {}
    for place in places:
        if place.planned and place.code in known:
            sums.setdefault(known[place.code], Counter()).update(groups(place))
    return [CountyCount(fips, name, people) for (name, fips), people in sorted(sums.items())]
