"""The board on the map: each person in one of four groups, each county by the largest of them."""

from __future__ import annotations

import pytest
from lxml import html

from broadcaster.alert.delivery import State
from broadcaster.alert.reach import WORDS, CountyCount
from broadcaster.directory.town_shapes import TownShape
from broadcaster.receipts.counts import CommunityCount
from broadcaster.store.database import Sessions
from broadcaster.store.places import town_shapes
from broadcaster.web import outline
from broadcaster.web.board import map as board_map
from broadcaster.web.outline import Drawing
from tests import onair
from tests.onair_desk import app_of, select, signed_in, words


def table_of(page: html.HtmlElement) -> list[str]:
    return [" ".join(words(cell) for cell in row) for row in select(page, ".counties tbody tr")]


@pytest.mark.parametrize(
    ("counts", "handsets", "waiting", "tone"),
    [
        ({State.ACCEPTED: 9, State.REJECTED: 1}, {"delivered": 8}, 0, "reached"),
        ({State.ACCEPTED: 9, State.REJECTED: 1}, {"delivered": 3, "undelivered": 1}, 0, "accepted"),
        ({State.ACCEPTED: 2, State.UNKNOWN: 7}, {"delivered": 2}, 1, "unknown"),
        ({State.ACCEPTED: 2, State.SUPPRESSED: 9}, {"delivered": 2}, 6, "not-reached"),
        ({State.ACCEPTED: 2, State.EXPIRED: 2}, {"delivered": 2}, 0, "not-reached"),
    ],
)
def test_a_county_is_what_is_true_of_most(
    counts: dict[str, int], handsets: dict[str, int], waiting: int, tone: str
) -> None:
    place = CommunityCount("lynn", "Lynn", counts, handsets, waiting)
    people = board_map.groups(place)
    assert CountyCount("25009", "Essex County", people).tone == tone
    assert sum(people.values()) == place.planned - counts.get(State.SUPPRESSED, 0)


def test_a_county_in_words() -> None:
    said = CountyCount("25009", "Essex County", {"reached": 1200, "not-reached": 2, "unknown": 0}).sentence
    assert said == "Essex County: 1,200 reached, 2 not reached, of 1,202"


def test_the_map_and_the_table_beside_it_say_the_same(sessions: Sessions, monkeypatch: pytest.MonkeyPatch) -> None:
    shapes = {"25013": "M0 0L1 0L1 1z", "25009": "M2 0L3 0L3 1z", "25027": "M4 0L5 0L5 1z"}
    monkeypatch.setattr(outline, "of_state", lambda _: Drawing(10, 10, shapes))
    with sessions.begin() as session:
        air = onair.on_air(session)
        onair.residents(session, air, "springfield", ["accepted/delivered"] * 3 + ["rejected:30006", "suppressed"])
        onair.residents(session, air, "lynn", ["accepted/delivered", "unknown", "unknown", "", ""])
    answer = signed_in(app_of(sessions), air.issuer).get(f"/desk/alerts/{air.alert.public_id}")
    page = html.fromstring(answer.data)
    fills = {path.get("data-k"): path.get("fill") for path in page.xpath("//svg[contains(@class,'county-map')]/path")}
    assert fills == {"map-25013": "url(#is-reached)", "map-25009": "url(#is-not-reached)", "map-25027": "#fff"}
    assert table_of(page) == ["Lynn County not reached 1 0 2 2", "Springfield County reached 3 0 0 1"]
    assert "Springfield County: 3 reached, 1 not reached, of 4" in words(page)
    patterns = {each.get("id") for each in page.xpath("//pattern")}
    assert (
        {fill[5:-1] for fill in fills.values() if fill.startswith("url")}
        <= patterns
        == {f"is-{tone}" for tone in WORDS}
    )


def test_a_town_that_has_a_shape_is_coloured_itself(sessions: Sessions, monkeypatch: pytest.MonkeyPatch) -> None:
    counties = {"25013": "M0 0L1 0L1 1z", "25009": "M2 0L3 0L3 1z"}
    monkeypatch.setattr(outline, "of_state", lambda _: Drawing(10, 10, counties, (-72.0, 43.0), (10.0, 10.0)))
    square = {"type": "Polygon", "coordinates": [[[-72, 42], [-71, 42], [-71, 43], [-72, 43], [-72, 42]]]}
    with sessions.begin() as session:
        air = onair.on_air(session)
        onair.residents(session, air, "springfield", ["accepted/delivered"] * 3)
        onair.residents(session, air, "lynn", ["accepted/delivered", "unknown", "unknown"])
        town_shapes.save(session, [TownShape("lynn", square)])
    answer = signed_in(app_of(sessions), air.issuer).get(f"/desk/alerts/{air.alert.public_id}")
    page = html.fromstring(answer.data)
    fills = {each.get("data-k"): each.get("fill") for each in page.xpath("//svg[@class='county-map']/*[@fill]")}
    assert fills == {"map-25013": "url(#is-reached)", "map-25009": "#fff", "map-lynn": "url(#is-unknown)"}
    (town,) = page.xpath("//g[@data-k='map-lynn']")
    assert town.findtext("title") == "Lynn: 1 reached, 2 unknown, of 3"
    assert town.find("path").get("d") == "M0.0 10.0L10.0 10.0L10.0 0.0L0.0 0.0Z"
    assert table_of(page) == ["Lynn County unknown 1 0 2 0", "Springfield County reached 3 0 0 0"]


def test_without_shapes_the_table_says_it_all(sessions: Sessions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outline, "of_state", lambda _: None)
    with sessions.begin() as session:
        air = onair.on_air(session)
        onair.residents(session, air, "lynn", ["accepted/delivered"])
    page = html.fromstring(signed_in(app_of(sessions), air.issuer).get(f"/desk/alerts/{air.alert.public_id}").data)
    assert select(page, "svg.county-map") == [] and len(page.xpath("//pattern")) == 4
    assert table_of(page) == ["Lynn County reached 1 0 0 0"]
