"""At what pace waves are granted: never more than the sender's, and never nothing for ever."""

from __future__ import annotations

import pytest

from broadcaster.store import senders
from broadcaster.store.database import Sessions
from broadcaster.store.senders import NewSender
from broadcaster.store.waves import GRANT_S, ClaimedWave, Wait
from tests.unit.store.ground import phone, prepare


def test_a_wave_is_at_most_its_senders_second(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 300}, pace=100.0)
    wave = ground.wave()
    assert len(wave.intents) == int(GRANT_S * 100)
    assert (wave.starts_in, wave.spread) == (0.0, pytest.approx(0.9))
    assert isinstance(ground.claim(), ClaimedWave | Wait)


@pytest.mark.parametrize(("pace", "segments"), [(100.0, 1), (100.0, 2), (30.0, 5), (10.0, 3), (1000.0, 2)])
def test_what_is_granted_never_exceeds_the_pace(sessions: Sessions, pace: float, segments: int) -> None:
    """Each wave ends within its own second, and the sender's time has moved by all that was granted."""
    ground = prepare(sessions, {"lynn": 400}, pace=pace, segments=segments)
    sent = 0
    (began,) = ground.sql("SELECT clock_timestamp()")
    for _ in range(6):
        claimed = ground.claim()
        if isinstance(claimed, ClaimedWave):
            assert claimed.starts_in + claimed.spread <= max(GRANT_S, segments / pace) + 0.001
            sent += len(claimed.intents) * segments
        (paid,) = ground.sql("SELECT extract(epoch FROM tat - :b) FROM sender", b=began)
        assert sent / pace <= float(paid) + 0.001
    assert sent >= segments


def test_three_segments_a_second_and_texts_of_five_go_one_at_a_time(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 4}, pace=3.0, segments=5)
    for _ in range(3):
        assert len(ground.wave().intents) == 1
        waiting = ground.claim()
        assert isinstance(waiting, Wait)
        assert waiting.seconds == GRANT_S
        (ahead,) = ground.sql("SELECT extract(epoch FROM tat - clock_timestamp()) FROM sender")
        assert 1.0 < float(ahead) <= 5 / 3
        ground.pace_again()
    assert ground.states() == {"sending": 3}


def test_a_text_may_cost_more_than_the_whole_second(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 2}, pace=0.5, segments=1)
    assert len(ground.wave().intents) == 1
    assert isinstance(ground.claim(), Wait)
    ground.pace_again()
    assert len(ground.wave().intents) == 1


def test_what_is_suppressed_costs_nothing(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 5}, pace=10.0)
    for no in range(5):
        ground.stop(phone(1, no))
    assert ground.wave().intents == ()
    (ahead,) = ground.sql("SELECT tat <= clock_timestamp() FROM sender")
    assert ahead


def test_the_sender_with_most_to_give_is_taken_and_a_broken_circuit_is_not(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 40}, pace=10.0)
    with sessions.begin() as session:
        senders.register(session, NewSender("sms", "twilio", "+18885550912", 10.0))
    ground.pace_again()
    used = [ground.sql("SELECT sender_id FROM wave WHERE id = :w", w=ground.wave().id)[0] for _ in range(2)]
    assert len(set(used)) == 2
    ground.pace_again()
    ground.sql(
        "UPDATE sender SET circuit = 'open', open_until = clock_timestamp() + interval '1 minute' WHERE id = :s",
        s=used[0],
    )
    assert ground.sql("SELECT sender_id FROM wave WHERE id = :w", w=ground.wave().id) == [used[1]]
    ground.sql("UPDATE sender SET open_until = clock_timestamp() WHERE circuit = 'open'")
    assert ground.sql("SELECT sender_id FROM wave WHERE id = :w", w=ground.wave().id) == [used[0]]
