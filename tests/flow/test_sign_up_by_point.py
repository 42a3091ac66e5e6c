"""A resident who does not know what their town is called: the form finds it by a point, and forgets the point."""

from __future__ import annotations

import pytest
from sqlalchemy import MetaData, select

from broadcaster.directory.boundaries import Boundary
from broadcaster.messages.book import NAMES
from broadcaster.messages.reception import phrases
from broadcaster.store.database import Sessions
from broadcaster.store.places import boundaries
from broadcaster.store.public.signups import Signup
from tests.desk import Browser, Desk, settings

IN_AYER, IN_BOTH, NOWHERE = "42.5612, -71.5898", "42.5, -71.3", "10, 10"


def box(west: float, east: float) -> dict[str, object]:
    ring = [[west, 42.4], [east, 42.4], [east, 42.7], [west, 42.7], [west, 42.4]]
    return {"type": "Polygon", "coordinates": [ring]}


def survey(sessions: Sessions) -> None:
    """Ayer by its own PSAP's area, and east of it one that Groton and Salem share."""
    drawn = [
        Boundary("urn:1", "ayer-psap", "", box(-71.7, -71.5)),
        Boundary("urn:2", "groton-psap", "", box(-71.4, -71.2), ("groton", "salem")),
    ]
    with sessions.begin() as session:
        boundaries.save(session, drawn)


@pytest.fixture
def desk(sessions: Sessions) -> Desk:
    """A desk with boundaries."""
    made = Desk(sessions, chosen=settings(lookup_sms="+16175550911"))
    survey(sessions)
    return made


def find(desk: Desk, point: str, **more: str) -> Browser:
    return desk.browser().open("/subscribe").send("/subscribe", point=point, find="1", **more)


def kept(desk: Desk) -> list[tuple[str, ...]]:
    with desk.sessions() as session:
        return [tuple(row.places) for row in session.query(Signup)]


def test_the_community_at_a_point_is_shown_and_nothing_is_asked_before_it_is_confirmed(desk: Desk) -> None:
    page = find(desk, IN_AYER, phone="413-555-0123", places="Salem", text_lang="es", no_voice="1")
    assert (page.status, page.path) == (200, "/subscribe")
    assert "Found: Ayer. Check your places, then sign up." in page.words
    shown = page.values("/subscribe")
    assert shown["places"] == ["Salem\nAyer"]
    assert (shown["phone"], shown["text_lang"], shown["no_voice"]) == (["413-555-0123"], ["es"], ["1"])
    assert shown["point"] == [""]
    assert "42.56" not in page.text.replace("42.56, -71.59", ""), "the point is shown nowhere but as the example"
    assert kept(desk) == []
    assert page.send("/subscribe").path == "/subscribe/sent"
    assert kept(desk) == [("salem", "ayer")]


def test_a_point_beside_a_finished_form_is_confirmed_before_anything_is_kept(desk: Desk) -> None:
    page = desk.browser().open("/subscribe").send("/subscribe", phone="413-555-0123", places="Salem", point=IN_AYER)
    assert "Found: Ayer." in page.words
    assert kept(desk) == []


@pytest.mark.parametrize(
    ("point", "said"),
    [
        (NOWHERE, "We find no town there."),
        ("", "We find no town there."),
        ("Ayer", "We find no town there."),
        ("91, 200", "We find no town there."),
        ("42.56", "We find no town there."),
        ("nan, inf", "We find no town there."),
        ("42.56, -71.59, 7", "We find no town there."),
        ("<b>1</b>, 2", "We find no town there."),
        (IN_BOTH, "Several places fit: Groton, Salem."),
    ],
)
def test_what_cannot_be_found_is_said_beside_the_field_and_the_rest_is_kept(desk: Desk, point: str, said: str) -> None:
    page = find(desk, point, phone="413-555-0123", places="Salem")
    assert page.status == 422
    assert page.beside("point").startswith(said)
    assert page.values("/subscribe")["places"] == ["Salem"]
    assert page.values("/subscribe")["point"] == [""]
    assert "<b>1" not in page.text


def test_a_point_is_in_no_table(desk: Desk) -> None:
    find(desk, IN_AYER, phone="413-555-0123").send("/subscribe")
    with desk.sessions() as session:
        known = MetaData()
        known.reflect(session.connection())
        everything = str([session.execute(select(table)).all() for table in known.tables.values()])
    assert kept(desk) == [("ayer",)]
    assert "urn:1" in everything
    assert "42.5612" not in everything


def test_without_boundaries_the_form_asks_for_no_point(sessions: Sessions) -> None:
    page = Desk(sessions).browser().open("/subscribe")
    assert "point" not in page.values("/subscribe")
    assert "<script" not in page.text


def test_only_these_pages_may_ask_the_browser_where_it_is(desk: Desk) -> None:
    client = desk.app.test_client()
    assert "geolocation=(self)" in client.get("/subscribe").headers["Permissions-Policy"]
    assert "geolocation=()" in client.get("/desk/sign-in").headers["Permissions-Policy"]


@pytest.mark.parametrize("lang", NAMES)
def test_in_every_language(desk: Desk, lang: str) -> None:
    page = desk.browser().open(f"/subscribe?lang={lang}").send("/subscribe", point=IN_AYER, find="1")
    assert phrases().book(lang).word("point_found", place="Ayer") in page.words
    assert phrases().book(lang).word("point_label") in page.words
    lost = page.send("/subscribe", point=NOWHERE, find="1")
    assert lost.beside("point") == phrases().book(lang).word("point_none")
