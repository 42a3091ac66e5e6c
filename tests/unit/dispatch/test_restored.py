"""Where 911 works again stays so in everything that follows, until a person takes it back; nobody is told twice."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from broadcaster.alert.alert import Area, RevisionKind
from broadcaster.store.database import Sessions
from tests.factories import House, directory
from tests.unit.dispatch.night import TOWNS, confirmed, follow, joins, night, phone, send

OTHER = (("town-2", directory(3).numbers["town-3"][0]),)
"""Another number for town 2."""


def mailed(house: House, revision: int) -> set[str]:
    """The agencies on the list of a revision's mails."""
    query = (
        "SELECT a.code FROM target t JOIN fanout f ON f.id = t.fanout_id JOIN agency a ON a.id = t.agency_id"
        " WHERE f.revision_id = :r AND f.channel = 'email' AND f.purpose = 'alert'"
    )
    with house.sessions() as session:
        return set(session.execute(text(query), {"r": revision}).scalars())


def restored_in_one(house: House) -> int:
    """A statewide alert, told; then town 1 works again, told."""
    first = house.release()
    send(house)
    follow(house, first, RevisionKind.RESTORED_IN_PART, restored=("town-1",))
    told = send(house)
    assert set(told) == {phone(1, 0), phone(1, 1)}
    assert all("911 works again in Town 1" in words for words in told.values())
    return first


def test_a_number_change_elsewhere_says_nothing_to_a_restored_town(sessions: Sessions) -> None:
    house = night(sessions)
    first = restored_in_one(house)
    follow(house, first, RevisionKind.NUMBER_CHANGE, overrides=OTHER)
    told = send(house)
    assert set(told) == {phone(2, 0), phone(2, 1)}
    assert all("508-555-0102" in words for words in told.values())


def test_the_next_restoration_is_told_where_it_happens_only(sessions: Sessions) -> None:
    house = night(sessions)
    first = restored_in_one(house)
    follow(house, first, RevisionKind.RESTORED_IN_PART, restored=("town-1", "town-2"))
    told = send(house)
    assert set(told) == {phone(2, 0), phone(2, 1)}
    assert all("911 works again in Town 2" in words for words in told.values())


@pytest.mark.parametrize("kind", [RevisionKind.RESTORED_IN_PART, RevisionKind.UPDATE])
def test_a_town_that_fails_again_is_told_so_with_whoever_joined(sessions: Sessions, kind: RevisionKind) -> None:
    house = night(sessions)
    first = restored_in_one(house)
    joins(house, phone(1, 7), "town-1")
    restored = ("town-2",) if kind is RevisionKind.RESTORED_IN_PART else ()
    follow(house, first, kind, restored=restored)
    told = send(house)
    assert {phone(1, 0), phone(1, 1), phone(1, 7)} <= set(told)
    assert "still down in Town 1" in told[phone(1)] and "508-555-0100" in told[phone(1)]


def test_an_update_keeps_what_is_restored(sessions: Sessions) -> None:
    house = night(sessions)
    first = restored_in_one(house)
    follow(house, first, RevisionKind.UPDATE, note="Crews are at work.")
    told = send(house)
    assert len(told) == 6
    assert "911 works again in Town 1" in told[phone(1)]
    assert "still down in Town 2" in told[phone(2)]


def test_the_police_of_a_town_that_left_the_area_hear_the_all_clear(sessions: Sessions) -> None:
    house = night(sessions)
    first = house.release()
    smaller = follow(house, first, RevisionKind.UPDATE, area=Area(communities=("town-1",)))
    clear = follow(house, first, RevisionKind.ALL_CLEAR, confirmations=confirmed("town-1"))
    for revision in (first, smaller, clear):
        assert mailed(house, revision) == {f"{town}-police" for town in TOWNS}
