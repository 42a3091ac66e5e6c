"""The made-up shapes of Massachusetts: every town has one, none overlaps another, and each says what it is."""

from __future__ import annotations

import pytest
import shapely
from shapely.geometry import shape

from broadcaster.directory.town_shapes import simplified
from broadcaster.feeds import shapes
from broadcaster.local import borders
from broadcaster.local.massachusetts.shapes import generated
from broadcaster.local.massachusetts.tables import table

COUNTIES = shapes.read(borders.built("25")).counties
MADE = generated(COUNTIES)
MUNICIPALITIES = {row["code"]: row["county_fips"] for row in table("communities") if row["kind"] == "municipality"}


def test_every_municipality_has_one_that_says_it_is_made_up() -> None:
    assert {one.code for one in MADE} == MUNICIPALITIES.keys()
    assert all(one.generated for one in MADE)


@pytest.mark.parametrize("fips", COUNTIES)
def test_the_towns_of_a_county_fill_it(fips: str) -> None:
    towns = shapely.union_all([shape(one.geometry) for one in MADE if MUNICIPALITIES[one.code] == fips])
    assert towns.symmetric_difference(COUNTIES[fips]).area < 0.0001 * COUNTIES[fips].area


def test_neighbours_share_their_borders_before_and_after_they_are_made_simple() -> None:
    assert shapely.coverage_is_valid([shape(one.geometry) for one in MADE])
    drawn = [shape(one) for one in simplified(MADE).values()]
    assert shapely.coverage_is_valid(drawn)
    assert sum(shapely.get_num_coordinates(one) for one in drawn) < 6_000, "a page stays light"
