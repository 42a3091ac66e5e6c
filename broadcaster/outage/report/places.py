"""Reach and doubles by place, as the map of a report draws them: a town where the directory has its shape, else its
county; and in words where a text came twice. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from broadcaster.alert import reach
from broadcaster.alert.reach import CountyCount
from broadcaster.outage.report import figures
from broadcaster.said import Counted, Said, joined
from broadcaster.store.outage.report import Place

MOST_NAMED = 12


@dataclass(frozen=True, slots=True)
class Mapped:
    """`counties` are all of them, for the table; `by_fips` colours those whose people live in no town of the map, and
    `towns` (by code, in the order of drawing) the others; `twice` says by code how many had a text twice."""

    counties: Sequence[CountyCount]
    by_fips: Mapping[str, CountyCount]
    towns: Sequence[CountyCount]
    twice: Mapping[str, str]
    sentence: str

    def title(self, one: CountyCount) -> str:
        """What a town says of itself."""
        twice = self.twice.get(one.fips)
        return Said("%(told)s; came twice: %(twice)s", told=one.sentence, twice=twice) if twice else one.sentence


def mapped(places: Sequence[Place], drawn: Collection[str]) -> Mapped:
    """The places of a report on a map that draws these towns (codes, the first one lowest)."""
    told = {one.code: one for one in places if one.count.total}
    towns = [_town(told[code]) for code in drawn if code in told]
    rest = figures.counties([one for one in places if one.code not in drawn])
    doubled = sorted((one for one in places if one.confirmed or one.possible), key=_most)
    twice = {one.code: _twice(one) for one in doubled}
    return Mapped(figures.counties(places), {one.fips: one for one in rest}, towns, twice, _sentence(doubled, twice))


def _town(one: Place) -> CountyCount:
    return CountyCount(one.code, one.name, reach.groups(one.count.states, one.count.handsets, one.count.total))


def _twice(one: Place) -> str:
    certain, perhaps = f"{one.confirmed:,}", f"{one.possible:,}"
    return Said("%(certain)s for certain, %(perhaps)s perhaps", certain=certain, perhaps=perhaps)


def _most(one: Place) -> tuple[int, int, str]:
    return -one.confirmed, -one.possible, one.name


def _sentence(doubled: Sequence[Place], twice: Mapping[str, str]) -> str:
    if not doubled:
        return Said("No text came twice anywhere.")
    shown = doubled[:MOST_NAMED]
    named = joined("; ", [Said("%(name)s (%(twice)s)", name=one.name, twice=twice[one.code]) for one in shown])
    if not (more := len(doubled) - len(shown)):
        return Said("Where texts came twice: %(named)s.", named=named)
    return Counted(
        "Where texts came twice: %(named)s; and %(num)s more, in the full report.",
        "Where texts came twice: %(named)s; and %(num)s more, in the full report.",
        more,
        named=named,
    )
