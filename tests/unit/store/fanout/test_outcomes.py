"""What came of a wave: facts are always kept, decisions are fenced by the attempt's number, repetition is nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from broadcaster.alert.delivery import MOVES, Event, State
from broadcaster.store.database import Sessions
from broadcaster.store.fanout import outcomes, tallies
from broadcaster.store.fanout.outcomes import Recorded
from tests.unit.store.ground import SETTLE, ended, prepare

OF_A_SEND = (Event.ACCEPTED, Event.REJECTED, Event.AMBIGUOUS, Event.NOT_SENT)


@pytest.mark.parametrize("event", OF_A_SEND)
def test_every_outcome_of_a_send_by_the_table_of_moves(sessions: Sessions, event: Event) -> None:
    """One person in each state, the same outcome for all: those move whom the table moves, and nobody else."""
    ground = prepare(sessions, {"lynn": len(State)})
    wave = ground.wave()
    before = dict(zip((i.address_id for i in wave.intents), State, strict=True))
    for address, state in before.items():
        ground.sql("UPDATE delivery SET state = :s WHERE address_id = :a", s=state.value, a=address)
    ground.all_end(wave, event)
    after = dict(ground.sql("SELECT address_id, state FROM delivery"))
    assert after == {address: MOVES.get((state, event), state).value for address, state in before.items()}
    ground.counts()


def test_what_is_written_with_each_outcome(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 4})
    wave = ground.wave()
    reasons = ["", "30006", "timeout", "throttled"]
    ground.record(
        wave, [replace(ended(i, e), reason=r) for i, e, r in zip(wave.intents, OF_A_SEND, reasons, strict=True)]
    )
    rows = ground.sql("SELECT state, reason, carrier_ref FROM delivery ORDER BY address_id")
    first = wave.intents[0].address_id
    assert rows == [
        ("accepted", "", f"SM-{first}-1"),
        ("rejected", "30006", None),
        ("unknown", "timeout", None),
        ("queued", "throttled", None),
    ]
    assert ground.sql("SELECT kind, n FROM followup ORDER BY kind") == [("ask", 1), ("retry", 1)]
    assert ground.sql(
        "SELECT settle_at = w.started_at + interval '60 s', u.started_at = w.started_at FROM followup u, wave w"
    ) == [(True, True)] * 2  # fmt: skip
    assert ground.sql("SELECT recorded, closed_at IS NOT NULL FROM wave") == [(4, True)]


def test_the_moment_of_the_first_text_is_noted_once(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 1})
    for news in (True, False):
        with sessions.begin() as session:
            assert outcomes.note_first(session, ground.fanout) is news
    assert ground.sql("SELECT first_accepted_at IS NOT NULL FROM fanout") == [True]


def test_outcomes_of_several_waves_are_recorded_together(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 4})
    waves = [ground.wave(2), ground.wave(2)]
    found = [replace(ended(i, Event.AMBIGUOUS), wave_id=wave.id) for wave in waves for i in wave.intents]
    with sessions.begin() as session:
        assert outcomes.record(session, ground.fanout, found, "twilio", SETTLE) == Recorded(4, 0)
        outcomes.close_when_complete(session, Counter({wave.id: 2 for wave in waves}))
    assert ground.sql("SELECT count(*) FROM wave WHERE closed_at IS NULL") == [0]
    settles = "SELECT u.settle_at = w.started_at + interval '60 s' FROM followup u JOIN delivery d"
    assert ground.sql(f"{settles} USING (fanout_id, address_id) JOIN wave w ON w.id = d.wave_id") == [True] * 4


def test_the_pause_before_the_next_attempt_is_kept(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 1})
    wave = ground.wave()
    ground.record(wave, [ended(wave.intents[0], Event.NOT_SENT, wait=17.0)])
    assert ground.sql("SELECT due - clock_timestamp() BETWEEN interval '10 s' AND interval '17 s' FROM followup") == [
        True
    ]


@pytest.mark.parametrize("event", OF_A_SEND)
def test_recording_twice_is_recording_once(sessions: Sessions, event: Event) -> None:
    """The commit's answer was lost, and the worker records again."""
    ground = prepare(sessions, {"lynn": 3})
    wave = ground.wave()
    found = [ended(intent, event) for intent in wave.intents]
    assert ground.record(wave, found) == Recorded(3, 0)
    before = ground.sql("SELECT * FROM delivery ORDER BY 2"), ground.sql("SELECT * FROM followup ORDER BY 2")
    with sessions.begin() as session:
        assert outcomes.record(session, wave.fanout_id, found, "twilio", SETTLE) == Recorded(0, 0)
    after = ground.sql("SELECT * FROM delivery ORDER BY 2"), ground.sql("SELECT * FROM followup ORDER BY 2")
    assert after == before
    assert ground.sql("SELECT count(*) FROM sighting") == [0]
    ground.counts()


def test_the_outcome_of_an_older_attempt_decides_nothing(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 3})
    first = ground.wave()
    ground.all_end(first, Event.NOT_SENT)
    ground.retry()
    for event in (Event.REJECTED, Event.AMBIGUOUS, Event.NOT_SENT):
        assert ground.all_end(first, event) == Recorded(0, 0)
    assert ground.counts() == {"sending": 3}
    assert ground.sql("SELECT count(*) FROM followup") == [0]


def test_a_reference_that_fits_no_open_attempt_is_a_confirmed_double(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 1})
    first = ground.wave()
    ground.all_end(first, Event.NOT_SENT)
    second = ground.retry()
    ground.all_end(second, Event.ACCEPTED)
    assert ground.all_end(first, Event.ACCEPTED) == Recorded(0, 1)
    assert ground.all_end(first, Event.ACCEPTED) == Recorded(0, 0)
    address = first.intents[0].address_id
    assert ground.sql("SELECT carrier, ref, n FROM sighting") == [("twilio", f"SM-{address}-1", 1)]
    assert ground.sql("SELECT carrier_ref FROM delivery") == [f"SM-{address}-2"]
    with sessions() as session:
        assert tallies.doubles(session, ground.fanout) == (0, 1)
    assert ground.counts() == {"accepted": 1}


def test_a_fact_that_comes_after_the_lease_was_lost_still_counts(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 3})
    wave = ground.wave()
    assert ground.lose_leases() == 3
    assert ground.counts() == {"unknown": 3}
    events = [Event.ACCEPTED, Event.REJECTED, Event.NOT_SENT]
    ground.record(wave, [ended(i, e) for i, e in zip(wave.intents, events, strict=True)])
    assert ground.counts() == {"accepted": 1, "rejected": 1, "queued": 1}
    assert ground.sql("SELECT kind FROM followup") == ["retry"]
    assert len(ground.retry().intents) == 1


def test_an_answer_that_nobody_can_read_after_the_lease_was_lost_changes_nothing(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 1})
    wave = ground.wave()
    ground.lose_leases()
    before = ground.sql("SELECT * FROM followup")
    assert ground.all_end(wave, Event.AMBIGUOUS) == Recorded(0, 0)
    assert ground.sql("SELECT * FROM followup") == before


def test_a_wave_closes_with_its_last_row(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 3})
    wave = ground.wave()
    closed = "SELECT closed_at IS NOT NULL FROM wave"
    for no, intent in enumerate(wave.intents):
        assert ground.sql(closed) == [False], no
        ground.record(wave, [ended(intent, Event.ACCEPTED)])
    assert ground.sql(closed) == [True]


def test_recording_again_does_not_close_a_wave_early(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 3})
    wave = ground.wave()
    one = [ended(wave.intents[0], Event.ACCEPTED)]
    ground.record(wave, one)
    for _ in range(3):
        with sessions.begin() as session:
            outcomes.record(session, wave.fanout_id, one, "twilio", SETTLE)
            outcomes.close_when_complete(session, Counter())
    assert ground.sql("SELECT recorded, closed_at FROM wave") == [(1, None)]
    assert ground.lose_leases() == 2


def test_the_carriers_word_that_somebody_opted_out_holds_from_now_on(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 2})
    wave = ground.wave()
    with sessions.begin() as session:
        outcomes.suppress_at_carriers_word(session, [wave.intents[0].address_id])
        outcomes.suppress_at_carriers_word(session, [wave.intents[0].address_id])
    assert ground.sql("SELECT source FROM suppression") == ["carrier"]
    ground.all_end(wave, Event.ACCEPTED)
    again = ground.fan_out(ground.revise("update"), ground.subscribers("lynn"))
    ground.send_everything()
    assert ground.counts(again) == {"accepted": 1, "suppressed": 1}
