"""IPAWS on the desk: each channel's word on the board, the path on the form, what we may not send on the preview."""

from __future__ import annotations

from datetime import timedelta

import pytest
from lxml import html

from broadcaster.alert.delivery import StatusItem
from broadcaster.feeds import cap
from broadcaster.feeds.cog import CogProfile
from broadcaster.receipts.seat import AS_WE_ASKED, CODES, UNHEARD
from broadcaster.store.alerting import ipaws
from broadcaster.store.alerting.alerts import Document
from broadcaster.store.database import Sessions
from broadcaster.store.fanout import senders
from broadcaster.store.fanout.deliveries import Delivery, Fanout, Source
from broadcaster.store.fanout.fanouts import LaneSpec, make
from broadcaster.store.fanout.senders import NewSender
from broadcaster.store.public import residents
from tests import onair
from tests.desk import ISSUER, Desk, settings, walk
from tests.onair import NOW, OnAir
from tests.onair_desk import app_of, signed_in, words
from tests.unit.feeds import samples

GOOD = ("CAPEXCH:200", "IPAWS:300", "EAS:500", "CMAS:600", "PUBLIC:800")


def a_fanout(sessions: Sessions, channel: str, state: str, reason: str = "", *said: str) -> OnAir:
    """An alert on air with one row in this channel, and what was said: ``EAS:500``, ``CMAS:615!`` for an error."""
    with sessions.begin() as session:
        air = onair.on_air(session)
        there = residents.address(session, onair.SEALER, "ipaws", "IPAWS-OPEN", owner="installation")
        row = Fanout(revision_id=air.revision.id, tier="public", channel=channel, expires_at=NOW + timedelta(hours=2))
        row.started_at = NOW - timedelta(minutes=15)
        fanout = make(session, row, "urgent", 0, [LaneSpec(Source.TARGETS, 0)])
        session.add(Delivery(fanout_id=fanout, address_id=there, body_id=air.body, n=1, state=state, reason=reason))
        session.flush()
        ipaws.note(session, (fanout, there, 1), [item(each) for each in said])
    return air


def item(said: str) -> StatusItem:
    channel, code = said.rstrip("!").split(":")
    gateway = channel if channel.startswith("Carrier") else ""
    return StatusItem("CMAS" if gateway else channel, code, said.endswith("!"), "Ack", gateway)


def board(sessions: Sessions, air: OnAir) -> str:
    answer = signed_in(app_of(sessions), air.issuer).get(f"/desk/alerts/{air.alert.public_id}")
    assert answer.status_code == 200
    return words(html.fromstring(answer.data))


def test_every_channel_in_words(sessions: Sessions) -> None:
    page = board(sessions, a_fanout(sessions, "ipaws", "accepted", "", *GOOD, "Carrier A:10", "Carrier B:102!"))
    assert "Radio and television (EAS): taken for passing on 500" in page
    assert "Phones (WEA): taken for passing on; 1 of 2 phone companies took it 600" in page
    assert "does not alert anybody" not in page and "not known here" not in page


def test_partial_is_not_loud_and_says_who_does_not_hear(sessions: Sessions) -> None:
    page = board(sessions, a_fanout(sessions, "ipaws", "accepted", "", "CAPEXCH:200", "EAS:500", "CMAS:615!"))
    assert f"Phones (WEA): {CODES['615']} 615" in page
    assert "does not alert anybody" not in page


def test_a_channel_that_we_kept_it_from_is_no_error(sessions: Sessions) -> None:
    air = a_fanout(sessions, "ipaws", "accepted", "", "CAPEXCH:200", "EAS:501!", "PUBLIC:800")
    made = samples.facts(samples.RevisionKind.ALL_CLEAR)
    with sessions.begin() as session:
        row = Document(revision_id=air.revision.id, kind="cap", bytes=cap.serialise(cap.build(made)), sha="c" * 64)
        row.identifier, row.sender, row.sent, row.sent_text, row.expires = "x-1", "s", NOW, "", NOW
        session.add(row)
    assert f"Radio and television (EAS): {AS_WE_ASKED} 501" in board(sessions, air)


@pytest.mark.parametrize("said", [(), ("CAPEXCH:201!",)])
def test_what_was_not_heard_is_said(said: tuple[str, ...], sessions: Sessions) -> None:
    assert UNHEARD in board(sessions, a_fanout(sessions, "ipaws", "accepted", "found_at_carrier", *said))


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        ("303", "Older than five minutes"),
        ("cog-place", "Our group may not alert all of this area"),
    ],
)
def test_refused_whole_is_loud(reason: str, sentence: str, sessions: Sessions) -> None:
    page = board(sessions, a_fanout(sessions, "ipaws", "rejected", reason))
    assert "IPAWS does not alert anybody" in page
    assert sentence.lower() in page.lower()


@pytest.mark.parametrize(
    ("state", "reason", "sentence"),
    [
        ("queued", "certificate", "Not posted yet (our certificate is refused)"),
        ("queued", "no_connection", "Not posted yet (nobody can be reached at IPAWS_URL)"),
        ("unknown", "timeout", "IPAWS is being asked whether it has the alert"),
    ],
)
def test_what_is_not_settled_is_said(state: str, reason: str, sentence: str, sessions: Sessions) -> None:
    assert sentence in board(sessions, a_fanout(sessions, "ipaws", state, reason))


def test_a_hand_off_without_a_word_is_loud_after_ten_minutes(sessions: Sessions) -> None:
    page = board(sessions, a_fanout(sessions, "handoff", "accepted"))
    assert "Not on air after 15 min" in page
    assert "read the script of the hand-off" in page


def test_one_that_is_on_air_is_quiet(sessions: Sessions) -> None:
    air = a_fanout(sessions, "handoff", "accepted")
    with sessions.begin() as session:
        row = session.query(Fanout).filter_by(channel="handoff").one()
        there = session.query(Delivery).filter_by(fanout_id=row.id).one().address_id
        ipaws.answer(session, (row.id, there), NOW - timedelta(minutes=9), "EAS and WEA")
    page = board(sessions, air)
    assert "6 min after the hand-off (“EAS and WEA”)" in page
    assert "Not on air after" not in page


def test_the_form_says_that_it_is_off(sessions: Sessions) -> None:
    page = Desk(sessions).browser(ISSUER).open("/desk/new").words
    assert "IPAWS is off, and no agency is named that alerts for us" in page


def seated(sessions: Sessions, why: str = "", profile: CogProfile | None = None) -> Desk:
    """A desk with a seat at IPAWS, whose path was just tried."""
    desk = Desk(sessions)
    with sessions.begin() as session:
        senders.register(session, NewSender("ipaws", "ipaws", "120911", 5.0))
        ipaws.tried(session, why)
        if profile:
            ipaws.keep_profile(session, profile.json())
    return desk


@pytest.mark.parametrize(
    ("why", "sentence"),
    [("", "IPAWS answers."), ("no_connection", "(nobody can be reached at IPAWS_URL). It has never answered.")],
)
def test_the_form_says_how_the_path_stands(why: str, sentence: str, sessions: Sessions) -> None:
    assert sentence in seated(sessions, why).browser(ISSUER).open("/desk/new").words


def test_the_preview_names_what_the_group_may_not_send(sessions: Sessions) -> None:
    profile = CogProfile("120911", eas=False, events=("TOE",), places=("033011",))
    desk = seated(sessions, profile=profile)
    author = desk.browser(ISSUER)
    walk(desk, author)
    assert "Keeps it out of IPAWS, and only of IPAWS: Group 120911 may not alert 025017, 025027" in author.words
    assert "Note: Group 120911 may not alert over radio and television (EAS)" in author.words


def test_a_named_agency_is_said_on_the_form(sessions: Sessions) -> None:
    desk = Desk(sessions, chosen=settings(handoff_name="MEMA"))
    with sessions.begin() as session:
        senders.register(session, NewSender("handoff", "handoff", "a@state.example", 1.0))
    assert "MEMA is asked by mail to alert" in desk.browser(ISSUER).open("/desk/new").words
