"""What other people do between two steps of an alert: edit, submit, approve, import a directory, or take their time."""

from __future__ import annotations

from sqlalchemy import text

from broadcaster.alert import alert as heart
from broadcaster.alert.alert import Area
from broadcaster.alert.lifecycle import AlertKind
from broadcaster.dispatch import actions
from broadcaster.store import directory_load
from broadcaster.store.alerts import Revision
from broadcaster.store.database import Sessions
from tests.factories import SEALER, content, directory
from tests.unit.dispatch.night import first_draft, joins, night, phone, send


def test_an_edit_that_was_begun_before_the_submit_never_changes_what_was_frozen(sessions: Sessions) -> None:
    house = night(sessions)
    with sessions.begin() as session:
        area = Area(communities=("town-1",))
        key = actions.new_alert(house.actor(session), AlertKind.OUTAGE, content(area=area)).id
    with sessions.begin() as session:
        read_before = session.get_one(Revision, key)
        with sessions.begin() as other:
            actions.submit(house.actor(other), other.get_one(Revision, key))
        newer = actions.edit(house.actor(session), read_before, content(area=Area(statewide=True)))
        assert (newer.id, newer.no) != (key, 1)
    with sessions() as session:
        assert heart.content_from_json(session.get_one(Revision, key).content).area == area
        assert [release.state for release in session.get_one(Revision, key).releases] == ["withdrawn", "withdrawn"]


def test_a_directory_imported_before_the_approval_adds_no_lane_without_a_text(sessions: Sessions) -> None:
    house = night(sessions)
    key = first_draft(house, area=Area(counties=("25027",)))
    with sessions.begin() as session:
        directory_load.save(session, directory(4), SEALER)
        session.execute(text("UPDATE community SET population = 9999 WHERE code = 'town-4'"))
    joins(house, "+12015550104", "town-4")
    house.approve(key)
    assert set(send(house)) == {phone(town, who) for town in (1, 2, 3) for who in (0, 1)}


def test_who_was_in_the_area_at_submit_is_told_though_the_directory_moved_the_town(sessions: Sessions) -> None:
    house = night(sessions)
    key = first_draft(house, area=Area(counties=("25027",)))
    with sessions.begin() as session:
        session.execute(text("INSERT INTO county (fips, name) VALUES ('25017', 'Middlesex')"))
        session.execute(text("UPDATE community SET county_fips = '25017' WHERE code = 'town-2'"))
    house.approve(key)
    assert set(send(house)) == {phone(town, who) for town in (1, 2, 3) for who in (0, 1)}


def test_the_night_itself(sessions: Sessions) -> None:
    house = night(sessions)
    house.release()
    assert set(send(house)) == {phone(town, who) for town in (1, 2, 3) for who in (0, 1)}
