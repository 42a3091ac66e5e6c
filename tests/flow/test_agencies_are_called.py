"""Calls to agencies, over a real callbacks process: a person presses 1, a machine hears and acknowledges nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy import text

from broadcaster.alert.lifecycle import AlertKind
from broadcaster.directory import Contact, ContactChannel, Directory
from broadcaster.dispatch import actions
from broadcaster.dispatch.engine import Engine
from broadcaster.dispatch.sweep import keep
from broadcaster.dispatch.telling.escalate import escalate
from broadcaster.dispatch.waves.drain import drain
from broadcaster.local.carrier import Carrier, Faults, Running, start_in_thread
from broadcaster.receipts import intake
from broadcaster.receipts.tally import board, check_sums
from broadcaster.store.agencies.chases import Chase
from broadcaster.store.alerting.alerts import Alert
from broadcaster.store.database import Sessions
from broadcaster.store.fanout import senders
from broadcaster.store.fanout.deliveries import Acknowledgement, Delivery, Fanout
from broadcaster.store.fanout.senders import NewSender
from tests.factories import SENDER, SID, TOKEN, House, Ways, content, directory, engine, furnish, police
from tests.flow import story
from tests.flow.test_what_comes_back import receiver

LINE = "+16175550101"
QUIET = {"share_callbacks_dropped": 0.0, "listing_lag_s": 0.2, "call_rings_ms": 10.0}


def by_telephone(towns: int = 1) -> Directory:
    """Towns whose police are reached by telephone alone, so that they are called at once; the first one's is LINE."""
    places = directory(towns)
    numbers = [f"+1617555{no:04d}" for no in range(101, 101 + towns)]
    mute = [
        replace(police(town), contacts=(Contact(ContactChannel.VOICE, number, 1),))
        for town, number in zip(places.communities, numbers, strict=True)
    ]
    return replace(places, agencies=tuple(mute))


@dataclass
class Line:
    """A notice to desks that have only a telephone."""

    sessions: Sessions
    house: House
    works: Engine
    carrier: Running
    here: str
    revision: int = 0

    def notice(self) -> None:
        with self.sessions.begin() as session:
            revision = actions.new_alert(self.house.actor(session), AlertKind.OUTAGE, content())
            actions.submit(self.house.actor(session), revision)
            actions.release_agencies(self.house.actor(session), revision)
            self.revision = revision.id

    def ring(self, times: int = 1) -> None:
        """One step of the chase, to the end of its call and of what comes back."""
        with self.sessions.begin() as session:
            session.execute(text("UPDATE chase SET due = clock_timestamp() WHERE due IS NOT NULL"))
        assert escalate(self.sessions) == 1
        self.send()
        story.until(lambda: self.is_over(times))

    def send(self) -> None:
        drain(self.works, "urgent")
        self.works.recorder.wait()
        keep(self.works)

    def is_over(self, times: int) -> bool:
        """Every call has ended, and what it said of itself is written down."""
        intake.apply_waiting(self.sessions)
        keep(self.works)
        ended = {"completed", "busy", "no-answer", "failed"}
        over = [call for call in self.carrier.calls() if call["status"] in ended]
        return len(over) == times and "none" not in {row.handset for row in self.deliveries()}

    def deliveries(self) -> list[Delivery]:
        with self.sessions() as session:
            return list(session.query(Delivery).order_by(Delivery.fanout_id))

    def answers(self) -> list[tuple[str, str]]:
        with self.sessions() as session:
            return [(row.answer, row.note) for row in session.query(Acknowledgement)]

    def chase(self) -> Chase:
        with self.sessions() as session:
            return session.query(Chase).one()


@contextmanager
def line(
    sessions: Sessions,
    database_url: str,
    folder: Path,
    places: Directory | None = None,
    pace: float = 100.0,
    **faults: object,
) -> Iterator[Line]:
    house = furnish(sessions, places or by_telephone(), {})
    with sessions.begin() as session:
        senders.register(session, NewSender("voice", "voice", SENDER, pace))
    with (
        start_in_thread(Carrier(SID, TOKEN, faults=Faults(**{**QUIET, **faults}))) as carrier,
        receiver(database_url, folder) as (here, _),
        engine(sessions, carrier.url, folder, ways=Ways(voice=here)) as works,
    ):
        made = Line(sessions, house, works, carrier, here)
        made.notice()
        yield made


PICKED_UP = {
    "a person who presses 1": ({}, ["1"], [("read", "by telephone")], "delivered", "acknowledged"),
    "a person who presses nothing": ({"call_presses": ""}, [], [], "delivered", None),
    "a person who presses 2, again and again": ({"call_presses": "2"}, ["2"] * 3, [], "delivered", None),
    "a machine": ({"call_answers": "machine"}, [], [], "sent", None),
    "nobody": ({"call_answers": "no-answer"}, [], [], "undelivered", None),
    "a busy line": ({"call_answers": "busy"}, [], [], "undelivered", None),
    "no such line": ({"call_answers": "failed"}, [], [], "failed", None),
}


@pytest.mark.parametrize("who", PICKED_UP)
def test_who_picked_up(who: str, sessions: Sessions, database_url: str, tmp_path: Path) -> None:
    faults, pressed, answers, handset, ended = PICKED_UP[who]
    with line(sessions, database_url, tmp_path, **faults) as desk:
        desk.ring()
        (call,) = desk.carrier.calls()
        assert call["to"] == LINE and call["pressed"] == pressed
        assert (desk.answers(), desk.chase().ended_as) == (answers, ended)
        assert [(row.state, row.handset) for row in desk.deliveries()] == [("accepted", handset)]
        heard = " ".join(call["heard"])
        if handset in ("delivered", "sent"):
            assert "Massachusetts" in heard and "5 0 8, 5 5 5, 0 1 0 0" in heard and "911" not in heard
        assert ("press 1" in heard) is (handset == "delivered")
        assert ("confirm there" in heard) is (handset == "sent")
        with sessions() as session:
            (told,) = board(session, session.query(Alert).one()).agencies
            assert told.tried and (told.tried.channel, told.tried.handset) == ("voice", handset)
            for fanout in session.query(Fanout):
                assert check_sums(session, fanout.id).agree


def test_a_line_that_was_busy_is_called_again_at_the_next_step(
    sessions: Sessions, database_url: str, tmp_path: Path
) -> None:
    with line(sessions, database_url, tmp_path, call_answers="busy") as desk:
        desk.ring()
        desk.carrier.set_faults(call_answers="human")
        desk.ring(times=2)
        assert [call["status"] for call in desk.carrier.calls()] == ["busy", "completed"]
        assert desk.chase().ended_as == "acknowledged"


LIES = {
    "the answer is lost": {"share_accept_then_reset": 1.0},
    "a 500, and it rings": {"share_5xx_accepted": 1.0},
    "half an answer": {"share_bad_json": 1.0},
}


@pytest.mark.parametrize("lie", LIES)
def test_a_call_whose_answer_was_lost_is_looked_for_before_it_is_placed_again(
    lie: str, sessions: Sessions, database_url: str, tmp_path: Path
) -> None:
    with line(sessions, database_url, tmp_path, share_callbacks_dropped=1.0, call_presses="", **LIES[lie]) as desk:
        desk.ring()
        story.until(lambda: [row.state for row in desk.deliveries()] == ["accepted"])
        desk.send()
        assert len(desk.carrier.calls()) == 1
        assert [row.n for row in desk.deliveries()] == [1]


def test_a_call_that_was_never_placed_is_proved_absent_and_placed_once(
    sessions: Sessions, database_url: str, tmp_path: Path
) -> None:
    with line(sessions, database_url, tmp_path, share_5xx_refused=1.0) as desk:
        with sessions.begin() as session:
            session.execute(text("UPDATE chase SET due = clock_timestamp()"))
        escalate(sessions)
        desk.send()
        desk.carrier.set_faults(share_5xx_refused=0.0)

        def placed() -> bool:
            desk.send()
            return len(desk.carrier.calls()) == 1

        story.until(placed, 40.0)
        story.until(lambda: desk.is_over(1))
        assert [row.n for row in desk.deliveries()] == [2]
        assert desk.chase().ended_as == "acknowledged"


def test_who_picks_up_after_the_end_hears_that_it_is_over(
    sessions: Sessions, database_url: str, tmp_path: Path
) -> None:
    with line(sessions, database_url, tmp_path, call_rings_ms=1500.0) as desk:
        escalate(sessions)
        drain(desk.works, "urgent")
        desk.works.recorder.wait()
        with sessions.begin() as session:
            session.execute(text("UPDATE fanout SET state = 'superseded' WHERE channel = 'voice'"))
        story.until(lambda: [call["status"] for call in desk.carrier.calls()] == ["completed"])
        (call,) = desk.carrier.calls()
        assert "has been replaced" in " ".join(call["heard"]) and call["pressed"] == []
        assert desk.answers() == []
