"""What phones and boxes make of a message, and the map of it."""

import re
from dataclasses import replace

import pytest

from broadcaster.alert.alert import Area, FailureKind, RevisionKind
from broadcaster.directory import County
from broadcaster.feeds import area_map, cap, receivers, shapes
from broadcaster.feeds.capvalues import NameValue
from broadcaster.local import assets, borders
from tests.unit.feeds.samples import COMMUNITIES, NOON, content, facts

ZONE = "America/New_York"
NAMES = receivers.place_names((County("25013", "Hampden"), County("25027", "Worcester")), "25", "Massachusetts")
STATEWIDE = {"content": content(area=Area(statewide=True)), "communities": COMMUNITIES}


def spoken(alert):
    return receivers.spoken(alert, NAMES, ZONE)


def test_a_box_speaks_each_language_after_the_same_header():
    english, spanish = spoken(cap.build(facts()))
    assert (english.lang, spanish.lang) == ("en", "es")
    assert english.header == spanish.header == "ZCZC-CIV-TOE-025013+0200-1701830-LLLLLLLL-"
    assert " for Hampden County, Massachusetts at 2:30 PM" in english.text and "413-555-0100" in english.text
    assert "Las llamadas al 911 fallan" in spanish.text
    assert not english.silent and not english.is_cut and len(english.text) <= english.room == 1800


def test_the_whole_state_is_spoken_as_one_place():
    assert " for Massachusetts at 2:30 PM" in spoken(cap.build(facts(**STATEWIDE)))[0].text


def test_a_second_block_of_one_language_is_not_read():
    alert = cap.build(facts())
    twice = replace(alert, infos=(alert.infos[0], replace(alert.infos[0], description="Another one."), alert.infos[1]))
    assert [said.lang for said in spoken(twice)] == ["en", "es"]
    assert "Another one." not in spoken(twice)[0].text


def blocked(alert):
    more = (NameValue("BLOCKCHANNEL", "EAS"),)
    return replace(alert, infos=tuple(replace(info, parameters=info.parameters + more) for info in alert.infos))


FIRST = cap.build(facts())
SILENT = [
    ("exercise", cap.build(facts(status=cap.Status.EXERCISE)), "The status is Exercise: no box airs it", True),
    ("test", cap.build(facts(status=cap.Status.TEST)), "The status is Test: no box airs it", True),
    ("blocked", blocked(FIRST), "EAS is blocked", True),
    ("cancel", cap.build(facts(RevisionKind.FALSE_ALARM, references=cap.unexpired([FIRST], NOON))), "Boxes log", True),
    ("over", cap.build(facts(content=content(expires=NOON))), "The message has ended", False),
    ("nowhere", replace(FIRST, infos=(replace(FIRST.infos[0], areas=()),)), "no EAS header", False),
]


@pytest.mark.parametrize(("alert", "why", "has_words"), [row[1:] for row in SILENT], ids=[row[0] for row in SILENT])
def test_what_is_not_aired_says_why(alert, why, has_words):
    said = spoken(alert)[0]
    assert why in said.silent
    assert bool(said.text) is has_words


def test_what_a_box_leaves_out_is_marked():
    info = FIRST.infos[0]
    long = replace(FIRST, infos=(replace(info, description="Springfield, call 413-555-0100. " * 80),))
    (said,) = spoken(long)
    assert said.is_cut and len(said.text) <= 1800 and said.text.endswith("Do not call 911 to test it.")


def test_phones_show_what_the_message_carries():
    english, spanish = receivers.screens(FIRST)
    assert (english.lang, spanish.lang) == ("en-US", "es-US")
    assert english.short == facts().texts[0].wea90 and english.short_length == len(english.short) <= 90
    assert english.long == facts().texts[0].wea360 and english.long_length <= 360


@pytest.mark.parametrize(
    "alert",
    [
        cap.build(facts(content=content(failure=FailureKind.TEXT_TO_911))),
        cap.build(facts(RevisionKind.ALL_CLEAR, references=cap.unexpired([FIRST], NOON))),
    ],
    ids=["a lesser failure", "an all-clear"],
)
def test_phones_show_nothing_of_what_is_kept_from_them(alert):
    assert receivers.screens(alert) == []


OUTLINES = shapes.read(borders.by_state(assets.atlas())["25"])
TITLES = {"25013": "Hampden County", "25017": "Middlesex County", "25019": "Nantucket County"}
MAPS = [
    ("one county", ["25017"], {"New Hampshire"}, 1),
    ("an island", ["25019"], set(), 1),
    ("two ends of the state", ["25001", "25003"], {"New York", "Vermont", "New Hampshire", "Connecticut"}, 2),
    ("all of it", list(OUTLINES.counties), {"New York", "Vermont", "New Hampshire", "Connecticut", "Rhode Island"}, 3),
]


@pytest.mark.parametrize(("counties", "near", "parts"), [row[1:] for row in MAPS], ids=[row[0] for row in MAPS])
def test_the_map_shows_the_chosen_among_their_neighbours(counties, near, parts):
    drawn = shapes.draw(OUTLINES, counties)
    made = area_map.drawn(OUTLINES, drawn, TITLES)
    assert made is not None
    assert {piece.name for piece in made.counties if piece.is_chosen} == {TITLES.get(c, c) for c in counties}
    assert near <= {piece.name for piece in made.neighbours}
    assert {label.name for label in made.labels} <= {piece.name for piece in made.neighbours}
    assert len(made.polygons) == parts and made.points == sum(ring.count(" ") + 1 for ring in drawn.polygons)
    numbers = [float(number) for path in made.polygons for number in re.findall(r"-?\d+\.\d", path)]
    assert min(numbers) >= 0 and max(numbers[::2]) <= made.width and max(numbers[1::2]) <= made.height
    assert sum(len(piece.path) for piece in (*made.counties, *made.neighbours)) < 60_000


def test_without_a_polygon_there_is_no_map():
    assert area_map.drawn(OUTLINES, shapes.Drawn(missing=("25017",)), {}) is None
