"""Polygons of others: taken when they are plain, refused with a sentence when they are not."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcaster.feeds import geojson
from broadcaster.feeds.geojson import BadGeoJson

SQUARE = [[-71.9, 42.2], [-71.7, 42.2], [-71.7, 42.3], [-71.9, 42.3], [-71.9, 42.2]]
BAD = [
    ("nothing", [], "no ring"),
    ("no ring", [[]], "four points"),
    ("open", [SQUARE[:-1]], "end where it began"),
    ("two points", [[SQUARE[0], SQUARE[0]]], "four points"),
    ("crossed", [[SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3], SQUARE[0]]], "crosses"),
    ("no numbers", [[["a", "b"]] * 4], "two numbers"),
    ("truth is no number", [[[True, False]] * 4], "two numbers"),
    ("one number", [[[1.0]] * 4], "two numbers"),
    ("not a number", [[[float("nan"), 1.0]] * 4], "no place on Earth"),
    ("off the Earth", [[[-71.9, 142.2]] * 4], "no place on Earth"),
    ("a number without end", [[[10**400, 1]] * 4], "no place on Earth"),
    ("not a list", ["ring"], "list of"),
    ("a point as a ring", [[1, 2]], "two numbers"),
    ("too many", [[[0.0, 0.0]] * 2_001], "more than 2,000 points"),
]


@pytest.mark.parametrize(("coordinates", "sentence"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_what_is_no_area_is_a_sentence(coordinates, sentence):
    with pytest.raises(BadGeoJson, match=sentence):
        geojson.area("Polygon", coordinates)
    with pytest.raises(BadGeoJson):
        geojson.area("MultiPolygon", [coordinates])


def test_a_square_with_a_hole_and_heights():
    hole = [[-71.85, 42.22, 9.0], [-71.85, 42.28, 9.0], [-71.8, 42.28, 9.0], [-71.85, 42.22, 9.0]]
    made = geojson.area("Polygon", [SQUARE, hole])
    assert 0 < made.area < geojson.area("MultiPolygon", [[SQUARE]]).area


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3)
ANYTHING = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=5), max_leaves=30)


@given(st.lists(ANYTHING, max_size=5), st.sampled_from(["Polygon", "MultiPolygon"]))
def test_nothing_that_json_can_hold_breaks_it(coordinates, kind):
    try:
        assert geojson.area(kind, coordinates).is_valid
    except BadGeoJson as error:
        assert str(error).endswith(".")


def test_the_largest_that_is_read_is_decided_at_once():
    spiral = [[-71.0 + no % 2 * 0.5, 42.0 + no / 10_000] for no in range(1_999)]
    began = time.process_time()
    with pytest.raises(BadGeoJson):
        geojson.area("Polygon", json.loads(json.dumps([[*spiral, spiral[0]]])))
    assert time.process_time() - began < 5.0, "a hang, not a bound of speed"
