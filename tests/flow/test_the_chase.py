"""Nobody acknowledges: the next contact after 5, 15 and 30 minutes, once each, and none after the answer or the end."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from broadcaster.alert.alert import Confirmation, RevisionKind
from broadcaster.alert.lifecycle import AlertKind
from broadcaster.directory import Contact, ContactChannel
from broadcaster.dispatch import actions
from broadcaster.dispatch.telling.escalate import escalate
from broadcaster.local import mailbox
from broadcaster.local.mailbox.server import Mailboxes
from broadcaster.receipts.tally import board, check_sums
from broadcaster.store.agencies.chases import Chase
from broadcaster.store.alerting.alerts import Alert, Revision
from broadcaster.store.database import Sessions
from broadcaster.store.fanout import senders
from broadcaster.store.fanout.deliveries import Fanout, Lane
from broadcaster.store.fanout.senders import NewSender
from broadcaster.store.timeline import ledger
from broadcaster.web.board.cards import silent_agencies
from tests.factories import content, directory, furnish
from tests.flow import installation
from tests.flow.chase import BACKUP, CHIEF, DESK, Story, chased, started
from tests.flow.story import child, dies, until

APPROVER = "approver@ma.example"


@pytest.fixture
def story(sessions: Sessions, tmp_path: Path) -> Iterator[Story]:
    with started(sessions, tmp_path, chased()) as made:
        yield made


def test_the_next_contact_each_time_and_then_the_board_says_call_them(story: Story) -> None:
    key = story.release()
    assert story.heard() == [DESK]
    assert escalate(story.sessions) == 0, "nothing is due before its hour"
    assert [story.step() for _ in range(4)] == [1, 1, 0, 0]
    assert story.heard() == [DESK, BACKUP, "chief@town-1.example"]
    assert (story.chase().ended_as, story.chase().step) == ("exhausted", 2)
    with story.sessions() as session:
        alert = session.get_one(Revision, key).alert
        line = silent_agencies(board(session, alert))[0]
        assert (line.name, line.steps, line.exhausted) == ("Town 1 Police", 2, True)
        said = [event for event in ledger.timeline(session, f"alert:{alert.public_id}") if event.action == "escalated"]
        assert len(said) == 3 and all(BACKUP.encode() not in event.canonical for event in said)
        assert {event.actor for event in said} == {"machine:sweep"}
        told = [json.loads(event.canonical)["data"]["steps"] for event in said]
        line = {"agency": "Town 1 Police", "no": 1}
        assert told == [
            [{**line, "step": 1, "by": "email"}], [{**line, "step": 2, "by": "email"}],
            [{**line, "step": 2, "by": "nobody left"}],
        ]  # fmt: skip
        assert ledger.verify(session).broken_at is None
        assert {(lane.queue, lane.priority, lane.rank) for lane in session.query(Lane)} == {("urgent", 0, 0)}
        for fanout in session.query(Fanout):
            assert fanout.state == "done" and check_sums(session, fanout.id).agree


def test_the_board_knows_which_contacts_somebody_has_verified(sessions: Sessions, tmp_path: Path) -> None:
    today = datetime.now(UTC).date()
    places = chased(2)
    first, second = places.agencies
    box, *more = first.contacts
    known = replace(first, contacts=(replace(box, verified_on=today), *more))
    old = replace(second, contacts=(replace(second.contacts[0], verified_on=today - timedelta(days=366)),))
    with started(sessions, tmp_path, replace(places, agencies=(known, old))) as story:
        key = story.release()
        story.step()
        with sessions() as session:
            made = board(session, session.get_one(Revision, key).alert)
        lines = {line.name: line for line in made.agencies}
        assert {name: line.is_unverified(today) for name, line in lines.items()} == {
            "Town 1 Police": False,
            "Town 2 Police": True,
        }
        tried = lines["Town 1 Police"].tried
        assert tried is not None and tried.verified_on is None and tried.is_unverified(today)
        told = {line["name"]: line["verified_on"] for line in made.json()["agencies"]}
        assert told["Town 1 Police"] == today.isoformat()


def test_the_hours_are_those_of_the_setting(story: Story) -> None:
    story.house.office = replace(story.house.office, chase_after=(60.0, 240.0, 600.0))
    story.release()
    left = [story.seconds_left()]
    for _ in range(2):
        story.time_passes()
        escalate(story.sessions, (60.0, 240.0, 600.0))
        left.append(story.seconds_left())
    assert [round(seconds, -1) for seconds in left] == [60, 180, 360]


def test_a_scanner_that_follows_every_link_acknowledges_nothing(story: Story) -> None:
    story.release()
    web, links = story.web(), story.links()
    assert links
    for link in links:
        for method in (web.get, web.head, web.options, web.get):
            assert method(link).status_code == 200
        web.get(f"{link}?answer=read")
    assert story.chase().ended_as is None
    assert story.step() == 1, "the chase goes on"


def test_one_desks_answer_ends_the_chase_of_that_agency_and_of_no_other(sessions: Sessions, tmp_path: Path) -> None:
    with started(sessions, tmp_path, chased(2)) as story:
        story.release()
        story.step()
        link = next(link for link in story.links() if link)
        assert story.web().post(link, data={"answer": "read"}).status_code == 303
        before = len(story.heard())
        story.step()
        assert len(story.heard()) == before
        with sessions() as session:
            ended = {session.get(Chase, (row.revision_id, row.agency_id)).ended_as for row in session.query(Chase)}
            assert ended == {"acknowledged", "exhausted"}


def test_what_a_step_has_queued_is_not_sent_after_the_answer(story: Story) -> None:
    story.release()
    story.time_passes()
    assert escalate(story.sessions) == 1, "made, and not yet sent"
    story.web().post(story.links()[0], data={"answer": "right"})
    story.send()
    assert story.heard() == [DESK]
    with story.sessions() as session:
        made = session.query(Fanout).filter(Fanout.purpose == "escalation-1").one()
        assert made.state == "done" and check_sums(session, made.id).agree


def test_no_step_after_the_all_clear_and_whoever_was_tried_hears_it(story: Story) -> None:
    key = story.release()
    story.house.approve(key)
    story.step()
    story.time_passes()
    assert escalate(story.sessions) == 1, "made, and not yet sent when the all-clear comes"
    with story.sessions.begin() as session:
        revision = session.get_one(Revision, key)
        clear = actions.next_draft(story.house.actor(session), revision.alert, RevisionKind.ALL_CLEAR)
        sure = Confirmation(("town-1",), "Comtech", "test call", content().began)
        actions.edit(story.house.actor(session), clear, replace(content(), confirmations=(sure,)))
        actions.submit(story.house.actor(session), clear)
    story.house.approve(clear.id)
    before = len(story.heard())
    story.send()
    assert sorted(story.heard()[before:]) == sorted([DESK, BACKUP, "chief@town-1.example"])
    assert all("All clear" in mail.subject for mail in story.post.mails()[before:])
    assert story.step() == 0
    assert story.chase().ended_as == "superseded"


def test_a_newer_notice_is_chased_instead_of_the_older(story: Story) -> None:
    key = story.release()
    with story.sessions.begin() as session:
        row = session.get_one(Revision, key)
        newer = actions.edit(story.house.actor(session), row, content(note="Crews are at work."))
        actions.submit(story.house.actor(session), newer)
        actions.release_agencies(story.house.actor(session), newer)
    story.send()
    story.step()
    with story.sessions() as session:
        found = {row.revision_id: (row.ended_as, row.step) for row in session.query(Chase)}
    assert found == {key: ("superseded", 0), newer.id: (None, 1)}


def test_a_hold_stops_the_chase_and_a_resume_lets_it_go_on(story: Story) -> None:
    key = story.release()
    with story.sessions.begin() as session:
        actions.hold(story.house.actor(session), session.get_one(Revision, key), actions.Tier.AGENCY)
    assert story.step() == 0
    with story.sessions.begin() as session:
        row = session.get_one(Revision, key)
        actions.resume(story.house.actor(session), row, actions.Tier.AGENCY, row.hash)
    assert story.step() == 1


def test_an_agency_with_no_contact_that_works_is_red_at_once(sessions: Sessions, tmp_path: Path) -> None:
    places = directory(1)
    mute = replace(places.agencies[0], contacts=(Contact(ContactChannel.VOICE, CHIEF, 1),))
    with started(sessions, tmp_path, replace(places, agencies=(mute,))) as story:
        story.release()
        assert escalate(sessions) == 0 and story.chase().ended_as == "exhausted"
        with sessions() as session:
            line = silent_agencies(board(session, session.query(Alert).one()))[0]
            assert (line.channel, line.exhausted) == ("", True)


def test_a_text_waits_with_the_texts_and_a_call_with_what_is_urgent(sessions: Sessions, tmp_path: Path) -> None:
    places = directory(1)
    ways = (Contact(ContactChannel.SMS, CHIEF, 2), Contact(ContactChannel.VOICE, "+16175550102", 3))
    reached = replace(places.agencies[0], contacts=(*places.agencies[0].contacts, *ways))
    with started(sessions, tmp_path, replace(places, agencies=(reached,))) as story:
        with sessions.begin() as session:
            senders.register(session, NewSender("voice", "voice", "+18885550911", 1.0))
        story.release()
        for left in (1, 1, 1, 0):
            story.time_passes()
            assert escalate(sessions) == left, "the call, which was not tried yet; the phone, the call again; nobody"
        with sessions() as session:
            steps = session.query(Lane).join(Fanout, Fanout.id == Lane.fanout_id).order_by(Lane.fanout_id)
            made = [(lane.channel, lane.queue) for lane in steps.filter(Fanout.purpose.like("escalation-%"))]
            assert made == [("voice", "urgent"), ("sms", "sms"), ("voice", "urgent")]


def test_two_sweeps_at_once_take_each_step_once(sessions: Sessions, tmp_path: Path) -> None:
    with started(sessions, tmp_path, chased()) as story:
        story.release()
        for _ in range(2):
            story.time_passes()
            with ThreadPoolExecutor(4) as pool:
                assert sum(pool.map(lambda _: escalate(sessions), range(8))) == 1
            story.send()
        assert story.heard() == [DESK, BACKUP, "chief@town-1.example"]


@pytest.mark.parametrize("place", ["chase due", "chase stepped", "chase committed"])
def test_killed_between_two_steps_everybody_is_still_tried_once(place: str, story: Story, database_url: str) -> None:
    story.release()
    story.time_passes()
    dies(child(place, "tests.flow.sweeper_process", database_url, "escalate"), database_url)
    escalate(story.sessions)
    story.send()
    assert story.heard() == [DESK, BACKUP]
    assert story.chase().step == 1


def test_two_real_sweeps_of_which_one_is_killed_tell_everybody_once(
    sessions: Sessions, database_url: str, tmp_path: Path
) -> None:
    """`broadcaster sweep` with the hours of CHASE_AFTER, scaled to seconds."""
    house = furnish(sessions, chased(), {})
    house.office = replace(house.office, chase_after=(2.0, 4.0, 6.0))
    with mailbox.start_in_thread() as post:
        env = installation.environment(database_url, "redis://127.0.0.1:9/0", "http://127.0.0.1:9", tmp_path)
        env |= {"SMTP_URL": post.smtp_url, "MAIL_FROM": "alerts@ma.example", "CHASE_AFTER": "0.03 0.06 0.1"}
        with installation.process(env, "sweep") as first, installation.process(env, "sweep"):
            with sessions.begin() as session:
                revision = actions.new_alert(house.actor(session), AlertKind.OUTAGE, content())
                actions.submit(house.actor(session), revision)
                actions.release_agencies(house.actor(session), revision)
            until(lambda: {DESK, APPROVER} <= {mail.to for mail in post.mails()} and settled(sessions), 60.0)
            installation.kill(first.pid)
            until(lambda: ended(sessions) == ["exhausted"] and settled(sessions), 60.0)
        assert Counter(agencies_of(post)) == Counter([DESK, BACKUP, "chief@town-1.example"])
        assert [mail.to for mail in post.mails()].count(APPROVER) == 1


def agencies_of(post: Mailboxes) -> list[str]:
    """Who was mailed, without the approver, who is paged meanwhile."""
    return [mail.to for mail in post.mails() if mail.to != APPROVER]


def settled(sessions: Sessions) -> bool:
    """Whether every mail's fate is written: one that is cut off before that is sent again, and counted."""
    with sessions() as session:
        return {row.state for row in session.query(Fanout)} == {"done"}


def ended(sessions: Sessions) -> list[str | None]:
    with sessions() as session:
        return [row.ended_as for row in session.query(Chase)]
