"""Hold stops every text of an alert, whoever still waits and whoever joins; resume lets all of it go on."""

from __future__ import annotations

from broadcaster.alert.alert import RevisionKind
from broadcaster.alert.lifecycle import Tier
from broadcaster.dispatch import actions
from broadcaster.store.alerting.alerts import Revision
from broadcaster.store.database import Sessions
from tests.factories import House, directory
from tests.unit.dispatch.night import follow, joins, night, phone, send, sweep

OTHER = (("town-2", directory(3).numbers["town-3"][0]),)
"""Another number for town 2."""


def hold(house: House, revision: int) -> None:
    with house.sessions.begin() as session:
        actions.hold(house.actor(session), session.get_one(Revision, revision), Tier.PUBLIC)


def resume(house: House, revision: int) -> None:
    with house.sessions.begin() as session:
        row = session.get_one(Revision, revision)
        actions.resume(house.actor(session, house.approver), row, Tier.PUBLIC, row.hash)


def test_who_joins_while_it_is_on_hold_hears_only_when_it_goes_on(sessions: Sessions) -> None:
    house = night(sessions)
    first = house.release()
    assert len(send(house)) == 6
    sweep(house)
    hold(house, first)
    joins(house, phone(1, 7), "town-1")
    sweep(house)
    assert send(house) == {}
    resume(house, first)
    sweep(house)
    assert set(send(house)) == {phone(1, 7)}


def test_a_hold_after_a_number_change_stops_the_first_alert_too(sessions: Sessions) -> None:
    house = night(sessions)
    first = house.release()
    change = follow(house, first, RevisionKind.NUMBER_CHANGE, overrides=OTHER)
    hold(house, change)
    assert send(house) == {}
    resume(house, change)
    assert len(send(house)) == 6


def test_a_later_resume_leaves_an_earlier_hold_alone(sessions: Sessions) -> None:
    house = night(sessions)
    first = house.release()
    hold(house, first)
    change = follow(house, first, RevisionKind.NUMBER_CHANGE, overrides=OTHER)
    hold(house, change)
    resume(house, change)
    assert set(send(house)) == {phone(2, 0), phone(2, 1)}
    resume(house, first)
    assert set(send(house)) == {phone(town, who) for town in (1, 3) for who in (0, 1)}
