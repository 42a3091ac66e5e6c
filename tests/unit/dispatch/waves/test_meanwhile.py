"""What other people do between two steps of an alert: edit, submit, approve, import a directory, or take their time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from broadcaster.alert import alert as heart
from broadcaster.alert.alert import Area, FailureKind, RevisionKind
from broadcaster.alert.lifecycle import AlertKind, LifecycleRefused
from broadcaster.dispatch import actions
from broadcaster.store.alerting.alerts import Revision
from broadcaster.store.database import Sessions
from broadcaster.store.places import directory_load
from tests.factories import SEALER, content, directory
from tests.unit.dispatch.night import confirmed, first_draft, follow, joins, night, phone, send, waiting


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


def test_words_submitted_before_another_revision_went_out_do_not_follow_it(sessions: Sessions) -> None:
    house = night(sessions)
    first = house.release()
    old = waiting(house, first, RevisionKind.UPDATE, failure=FailureKind.INTERMITTENT)
    follow(house, first, RevisionKind.UPDATE)
    told = send(house)
    with pytest.raises(LifecycleRefused, match="Another revision went out"):
        house.approve(old)
    assert len(told) == 6
    assert send(house) == {}


def test_an_all_clear_that_does_not_know_all_who_were_told_meanwhile_is_made_again(sessions: Sessions) -> None:
    house = night(sessions)
    first = first_draft(house, area=Area(communities=("town-1",)))
    house.approve(first)
    send(house)
    clear = waiting(house, first, RevisionKind.ALL_CLEAR, confirmations=confirmed("town-1"))
    follow(house, first, RevisionKind.UPDATE, area=Area(statewide=True))
    assert len(send(house)) == 6
    with pytest.raises(LifecycleRefused, match="Another revision went out"):
        house.approve(clear)
    follow(house, first, RevisionKind.ALL_CLEAR, confirmations=confirmed())
    assert len(send(house)) == 6


def test_agencies_hear_no_old_update_after_the_all_clear(sessions: Sessions) -> None:
    house = night(sessions)
    first = house.release()
    old = waiting(house, first, RevisionKind.UPDATE)
    follow(house, first, RevisionKind.ALL_CLEAR, confirmations=confirmed())
    with sessions.begin() as session, pytest.raises(LifecycleRefused, match="Another revision went out"):
        actions.release_agencies(house.actor(session), session.get_one(Revision, old))


def test_what_would_reach_nobody_any_more_is_not_called_sent(sessions: Sessions) -> None:
    house = night(sessions)
    key = first_draft(house, expires=datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=1))
    with pytest.raises(LifecycleRefused, match="nobody would get it"):
        house.approve(key)
    with sessions.begin() as session, pytest.raises(LifecycleRefused, match="nobody would get it"):
        actions.release_agencies(house.actor(session), session.get_one(Revision, key))


def test_an_all_clear_that_lay_in_a_draft_gets_its_life_again(sessions: Sessions) -> None:
    house = night(sessions)
    first = house.release()
    send(house)
    past = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=1)
    follow(house, first, RevisionKind.ALL_CLEAR, confirmations=confirmed(), expires=past)
    assert len(send(house)) == 6


def test_the_night_itself(sessions: Sessions) -> None:
    house = night(sessions)
    house.release()
    assert set(send(house)) == {phone(town, who) for town in (1, 2, 3) for who in (0, 1)}
