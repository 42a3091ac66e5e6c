"""What an EAS box makes of an alert."""

from dataclasses import replace
from datetime import timedelta

import pytest

from broadcaster.alert.alert import Area
from broadcaster.feeds import cap, same
from broadcaster.feeds.capvalues import CapRefused, NameValue
from tests.unit.feeds.samples import COMMUNITIES, NOON, content, facts

NAMES = {"025000": "Massachusetts", "025013": "Hampden, MA"}
WHOLE = cap.build(facts(content=content(area=Area(statewide=True)), communities=COMMUNITIES))
ALERT = cap.build(facts())


def test_the_header_of_a_statewide_outage_for_two_hours():
    assert same.header(WHOLE, WHOLE.infos[0]) == "ZCZC-CIV-TOE-025000+0200-1701830-LLLLLLLL-"


def test_the_header_names_each_county():
    info = replace(ALERT.infos[0], areas=ALERT.infos[0].areas * 2)
    assert same.header(ALERT, info, "MA911/01") == "ZCZC-CIV-TOE-025013+0200-1701830-MA911/01-"


@pytest.mark.parametrize(
    ("minutes", "purge"),
    [(1, "0015"), (15, "0015"), (16, "0030"), (45, "0045"), (46, "0100"), (61, "0130"), (240, "0400"), (900, "0600")],
)
def test_the_time_is_rounded_up_in_the_steps_of_the_rule(minutes, purge):
    assert same.purge_time(NOON, NOON + timedelta(minutes=minutes)) == purge


def test_what_has_ended_is_not_aired():
    with pytest.raises(CapRefused, match="ended"):
        same.purge_time(NOON, NOON)


@pytest.mark.parametrize("station", ["SHORT", "MA-911/1", "TOOLONG/1"])
def test_a_station_has_eight_characters_without_a_hyphen(station):
    with pytest.raises(CapRefused, match="eight"):
        same.header(ALERT, ALERT.infos[0], station)


def test_without_a_place_there_is_no_header():
    with pytest.raises(CapRefused, match="place"):
        same.header(ALERT, replace(ALERT.infos[0], areas=()))


def test_the_box_says_who_what_where_until_when_and_then_the_numbers():
    words = same.spoken(ALERT, ALERT.infos[0], NAMES, "America/New_York")
    assert words.startswith(
        "The Civil Authorities have issued a 911 Telephone Outage Emergency for Hampden, MA "
        "at 2:30 PM on Jun 18, 2024 effective until 4:30 PM. Message from State 911 Department. 911 calls are failing"
    )
    assert "413-555-0100" in words
    assert words.endswith("Do not call 911 to test it.")


def test_the_end_that_is_spoken_is_the_one_of_the_header():
    """A box knows the header only: 2:30 and 61 minutes is 90 there."""
    info = replace(ALERT.infos[0], expires=NOON + timedelta(minutes=61))
    assert " effective until 4:00 PM." in same.fcc_sentence(ALERT, info, NAMES, "America/New_York")
    assert "+0130-" in same.header(ALERT, info)


@pytest.mark.parametrize("parameters", [(), (NameValue("EASText", "Call your town. " * 200),)])
def test_a_long_text_is_cut_where_both_halves_are_heard(parameters):
    info = ALERT.infos[0]
    long = replace(
        info,
        description="Call 413-555-0100. " * 120,
        instruction="Say where you are. " * 120,
        parameters=(*info.parameters, *parameters),
    )
    words = same.spoken(ALERT, long, NAMES, "America/New_York")
    assert len(words) <= 1800
    assert words.endswith("***")
    assert words.count("***") == (1 if parameters else 2)
