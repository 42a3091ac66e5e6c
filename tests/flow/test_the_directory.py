"""The directory at the desk, by the API and the command line: looked up, exported, changed, and two at once."""

from __future__ import annotations

import io
import json

import pytest
from sqlalchemy import text

from broadcaster.directory import boundaries as areas
from broadcaster.store.database import Sessions
from broadcaster.store.desk import people
from broadcaster.store.places import boundaries, directory_load
from broadcaster.store.timeline import ledger
from broadcaster.web.api import tokens
from broadcaster.web.signin import accounts
from tests.desk import AUDITOR, PASSWORD, RESTRICTED, Browser, Desk

ADMIN, OTHER = "ana@desk.example", "abel@desk.example"
SQUARE = [[[-72, 42], [-71, 42], [-71, 43], [-72, 43], [-72, 42]]]


@pytest.fixture
def desk(sessions: Sessions) -> Desk:
    made = Desk(sessions)
    with sessions.begin() as store:
        for email in (ADMIN, OTHER):
            accounts.add_user(store, made.sealer, email, email.partition("@")[0].title(), PASSWORD, ["admin"])
    return made


def exported(browser: Browser) -> str:
    return browser.client.get("/desk/directory/directory.csv").get_data().decode("utf-8-sig")


def upload(browser: Browser, data: str, name: str = "new.csv") -> Browser:
    token = browser.open("/desk/directory/").values("/import")["csrf_token"][0]
    sent = {"csrf_token": token, "file": (io.BytesIO(data.encode()), name)}
    return browser._see(browser.client.post("/desk/directory/import", data=sent, follow_redirects=True))


def ayers_number(desk: Desk) -> str:
    with desk.sessions() as store:
        return directory_load.load(store).ladder("ayer").number.display  # type: ignore[union-attr]


def test_from_the_file_over_the_difference_to_the_number(desk: Desk) -> None:
    editor = desk.browser(ADMIN)
    changed = exported(editor).replace("+19785550101", "(978) 555-0111")
    upload(editor, changed)
    assert "1 number added, 1 number retired" in editor.words
    assert "added number community/ayer/+19785550111" in editor.words
    assert ayers_number(desk) == "978-555-0101"
    editor.send("/apply")
    assert "The directory was changed: 2 differences." in editor.words
    assert "retired number community/ayer/+19785550101" in editor.words
    assert ayers_number(desk) == "978-555-0111"
    upload(editor, changed)
    assert "Nothing: the directory says this already." in editor.words
    with desk.sessions() as store:
        (event,) = [each for each in ledger.timeline(store, "directory") if each.action == "directory-changed"]
    assert json.loads(event.canonical)["data"] == {"file": "new.csv", "number added": 1, "number retired": 1}


def test_a_bad_row_is_named_and_cannot_be_applied(desk: Desk) -> None:
    editor = desk.browser(ADMIN)
    upload(editor, exported(editor).replace("+19785550101", "911"))
    assert editor.status == 422
    assert "911 cannot be an alternative to 911" in editor.words
    assert not editor.has("/apply")
    upload(editor, "whatever", "list.xlsx")
    assert "“list.xlsx” is not of a kind that is read here" in editor.words
    upload(editor, "\ufeffrow,scope\n", "")
    assert "Choose a file first." in editor.words


def test_of_two_editors_the_second_sees_the_difference_anew(desk: Desk) -> None:
    first, second = desk.browser(ADMIN), desk.browser(OTHER)
    upload(first, exported(first).replace("+19785550101", "9785550111"))
    upload(second, exported(second).replace("+19785550101", "9785550122"))
    first.send("/apply")
    second.send("/apply")
    assert "Somebody has changed the directory meanwhile. Nothing was imported" in second.words
    assert "retired number community/ayer/+19785550111" in second.words
    assert ayers_number(desk) == "978-555-0111"
    second.send("/apply")
    assert ayers_number(desk) == "978-555-0122"


def test_a_place_where_people_signed_up_is_not_taken_away(desk: Desk) -> None:
    editor = desk.browser(ADMIN)
    rows = [line for line in exported(editor).splitlines() if "harvard" not in line]
    upload(editor, "\n".join(rows))
    assert editor.status == 422
    assert "The directory leaves out Harvard: keep them, people have signed up there." in editor.words


def test_only_administrators_see_contacts_and_change(desk: Desk) -> None:
    reader = desk.browser(AUDITOR)
    reader.open("/desk/directory/?q=Groton")
    assert ("978-555-0102" in reader.words, RESTRICTED in reader.words) == (True, False)
    assert RESTRICTED.replace("-", "") not in reader.text, "not in the history either"
    assert "Not verified within a year" in reader.words
    assert not reader.has("/import")
    assert reader.client.get("/desk/directory/directory.csv").status_code == 403


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("q=ayer", "Ayer, Middlesex County"),
        ("county=Worcester", "Harvard, Worcester County"),
        ("point=42.5,-71.5", "Groton, Middlesex County"),
        ("point=10,10", "No PSAP's service boundary holds this point"),
        ("point=north", "A point is latitude,longitude in degrees"),
        ("q=atlantis", "Nothing here is called “atlantis”"),
        ("q=ayer&county=Essex", "Ask for one of q"),
    ],
)
def test_which_number_here(desk: Desk, query: str, words: str) -> None:
    own = {"NGUID": "1", "DsplayName": "Groton dispatch", "communities": ["groton"]}
    feature = {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": SQUARE}, "properties": own}
    editor = desk.browser(ADMIN)
    upload(editor, json.dumps({"type": "FeatureCollection", "features": [feature]}), "psap.geojson")
    assert "1 boundary added" in editor.words
    editor.send("/apply")
    with desk.sessions() as store:
        assert [one.psap for one in boundaries.load(store)] == ["groton-psap"]
        kept = store.execute(text("SELECT value FROM directory_version WHERE kind = 'boundary'")).scalar_one()
        assert kept["geometry"]["type"] == "Polygon"
        whole = directory_load.load(store)
    back = editor.client.get("/desk/directory/directory.geojson").get_data(as_text=True)
    assert [one.nguid for one in areas.read(back, whole)[0]] == ["1"]
    editor.open(f"/desk/directory/?{query}")
    assert words in editor.words


@pytest.mark.parametrize(
    ("query", "status", "codes"),
    [
        ("", 200, {"ayer", "groton", "harvard", "salem"}),
        ("?q=Groton", 200, {"groton"}),
        ("?county=Middlesex", 200, {"ayer", "groton"}),
        ("?q=Atlantis", 404, set()),
        ("?zip=12", 422, set()),
        ("?zip=01432&county=25027", 422, set()),
        ("?point=42,-71", 404, set()),
    ],
)
def test_which_number_here_by_the_api(desk: Desk, query: str, status: int, codes: set[str]) -> None:
    with desk.sessions.begin() as store:
        user = people.by_email(store, AUDITOR)
        assert user is not None
        header = {"Authorization": f"Bearer {tokens.make(store, user)}"}
    answer = desk.app.test_client().get(f"/api/v1/directory{query}", headers=header)
    told = answer.get_json(force=True)
    assert (answer.status_code, {one["code"] for one in told.get("communities", ())}) == (status, codes)
    assert RESTRICTED.replace("-", "") not in answer.get_data(as_text=True)
    for one in told.get("communities", ()):
        assert one["call"] == {"groton": "+19785550102", "harvard": "+16175550199"}.get(one["code"], one["call"])
