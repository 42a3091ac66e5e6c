"""Polygons of counties: few points, nobody left out, little of anybody else."""

import json
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Polygon, box, union_all
from shapely.geometry import mapping

from broadcaster.feeds import cap, profile, shapes
from broadcaster.feeds.covering import covering
from broadcaster.feeds.shapes import Drawn, NoOutlines, Outlines
from broadcaster.local import assets, borders
from tests.unit.feeds.samples import facts

MASSACHUSETTS = [f"250{no:02}" for no in range(1, 28, 2)]
OTHERS = {
    "02": ("02016", "02150", "02105"),  # the Aleutians on both sides of 180 degrees, Kodiak, Hoonah
    "06": ("06037", "06083"),  # Los Angeles and Santa Barbara with their islands
    "15": ("15003", "15009"),  # Hawaii
    "23": ("23009", "23013"),  # Hancock and Knox, where Maine is all islands
    "48": ("48201", "48261"),  # Harris and Kenedy
    "51": ("51059", "51600", "51001"),  # Fairfax around Fairfax city, and the Eastern Shore
    "53": ("53055", "53057"),  # San Juan and Skagit
    "22": ("22109", "22075"),  # the Mississippi delta
}
EACH = [("25", (fips,)) for fips in MASSACHUSETTS] + [(state, (fips,)) for state in OTHERS for fips in OTHERS[state]]
WHOLE = [(state, None) for state in ("25", "44", "23", "06", "48")]


@cache
def built() -> dict[str, str]:
    return borders.by_state(assets.atlas())


def of_state(fips: str) -> Outlines:
    return shapes.read(built()[fips])


def land(outlines: Outlines, counties) -> Polygon:
    return union_all([outlines.counties[code] for code in counties])


def promised(outlines: Outlines, drawn: Drawn) -> None:
    """What every drawn area keeps, as it is written: form, points, no crossing, everybody inside."""
    for ring in drawn.polygons:
        pairs = [pair.split(",") for pair in ring.split(" ")]
        assert 4 <= len(pairs) < 100
        assert pairs[0] == pairs[-1] and len(set(map(tuple, pairs))) == len(pairs) - 1
        assert all(len(number.partition(".")[2]) <= 6 for pair in pairs for number in pair)
        assert all(-90 <= float(lat) <= 90 and -180 <= float(lon) <= 180 for lat, lon in pairs)
        assert shapes.polygon(ring).is_valid
    made = [shapes.polygon(ring) for ring in drawn.polygons]
    assert union_all(made).covers(land(outlines, drawn.counties))
    assert all(one.disjoint(other) for no, one in enumerate(made) for other in made[:no])


@pytest.mark.parametrize(("state", "counties"), EACH + WHOLE, ids=lambda value: "-".join(value or ("all",)))
def test_a_polygon_has_few_points_and_leaves_nobody_out(state, counties):
    outlines = of_state(state)
    drawn = shapes.draw(outlines, counties or outlines.counties)
    promised(outlines, drawn)
    assert not drawn.missing


@settings(max_examples=60, deadline=None)
@given(st.sets(st.sampled_from(MASSACHUSETTS), min_size=1))
def test_any_counties_of_massachusetts_together(counties):
    outlines = of_state("25")
    drawn = shapes.draw(outlines, counties)
    promised(outlines, drawn)
    assert drawn.spill.share < 0.02


def test_massachusetts_spills_little_and_says_into_which_states():
    """The five neighbours that on 18 June 2024 heard an alert that was not theirs."""
    spill = shapes.draw(of_state("25"), MASSACHUSETTS).spill
    assert {name for name, _ in spill.states} == {"New Hampshire", "Connecticut", "Rhode Island", "New York", "Vermont"}
    assert spill.km2 < 150 and spill.share < 0.01
    assert spill.sentence.startswith("The polygon reaches over the state line by 1")
    assert spill.sentence.endswith(" and Vermont (14\N{NO-BREAK SPACE}km²).")


def test_an_island_county_stays_within_the_state():
    assert shapes.draw(of_state("25"), ["25019"]).spill.sentence == "The polygon stays within the state."


def test_parts_that_lie_apart_are_polygons_of_their_own():
    assert len(shapes.draw(of_state("25"), ["25001", "25003"]).polygons) == 2


def test_a_county_without_an_outline_leaves_no_polygon_that_would_miss_it():
    assert shapes.draw(of_state("25"), ["25017", "25999"]) == Drawn(missing=("25999",))
    assert shapes.draw(shapes.NOTHING, ["25017"]) == Drawn(missing=("25017",))
    assert shapes.draw(of_state("25"), []) == Drawn()


def test_what_is_drawn_is_frozen_as_text():
    drawn = shapes.draw(of_state("25"), ["25007", "25013"])
    assert shapes.from_json(shapes.to_json(drawn)) == drawn


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"counties": {"25017": 1}, "neighbours": {}}', '{"counties": 1}'])
def test_outlines_that_cannot_be_read_are_a_sentence(text):
    with pytest.raises(NoOutlines, match="make assets"):
        shapes.read(text)


def test_the_profile_takes_the_polygons_and_latitude_comes_first():
    drawn = shapes.draw(of_state("25"), MASSACHUSETTS)
    alert = cap.build(facts(polygons=drawn.polygons))
    assert [finding.code for finding in profile.check(alert) if "polygon" in finding.code] == []
    latitude, longitude = map(float, drawn.polygons[0].partition(" ")[0].split(","))
    assert 41 < latitude < 43 and -74 < longitude < -69


AREAS = [
    ("inside one county", box(-71.5, 42.5, -71.4, 42.6), ("25017",)),
    ("over a border", box(-71.9, 42.4, -71.4, 42.5), ("25017", "25027")),
    ("beside the state", box(-75.0, 45.0, -74.9, 45.1), ()),
]


@pytest.mark.parametrize(("area", "counties"), [row[1:] for row in AREAS], ids=[row[0] for row in AREAS])
def test_an_area_touches_counties(area, counties):
    assert shapes.touched(of_state("25"), area) == counties


def comb(teeth: int) -> Polygon:
    """A shore with so many deep inlets, in kilometres."""
    points = [(0.0, 0.0), (teeth * 2.0, 0.0)]
    for no in range(teeth, 0, -1):
        points += [(no * 2.0, 10.0), (no * 2.0 - 1, 10.0), (no * 2.0 - 1, 1.0), (no * 2.0 - 1.5, 1.0)]
    return Polygon(points)


@pytest.mark.parametrize("teeth", [10, 100, 1000])
def test_the_wildest_shore_is_covered_in_a_hundred_points(teeth):
    (made,) = covering(comb(teeth), Polygon(), 99, 8)
    assert len(made.exterior.coords) <= 99
    assert made.is_valid and made.covers(comb(teeth))


def test_land_that_is_not_meant_is_spared_before_water():
    """A zigzag border: with a neighbour on its north side, the points are spent there."""
    zigzag = [(float(no), 10.0 + no % 2) for no in range(61)]
    south = [(float(no), float(no % 2)) for no in range(60, -1, -1)]
    foreign = box(-5, 10, 70, 20).difference(Polygon([*zigzag, *south]))
    (made,) = covering(Polygon([*zigzag, *south]), foreign, 99, 8)
    north, water = made.intersection(foreign).area, made.intersection(box(-5, -5, 70, 5)).area - 60 * 4.5
    assert made.covers(Polygon([*zigzag, *south]))
    assert north < water


def test_geometry_is_read_from_plain_geojson():
    text = json.dumps({"counties": {"1": mapping(box(0, 0, 1, 1))}, "neighbours": {}})
    assert shapes.read(text).counties["1"].equals(box(0, 0, 1, 1))
