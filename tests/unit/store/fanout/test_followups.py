"""What is not over: leases that ran out, questions, and proof that something was never sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from broadcaster.alert.delivery import Event
from broadcaster.store.database import Sessions
from broadcaster.store.fanout import evidence, followups, tallies
from broadcaster.store.fanout.evidence import ABSENCE_GAP_S, DueAsk
from broadcaster.store.fanout.waves import ClaimedWave
from tests.unit.store.ground import SEALER, SETTLE, Ground, phone, prepare


def unknown(ground: Ground) -> ClaimedWave:
    """A wave nobody knows the outcome of."""
    wave = ground.wave()
    ground.all_end(wave, Event.AMBIGUOUS)
    return wave


def absent(ground: Ground, ask: DueAsk, after: float) -> bool:
    """A listing without it, asked for `after` seconds past the moment when absence begins to count."""
    (settled,) = ground.sql("SELECT settle_at FROM followup WHERE address_id = :a", a=ask.address_id)
    with ground.sessions.begin() as session:
        return evidence.absent(session, [replace(ask, asked_at=settled + timedelta(seconds=after))], SETTLE)


# Leases


def test_a_lost_lease_makes_its_open_rows_unknown_and_asks_after_them(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 3})
    wave = ground.wave()
    ground.record(wave, [])
    ground.sql("UPDATE delivery SET state = 'accepted' WHERE address_id = :a", a=wave.intents[0].address_id)
    assert ground.lose_leases() == 2
    assert ground.counts() == {"accepted": 1, "unknown": 2}
    assert ground.sql("SELECT DISTINCT reason FROM delivery WHERE state = 'unknown'") == ["lease_lost"]
    rows = "SELECT kind, n, settle_at = started_at + interval '60 s', absences FROM followup"
    assert ground.sql(rows) == [("ask", 1, True, 0)] * 2
    assert ground.sql("SELECT closed_at IS NOT NULL FROM wave") == [True]
    assert ground.lose_leases() == 0


def test_a_lease_that_runs_is_left_alone(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 1})
    ground.wave()
    with sessions.begin() as session:
        assert followups.lose_leases(session, SETTLE) == 0
    assert ground.counts() == {"sending": 1}


def test_a_lost_lease_speaks_only_of_its_own_wave(sessions: Sessions) -> None:
    """The row was queued and claimed again: the old wave's lease does not touch the new attempt."""
    ground = prepare(sessions, {"lynn": 2})
    first = ground.wave()
    ground.record(first, [])
    ground.sql("UPDATE delivery SET state = 'queued' WHERE address_id = :a", a=first.intents[0].address_id)
    ground.sql(
        "INSERT INTO followup (fanout_id, address_id, kind, n, due, started_at, settle_at)"
        " SELECT fanout_id, :a, 'retry', 1, clock_timestamp(), started_at, started_at FROM wave",
        a=first.intents[0].address_id,
    )
    again = ground.retry()
    ground.sql("UPDATE wave SET lease_until = clock_timestamp() - interval '1 s' WHERE id = :w", w=first.id)
    with sessions.begin() as session:
        assert followups.lose_leases(session, SETTLE) == 1
    assert ground.state(again.intents[0].address_id) == "sending"


# Questions


def test_a_question_carries_what_is_needed_to_recognise_the_text(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 1})
    wave = unknown(ground)
    (ask,) = ground.asks()
    assert (ask.fanout_id, ask.address_id, ask.n, ask.carrier) == (
        ground.fanout,
        wave.intents[0].address_id,
        1,
        "twilio",
    )
    assert SEALER.open(ask.value_enc, ask.value_index) == phone(1, 0)
    assert (ask.text, ask.started_at) == ("initial: call 413-555-0100.", wave.started_at)
    assert ask.asked_at > ask.started_at


def test_nobody_asks_twice_at_once_and_nobody_asks_too_early(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 2})
    unknown(ground)
    assert len(ground.asks()) == 2
    with sessions.begin() as session:
        assert followups.due_asks(session, SETTLE) == []
    (soonest,) = ground.sql("SELECT min(due) - clock_timestamp() > interval '10 s' FROM followup")
    assert soonest


def test_found_at_the_carrier_it_is_adopted(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 1})
    unknown(ground)
    (ask,) = ground.asks()
    with sessions.begin() as session:
        assert evidence.adopt(session, [(ask, "SM9")])
        assert not evidence.adopt(session, [(ask, "SM10")])
    assert ground.sql("SELECT state, reason, carrier_ref FROM delivery") == [("accepted", "found_at_carrier", "SM9")]
    assert ground.sql("SELECT count(*) FROM followup") == [0]
    assert ground.counts() == {"accepted": 1}


def test_an_older_attempt_found_later_is_not_adopted_for_the_new_one(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 1})
    unknown(ground)
    (ask,) = ground.asks()
    absent(ground, ask, 0)
    assert absent(ground, ask, ABSENCE_GAP_S)
    ground.retry()
    with sessions.begin() as session:
        assert not evidence.adopt(session, [(ask, "SM9")])
    assert ground.sql("SELECT state, n, carrier_ref FROM delivery") == [("sending", 2, None)]


@pytest.mark.parametrize("owner", ["this delivery", "an older attempt", "a sighting", "another alert's delivery"])
def test_a_reference_that_belongs_to_something_else_is_not_free(sessions: Sessions, owner: str) -> None:
    ground = prepare(sessions, {"lynn": 1})
    wave = unknown(ground)
    (ask,) = ground.asks()
    address = wave.intents[0].address_id
    if owner == "this delivery":
        ground.sql("UPDATE delivery SET carrier_ref = 'SM1'")
    elif owner == "an older attempt":
        ground.sql(
            "INSERT INTO past_attempt (fanout_id, address_id, n, outcome, ref) VALUES (:f, :a, 1, 'absent', 'SM1')",
            f=ground.fanout,
            a=address,
        )
    elif owner == "a sighting":
        ground.sql(
            "INSERT INTO sighting (carrier, ref, fanout_id, address_id, n) VALUES ('twilio', 'SM1', :f, :a, 1)",
            f=ground.fanout,
            a=address,
        )
    else:
        ground.fan_out(ground.revise("update"), ground.subscribers("lynn"))
        ground.all_end(ground.wave(), Event.ACCEPTED)
        ground.sql("UPDATE delivery SET carrier_ref = 'SM1' WHERE state = 'accepted'")
    with sessions.begin() as session:
        assert evidence.owned(session, [(ask, "SM1"), (ask, "SM2")]) == {"SM1"}
        assert evidence.owned(session, []) == set()


OTHERS = {
    "two more texts": ("UPDATE delivery SET reason = reason", 2),
    "the row went on to its next attempt": ("UPDATE delivery SET n = 2", 0),
    "it was refused meanwhile": ("UPDATE delivery SET state = 'rejected', carrier_ref = NULL", 3),
    "an open row of another alert has the same words": (
        "INSERT INTO delivery (fanout_id, address_id, body_id, state) SELECT 2, 1, 1, 'unknown'", 0,
    ),
    "a closed row of another alert has the same words": (
        "INSERT INTO delivery (fanout_id, address_id, body_id, state) SELECT 2, 1, 1, 'rejected'", 2,
    ),
    "an open row of another alert has other words": (
        "INSERT INTO delivery (fanout_id, address_id, body_id, state) SELECT 2, 1, 2, 'unknown'", 2,
    ),
    "another phone's open row has the same words": (
        "INSERT INTO delivery (fanout_id, address_id, body_id, state) SELECT 2, 2, 1, 'unknown'", 2,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", OTHERS)
def test_what_else_a_listing_shows_is_counted_once(sessions: Sessions, name: str) -> None:
    ground = prepare(sessions, {"lynn": 2})
    unknown(ground)
    ask = min(ground.asks(), key=lambda ask: ask.address_id)
    ground.fan_out(ground.revise("update"), ground.subscribers("lynn"))
    with sessions.begin() as session:
        assert evidence.adopt(session, [(ask, "SM1")])
    statement, counted = OTHERS[name]
    ground.sql(statement)
    with sessions.begin() as session:
        assert evidence.note_others(session, [(ask, f"SM{no}") for no in (1, 2, 3)], "twilio") == counted
        assert evidence.note_others(session, [(ask, f"SM{no}") for no in (1, 2, 3)], "twilio") == 0
        assert tallies.doubles(session, ground.fanout) == (0, counted)


# Proof of absence


@pytest.mark.parametrize(
    ("listings", "proved"),
    [
        ([], False),
        ([0.0], False),
        ([ABSENCE_GAP_S], False),
        ([0.0, ABSENCE_GAP_S - 0.1], False),
        ([0.0, 1.0, 2.0, 3.0, 4.0], False),
        ([0.0, ABSENCE_GAP_S], True),
        ([0.0, 3.0, ABSENCE_GAP_S], True),
        ([-10.0, -0.1, 4.0], False),
        ([-20.0, -10.0, -0.1], False),
        ([-0.1, ABSENCE_GAP_S], False),
        ([-0.1, 0.0, ABSENCE_GAP_S], True),
        ([10.0, 4.0], False),
        ([10.0, 4.0, 15.0], True),
    ],
)
def test_absence_is_proved_by_two_listings_past_settling_and_a_gap_apart(
    sessions: Sessions, listings: list[float], proved: bool
) -> None:
    """Seconds are those at which each listing was asked for, counted from the moment of settling."""
    ground = prepare(sessions, {"lynn": 1})
    unknown(ground)
    (ask,) = ground.asks()
    found = [absent(ground, ask, at) for at in listings]
    assert found == [False] * (len(listings) - 1) + [proved] if listings else found == []
    assert ground.counts() == ({"queued": 1} if proved else {"unknown": 1})
    if proved:
        assert ground.sql("SELECT n, outcome FROM past_attempt") == [(1, "absent")]
        assert [i.n for i in ground.retry().intents] == [2]


def test_after_proof_the_outcome_that_was_lost_is_a_sighting_and_nothing_else(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 1})
    wave = unknown(ground)
    (ask,) = ground.asks()
    absent(ground, ask, 0)
    absent(ground, ask, ABSENCE_GAP_S)
    ground.retry()
    assert ground.all_end(wave, Event.ACCEPTED).doubles == 1
    assert ground.counts() == {"sending": 1}


def test_the_next_question_comes_soon_after_settling(sessions: Sessions) -> None:
    """However often it was asked before, the proof is not put off by a minute."""
    ground = prepare(sessions, {"lynn": 1})
    unknown(ground)
    (ask,) = ground.asks()
    ground.sql("UPDATE followup SET asked = 5, settle_at = clock_timestamp() - interval '1 s'")
    with sessions.begin() as session:
        evidence.absent(session, [replace(ask, asked_at=ask.asked_at + timedelta(hours=1))], SETTLE)
    ground.sql("UPDATE followup SET absent_at = clock_timestamp(), due = clock_timestamp() + interval '60 s'")
    with sessions.begin() as session:
        evidence.absent(session, [replace(ask, asked_at=ask.asked_at - timedelta(hours=1))], SETTLE)
    (wait,) = ground.sql("SELECT extract(epoch FROM due - clock_timestamp()) FROM followup")
    assert 0 < float(wait) <= ABSENCE_GAP_S


def test_what_was_settled_meanwhile_is_not_queued_again(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 1})
    wave = unknown(ground)
    (ask,) = ground.asks()
    absent(ground, ask, 0)
    address = wave.intents[0].address_id
    ground.hear((address, 1, "SM1", "delivered"))
    with sessions.begin() as session:
        assert not evidence.absent(session, [replace(ask, asked_at=ask.asked_at + timedelta(hours=1))], SETTLE)
    assert ground.counts() == {"accepted": 1}
    assert ground.sql("SELECT count(*) FROM followup") == [0]
