"""At what pace waves are granted: never more than the sender's, never nothing for ever; given up, probed, used anew."""

from __future__ import annotations

import pytest

from broadcaster.store.database import Sessions
from broadcaster.store.fanout import senders
from broadcaster.store.fanout.senders import DRIFT_S, PROBE_ROWS, PROBE_S, Grant, NewSender, Sender
from broadcaster.store.fanout.waves import GRANT_S, ClaimedWave, Room, Wait, claim
from tests.unit.store.ground import LEASE, Ground, phone, prepare


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


# Given up and used again


def with_another(sessions: Sessions, **changes: object) -> Ground:
    """Many people, a sender of 100 segments a second, and one of another carrier that is as fast."""
    ground = prepare(sessions, {"lynn": 400}, pace=100.0)
    with sessions.begin() as session:
        senders.register(session, NewSender("sms", "secondary", "+18885550912", 100.0))
        session.query(Sender).filter_by(carrier="secondary").update(changes or {"weight": 1.0})
    ground.pace_again()
    return ground


def granted(ground: Ground, *carriers: str) -> Grant | Wait | None:
    with ground.sessions.begin() as session:
        return senders.grant(session, "sms", carriers or ("twilio",))


BACK = "SELECT extract(epoch FROM clock_timestamp() - closed_at)::float8 FROM sender WHERE carrier = 'twilio'"


@pytest.mark.parametrize("ago", [0.0, 5.0, 10.0, 19.0, DRIFT_S, 3600.0])
def test_a_sender_that_is_back_takes_a_tenth_first_and_all_of_it_after_twenty_seconds(
    sessions: Sessions, ago: float
) -> None:
    """The pace that is granted lies between what it was a moment before and what it is a moment after."""
    ground = with_another(sessions)
    ground.sql(
        "UPDATE sender SET closed_at = clock_timestamp() - make_interval(secs => :s) WHERE carrier = 'twilio'", s=ago
    )
    (before,) = ground.sql(BACK)
    given = granted(ground)
    (after,) = ground.sql(BACK)
    assert isinstance(given, Grant)
    least, most = (100.0 * min(1.0, 0.1 + 0.9 * back / DRIFT_S) for back in (before, after))
    assert least - 0.01 <= given.pace <= most + 0.01
    assert least >= 10.0


@pytest.mark.parametrize(
    "changes", [{"circuit": "open"}, {"circuit": "retired"}, {"weight": 0.0}], ids=["open", "retired", "standing by"]
)
def test_where_no_other_can_help_it_takes_all_of_it_at_once(sessions: Sessions, changes: dict[str, object]) -> None:
    ground = with_another(sessions, **changes)
    ground.sql("UPDATE sender SET closed_at = clock_timestamp() WHERE carrier = 'twilio'")
    given = granted(ground)
    assert isinstance(given, Grant) and given.pace == 100.0


def test_a_carrier_is_given_up_once_probed_with_a_few_texts_and_used_again(sessions: Sessions) -> None:
    ground = with_another(sessions, circuit="retired")
    (sender,) = ground.sql("SELECT id FROM sender WHERE carrier = 'twilio'")
    with sessions.begin() as session:
        assert [senders.open_circuit(session, sender) for _ in range(2)] == [True, False]
        assert senders.pace(session, "sms") == 0.0
    assert granted(ground) == Wait(GRANT_S), "nothing goes there until the next probe"
    (due,) = ground.sql("SELECT open_until BETWEEN clock_timestamp() AND clock_timestamp() + make_interval(secs => :s)"
                        " FROM sender WHERE id = :id", s=PROBE_S, id=sender)  # fmt: skip
    assert due
    ground.sql("UPDATE sender SET open_until = clock_timestamp()")
    probe = ground.wave()
    assert (probe.probe, len(probe.intents)) == (True, PROBE_ROWS)
    assert isinstance(ground.claim(), Wait), "one probe at a time"
    with sessions.begin() as session:
        assert [senders.close_circuit(session, sender) for _ in range(2)] == [True, False]
        assert senders.pace(session, "sms") == 100.0
    ground.pace_again()
    wave = ground.wave()
    assert (wave.probe, len(wave.intents)) == (False, int(GRANT_S * 100))


WEIGHTS = {
    # weights of the two, the second one's circuit: the pace of both together, and of the first alone
    "both": (1.0, 1.0, "closed", 200.0, 100.0),
    "a quarter of the first": (0.25, 1.0, "closed", 125.0, 25.0),
    "the first stands by": (0.0, 1.0, "closed", 100.0, None),
    "the first stands by, and the other is given up": (0.0, 1.0, "open", 100.0, 100.0),
    "the first stands by, and the other is gone": (0.0, 1.0, "retired", 100.0, 100.0),
    "both stand by": (0.0, 0.0, "closed", 200.0, 100.0),
}


@pytest.mark.parametrize("case", WEIGHTS)
def test_a_sender_is_used_by_its_weight(sessions: Sessions, case: str) -> None:
    first, second, circuit, together, alone = WEIGHTS[case]
    ground = with_another(sessions, weight=second, circuit=circuit)
    ground.sql("UPDATE sender SET weight = :w WHERE carrier = 'twilio'", w=first)
    with sessions.begin() as session:
        assert senders.pace(session, "sms") == together, "what the preview and the board reckon with"
    given = granted(ground)
    assert (given.pace if isinstance(given, Grant) else given) == alone


# The bulk lane

LANES = {
    # the pace, seconds that the sender's time runs ahead, seconds that the alert lives: rows of the wave, its purpose
    "as many as the lane takes": (1000.0, 0.0, 7200.0, 300, "bulk"),
    "ten seconds of the pace": (10.0, 0.0, 7200.0, 100, "bulk"),
    "less than half of them are out: the rest of the ten": (10.0, 4.5, 7200.0, 55, "bulk"),
    "more than half are out": (10.0, 9.0, 7200.0, None, ""),
    "too little life is left": (10.0, 0.0, 119.0, 9, "first"),
    "just enough": (10.0, 0.0, 125.0, 100, "bulk"),
}


@pytest.mark.parametrize("case", LANES)
def test_a_wave_in_one_request_has_its_bounds(sessions: Sessions, case: str) -> None:
    pace, ahead, lives, rows, purpose = LANES[case]
    ground = prepare(sessions, {"lynn": 400}, pace=pace)
    ground.sql("UPDATE fanout SET expires_at = clock_timestamp() + make_interval(secs => :s)", s=lives)
    ground.sql("UPDATE sender SET tat = clock_timestamp() + make_interval(secs => :s)", s=ahead)
    with sessions.begin() as session:
        claimed = claim(session, "sms", "sms", Room({"twilio": 50}, {"twilio": 300}, 120.0), LEASE)
    if rows is None:
        assert isinstance(claimed, Wait) and claimed.seconds <= GRANT_S
        return
    assert isinstance(claimed, ClaimedWave)
    assert rows <= len(claimed.intents) <= (99 if ahead else rows), "its time runs while it is asked for"
    assert ground.sql("SELECT purpose FROM wave") == [purpose]
    assert claimed.bulk is (purpose == "bulk")
    assert not claimed.bulk or (claimed.starts_in, claimed.spread) == (0.0, 0.0), "at once, in one request"
