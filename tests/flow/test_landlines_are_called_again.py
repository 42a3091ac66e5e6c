"""Calls that rang in vain: placed again after the pauses of a chase, each round a list that closes, never too late."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from broadcaster.alert.alert import RevisionKind
from broadcaster.alert.lifecycle import Tier
from broadcaster.alert.phone import AlternateNumber
from broadcaster.dispatch import actions
from broadcaster.dispatch.waves.call_again import call_again, pauses
from broadcaster.receipts.tally import board
from broadcaster.store.alerting.alerts import Alert, Revision
from broadcaster.store.database import Sessions
from broadcaster.store.fanout.deliveries import Delivery, Fanout
from broadcaster.store.places import directory_load
from broadcaster.store.public import residents
from broadcaster.web.board.cards import cards
from broadcaster.web.carriers import landline
from tests.factories import SEALER
from tests.flow.landlines import ANSWERS, BUSY, GONE, LANGS, PERSON, WRONG, Lines, lines
from tests.flow.test_the_line_changes import follow

AFTER = (300.0, 900.0, 1800.0)
Step = Callable[[Lines, int], None]


def test_who_was_busy_is_called_again_until_they_answer_and_hears_of_the_end(
    sessions: Sessions, database_url: str, tmp_path: Path
) -> None:
    numbers = dict.fromkeys((PERSON, BUSY, GONE, WRONG), "en")
    with lines(sessions, database_url, tmp_path, numbers, call_answers=ANSWERS) as town:
        first = town.house.release(LANGS)
        town.to_the_end(4)
        assert call_again(sessions) == 0, "not before five minutes"
        assert town.later() == 2
        assert town.later() == 0, "one round at a time"
        town.carrier.set_faults(call_answers=f"{GONE}=no-answer, human")
        town.to_the_end(6)
        assert town.later() == 1
        town.to_the_end(7)
        assert town.called() == {PERSON: 1, WRONG: 1, BUSY: 2, GONE: 3}
        assert "9 1 1 is down in Town 1" in town.heard(BUSY)
        assert town.row(first)[1].states == {"accepted": 4}
        again = town.row(first, "again-1")[1]
        assert (again.states, again.handsets) == ({"accepted": 2}, {"delivered": 1, "undelivered": 1})
        with sessions() as session:
            (card,) = (one for one in cards(board(session, session.query(Alert).one())) if one.count.channel == "voice")
            heard = [(one.call_round, one.counts["accepted"], one.handsets) for one in card.rounds]
            places = session.query(Delivery.community_id).join(Fanout, Fanout.id == Delivery.fanout_id)
            assert {row[0] for row in places.filter(Fanout.purpose == "again-1")} != {None}
        assert heard == [
            (1, 4, {"delivered": 1, "undelivered": 2, "failed": 1}),
            (2, 2, {"delivered": 1, "undelivered": 1}),
            (3, 1, {"undelivered": 1}),
        ]
        town.carrier.set_faults(call_answers="human")
        last = town.next(first, RevisionKind.ALL_CLEAR)
        assert town.later() == 0, "nobody is called about an outage that is over"
        town.to_the_end(9)
        assert "works again" in town.heard(BUSY) and "works again" in town.heard(PERSON)
        assert town.row(last)[1].states == {"accepted": 2}


def test_a_line_that_never_answers_is_called_as_often_as_an_agency_and_no_more(
    sessions: Sessions, database_url: str, tmp_path: Path
) -> None:
    with lines(sessions, database_url, tmp_path, {BUSY: "en"}, call_answers="busy") as town:
        town.house.release(LANGS)
        for calls in range(1, len(pauses(AFTER)) + 2):
            town.to_the_end(calls)
            assert town.later() == (1 if calls <= len(AFTER) else 0)
        assert town.called() == {BUSY: 4}


@pytest.mark.parametrize(
    ("after", "between"), [(AFTER, [300.0, 600.0, 900.0]), ((60.0,), [60.0]), ((), []), ((1.0, 4.0), [1.0, 3.0])]
)
def test_the_pauses_are_those_of_the_chase(after: tuple[float, ...], between: list[float]) -> None:
    assert pauses(after) == between


def leave(town: Lines, first: int) -> None:
    with town.sessions.begin() as session:
        session.execute(text("DELETE FROM subscription s USING address a WHERE a.id = s.address_id AND kind = 'voice'"))


def stop(town: Lines, first: int) -> None:
    with town.sessions.begin() as session:
        residents.suppress(session, SEALER.index(f"voice:{BUSY}"), "phone")


def hold(town: Lines, first: int) -> None:
    with town.sessions.begin() as session:
        actions.hold(town.house.actor(session), session.get_one(Revision, first), Tier.PUBLIC)


def expire(town: Lines, first: int) -> None:
    with town.sessions.begin() as session:
        session.execute(text("UPDATE fanout SET expires_at = clock_timestamp()"))


def update(town: Lines, first: int) -> None:
    town.next(first, RevisionKind.UPDATE)


def test_a_call_that_failed_in_the_network_is_made_again_and_one_to_no_line_is_not(
    sessions: Sessions, database_url: str, tmp_path: Path
) -> None:
    numbers = dict.fromkeys((GONE, WRONG), "en")
    with lines(sessions, database_url, tmp_path, numbers, call_answers=f"{WRONG}=no-such-line, failed") as town:
        first = town.house.release(LANGS)
        town.to_the_end(2)
        assert town.row(first)[1].reasons == {}
        assert town.row(first)[1].handsets == {"failed": 2}
        assert town.later() == 1
        town.carrier.set_faults(call_answers="human")
        town.to_the_end(3)
        assert town.called() == {GONE: 2, WRONG: 1}
        assert town.row(first, "again-1")[1].handsets == {"delivered": 1}
        assert town.later() == 0


@pytest.mark.parametrize("what", [leave, stop, hold, expire, update])
def test_nobody_is_called_again_after(what: Step, sessions: Sessions, database_url: str, tmp_path: Path) -> None:
    with lines(sessions, database_url, tmp_path, {BUSY: "en"}, call_answers="busy") as town:
        first = town.house.release(LANGS)
        town.to_the_end(1)
        what(town, first)
        assert town.later() == 0


def test_a_round_that_waits_gives_way_to_the_end(sessions: Sessions, database_url: str, tmp_path: Path) -> None:
    with lines(sessions, database_url, tmp_path, {BUSY: "en"}, call_answers="busy") as town:
        first = town.house.release(LANGS)
        town.to_the_end(1)
        assert town.later() == 1
        town.next(first, RevisionKind.ALL_CLEAR)
        town.to_the_end(1)
        assert town.row(first, "again-1")[1].states == {"superseded": 1}


def test_where_the_number_changed_only_the_new_one_is_called(
    sessions: Sessions, database_url: str, tmp_path: Path
) -> None:
    with lines(sessions, database_url, tmp_path, {BUSY: "en"}, call_answers="busy") as town:
        with sessions.begin() as session:
            other = residents.address(session, SEALER, "voice", GONE)
            residents.subscribe(session, other, directory_load.community_ids(session)["town-2"])
        first = town.house.release(LANGS)
        town.to_the_end(2)
        assert town.later() == 2
        changed = AlternateNumber("+15085559999", "Police")
        follow(town.house, first, RevisionKind.NUMBER_CHANGE, overrides=(("town-1", changed),))
        town.carrier.set_faults(call_answers="human")
        town.to_the_end(3)
        assert town.row(first, "again-1")[1].states == {"superseded": 2}
        assert town.called() == {BUSY: 2, GONE: 1}, "town 1 hears the new number at once"
        assert "5 0 8, 5 5 5, 9 9 9 9" in town.heard(BUSY) and "0 1 0 0" not in town.heard(BUSY)
        assert town.later() == 1, "town 2 goes on with the old words, which still hold"
        town.to_the_end(4)
        assert town.called() == {BUSY: 2, GONE: 2}


def test_a_phone_that_rings_while_its_number_changes_hears_the_new_one(
    sessions: Sessions, database_url: str, tmp_path: Path
) -> None:
    with lines(sessions, database_url, tmp_path, {PERSON: "en"}) as town:
        first = town.house.release(LANGS)
        town.to_the_end(1)
        fanout, _ = town.row(first)
        changed = AlternateNumber("+15085559999", "Police")
        follow(town.house, first, RevisionKind.NUMBER_CHANGE, overrides=(("town-1", changed),))
        with sessions() as session:
            (ringing,) = session.query(Delivery).filter_by(fanout_id=fanout.id)
            call = landline.of(session, fanout.id, ringing.address_id)
    assert call is not None
    said = " ".join(line.text for line in call.said)
    assert "5 0 8, 5 5 5, 9 9 9 9" in said and "0 1 0 0" not in said
