"""The state's seat at IPAWS is another agency's: they get everything in one mail, and say when it is on air."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from broadcaster.alert.alert import ChannelName
from broadcaster.local.mailbox.post import Mail
from broadcaster.local.mailbox.server import Mailboxes
from broadcaster.local.mailbox.server import start_in_thread as mailboxes
from broadcaster.receipts import tally
from broadcaster.receipts.seat import HandedOver
from broadcaster.settings import Settings
from broadcaster.store.alerting.alerts import Alert
from broadcaster.store.database import Sessions
from broadcaster.store.fanout import senders
from broadcaster.store.fanout.senders import NewSender
from broadcaster.store.timeline import ledger
from broadcaster.web import create_app
from tests import ipaws
from tests.factories import KEYS, House, Ways, content, directory, engine, furnish, office
from tests.flow import ipaws_story as story

EMA = "duty@ema.example"
NOON = datetime(2026, 6, 18, 16, 0, tzinfo=UTC)


def authority(sessions: Sessions) -> House:
    """An authority without a seat, and the agency that has it."""
    house = furnish(sessions, directory(3), {})
    house.office = replace(office(signing=ipaws.pair("alert")), handoff_to=EMA, handoff_name="EMA")
    with sessions.begin() as session:
        senders.register(session, NewSender("handoff", "handoff", "alerts@ma.example", 5.0))
    return house


@contextmanager
def handed(house: House, folder: Path) -> Iterator[tuple[int, Mailboxes]]:
    """A released alert whose hand-off is in the agency's mailbox."""
    with mailboxes() as relay:
        revision = house.release(content(channels=(ChannelName.FEED, ChannelName.IPAWS)))
        with engine(house.sessions, "http://127.0.0.1:1", folder, ways=Ways(smtp_url=relay.smtp_url)) as works:
            story.finish(works, "handoff")
        yield revision, relay


def client(sessions: Sessions, now: datetime = NOON) -> FlaskClient:
    plain = {name.lower(): value for name, value in KEYS.items()}
    settings = Settings.model_validate({"mode": "demo", "public_base_url": "http://localhost:8911", **plain})
    return create_app(settings, sessions, clock=lambda: now, bell=lambda *_: None).test_client()


def stands(sessions: Sessions) -> HandedOver:
    with sessions() as session:
        found = tally.board(session, session.query(Alert).one()).seat.handed
    assert found is not None
    return found


def link(mail: Mail) -> str:
    found = re.search(r"http://localhost:8911(/ack/aired/\S+)", mail.text)
    assert found is not None
    return found[1]


def test_everything_that_they_need_is_in_one_mail(sessions: Sessions, tmp_path: Path) -> None:
    with handed(authority(sessions), tmp_path) as (revision, relay):
        (mail,) = relay.mails()
        made = story.document(sessions, revision)
    assert mail.to == EMA
    assert mail.subject.startswith("EXERCISE, NOT A REAL EVENT. PLEASE AIR NOW through IPAWS: ")
    (attached,) = message_from_bytes(mail.raw, policy=policy.default).iter_attachments()
    assert attached.get_payload(decode=True) == made.bytes
    assert attached.get_content_type() == "application/cap+xml"
    for part in ("To EMA", "SAME codes: 025000", "en-US, 90: ", "es-US, 360: ", "SAME TOE", "“This is State 911"):
        assert part in mail.text, part
    assert story.row(sessions, revision, "handoff").state == "accepted"


def test_a_link_that_is_only_followed_changes_nothing(sessions: Sessions, tmp_path: Path) -> None:
    with handed(authority(sessions), tmp_path) as (revision, relay):
        path = link(relay.mails()[0])
    web = client(sessions)
    assert b"It is on air" in web.get(path).data
    assert web.get(f"{path}/alert.cap.xml").data == story.document(sessions, revision).bytes
    assert stands(sessions).answered_at is None


@pytest.mark.parametrize(
    ("typed", "aired"),
    [
        ("11:58", NOON - timedelta(minutes=2)),
        ("", NOON),
        ("12:01", NOON + timedelta(minutes=1)),
        ("23:50", NOON - timedelta(hours=12, minutes=10)),
    ],
)
def test_they_say_when_it_was_on_air(typed: str, aired: datetime, sessions: Sessions, tmp_path: Path) -> None:
    with handed(authority(sessions), tmp_path) as (_, relay):
        path = link(relay.mails()[0])
    web = client(sessions)
    for _ in range(2):
        assert web.post(path, data={"answer": "aired", "at": typed, "note": "EAS and WEA"}).status_code == 303
    answer = stands(sessions)
    assert (answer.aired_at, answer.note) == (aired, "EAS and WEA")
    assert not answer.is_loud(NOON + timedelta(hours=1), 10.0)
    with sessions() as session:
        actions = [event.action for event in session.query(ledger.AuditEvent)]
    assert actions.count("aired") == 1
    assert b"Recorded: on air since" in web.get(path).data


def test_they_cannot_and_the_board_is_loud_at_once(sessions: Sessions, tmp_path: Path) -> None:
    with handed(authority(sessions), tmp_path) as (_, relay):
        path = link(relay.mails()[0])
    client(sessions).post(path, data={"answer": "cannot", "note": "our system is down"})
    answer = stands(sessions)
    assert (answer.aired_at, answer.note) == (None, "our system is down")
    assert answer.is_loud(answer.since, 10.0)
    client(sessions).post(path, data={"answer": "aired", "at": "12:00"})
    assert not stands(sessions).is_loud(NOON, 10.0)


def test_silence_is_loud_after_some_minutes(sessions: Sessions, tmp_path: Path) -> None:
    with handed(authority(sessions), tmp_path):
        answer = stands(sessions)
    assert not answer.is_loud(answer.since + timedelta(minutes=9), 10.0)
    assert answer.is_loud(answer.since + timedelta(minutes=10), 10.0)
    assert answer.minutes(answer.since + timedelta(minutes=25)) == 25


@pytest.mark.parametrize("typed", ["25:00", "noon", "12:5", "1200"])
def test_an_hour_that_is_none_is_asked_for_again(typed: str, sessions: Sessions, tmp_path: Path) -> None:
    with handed(authority(sessions), tmp_path) as (_, relay):
        path = link(relay.mails()[0])
    answer = client(sessions).post(path, data={"answer": "aired", "at": typed, "note": "keep this"})
    assert answer.status_code == 422
    assert b"Write the time at which it was on air as 14:05." in answer.data and b"keep this" in answer.data
    assert stands(sessions).answered_at is None


def test_nobody_else_can_answer(sessions: Sessions, tmp_path: Path) -> None:
    with handed(authority(sessions), tmp_path) as (_, relay):
        path = link(relay.mails()[0])
    web = client(sessions)
    for wrong in (path[:-1] + ("A" if path[-1] != "A" else "B"), "/ack/aired/1.1.x", f"{path}x"):
        assert web.post(wrong, data={"answer": "aired"}).status_code == 404
        assert web.get(wrong).status_code == 404
    assert stands(sessions).answered_at is None
