"""What a phone is told: the number of its community first, in its language, and that no one reads along."""

from __future__ import annotations

from dataclasses import replace

import pytest

from broadcaster.feeds import replies
from broadcaster.feeds.replies import Reception
from broadcaster.messages.book import NAMES, shipped
from broadcaster.messages.edition import Voice
from broadcaster.messages.keywords import Wish, asked, words
from broadcaster.messages.reception import phrases

NUMBER, COUNTY = "413-555-0100", "413-555-0199"
APPROVED = "State 911: 911 is down in Springfield. In an emergency call 413-555-0100. Do not call 911 to test."


def town(name: str, state: str = "works", number: str = "", **more: object) -> dict[str, object]:
    """A row of the lookup table, with its line."""
    row = {"code": name.lower().replace(" ", "-"), "name": name, "county": "", "zips": [], "places": [], "state": state}
    return {**row, "number": number, "unsure": False, "line": number or COUNTY, **more}


CALM = Reception(
    towns=[
        town("Springfield", zips=["01103", "01104"], places=["Indian Orchard"], line=NUMBER),
        town("West Springfield", zips=["01089"]),
        town("Holyoke", zips=["01040", "01041"], line=""),
        *(town(f"North {letter}", zips=["01999"]) for letter in ("Alpha", "Beta", "Gamma", "Delta")),
    ],
    texts={},
    outage=False,
    phrases=phrases(),
    books=shipped(),
    voice=Voice("State 911 Department", "State 911", "Massachusetts", "America/New_York", "https://911.example"),
)
DOWN = replace(
    CALM,
    towns=[
        town("Springfield", "down", NUMBER, zips=["01103"]),
        town("Holyoke", "down", "", zips=["01040"], line=""),
        town("Lynn", "restored", zips=["01901"]),
        town("Salem", "down", NUMBER, unsure=True),
    ],
    texts={("springfield", "en"): APPROVED, ("holyoke", "en"): "911 is down in Holyoke. Go to a fire station."},
    outage=True,
)


def told(body: str, desk: Reception = CALM, lang: str = "en", *homes: str) -> replies.Reply:
    return replies.reply(desk, asked(body), lang, homes)


@pytest.mark.parametrize("body", ["Springfield", "springfield.", "01103", "01103-1234", "Indian Orchard", "SPRING"])
def test_a_town_a_quarter_or_a_zip_gets_the_number_on_any_day(body: str) -> None:
    reply = told(body)
    assert reply.text == (
        "No 911 outage is reported in Springfield. In an emergency call 911. If 911 ever fails, call 413-555-0100.\n"
        "No one reads this number."
    )
    assert (reply.red, reply.place, reply.join) == (False, "springfield", False)


def test_a_town_without_any_number_is_sent_somewhere() -> None:
    assert "If 911 ever fails, go to the nearest fire or police station." in told("Holyoke").text


def test_during_an_outage_the_number_comes_first_and_then_the_approved_words() -> None:
    reply = told("springfield", DOWN)
    assert reply.text == f"{NUMBER} Springfield\n{APPROVED}\nNo one reads this number."
    assert not reply.red


@pytest.mark.parametrize("lang", NAMES)
def test_in_every_language_the_number_is_first_and_nobody_reads_along(lang: str) -> None:
    reply = told("what shall I do", DOWN, lang, "springfield")
    assert reply.text.lstrip("\u2066").startswith(NUMBER)
    assert replies.printed(DOWN, lang, [phrases().book(lang).word("no_reader")]) in reply.text
    assert reply.red


@pytest.mark.parametrize(
    ("body", "homes", "has", "red"),
    [
        ("my house is on fire", ("springfield",), NUMBER, True),
        ("my house is on fire", (), "nearest fire or police station", True),
        ("help me 01103", (), NUMBER, True),
        ("HELP", ("springfield",), NUMBER, True),
        ("HELP", (), "Text your town", True),
        ("Lynn", (), "911 works again in Lynn", False),
        ("Salem", (), "try 911 first", False),
        ("Holyoke", (), "Go to a fire station", False),
        ("", (), "We know no place", True),
    ],
)
def test_during_an_outage(body: str, homes: tuple[str, ...], has: str, red: bool) -> None:
    reply = told(body, DOWN, "en", *homes)
    assert has in reply.text
    assert reply.red is red


@pytest.mark.parametrize(
    ("body", "has", "red"),
    [
        ("HELP", "Text your town or ZIP code", False),
        ("my house is on fire", "In an emergency, call 911.", True),
        ("01999", "Several places fit: North Alpha, North Beta", False),
        ("ab", "We know no place", True),
        ("99999", "We know no place", True),
        ("'; DROP TABLE inbound; --", "We know no place", True),
        ("{number}{0.__class__}", "We know no place", True),
    ],
)
def test_on_a_calm_day(body: str, has: str, red: bool) -> None:
    reply = told(body)
    assert has in reply.text
    assert reply.red is red


@pytest.mark.parametrize(
    ("body", "has", "place", "join"),
    [
        ("JOIN Springfield", "will text this phone if 911 fails in Springfield", "springfield", True),
        ("join 01089", "will text this phone if 911 fails in West Springfield", "west-springfield", True),
        ("JOIN", "Text JOIN and your town", "", False),
        ("JOIN 01999", "Several places fit", "", False),
        ("JOIN Atlantis", "We know no place", "", False),
    ],
)
def test_joining_by_text(body: str, has: str, place: str, join: bool) -> None:
    reply = told(body)
    assert has in reply.text
    assert (reply.place, reply.join) == (place, join)


def test_who_joins_during_an_outage_hears_the_number_first() -> None:
    assert told("JOIN Springfield", DOWN).text.startswith(f"{NUMBER} Springfield\n{APPROVED}\nState 911 will text")


@pytest.mark.parametrize("lang", NAMES)
def test_stop_and_start_that_no_carrier_knows_are_confirmed_once(lang: str) -> None:
    for wish, carriers in ((Wish.STOP, "STOP"), (Wish.START, "START")):
        ours = next(word for word in (*words(lang, wish), f"{carriers}.") if asked(word).ours)
        assert "State 911" in told(ours, CALM, lang).text
    assert told("STOP").text == told("START").text == ""


@pytest.mark.parametrize("lang", NAMES)
def test_a_caller_hears_the_number_twice_digit_by_digit(lang: str) -> None:
    said = list(replies.spoken(DOWN, DOWN.named(["springfield"]), lang))
    assert sum("4 1 3, 5 5 5, 0 1 0 0" in sentence for sentence in said) == 2
    assert not any("413-555" in sentence or "911" in sentence for sentence in said)


def test_a_live_house_says_unreviewed_languages_in_english_and_spanish() -> None:
    live = replace(DOWN, phrases=phrases(strict=True), books=replace(shipped(), strict=True))
    text = told("springfield", live, "de").text
    assert text.startswith(f"{NUMBER} Springfield\n{APPROVED}")
    assert "No one reads this number. / Nadie lee este numero." in text


def test_whoever_could_not_get_through_is_told_a_number_and_owes_no_answer() -> None:
    said = replies.not_connected(DOWN, "en", [town("Holyoke", line=""), town("Lynn", line=COUNTY)])
    assert said == [
        "State 911: a 911 call from this phone did not get through. If you need help, call 413-555-0199 (Lynn)."
        " If you do not, no answer is needed."
    ]
    assert len(said[0]) <= 160, "one segment"
    assert replies.not_connected(DOWN, "en", [town("Holyoke", line="")]) == []


@pytest.mark.parametrize("lang", NAMES)
def test_they_are_told_so_in_every_language(lang: str) -> None:
    (said,) = replies.not_connected(DOWN, lang, [town("Lynn", line=COUNTY)])
    assert all(words in said for words in (COUNTY, "Lynn", "State 911"))
    assert lang == "en" or "did not get through" not in said
