"""The claim of a wave: who is in it, in which order, and what is never claimed."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from broadcaster.store.database import Sessions
from broadcaster.store.fanout import endings, fanouts, senders, waves
from broadcaster.store.fanout.senders import NewSender, Wait
from broadcaster.store.fanout.waves import MOST_LANES, MOST_ROWS, ClaimedWave, Room
from broadcaster.store.public import residents
from tests.unit.store.ground import LEASE, SEALER, Ground, phone, prepare


def test_a_wave_is_written_down_before_anything_is_sent(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 3})
    wave = ground.wave()
    assert ground.sql("SELECT wave_id, n, state, reason FROM delivery") == [(wave.id, 1, "sending", "")] * 3
    assert ground.sql("SELECT rows, recorded, purpose, closed_at FROM wave") == [(3, 0, "first", None)]
    assert ground.sql("SELECT lease_until - started_at < make_interval(secs => 31) FROM wave") == [True]
    assert {SEALER.open(i.value_enc, i.value_index) for i in wave.intents} == {phone(1, no) for no in range(3)}
    assert {i.n for i in wave.intents} == {1}
    assert ground.counts() == {"sending": 3}


def test_a_claim_that_is_not_committed_never_happened(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 3})
    with sessions() as session:
        assert isinstance(waves.claim(session, "sms", "sms", Room({"twilio": 10}), LEASE), ClaimedWave)
        session.rollback()
    assert ground.states() == {}
    assert len(ground.wave().intents) == 3


def test_the_cursor_goes_on_and_the_lane_ends(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 5})
    assert [len(ground.wave(2).intents) for _ in range(3)] == [2, 2, 1]
    assert ground.sql("SELECT next_key, state FROM lane") == [(5, "done")]
    assert ground.claim() is None


@pytest.mark.parametrize("most", [1, 2])
def test_a_lane_that_was_emptied_exactly_ends_with_its_last_wave(sessions: Sessions, most: int) -> None:
    ground = prepare(sessions, {"lynn": 2})
    for _ in range(2 // most):
        assert len(ground.wave(most).intents) == most
    assert ground.sql("SELECT state FROM lane") == ["done"]
    assert ground.claim(most) is None


def test_a_lane_of_nobody_ends_with_an_empty_wave(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 0})
    assert ground.wave().intents == ()
    assert ground.sql("SELECT count(*) FROM wave WHERE rows = 0 AND closed_at IS NULL") == [0]
    assert ground.sql("SELECT state FROM lane") == ["done"]


def test_whoever_left_makes_a_wave_smaller_and_nobody_is_skipped(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 9})
    ground.sql("DELETE FROM subscription WHERE slot IN (1, 4, 5, 6, 9)")
    assert [len(ground.wave(3).intents) for _ in range(3)] == [2, 0, 2]
    assert ground.claim() is None


def test_a_town_without_a_text_is_counted_as_refused_by_us(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 1, "salem": 2})
    ground.sql("DELETE FROM revision_text WHERE community_id = :c", c=ground.towns["salem"])
    assert len(ground.wave().intents) == 1
    assert ground.counts() == {"sending": 1, "rejected": 2}
    assert ground.sql("SELECT DISTINCT reason FROM delivery WHERE state = 'rejected'") == ["no_text"]
    assert ground.claim() is None


def test_lanes_that_somebody_else_holds_are_waited_for(sessions: Sessions) -> None:
    """Another sender's claim holds the only lane: that is no reason to go home."""
    ground = prepare(sessions, {"lynn": 9})
    with sessions.begin() as session:
        session.execute(text("SELECT 1 FROM lane FOR UPDATE"))
        assert isinstance(ground.claim(), Wait)
    assert len(ground.wave().intents) == 9


def test_many_small_lanes_share_a_wave(sessions: Sessions) -> None:
    towns = {f"town-{no}": 2 for no in range(30)}
    ground = prepare(sessions, towns)
    assert len(ground.wave().intents) == 60
    assert ground.claim() is None


def test_a_wave_takes_at_most_forty_lanes_and_256_people(sessions: Sessions) -> None:
    ground = prepare(sessions, {f"town-{no}": 1 for no in range(MOST_LANES + 5)})
    assert [len(ground.wave().intents) for _ in range(2)] == [MOST_LANES, 5]
    with sessions.begin() as session:
        residents.import_residents(
            session,
            SEALER,
            [residents.NewResident(phone(50, no), "en", (ground.towns["town-0"],)) for no in range(MOST_ROWS + 1)],
        )
    ground.sql("UPDATE lane SET state = 'open' WHERE community_id = :c", c=ground.towns["town-0"])
    ground.pace_again()
    assert len(ground.wave(1000).intents) == MOST_ROWS


def test_lanes_are_served_by_priority_then_by_rank(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 1, "salem": 1, "boston": 1})
    ground.sql("UPDATE lane SET rank = 0 WHERE community_id = :c", c=ground.towns["boston"])
    urgent = ground.fan_out(ground.revise("number_change"), ground.subscribers("salem"))
    ground.sql("UPDATE lane SET priority = 0 WHERE fanout_id = :f", f=urgent)
    claimed = []
    while (wave := ground.claim(1)) is not None:
        assert isinstance(wave, ClaimedWave)
        claimed += [wave.fanout_id] * len(wave.intents)
    assert claimed == [urgent] + [ground.fanout] * 3
    served = ground.sql("SELECT community_id FROM delivery WHERE fanout_id = :f ORDER BY wave_id", f=ground.fanout)
    assert served == [ground.towns[town] for town in ("boston", "lynn", "salem")]


def test_one_phone_in_two_towns_gets_the_text_of_the_lane_that_comes_first(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 0, "salem": 0})
    there = ground.resident(phone(1, 0), "salem", "lynn")
    assert ground.send_everything() == 1
    assert ground.sql("SELECT address_id, community_id FROM delivery") == [(there, ground.towns["lynn"])]


def test_each_hears_in_their_language_or_else_in_english(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 1})
    ground.sql("INSERT INTO body (sha, text) VALUES ('es', 'El 911 no funciona')")
    (spanish,) = ground.sql("SELECT id FROM body WHERE sha = 'es'")
    ground.sql(
        "INSERT INTO revision_text (revision_id, community_id, lang, form, body_id)"
        " SELECT revision_id, community_id, 'es', form, :b FROM revision_text",
        b=spanish,
    )
    with sessions.begin() as session:
        for lang, no in (("es", 8), ("pt", 9)):
            there = residents.address(session, SEALER, "sms", phone(1, no), lang=lang)
            residents.subscribe(session, there, ground.towns["lynn"])
    bodies = {SEALER.open(i.value_enc, i.value_index): i.body_id for i in ground.wave().intents}
    assert bodies == {phone(1, 0): ground.body, phone(1, 8): spanish, phone(1, 9): ground.body}


def test_whoever_said_stop_is_suppressed_and_counted(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 3})
    ground.stop(phone(1, 1))
    assert len(ground.wave().intents) == 2
    assert ground.counts() == {"sending": 2, "suppressed": 1}
    assert ground.sql("SELECT wave_id FROM delivery WHERE state = 'suppressed'") == [None]


@pytest.mark.parametrize("how", ["held", "expired", "retired", "another queue"])
def test_nothing_is_claimed(sessions: Sessions, how: str) -> None:
    ground = prepare(sessions, {"lynn": 3})
    with sessions.begin() as session:
        if how == "held":
            fanouts.hold(session, [ground.fanout])
        elif how == "expired":
            session.execute(text("UPDATE fanout SET expires_at = clock_timestamp()"))
        elif how == "retired":
            senders.retire_others(session, [])
        else:
            session.execute(text("UPDATE lane SET queue = 'urgent'"))
    assert ground.claim() is None
    assert ground.states() == {}


def test_hold_waits_for_the_claim_under_way_and_nothing_is_claimed_after_it(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 6})
    with ThreadPoolExecutor(1) as pool:
        with sessions.begin() as claiming:
            waves.claim(claiming, "sms", "sms", Room({"twilio": 2}), LEASE)
            held = pool.submit(_hold, ground)
            _until_blocked(ground)
        held.result(10)
    assert ground.states() == {"sending": 2}
    assert ground.claim() is None
    with sessions.begin() as session:
        fanouts.resume(session, [ground.fanout])
    assert len(ground.wave().intents) == 4


def _hold(ground: Ground) -> None:
    with ground.sessions.begin() as session:
        fanouts.hold(session, [ground.fanout])


def _until_blocked(ground: Ground, many: int = 1) -> None:
    """Until so many sessions of this database wait for a lock."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    deadline = threading.Event()
    for _ in range(1000):
        if ground.sql(waiting)[0] >= many:
            return
        deadline.wait(0.01)
    raise AssertionError("nobody waits")


def test_a_release_that_supersedes_and_a_claim_under_way_never_lock_each_other_out(sessions: Sessions) -> None:
    """The release holds the fan-out and waits for the lane; the claim holds the lane and writes its wave."""
    ground = prepare(sessions, {"lynn": 3})
    newer = ground.revise("update")
    with ThreadPoolExecutor(1) as pool:
        with sessions.begin() as claiming:
            claiming.execute(text("SELECT 1 FROM lane FOR UPDATE"))
            release = pool.submit(ground.supersede, newer)
            _until_blocked(ground)
            claiming.execute(text("SET LOCAL lock_timeout = 2000"))
            assert isinstance(waves.claim(claiming, "sms", "sms", Room({"twilio": 2}), LEASE), ClaimedWave)
        assert release.result(10) == [ground.fanout]
    assert ground.claim() is None


def test_workers_at_once_share_the_people_and_nobody_is_claimed_twice(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 60, "salem": 60}, pace=100_000.0)
    with sessions.begin() as session:
        senders.register(session, NewSender("sms", "twilio", "+18885550912", 100_000.0))

    def work(_: int) -> list[int]:
        found: list[int] = []
        while isinstance(claimed := ground.claim(10), ClaimedWave):
            found += [intent.address_id for intent in claimed.intents]
        return found

    with ThreadPoolExecutor(4) as pool:
        claimed = Counter(address for part in pool.map(work, range(4)) for address in part)
    assert len(claimed) == 120
    assert set(claimed.values()) == {1}
    assert ground.counts() == {"sending": 120}


def test_a_sign_up_under_way_holds_no_claim_up_and_is_told_once_it_is_there(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 2})
    with sessions.begin() as joining:
        late = residents.address(joining, SEALER, "sms", phone(1, 99))
        residents.subscribe(joining, late, ground.towns["lynn"])
        assert ground.send_everything() == 2
        assert ground.sql("SELECT next_key, state FROM lane") == [(2, "done")]
    with sessions.begin() as session:
        assert endings.finish(session) == []
    assert ground.send_everything() == 1
    assert ground.state(late) == "accepted"
    assert ground.sql("SELECT next_key, state FROM lane") == [(3, "done")]
