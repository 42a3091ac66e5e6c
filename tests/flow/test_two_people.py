"""Two people stand behind every public word: the rule holds in the domain, in a race, and in the database itself."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from broadcaster.alert import alert as heart
from broadcaster.alert.alert import Area, Confirmation, RevisionKind
from broadcaster.alert.lifecycle import AlertKind, LifecycleRefused, Move, ReleaseState, Tier
from broadcaster.dispatch import actions
from broadcaster.dispatch.actor import Actor, AlertRefused
from broadcaster.store.alerting.alerts import Release, Revision
from broadcaster.store.database import Sessions
from broadcaster.store.desk.people import User
from broadcaster.store.fanout.deliveries import Fanout
from tests.factories import House, content, directory, furnish, person, phones


@pytest.fixture
def house(sessions: Sessions) -> House:
    """Three towns with one resident each."""
    return furnish(sessions, directory(3), {phone: [f"town-{no + 1}"] for no, phone in enumerate(phones(3))})


def submitted(house: House) -> int:
    """A submitted initial alert; returns its revision's id."""
    with house.sessions.begin() as session:
        revision = actions.new_alert(house.actor(session), AlertKind.OUTAGE, content())
        actions.submit(house.actor(session), revision)
        return revision.id


def test_the_author_cannot_approve(house: House) -> None:
    key = submitted(house)
    with house.sessions.begin() as session, pytest.raises(LifecycleRefused, match="a second person"):
        row = session.get_one(Revision, key)
        session.add(person(session, "both@ma.example", "approver"))
        issuer = Actor(session, house.office, None, house.issuer, row.frozen_at)
        user = session.get_one(User, house.issuer)
        user.roles = session.get_one(User, house.approver).roles
        session.flush()
        actions.approve(issuer, row, row.hash)


def test_whoever_edited_since_the_last_approved_revision_cannot_approve(house: House) -> None:
    key = submitted(house)
    with house.sessions.begin() as session:
        row = session.get_one(Revision, key)
        newer = actions.edit(house.actor(session, house.approver), row, content(note="Boston first."))
        actions.submit(house.actor(session), newer)
        newer_key = newer.id
    with house.sessions.begin() as session, pytest.raises(LifecycleRefused, match="second person"):
        row = session.get_one(Revision, newer_key)
        actions.approve(house.actor(session, house.approver), row, row.hash)


def test_what_changed_after_the_page_was_opened_is_not_approved(house: House) -> None:
    key = submitted(house)
    with house.sessions.begin() as session, pytest.raises(LifecycleRefused, match="changed after this page"):
        row = session.get_one(Revision, key)
        actions.approve(house.actor(session, house.approver), row, "0" * 64)


def test_an_edited_revision_can_no_longer_be_approved(house: House) -> None:
    key = submitted(house)
    with house.sessions.begin() as session:
        row = session.get_one(Revision, key)
        actions.edit(house.actor(session), row, content(note="Later."))
    with house.sessions.begin() as session, pytest.raises(LifecycleRefused, match="newer revision"):
        row = session.get_one(Revision, key)
        actions.approve(house.actor(session, house.approver), row, row.hash)


def test_of_fifty_approvals_at_once_exactly_one_counts(house: House) -> None:
    key = submitted(house)

    def approve(_: int) -> bool:
        try:
            house.approve(key)
        except LifecycleRefused:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(approve, range(50))) == 1
    with house.sessions() as session:
        assert session.query(Fanout).filter_by(channel="sms").count() == 1


def test_the_database_itself_refuses_one_person(house: House) -> None:
    key = submitted(house)
    with pytest.raises(IntegrityError, match="two_people"), house.sessions.begin() as session:
        row = session.query(Release).filter_by(revision_id=key, tier="public").one()
        row.state, row.approved_by = ReleaseState.RELEASED.value, row.requested_by


def test_returned_with_a_reason_and_not_without(house: House) -> None:
    key = submitted(house)
    with house.sessions.begin() as session:
        row = session.get_one(Revision, key)
        with pytest.raises(LifecycleRefused, match="Say why"):
            actions.turn_down(house.actor(session, house.approver), row, Move.RETURN, " ")
        with pytest.raises(LifecycleRefused, match="You submitted this revision"):
            actions.turn_down(house.actor(session), row, Move.REJECT, "My own.")
        actions.turn_down(house.actor(session, house.approver), row, Move.RETURN, "Wrong county.")
    with house.sessions.begin() as session, pytest.raises(LifecycleRefused, match="returned to its author"):
        row = session.get_one(Revision, key)
        actions.approve(house.actor(session, house.approver), row, row.hash)


def test_an_all_clear_needs_a_named_confirmation_for_every_town(house: House) -> None:
    key = house.release()
    with house.sessions.begin() as session:
        alert = session.get_one(Revision, key).alert
        draft = actions.next_draft(house.actor(session), alert, RevisionKind.ALL_CLEAR)
        words = heart.content_from_json(draft.content)
        seen = words.began + timedelta(minutes=20)
        half = replace(words, confirmations=(Confirmation(("town-1", "town-2"), "Vendor", "test call", seen),))
        actions.edit(house.actor(session), draft, half)
        with pytest.raises(AlertRefused, match="town-3"):
            actions.submit(house.actor(session), draft)
        whole = replace(words, confirmations=(Confirmation(("town-1", "town-2", "town-3"), "Vendor", "call", seen),))
        actions.edit(house.actor(session), draft, whole)
        actions.submit(house.actor(session), draft)
        with pytest.raises(LifecycleRefused, match="second person"):
            actions.release_agencies(house.actor(session), draft)


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"area": Area()}, "area"), ({"expires": content().began - timedelta(hours=1)}, "expires")],
)
def test_what_cannot_go_is_refused_and_nothing_is_frozen(house: House, changes: dict, field: str) -> None:
    with house.sessions.begin() as session:
        revision = actions.new_alert(house.actor(session), AlertKind.OUTAGE, content(**changes))
        with pytest.raises(AlertRefused) as refused:
            actions.submit(house.actor(session), revision)
        assert field in [problem.field for problem in refused.value.problems]
        assert revision.frozen_at is None


def test_hold_stops_and_only_a_second_person_resumes(house: House) -> None:
    key = house.release()
    with house.sessions.begin() as session:
        row = session.get_one(Revision, key)
        actions.hold(house.actor(session), row, Tier.PUBLIC)
        assert {fanout.state for fanout in session.query(Fanout).filter_by(tier="public")} == {"held"}
        with pytest.raises(LifecycleRefused, match="approver"):
            actions.resume(house.actor(session), row, Tier.PUBLIC, row.hash)
        actions.resume(house.actor(session, house.approver), row, Tier.PUBLIC, row.hash)
        assert {fanout.state for fanout in session.query(Fanout)} == {"running"}
