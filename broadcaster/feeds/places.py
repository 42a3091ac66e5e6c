"""The directory in the words of documents and pages; no restricted number passes here."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from broadcaster.alert.alert import CommunityAnswer
from broadcaster.alert.phone import Visibility
from broadcaster.directory import WALK_IN, Community, Directory
from broadcaster.feeds.snapshot import Town, TownAnswer

_TITLED = ("County", "Parish", "Borough", "Municipio", "Municipality", "Census Area", "city")


def county_title(name: str) -> str:
    """``Hampden County`` for ``Hampden``; names that say already what they are stay as they are."""
    return name if name.endswith(_TITLED) else f"{name} County"


def towns(directory: Directory) -> tuple[Town, ...]:
    """Every community that people may look for, whether or not anything is on air."""
    counties = {fips: county_title(name) for fips, name in directory.county_names.items()}
    return tuple(_town(directory, one, counties[one.county_fips]) for one in directory.communities)


def _town(directory: Directory, one: Community, county: str) -> Town:
    """With the best public number of its ladder; the directory gives no restricted one."""
    best = directory.ladder(one.code).number
    if best is None:
        return Town(one.code, one.name, county, one.zips, one.places)
    return Town(one.code, one.name, county, one.zips, one.places, best.display, best.e164, best.verified_on)


def town_answers(
    directory: Directory, answers: Iterable[CommunityAnswer], restored: Collection[str] = ()
) -> tuple[TownAnswer, ...]:
    """What each affected community is told, as it was frozen. UnknownCommunity for a code that is not there.

    A restricted number is replaced by the last rung of the ladder, whatever was frozen, and whoever marked it since.
    """
    made = []
    for answer in answers:
        place = directory.community(answer.community)
        number = answer.number
        if number and (number.visibility is not Visibility.PUBLIC or number.e164 in directory.restricted):
            number = None
        made.append(
            TownAnswer(
                place.code,
                place.name,
                county_title(directory.county_names[place.county_fips]),
                number.display if number else "",
                number.e164 if number else "",
                "" if number else WALK_IN,
                number.verified_on if number else None,
                answer.community in restored,
                place.zips,
            )
        )
    return tuple(made)
