"""The map of a report: a town where it has a shape, else its county; and where texts came twice, in words."""

from __future__ import annotations

from dataclasses import replace

from broadcaster.outage.report.places import MOST_NAMED, mapped
from tests.unit.outage.report.reported import facts, place

PLACES = facts().places


def test_a_town_with_a_shape_stands_for_itself_and_its_county_for_the_others() -> None:
    whole = mapped(PLACES, ())
    assert whole.towns == [] and {one.name for one in whole.counties} == {one.name for one in whole.by_fips.values()}
    town = PLACES[0]
    shown = mapped(PLACES, (town.code, "elsewhere"))
    assert [(one.fips, one.name, one.total) for one in shown.towns] == [(town.code, town.name, town.count.total)]
    assert shown.counties == whole.counties, "the table counts everybody"
    left = shown.by_fips.get(town.county)
    assert (left.total if left else 0) == whole.by_fips[town.county].total - town.count.total


def test_doubles_are_named_by_community_the_most_first() -> None:
    assert mapped(PLACES, ()).sentence == "No text came twice anywhere."
    places = [replace(PLACES[0], possible=3), replace(PLACES[1], confirmed=1)]
    shown = mapped(places, [one.code for one in places])
    first, second = f"{PLACES[1].name} (1 for certain, 0 perhaps)", f"{PLACES[0].name} (0 for certain, 3 perhaps)"
    assert shown.sentence == f"Where texts came twice: {first}; {second}."
    assert shown.title(shown.towns[0]).endswith("; came twice: 0 for certain, 3 perhaps")
    many = [replace(place(f"Town{no}", "Essex", 5, 5), confirmed=1) for no in range(MOST_NAMED + 4)]
    assert mapped(many, ()).sentence.endswith("; and 4 more, in the full report.")
