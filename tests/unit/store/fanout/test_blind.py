"""Sent again without proof: by policy, only where a life may hang on it, and counted."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from broadcaster.alert.delivery import Event
from broadcaster.store.database import Sessions
from broadcaster.store.fanout import evidence, fanouts, tallies
from broadcaster.store.fanout.evidence import ABSENCE_GAP_S, DueAsk
from broadcaster.store.fanout.waves import ClaimedWave
from tests.unit.store.ground import SETTLE, Ground, prepare


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


LIFE_SAFETY = ["initial", "update", "number_change", "restored_in_part"]
WHO = {
    **{f"{kind}, running": (kind, "outage", "running", True) for kind in LIFE_SAFETY},
    "all-clear": ("all_clear", "outage", "running", False),
    "false alarm": ("false_alarm", "outage", "running", False),
    "a test": ("initial", "test", "running", False),
    "held": ("initial", "outage", "held", False),
    "superseded": ("initial", "outage", "superseded", False),
    "expired": ("initial", "outage", "expired", False),
}


@pytest.mark.parametrize("name", WHO)
def test_only_a_running_outage_alert_is_sent_again_blindly(sessions: Sessions, name: str) -> None:
    kind, alert, state, again = WHO[name]
    ground = prepare(sessions, {"lynn": 1})
    unknown(ground)
    (ask,) = ground.asks()
    ground.sql("UPDATE revision SET kind = :k", k=kind)
    ground.sql("UPDATE alert SET kind = :k", k=alert)
    ground.sql("UPDATE fanout SET state = :s", s=state)
    with sessions.begin() as session:
        assert not evidence.blind(session, [ask], 120.0)
        assert evidence.blind(session, [ask], 0.0) == again
    assert ground.counts() == ({"queued": 1} if again else {"unknown": 1})
    with sessions() as session:
        assert tallies.doubles(session, ground.fanout) == (0, 0)
    if again:
        ground.retry()
        with sessions() as session:
            assert tallies.doubles(session, ground.fanout) == (1, 0)


def test_an_alert_past_its_end_is_not_sent_again_blindly(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 1})
    unknown(ground)
    (ask,) = ground.asks()
    ground.sql("UPDATE fanout SET expires_at = clock_timestamp()")
    with sessions.begin() as session:
        assert not evidence.blind(session, [ask], 0.0)


def test_a_blind_resend_keeps_its_name_through_the_retry_and_its_first_text_is_a_confirmed_double(
    sessions: Sessions,
) -> None:
    ground = prepare(sessions, {"lynn": 1})
    wave = unknown(ground)
    (ask,) = ground.asks()
    with sessions.begin() as session:
        evidence.blind(session, [ask], 0.0)
    ground.all_end(ground.retry(), Event.ACCEPTED)
    assert ground.sql("SELECT n, outcome FROM past_attempt") == [(1, "blind")]
    ground.hear((wave.intents[0].address_id, 1, "SM-first", "delivered"))
    with sessions() as session:
        assert tallies.doubles(session, ground.fanout) == (1, 1)


def test_the_same_again_where_twice_is_once(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 1})
    unknown(ground)
    (ask,) = ground.asks()
    with sessions.begin() as session:
        assert evidence.send_again_unchanged(session, [ask])
    assert ground.counts() == {"queued": 1}
    with sessions() as session:
        assert tallies.doubles(session, ground.fanout) == (0, 0)


@pytest.mark.parametrize(
    ("state", "outcome"),
    [("running", "blind"), ("held", "blind"), ("superseded", "unresolved"), ("expired", "unresolved")],
)
def test_where_nobody_can_be_asked_it_goes_again_or_ends_with_its_fanout(
    sessions: Sessions, state: str, outcome: str
) -> None:
    ground = prepare(sessions, {"lynn": 1})
    unknown(ground)
    (ask,) = ground.asks()
    ground.sql("UPDATE fanout SET state = :s", s=state)
    with sessions.begin() as session:
        assert not evidence.end_asking(session, [ask], SETTLE)
        assert evidence.end_asking(session, [ask], 0.0)
    assert ground.sql("SELECT outcome FROM past_attempt") == [outcome]
    assert ground.counts() == {"queued": 1}


def test_a_held_fanout_asks_and_sends_nothing(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 1})
    unknown(ground)
    with sessions.begin() as session:
        fanouts.hold(session, [ground.fanout])
    (ask,) = ground.asks()
    absent(ground, ask, 0)
    assert absent(ground, ask, ABSENCE_GAP_S)
    ground.sql("UPDATE followup SET due = clock_timestamp()")
    assert ground.claim_retries() is None
