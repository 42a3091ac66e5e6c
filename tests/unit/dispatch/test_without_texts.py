"""An update for the page and the agencies only: whoever still waits for the first text gets it all the same."""

from __future__ import annotations

from broadcaster.alert.alert import ChannelName, RevisionKind
from broadcaster.store.database import Sessions
from tests.factories import directory
from tests.unit.dispatch.night import confirmed, follow, joins, night, phone, send, sweep

QUIET = (ChannelName.EMAIL, ChannelName.FEED)
OTHER = (("town-2", directory(3).numbers["town-3"][0]),)
"""Another number for town 2."""


def test_an_update_without_texts_stops_no_text(sessions: Sessions) -> None:
    house = night(sessions)
    first = house.release()
    follow(house, first, RevisionKind.UPDATE, channels=QUIET)
    assert len(send(house)) == 6


def test_who_joins_after_it_is_told(sessions: Sessions) -> None:
    house = night(sessions)
    first = house.release()
    send(house)
    sweep(house)
    follow(house, first, RevisionKind.UPDATE, channels=QUIET)
    joins(house, phone(1, 7), "town-1")
    sweep(house)
    assert set(send(house)) == {phone(1, 7)}


def test_nobody_is_texted_a_number_that_it_changed(sessions: Sessions) -> None:
    house = night(sessions)
    first = house.release()
    follow(house, first, RevisionKind.UPDATE, channels=QUIET, overrides=OTHER)
    assert set(send(house)) == {phone(town, who) for town in (1, 3) for who in (0, 1)}


def test_an_ending_without_texts_stops_them_all(sessions: Sessions) -> None:
    house = night(sessions)
    first = house.release()
    follow(house, first, RevisionKind.ALL_CLEAR, channels=QUIET, confirmations=confirmed())
    assert send(house) == {}
