"""The board on the map: each county by what is true of most people there, said by a pattern and in words too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcaster.alert.delivery import State
from broadcaster.receipts.counts import CommunityCount
from broadcaster.store.directory import Community, County

REACHED, ACCEPTED, UNKNOWN, NOT_REACHED = "reached", "accepted", "unknown", "not-reached"
WORDS: Mapping[str, str] = {
    REACHED: "Reached: most phones reported delivery",
    ACCEPTED: "Accepted: the carrier has most of them, no word from the phones",
    UNKNOWN: "Unknown: the carrier is being asked about most of them",
    NOT_REACHED: "Not reached: no carrier has accepted most of them",
}
"""What each pattern says, the best first; among equals the worst is shown."""


@dataclass(frozen=True, slots=True)
class CountyCount:
    """The people of one county who did not say STOP, each in exactly one of the four groups."""

    fips: str
    name: str
    people: Mapping[str, int]

    @property
    def total(self) -> int:
        """All four."""
        return sum(self.people.values())

    @property
    def tone(self) -> str:
        """The largest group."""
        return max(list(WORDS)[::-1], key=lambda group: self.people.get(group, 0))

    @property
    def sentence(self) -> str:
        """``Essex County: 12 of 14 reached, 2 not reached``; only what is not 0."""
        said = [f"{number:,} {group.replace('-', ' ')}" for group in WORDS if (number := self.people.get(group, 0))]
        return f"{self.name}: {', '.join(said)}, of {self.total:,}"


def groups(place: CommunityCount) -> Counter[str]:
    """One community in the four groups."""
    accepted, unknown = place.counts.get(State.ACCEPTED, 0), place.counts.get(State.UNKNOWN, 0)
    delivered = place.handsets.get("delivered", 0)
    return Counter(
        {
            REACHED: delivered,
            ACCEPTED: accepted - delivered,
            UNKNOWN: unknown,
            NOT_REACHED: place.unreached - unknown,
        }
    )


def counties(store: Session, places: Iterable[CommunityCount]) -> list[CountyCount]:
    """The counties in which somebody was to be told, by name."""
    here = select(Community.code, County.fips, County.name).join(County, Community.county_fips == County.fips)
    known = {code: (name, fips) for code, fips, name in store.execute(here)}
    sums: dict[tuple[str, str], Counter[str]] = {}
    for place in places:
        if place.planned and place.code in known:
            sums.setdefault(known[place.code], Counter()).update(groups(place))
    return [CountyCount(fips, name, people) for (name, fips), people in sorted(sums.items())]
