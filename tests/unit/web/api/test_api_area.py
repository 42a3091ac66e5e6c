"""A polygon that a program sends: the towns that it touches, where their shapes are known."""

from __future__ import annotations

from shapely import box

from broadcaster.directory import geometry
from broadcaster.directory.town_shapes import TownShape
from broadcaster.feeds import shapes
from broadcaster.local import borders
from broadcaster.store.database import Sessions
from broadcaster.store.places import directory_load, outlines, town_shapes
from broadcaster.web.api import area as api_area
from broadcaster.web.api.models import ChangeIn
from tests.desk import settings
from tests.factories import directory, furnish

SENT = {"type": "Polygon", "coordinates": [[[-71.9, 42.2], [-71.7, 42.2], [-71.7, 42.3], [-71.9, 42.3], [-71.9, 42.2]]]}


def test_a_polygon_becomes_the_towns_it_touches(sessions: Sessions) -> None:
    """Town 1 lies in it, Town 2 does not, Town 3 may lie anywhere in the county; without shapes it is all of it."""
    furnish(sessions, directory(3), {})
    body = ChangeIn.model_validate({"area": {"geojson": SENT}})
    found = []
    with sessions.begin() as session:
        outlines.save(session, "25", borders.built("25"))
        for shaped in ({}, {"town-1": -71.85, "town-2": -72.2}):
            squares = {code: geometry.plain(box(west, 42.2, west + 0.1, 42.3)) for code, west in shaped.items()}
            town_shapes.save(session, [TownShape(*one) for one in squares.items()])
            area = api_area.located(body, session, directory_load.load(session), settings().state_fips).area
            assert area is not None and area.geojson is None
            found.append((area.counties, area.communities))
    assert found == [(["25027"], []), ([], ["town-1", "town-3"])]


def test_the_towns_of_a_drawing_are_told_by_the_api() -> None:
    told = api_area.shown_area(shapes.Drawn(("1,1 1,2 2,2 1,1",), (), (), shapes.Spill(), ("town-1",)))
    assert (told.counties, told.communities) == ([], ["town-1"])
