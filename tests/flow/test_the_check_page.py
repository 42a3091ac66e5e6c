"""The check page shows what phones, boxes and maps will make of an alert, before and after it is frozen."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import delete, text

from broadcaster.store.database import Sessions
from broadcaster.store.fanout import senders
from broadcaster.store.fanout.senders import NewSender
from broadcaster.store.places import directory_load
from broadcaster.store.places.outlines import Outline
from broadcaster.store.public import residents
from tests.desk import ISSUER, SECOND, Browser, Desk, walk

SILENT = "to people who cannot make voice calls"


@pytest.fixture
def desk(sessions: Sessions) -> Desk:
    return Desk(sessions)


def test_the_check_page_shows_what_phones_boxes_and_maps_will_make_of_it(desk: Desk) -> None:
    author = desk.browser(ISSUER)
    walk(desk, author)
    assert "The polygon reaches over the state line by" in author.words
    assert "Towns have no outline of their own" not in author.words  # every town that the directory knows is chosen
    screens = [each.text_content() for each in author.page.find_class("wea-card")]
    assert len(screens) == 4 and "Emergency Alert" in screens[0] and "Alerta de emergencia" in screens[2]
    assert author.page.find_class("eas-header")[0].text_content() == "ZCZC-CIV-TOE-025017-025027+0200-1691600-LLLLLLLL-"
    assert "The status is Exercise: no box airs it." in author.words
    (map_,) = author.page.find_class("area-map")
    assert len(map_.find_class("is-chosen")) == 2 and len(map_.find_class("is-polygon")) == 1


def test_a_contact_that_nobody_verified_within_a_year_is_marked_where_it_is_used(desk: Desk) -> None:
    author = desk.browser(ISSUER)
    walk(desk, author)
    assert "2 agencies have a contact that nobody verified within a year: Ayer Police, State Police." in author.words
    assert "Ayer Police mail never verified" in author.words
    with desk.sessions.begin() as store:
        for code, on in (("ayer-police", "2025-06-17"), ("state-police", "2025-06-18")):
            store.execute(
                text(
                    "UPDATE agency_contact SET verified_on = CAST(:on AS date)"
                    " WHERE agency_id = (SELECT id FROM agency WHERE code = :code)"
                ),
                {"on": on, "code": code},
            )
    author.send("/submit")
    page = desk.browser(SECOND).open(author.path).words
    assert "1 agency has a contact that nobody verified within a year: Ayer Police." in page
    assert "Ayer Police mail not verified since 2025-06-17" in page and "never verified" not in page


def test_without_outlines_the_check_page_says_that_there_is_no_polygon(desk: Desk) -> None:
    with desk.sessions.begin() as store:
        store.execute(delete(Outline))
    author = desk.browser(ISSUER)
    walk(desk, author)
    assert "There is no polygon. No outline is known of Middlesex County, Worcester County." in author.words
    assert not author.page.find_class("area-map")


def rows_of(page: Browser, heading: str) -> list[list[str]]:
    """The cells of the table of texts below a heading."""
    (table,) = page.page.xpath(f"//details[contains(summary, '{heading}')]//tbody")
    return [[" ".join(cell.text_content().split()) for cell in row] for row in table]


def test_texts_of_people_who_cannot_make_voice_calls_are_shown_beside_the_others(desk: Desk) -> None:
    with desk.sessions.begin() as store:
        store.execute(
            text(
                "UPDATE address SET no_voice = true, lang = 'es' WHERE id IN (SELECT s.address_id FROM subscription s"
                " JOIN community c ON c.id = s.community_id WHERE c.code = 'ayer')"
            )
        )
    author = desk.browser(ISSUER)
    walk(desk, author)
    draft = rows_of(author, SILENT)
    author.send("/submit")
    second = desk.browser(SECOND).open(author.path)
    frozen = rows_of(second, SILENT)
    assert draft == frozen
    ((place, lang, words, segments),) = frozen
    (same,) = [row for row in rows_of(second, "All ") if row[:2] == ["Ayer", "es"]]
    assert (place, lang) == ("Ayer", "es")
    assert words == f"Marque 711 y pida el 978-555-0101. {same[2]}"
    assert int(segments) >= int(same[3])


PACES = {
    10.0: r"^\d+ seconds?$",
    0.0001: r"^\d+ h \d\d min, [1-6] people not before it ends$",
    None: "^no sender is set up$",
}
"""Segments a second, and what is said of six people."""


@pytest.mark.parametrize("pace", PACES)
def test_the_check_page_says_how_long_the_carrier_needs(pace: float | None, desk: Desk) -> None:
    with desk.sessions.begin() as store:
        if pace is None:
            store.execute(text("UPDATE sender SET circuit = 'retired' WHERE channel = 'sms'"))
        else:
            store.execute(text("UPDATE sender SET segments_per_s = :p WHERE channel = 'sms'"), {"p": pace})
    author = desk.browser(ISSUER)
    walk(desk, author)
    (said,) = author.page.xpath("//div[dt='At the carrier’s rate']/dd")
    assert re.fullmatch(PACES[pace], " ".join(said.text_content().split()))


DIGIT = "UPDATE number SET e164 = '+19785550191' WHERE code = 'ayer'"
AT_ONCE = (
    (DIGIT, "call 978-555-0191", "978-555-0101"),
    ("UPDATE number SET visibility = 'restricted' WHERE code = 'ayer'", "617-555-0199", "978-555-0191"),
    ("UPDATE community SET name = 'Ayr' WHERE code = 'ayer'", "911 is down in Ayr", "911 is down in Ayer"),
    ("UPDATE agency SET name = 'The Constables' WHERE code = 'ayer-police'", "The Constables", "Ayer Police"),
)
"""A change that no page of ours has made, what is read then, and what no longer."""
BACK = (
    "UPDATE number SET e164 = '+19785550101', visibility = 'public' WHERE code = 'ayer'",
    "UPDATE community SET name = 'Ayer' WHERE code = 'ayer'",
    "UPDATE agency SET name = 'Ayer Police' WHERE code = 'ayer-police'",
)


def test_what_the_directory_says_is_shown_at_once_and_what_is_frozen_stays(desk: Desk) -> None:
    """Readers share a directory that was read; they share it by what it says, so nobody is shown an old one."""

    def change(*statements: str) -> None:
        with desk.sessions.begin() as store:
            for statement in statements:
                store.execute(text(statement))

    author = desk.browser(ISSUER)
    walk(desk, author)
    page, before = author.path, author.words
    assert "call 978-555-0101" in before
    for statement, shown, gone in AT_ONCE:
        change(statement)
        now = author.open(page).words
        assert (shown in now, gone in now) == (True, False), statement
    change(*BACK)
    assert author.open(page).words == before
    author.send("/submit")
    frozen = author.words
    change(DIGIT)
    assert author.open(page).words.count("978-555-0101") == frozen.count("978-555-0101") > 0
    assert "978-555-0191" not in author.words


WAYS = {
    "neither": (
        (),
        ["texts are off now", "calls are off now"],
        ["Texts to phones are off", "Calls to landlines are off"],
    ),
    "texts": (("sms",), ["calls are off now"], ["Calls to landlines are off"]),
    "calls": (("voice",), ["texts are off now"], ["Texts to phones are off"]),
    "both": (("sms", "voice"), [], []),
}
"""What is set up, what the form says is off, and what the check page says."""


@pytest.mark.parametrize("on", WAYS)
def test_form_and_check_page_say_which_of_texts_and_calls_go_out(on: str, desk: Desk) -> None:
    channels, off_now, off = WAYS[on]
    with desk.sessions.begin() as store:
        store.execute(text("UPDATE sender SET circuit = 'retired' WHERE channel IN ('sms', 'voice')"))
        for channel in channels:
            senders.register(store, NewSender(channel, "twilio", "+15005550006", 1.0))
        there = residents.address(store, desk.sealer, "voice", "+19785550188")
        residents.subscribe(store, there, directory_load.community_ids(store)["ayer"])
    author = desk.browser(ISSUER).open("/desk/new")
    said = [words for words in ("texts are off now", "calls are off now") if words in author.words]
    assert "Texts and calls" in author.words and said == off_now
    walk(desk, author)
    heads = ("Texts to phones are off", "Calls to landlines are off")
    assert [words for words in heads if words in author.words] == off
    assert ("none of 1" in author.words) is ("voice" not in channels)
    assert ("What landlines of" in author.words) is ("voice" in channels)


def test_where_everybody_can_call_nothing_is_said_of_such_texts(desk: Desk) -> None:
    author = desk.browser(ISSUER)
    walk(desk, author)
    assert SILENT not in author.words
