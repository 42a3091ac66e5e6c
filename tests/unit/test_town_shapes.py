"""Shapes of communities in a GeoJSON file: whose they are, what is mended, what is refused, and who lies at a point."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from shapely.geometry import Polygon, mapping, shape

from broadcaster.directory import County, Directory, UnknownCommunity, geometry, town_shapes
from broadcaster.directory.boundaries import Areas, Boundary
from broadcaster.directory.here import Asked, look
from broadcaster.directory.rows import described, differences
from broadcaster.directory.town_shapes import TownShape
from tests.factories import directory


def square(west: float, south: float, size: float = 1.0) -> dict[str, Any]:
    drawn = mapping(Polygon([(west, south), (west + size, south), (west + size, south + size), (west, south + size)]))
    made: dict[str, Any] = json.loads(json.dumps(drawn))
    return made


def towns(many: int = 3) -> Directory:
    """Town 1, Town 2, ... in Worcester County, and a second Town 1 in Essex County."""
    plain = directory(many)
    twin = replace(plain.communities[0], code="twin", county_fips="25009")
    return replace(plain, counties=(*plain.counties, County("25009", "Essex")), communities=(*plain.communities, twin))


def feature(where: object = None, **own: object) -> dict[str, Any]:
    return {"type": "Feature", "geometry": where or square(-72, 42), "properties": own}


@pytest.mark.parametrize(
    ("own", "code"),
    [
        ({"community": "town-2"}, "town-2"),
        ({"name": "Town 2"}, "town-2"),
        ({"TOWN": "TOWN 2"}, "town-2"),
        ({"NAME": "Town 2 town"}, "town-2"),
        ({"Inc_Muni": "Town of Town 2", "County": "Worcester County"}, "town-2"),
        ({"NAME": "Town 1", "COUNTYFP": "009"}, "twin"),
        ({"NAME": "Town 1", "county": "25027"}, "town-1"),
    ],
)
def test_whose_a_shape_is(own: dict[str, str], code: str) -> None:
    found = town_shapes.read([feature(**own)], towns())
    assert (found.refused, [one.code for one in found.shapes]) == ([], [code])


BOW = {"type": "Polygon", "coordinates": [[[-72, 42], [-71, 43], [-71, 42], [-72, 43], [-72, 42]]]}
KNOT = [[-71.5, 43], [-71.502, 43.002], [-71.5, 43.002], [-71.502, 43]]
NOOSE = {"type": "Polygon", "coordinates": [[[-72, 42], [-71, 42], [-71, 43], *KNOT, [-72, 43], [-72, 42]]]}
WIRE = {"type": "Polygon", "coordinates": [[[-72 + no / 20001, 42 + no % 2] for no in range(20001)] + [[-72, 42]]]}


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        (feature(community="atlantis"), "No community has the code “atlantis”."),
        (feature(name="Atlantis"), "No community is called “Atlantis”."),
        (feature(name="Town 2", county="Essex"), "No community of Essex is called “Town 2”."),
        (feature(name="Town 1"), "Several communities are called “Town 1”: put the county into “county”."),
        (feature(color="red"), "No community is named: put its code into “community”"),
        (feature({"type": "Point", "coordinates": [-71, 42]}, community="town-1"), "a community is an area"),
        (feature(square(700_000, 2_900_000), community="town-1"), "export in WGS 84"),
        (feature(BOW, community="town-1"), "The polygon of Town 1 is broken and cannot be mended: Self-intersection"),
        (feature(WIRE, community="town-1"), "Town 1 has 20,002 points, at most 20,000"),
        ({"properties": {"community": "town-1"}}, "This is no feature"),
        (7, "This is no feature"),
    ],
)
def test_a_feature_that_cannot_be_taken_is_named(bad: object, sentence: str) -> None:
    found = town_shapes.read([feature(community="town-3"), bad], towns())
    assert [one.code for one in found.shapes] == ["town-3"]
    assert [one.line for one in found.refused] == [2]
    assert sentence in found.refused[0].sentence


def test_a_little_break_is_mended_and_said() -> None:
    found = town_shapes.read([feature(NOOSE, community="town-1")], towns())
    assert found.refused == []
    assert [one.sentence.partition(":")[0] for one in found.mended] == ["Town 1 was mended"]
    assert shape(found.shapes[0].geometry).is_valid


def test_parts_of_one_town_are_put_together_and_go_there_and_back() -> None:
    features = [feature(community="town-1"), feature(square(-70, 42), community="town-1", generated=True)]
    found = town_shapes.read(features, towns())
    assert [(one.code, one.generated, one.geometry["type"]) for one in found.shapes] == [
        ("town-1", True, "MultiPolygon")
    ]
    written = town_shapes.write(found.shapes, towns())
    again = town_shapes.read(geometry.features(written, "the towns"), towns())
    assert (again.shapes, again.refused) == (found.shapes, [])


def test_what_a_file_holds_is_told_by_its_fields() -> None:
    assert town_shapes.is_layer([feature(community="town-1")])
    assert town_shapes.is_layer([feature(TOWN="AYER", NGUID="1")])
    assert not town_shapes.is_layer([feature(NGUID="1", DsplayName="Ayer dispatch", communities=["ayer"])])
    assert not town_shapes.is_layer([feature(NGUID="1"), 7])


def test_a_change_of_a_shape_is_told_without_its_points() -> None:
    old, new = TownShape("town-1", square(-72, 42), True), TownShape("town-1", square(-72, 43))
    (change,) = differences(town_shapes.rows([old]), town_shapes.rows([new]))
    assert described(change) == "changed shape town-1: generated yes → no; another area"


POINTS = [
    ("in one town", "42.5,-71.5", ["town-1"]),
    ("in its corner", "42.999,-71.001", ["town-1"]),
    ("on the border of two", "42.5,-71", ["town-1", "town-2"]),
    ("in a campus within a town, the smaller first", "42.15,-70.85", ["twin", "town-2"]),
    ("where no shape is, by the answering point", "44.5,-71.5", ["town-3"]),
]


@pytest.mark.parametrize(("point", "codes"), [row[1:] for row in POINTS], ids=[row[0] for row in POINTS])
def test_who_lies_at_a_point(point: str, codes: list[str]) -> None:
    """The boundary that spans everything says Town 3: a shape is asked first."""
    shapes = [
        TownShape("town-2", square(-71, 42)),
        TownShape("town-1", square(-72, 42)),
        TownShape("twin", square(-70.9, 42.1, 0.1)),
    ]
    areas = Areas([Boundary("1", "psap-3", "", square(-75, 40, 9), ("town-3",))], shapes)
    assert [one.community.code for one in look(towns(), areas, Asked(point=point))] == codes


@pytest.mark.parametrize(
    ("areas", "sentence"),
    [
        (Areas([]), "No shapes or service boundaries were imported"),
        (Areas([], [TownShape("town-1", square(-72, 42))]), "No community's shape and no PSAP's service boundary"),
    ],
)
def test_a_point_where_nothing_is(areas: Areas, sentence: str) -> None:
    with pytest.raises(UnknownCommunity, match=sentence):
        look(towns(), areas, Asked(point="10,10"))


def test_the_shapes_of_maps_have_fewer_points_and_one_border() -> None:
    wavy = [(-71 + 0.0002 * (no % 2), 42 + no / 100) for no in range(101)]
    west = TownShape("town-1", geometry.plain(Polygon([*wavy, (-72, 43), (-72, 42)])))
    east = TownShape("town-2", geometry.plain(Polygon([*wavy, (-70, 43), (-70, 42)])))
    drawn = {code: shape(one) for code, one in town_shapes.simplified([west, east]).items()}
    assert all(len(one.exterior.coords) < 60 for one in drawn.values())
    assert drawn["town-1"].intersection(drawn["town-2"]).area == 0
    assert drawn["town-1"].union(drawn["town-2"]).area == pytest.approx(2, rel=0.001)
