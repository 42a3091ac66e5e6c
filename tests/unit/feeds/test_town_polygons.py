"""Polygons of towns: few points, everybody who is meant inside, and the towns beside them spared."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import union_all
from shapely.geometry import shape

from broadcaster.feeds import area_map, shapes
from broadcaster.feeds.shapes import Outlines
from broadcaster.local import borders
from broadcaster.local.massachusetts.shapes import generated
from broadcaster.local.massachusetts.tables import table

TOWNS = [row["code"] for row in table("communities") if row["kind"] == "municipality"]


@cache
def state() -> Outlines:
    counties = shapes.read(borders.built("25"))
    towns = {one.code: shape(one.geometry) for one in generated(counties.counties)}
    return Outlines(counties.counties, counties.neighbours, towns)


@settings(max_examples=40, deadline=None)
@given(st.sets(st.sampled_from(TOWNS), min_size=1, max_size=40))
def test_any_towns_are_covered_in_few_points(towns: set[str]) -> None:
    drawn = shapes.draw(state(), (), towns)
    made = [shapes.polygon(ring) for ring in drawn.polygons]
    assert all(ring.count(" ") + 1 < 100 for ring in drawn.polygons)
    assert all(each.is_valid for each in made)
    assert union_all(made).covers(union_all([state().towns[code] for code in towns]))
    assert (drawn.towns, drawn.counties, drawn.missing) == (tuple(sorted(towns)), (), ())


@pytest.mark.parametrize(
    ("towns", "parts"),
    [(("ayer",), 1), (("ayer", "groton", "harvard"), 1), (("ayer", "salem"), 2), (("gosnold",), 1), (("boston",), 1)],
)
def test_a_few_towns_are_not_their_county(towns: tuple[str, ...], parts: int) -> None:
    drawn = shapes.draw(state(), (), towns)
    whole = shapes.whole(drawn.polygons)
    meant = union_all([state().towns[code] for code in towns])
    assert len(drawn.polygons) == parts
    assert whole.area < 2.5 * meant.area
    assert whole.area < 0.5 * min(county.area for county in state().counties.values() if county.area > 0.1)


def test_whole_counties_and_towns_of_others_together() -> None:
    drawn = shapes.draw(state(), ["25009"], ["ayer"])
    assert shapes.whole(drawn.polygons).covers(state().counties["25009"].union(state().towns["ayer"]))
    assert (drawn.counties, drawn.towns) == (("25009",), ("ayer",))
    assert shapes.from_json(shapes.to_json(drawn)) == drawn


def test_what_was_frozen_before_towns_had_shapes_is_read_still() -> None:
    old = '{"polygons":["1,1 1,2 2,2 1,1"],"counties":["25009"],"missing":[],"spill":{"states":[],"share":0.0}}'
    assert shapes.from_json(old).towns == ()


def test_the_map_of_an_area_fills_the_towns_that_are_meant() -> None:
    drawn = shapes.draw(state(), (), ["ayer", "groton"])
    made = area_map.drawn(state(), drawn, {"ayer": "Ayer", "groton": "Groton"})
    assert made is not None
    assert [piece.name for piece in made.towns if piece.is_chosen] == ["Ayer", "Groton"]
    assert 5 < len(made.towns) < 120, "those in view"
    whole = area_map.drawn(state(), shapes.draw(state(), ["25009"]), {})
    assert whole is not None and whole.towns == ()
