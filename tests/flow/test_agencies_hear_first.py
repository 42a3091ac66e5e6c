"""Agencies hear at once, on one person's word, once each; and they hear when the public does not."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from broadcaster.alert.alert import Area
from broadcaster.alert.lifecycle import AlertKind, Move
from broadcaster.dispatch import actions
from broadcaster.dispatch.sweep import keep
from broadcaster.dispatch.waves.drain import drain
from broadcaster.local import mailbox
from broadcaster.store.alerting.alerts import Revision
from broadcaster.store.database import Sessions
from broadcaster.store.fanout.deliveries import Fanout
from tests.factories import Ways, content, directory, engine, furnish


def test_one_mail_each_before_anybody_approved_and_a_word_when_it_is_returned(
    sessions: Sessions, tmp_path: Path
) -> None:
    house = furnish(sessions, directory(3), {})
    with (
        mailbox.start_in_thread() as post,
        engine(sessions, "http://127.0.0.1:9", tmp_path, ways=Ways(smtp_url=post.smtp_url)) as works,
    ):
        with sessions.begin() as session:
            revision = actions.new_alert(house.actor(session), AlertKind.OUTAGE, content())
            actions.submit(house.actor(session), revision)
            actions.release_agencies(house.actor(session), revision)
            key = revision.id
        drain(works, "urgent")
        works.recorder.wait()
        keep(works)
        first = post.mails()
        with sessions.begin() as session:
            row = session.get_one(Revision, key)
            actions.turn_down(house.actor(session, house.approver), row, Move.RETURN, "Wrong county.")
        drain(works, "urgent")
        works.recorder.wait()
        keep(works)
        later = post.mails()[len(first) :]
    boxes = Counter(f"police@town-{no}.example" for no in (1, 2, 3))
    assert Counter(mail.to for mail in first) == boxes
    assert Counter(mail.to for mail in later) == boxes
    for mail in first:
        no = mail.to[len("police@town-")]
        assert f"508-555-010{int(no) - 1}" in mail.text
        assert "911 is down" in mail.text and "/ack/" in mail.text and "%%" not in mail.text
    assert all("returned" in mail.subject for mail in later)
    with sessions() as session:
        assert {fanout.state for fanout in session.query(Fanout)} == {"done"}


def test_an_agency_that_an_edit_leaves_out_is_told_so_once(sessions: Sessions, tmp_path: Path) -> None:
    house = furnish(sessions, directory(3), {})
    with (
        mailbox.start_in_thread() as post,
        engine(sessions, "http://127.0.0.1:9", tmp_path, ways=Ways(smtp_url=post.smtp_url)) as works,
    ):

        def mailed(revision: Revision) -> list[tuple[str, str]]:
            before = len(post.mails())
            with sessions.begin() as session:
                row = session.get_one(Revision, revision.id)
                actions.submit(house.actor(session), row)
                actions.release_agencies(house.actor(session), row)
            drain(works, "urgent")
            works.recorder.wait()
            keep(works)
            return sorted((mail.to, mail.subject) for mail in post.mails()[before:])

        def edited(revision: Revision, **changes: object) -> Revision:
            with sessions.begin() as session:
                return actions.edit(house.actor(session), session.get_one(Revision, revision.id), content(**changes))

        with sessions.begin() as session:
            first = actions.new_alert(house.actor(session), AlertKind.OUTAGE, content())
        assert len(mailed(first)) == 3
        one_town = {"area": Area(communities=("town-1",))}
        second = edited(first, **one_town)
        later = mailed(second)
        assert [to for to, _ in later] == [f"police@town-{no}.example" for no in (1, 2, 3)]
        assert ["not affected" in subject for _, subject in later] == [False, True, True]
        third = edited(second, **one_town, note="Crews are at work.")
        assert [to for to, _ in mailed(third)] == ["police@town-1.example"]
