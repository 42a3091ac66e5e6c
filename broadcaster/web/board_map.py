"""The board on the map: each county by what is true of most people there, said by a pattern and in words too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcaster.alert import reach
from broadcaster.alert.reach import CountyCount
from broadcaster.receipts.counts import CommunityCount
from broadcaster.store.directory import Community, County


def groups(place: CommunityCount) -> Counter[str]:
    """One community in the four groups."""
    return reach.groups(place.counts, place.handsets, place.planned)


def counties(store: Session, places: Iterable[CommunityCount]) -> list[CountyCount]:
    """The counties in which somebody was to be told, by name."""
    here = select(Community.code, County.fips, County.name).join(County, Community.county_fips == County.fips)
    known = {code: (name, fips) for code, fips, name in store.execute(here)}
    sums: dict[tuple[str, str], Counter[str]] = {}
    for place in places:
        if place.planned and place.code in known:
            sums.setdefault(known[place.code], Counter()).update(groups(place))
    return [CountyCount(fips, name, people) for (name, fips), people in sorted(sums.items())]
