"""Places in a provider's words: what the directory knows is found, and what it does not know is named."""

from __future__ import annotations

from datetime import date

import pytest

from broadcaster.alert.alert import Area
from broadcaster.local.massachusetts import load
from broadcaster.outage.notice.area import mapped
from tests.desk import directory

CASES = {
    "Statewide": (Area(statewide=True), ()),
    "the entire state": (Area(statewide=True), ()),
    "Massachusetts": (Area(statewide=True), ()),
    "Essex County": (Area(counties=("25009",)), ()),
    "Middlesex and Essex Counties": (Area(counties=("25009", "25017")), ()),
    "Counties: Middlesex, Essex & Worcester.": (Area(counties=("25009", "25017", "25027")), ()),
    "county of Middlesex": (Area(counties=("25017",)), ()),
    "Town of Ayer, MA; City of Salem": (Area(communities=("ayer", "salem")), ()),
    "AYER\nGroton (partly)": (Area(communities=("ayer", "groton")), ()),
    "Ayer dispatch and Harvard": (Area(communities=("harvard",), psaps=("ayer-psap",)), ()),
    "Middlesex": (Area(counties=("25017",)), ()),
    "Ayer, Ayre and Gotham City": (Area(communities=("ayer",)), ("Ayre", "Gotham City")),
    "our eastern switch": (Area(), ("our eastern switch",)),
    "": (Area(), ()),
}


@pytest.mark.parametrize("words", CASES)
def test_where_it_is(words: str) -> None:
    area, missed = CASES[words]
    found = mapped(words, directory(), "Massachusetts")
    assert (found.area, found.missed) == (area, missed)


def test_a_name_of_a_town_and_of_a_county_is_the_town_unless_counties_are_meant() -> None:
    whole = load(date(2026, 6, 18))
    (town,) = [place.code for place in whole.communities if place.name == "Essex"]
    assert mapped("Essex", whole, "Massachusetts").area == Area(communities=(town,))
    assert mapped("Essex, Norfolk counties", whole, "Massachusetts").area == Area(counties=("25009", "25021"))
    every = "\n".join(place.name for place in whole.communities)
    found = mapped(every, whole, "Massachusetts")
    assert (len(found.area.communities), found.missed) == (len(whole.communities), ())
