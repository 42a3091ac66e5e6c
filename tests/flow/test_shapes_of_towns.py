"""A town's shape from the file to the map, the number at a point, the polygon on air and the colours of the board."""

from __future__ import annotations

import io
import json
from datetime import date

import pytest
from shapely.geometry import shape

from broadcaster.directory import town_shapes as places
from broadcaster.directory.town_shapes import TownShape
from broadcaster.dispatch.documents import publish
from broadcaster.dispatch.revision import where
from broadcaster.feeds import cap, public_page, shapes
from broadcaster.local import borders
from broadcaster.local.massachusetts import sample
from broadcaster.local.massachusetts.shapes import generated
from broadcaster.store.alerting.alerts import Document
from broadcaster.store.database import Sessions
from broadcaster.store.places import directory_load, town_shapes
from broadcaster.store.timeline import ledger
from broadcaster.web.house import NAME
from broadcaster.web.signin import accounts
from tests.desk import BOTH, ISSUER, PASSWORD, Browser, Desk, walk

ADMIN = "ana@desk.example"
SHAPED = ("ayer", "harvard", "salem")
TOWNS = {
    one.code: one for one in generated(shapes.read(borders.built("25")).counties) if one.code in (*SHAPED, "groton")
}


@pytest.fixture
def desk(sessions: Sessions) -> Desk:
    made = Desk(sessions)
    with sessions.begin() as store:
        accounts.add_user(store, made.sealer, ADMIN, "Ana", PASSWORD, ["admin"])
    return made


def written(*codes: str) -> str:
    return places.write([TOWNS[code] for code in codes], sample.load(date(2026, 6, 18)))


def upload(browser: Browser, text: str) -> Browser:
    token = browser.open("/desk/directory/").values("/import")["csrf_token"][0]
    sent = {"csrf_token": token, "file": (io.BytesIO(text.encode()), "towns.geojson")}
    return browser._see(browser.client.post("/desk/directory/import", data=sent, follow_redirects=True))


def corner(one: TownShape) -> str:
    """A point of a town that is next to one of its corners."""
    area = shape(one.geometry)
    point = area.buffer(-0.002).exterior.coords[0]
    return f"{point[1]:.5f},{point[0]:.5f}"


def kept(desk: Desk) -> list[TownShape]:
    with desk.sessions() as store:
        return town_shapes.load(store)


def test_shapes_come_in_by_a_file_and_are_kept_as_every_row_is(desk: Desk) -> None:
    editor = desk.browser(ADMIN)
    upload(editor, written(*SHAPED))
    assert "3 shape added" in editor.words and kept(desk) == []
    editor.send("/apply")
    assert [one.code for one in kept(desk)] == list(SHAPED) and all(one.generated for one in kept(desk))
    back = editor.client.get("/desk/directory/directory.shapes.geojson").get_data(as_text=True)
    upload(editor, back)
    assert "Nothing: the directory says this already." in editor.words
    upload(editor, written("ayer", "salem"))
    assert "retired shape harvard" in editor.words
    editor.send("/apply")
    editor.open("/desk/directory/history?kind=shape&code=harvard")
    assert "towns.geojson" in editor.words and "retired" in editor.words
    with desk.sessions() as store:
        events = [each for each in ledger.timeline(store, "directory") if each.action == "directory-changed"]
    assert [json.loads(each.canonical)["data"] for each in events] == [
        {"file": "towns.geojson", "shape added": 3},
        {"file": "towns.geojson", "shape retired": 1},
    ]
    elsewhere = json.loads(written("ayer"))
    elsewhere["features"][0]["properties"]["community"] = "salem"
    upload(editor, json.dumps(elsewhere))
    assert editor.status == 422
    assert "Salem lies outside Essex County in this file: is longitude first" in editor.words


def test_the_form_asks_once_for_the_towns_and_a_point_finds_its_own(desk: Desk) -> None:
    officer = desk.browser(ISSUER)
    assert "data-towns" not in officer.open("/desk/new").text
    with desk.sessions.begin() as store:
        town_shapes.save(store, [TOWNS[code] for code in SHAPED])
    (frame,) = officer.open("/desk/new").page.find_class("where-map")
    assert "The shapes of the towns are made up for this demo." in officer.words
    answer = officer.client.get(frame.get("data-towns"))
    assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert sorted((code, fips) for code, fips, _ in answer.get_json()) == [
        ("ayer", "25017"),
        ("harvard", "25027"),
        ("salem", "25009"),
    ]
    assert "immutable" not in officer.client.get("/desk/towns/older.json").headers["Cache-Control"]
    officer.open(f"/desk/directory/?point={corner(TOWNS['ayer'])}")
    assert "Ayer, Middlesex County" in officer.words and "978-555-0101" in officer.words
    officer.open(f"/desk/directory/?point={corner(TOWNS['groton'])}")
    assert "No community's shape and no PSAP's service boundary holds this point" in officer.words


def test_an_alert_for_a_town_is_drawn_sent_and_coloured_as_that_town(desk: Desk) -> None:
    with desk.sessions.begin() as store:
        town_shapes.save(store, [TOWNS[code] for code in SHAPED])
    author, second = desk.browser(ISSUER), desk.browser(BOTH)
    alert = walk(desk, author, names="Ayer, Harvard")
    assert "holds all of" not in author.words
    (drawing,) = author.page.find_class("area-map")
    chosen = [path.findtext("title") for path in drawing.find_class("is-chosen")]
    assert chosen == ["Worcester County", "Ayer"], "Harvard is all that the directory has of its county"
    author.send("/submit")
    page = author.path
    author.send("/release-agencies")
    second.open(page).send("/approve", code=desk.code(BOTH))
    assert second.path == alert, second.words
    with desk.sessions() as store:
        document = cap.parse(store.query(Document).one().bytes)
        known = where.known(store, "25")
    sent = shapes.whole(document.infos[0].areas[0].polygons)
    assert sent.covers(shape(TOWNS["ayer"].geometry))
    assert sent.intersection(known.counties["25017"]).area < 0.2 * known.counties["25017"].area
    assert document.infos[0].same_places == ("025017", "025027")
    with desk.sessions() as store:
        public = publish.snapshot(store, desk.app.extensions[NAME].office, directory_load.load(store), desk.now)
    page_for_all = public_page.files(public)["index.html"].decode()
    assert '<svg class="outage-map"' in page_for_all and "<title>Ayer</title>" in page_for_all
    towns = {each.get("data-k"): each.get("fill") for each in second.page.xpath("//svg[@class='county-map']/g[@fill]")}
    assert towns == {"map-ayer": "url(#is-not-reached)", "map-harvard": "url(#is-not-reached)"}


def test_a_town_without_a_shape_takes_its_county_in_and_that_is_said(desk: Desk) -> None:
    with desk.sessions.begin() as store:
        town_shapes.save(store, [TOWNS[code] for code in SHAPED])
    author = desk.browser(ISSUER)
    walk(desk, author, names="Groton")
    assert "Groton has no shape in the directory: the polygon holds all of Middlesex County" in author.words
