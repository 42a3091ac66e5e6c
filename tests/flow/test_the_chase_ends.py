"""What a chase is about, and when it is about nothing any more: no step, and nobody is called silent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from broadcaster.alert.alert import FailureKind
from broadcaster.alert.lifecycle import AlertKind
from broadcaster.directory import Contact, ContactChannel
from broadcaster.dispatch import actions
from broadcaster.dispatch.telling.escalate import escalate
from broadcaster.messages.fit import fit
from broadcaster.receipts.tally import board
from broadcaster.store.agencies.chases import Chase
from broadcaster.store.alerting.alerts import Alert, Revision
from broadcaster.store.database import Sessions
from broadcaster.store.fanout.deliveries import Fanout
from broadcaster.store.timeline import ledger
from broadcaster.web.board.cards import silent_agencies
from tests.factories import content, directory
from tests.flow.chase import BACKUP, CHIEF, DESK, Story, chased, started


@pytest.fixture
def story(sessions: Sessions, tmp_path: Path) -> Iterator[Story]:
    with started(sessions, tmp_path, chased()) as made:
        yield made


OVER = {
    "the alert is closed": "UPDATE alert SET state = 'closed', closed_at = clock_timestamp()",
    "the notice was withdrawn": "UPDATE release SET state = 'withdrawn' WHERE tier = 'agency'",
}


@pytest.mark.parametrize("why", OVER)
def test_nobody_is_tried_and_nobody_is_called_silent_once(why: str, story: Story) -> None:
    key = story.release()
    with story.sessions.begin() as session:
        session.execute(text(OVER[why]))
    assert story.step() == 0
    assert story.heard() == [DESK]
    assert (story.chase().ended_as, story.chase().step) == ("over", 0)
    with story.sessions() as session:
        alert = session.get_one(Revision, key).alert
        assert [one.exhausted for one in silent_agencies(board(session, alert))] == [False]
        assert "escalated" not in [each.action for each in ledger.timeline(session, f"alert:{alert.public_id}")]


def test_a_test_of_the_system_is_not_chased(story: Story) -> None:
    with story.sessions.begin() as session:
        revision = actions.new_alert(story.house.actor(session), AlertKind.TEST, content())
        actions.submit(story.house.actor(session), revision)
        actions.release_agencies(story.house.actor(session), revision)
    story.send()
    assert story.heard() == [DESK]
    with story.sessions() as session:
        assert session.query(Chase).count() == 0


def test_of_two_alerts_at_once_each_is_chased_in_its_own_words(story: Story) -> None:
    story.release()
    story.release(failure=FailureKind.TEXT_TO_911)
    assert story.step() == 2
    told = {mail.subject for mail in story.post.mails() if mail.to == BACKUP}
    assert len(told) == 2
    assert told == {mail.subject for mail in story.post.mails() if mail.to == DESK}
    with story.sessions() as session:
        steps = session.query(Fanout).filter(Fanout.purpose == "escalation-1").all()
        assert len({row.revision_id for row in steps}) == 2


def test_a_notice_that_was_not_sent_yet_gives_way_to_the_newer_one(story: Story) -> None:
    with story.sessions.begin() as session:
        first = actions.new_alert(story.house.actor(session), AlertKind.OUTAGE, content())
        actions.submit(story.house.actor(session), first)
        actions.release_agencies(story.house.actor(session), first)
        newer = actions.edit(story.house.actor(session), first, content(note="Crews are at work."))
        actions.submit(story.house.actor(session), newer)
        actions.release_agencies(story.house.actor(session), newer)
    story.send()
    (mail,) = story.post.mails()
    assert "Crews are at work." in mail.text


def test_a_phone_is_texted_again_with_a_link_of_its_own(sessions: Sessions, tmp_path: Path) -> None:
    places = directory(1)
    phone = Contact(ContactChannel.SMS, CHIEF, 2)
    reached = replace(places.agencies[0], contacts=(*places.agencies[0].contacts, phone))
    with started(sessions, tmp_path, replace(places, agencies=(reached,))) as story:
        key = story.release()
        assert story.step() == 1
        texts = [row["body"] for row in story.carrier.ledger()["messages"] if row["to"] == CHIEF]
        links = [body[body.index("/a/") :] for body in texts]
        assert (len(texts), len(set(links))) == (2, 2)
        assert [fit(body).segments for body in texts] == [1, 1]
        with sessions() as session:
            expiry = session.get_one(Revision, key).content["expires"]
            ends = {row.expires_at for row in session.query(Fanout)}
            assert ends == {datetime.fromisoformat(expiry)}, "no step outlives its notice"
        assert story.web().post(links[1], data={"answer": "read"}).status_code == 303
        assert story.chase().ended_as == "acknowledged"
        assert escalate(sessions) == 0
        with sessions() as session:
            assert silent_agencies(board(session, session.query(Alert).one())) == []
