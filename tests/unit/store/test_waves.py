"""The claim of a wave: who is in it, at what pace, and what is never claimed."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from broadcaster.alert.delivery import Event
from broadcaster.store import fanouts, residents, senders, waves
from broadcaster.store.database import Sessions
from broadcaster.store.deliveries import Source
from broadcaster.store.fanouts import LaneSpec
from broadcaster.store.waves import GRANT_S, MOST_LANES, MOST_ROWS, ClaimedWave, Wait
from tests.unit.store.ground import LEASE, SEALER, Ground, ended, phone, prepare

# Whom


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
        assert isinstance(waves.claim(session, "sms", "sms", 10, LEASE), ClaimedWave)
        session.rollback()
    assert ground.states() == {}
    assert len(ground.wave().intents) == 3


def test_the_cursor_goes_on_and_the_lane_ends(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 5})
    assert [len(ground.wave(2).intents) for _ in range(3)] == [2, 2, 1]
    assert ground.sql("SELECT next_key, state FROM lane") == [(5, "done")]
    assert ground.claim() is None


@pytest.mark.parametrize("most", [1, 2])
def test_a_lane_that_was_emptied_exactly_ends_with_an_empty_wave(sessions: Sessions, most: int) -> None:
    ground = prepare(sessions, {"lynn": 2})
    for _ in range(2 // most):
        assert len(ground.wave(most).intents) == most
    assert ground.wave(most).intents == ()
    assert ground.sql("SELECT count(*) FROM wave WHERE rows = 0 AND closed_at IS NULL") == [0]
    assert ground.claim(most) is None


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
            waves.claim(claiming, "sms", "sms", 2, LEASE)
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
            assert isinstance(waves.claim(claiming, "sms", "sms", 2, LEASE), ClaimedWave)
        assert release.result(10) == [ground.fanout]
    assert ground.claim() is None


def test_workers_at_once_share_the_people_and_nobody_is_claimed_twice(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 60, "salem": 60}, pace=100_000.0)
    with sessions.begin() as session:
        senders.register(session, "sms", "twilio", "+18885550912", 100_000.0)

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


def test_a_sign_up_that_has_its_slot_and_is_not_committed_is_waited_for(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 2})
    with ThreadPoolExecutor(1) as pool:
        with sessions.begin() as joining:
            late = residents.address(joining, SEALER, "sms", phone(1, 99))
            residents.subscribe(joining, late, ground.towns["lynn"])
            claimed = pool.submit(ground.wave)
            _until_blocked(ground)
        assert claimed.result(10).intents[-1].address_id == late
    assert ground.states() == {"sending": 3}
    assert ground.sql("SELECT next_key, state FROM lane") == [(3, "done")]


# At what pace


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
    ground = prepare(sessions, {"lynn": 3}, pace=3.0, segments=5)
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
        senders.register(session, "sms", "twilio", "+18885550912", 10.0)
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


# Again


def not_sent(ground: Ground) -> ClaimedWave:
    """A wave of which nothing left."""
    wave = ground.wave()
    ground.all_end(wave, Event.NOT_SENT)
    return wave


def test_a_second_attempt_has_the_next_number(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 2})
    first = not_sent(ground)
    for n in (2, 3):
        again = ground.retry()
        assert [(i.address_id, i.n) for i in again.intents] == [(i.address_id, n) for i in first.intents]
        assert ground.counts() == {"sending": 2}
        ground.all_end(again, Event.NOT_SENT)
    assert ground.sql("SELECT n, outcome, count(*) FROM past_attempt GROUP BY 1, 2 ORDER BY 1") == [
        (1, "not_sent", 2), (2, "not_sent", 2),
    ]  # fmt: skip


def test_what_is_not_due_is_not_claimed(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 1})
    wave = ground.wave()
    ground.record(wave, [ended(intent, Event.NOT_SENT, wait=600.0) for intent in wave.intents])
    assert ground.claim_retries() is None
    assert len(ground.retry().intents) == 1
    assert ground.claim_retries() is None


def test_whoever_says_stop_meanwhile_is_suppressed_at_the_retry(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 3})
    not_sent(ground)
    ground.stop(phone(1, 1))
    assert len(ground.retry().intents) == 2
    assert ground.counts() == {"sending": 2, "suppressed": 1}
    assert ground.sql("SELECT count(*) FROM followup") == [0]
    assert ground.sql("SELECT n FROM delivery WHERE state = 'suppressed'") == [1]


def test_nothing_is_sent_again_while_held_or_after_the_end(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 1})
    not_sent(ground)
    _hold(ground)
    ground.sql("UPDATE followup SET due = clock_timestamp()")
    assert ground.claim_retries() is None
    with sessions.begin() as session:
        fanouts.resume(session, [ground.fanout])
        session.execute(text("UPDATE fanout SET expires_at = clock_timestamp()"))
    assert ground.claim_retries() is None
    assert ground.states() == {"queued": 1}


@pytest.mark.parametrize(("pace", "segments", "rows"), [(100.0, 1, 90), (100.0, 5, 18), (3.0, 5, 1)])
def test_second_attempts_keep_the_pace_too(sessions: Sessions, pace: float, segments: int, rows: int) -> None:
    ground = prepare(sessions, {"lynn": 120}, pace=pace, segments=segments)
    ground.sql("UPDATE sender SET segments_per_s = 1000000")
    not_sent(ground)
    ground.sql("UPDATE sender SET segments_per_s = :p", p=pace)
    ground.pace_again()
    again = ground.retry()
    assert len(again.intents) == rows
    assert again.starts_in + again.spread <= GRANT_S + 0.001
    (paid,) = ground.sql("SELECT extract(epoch FROM tat - started_at) FROM sender, wave WHERE wave.id = :w", w=again.id)
    assert float(paid) >= rows * segments / pace - 0.001


def test_workers_at_once_never_send_the_same_again_twice(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 60}, pace=100_000.0)
    not_sent(ground)
    ground.sql("UPDATE followup SET due = clock_timestamp()")

    def work(_: int) -> list[int]:
        found: list[int] = []
        while isinstance(claimed := ground.claim_retries(5), ClaimedWave):
            found += [intent.address_id for intent in claimed.intents]
        return found

    with ThreadPoolExecutor(4) as pool:
        claimed = Counter(address for part in pool.map(work, range(4)) for address in part)
    assert (len(claimed), set(claimed.values())) == (60, {1})


# After a newer revision


def test_an_all_clear_goes_to_those_who_were_or_may_have_been_told(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 5})
    wave = ground.wave(4)
    events = [Event.ACCEPTED, Event.REJECTED, Event.AMBIGUOUS, Event.NOT_SENT]
    ground.record(wave, [ended(intent, event) for intent, event in zip(wave.intents, events, strict=True)])
    over = ground.revise("all_clear")
    assert ground.supersede(over) == [ground.fanout]
    told = ground.fan_out(over, [LaneSpec(Source.TOLD, 0, None, ground.fanout)])
    again = ground.wave()
    assert again.fanout_id == told
    assert [i.address_id for i in again.intents] == [wave.intents[0].address_id, wave.intents[2].address_id]
    assert ground.claim() is None


def number_change(ground: Ground, town: str) -> int:
    """One town's line changes: its older lanes end, and a fan-out tells those who were told and all who live there."""
    revision = ground.revise("number_change")
    earlier = list(ground.revisions)
    with ground.sessions.begin() as session:
        fanouts.supersede_communities(session, earlier, [ground.towns[town]])
    told = [LaneSpec(Source.TOLD, 0, ground.towns[town], fanout) for fanout in earlier]
    return ground.fan_out(revision, [*told, *ground.subscribers(town)])


def test_only_the_town_whose_line_changed_hears_again_and_the_others_go_on(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 4, "salem": 4})
    ground.all_end(ground.wave(2), Event.ACCEPTED)
    change = number_change(ground, "lynn")
    ground.send_everything()
    assert ground.counts(change) == {"accepted": 4}
    assert ground.counts() == {"accepted": 6}
    assert ground.sql("SELECT state FROM lane WHERE fanout_id = :f ORDER BY no", f=ground.fanout) == [
        "superseded", "done",
    ]  # fmt: skip


@pytest.mark.parametrize("event", [Event.NOT_SENT, Event.AMBIGUOUS, None])
@pytest.mark.parametrize("all_claimed", [True, False])
def test_the_old_number_is_not_sent_after_the_new_one(
    sessions: Sessions, event: Event | None, all_claimed: bool
) -> None:
    """What was on its way, lost or unknown when the line changed never goes again with the old words."""
    ground = prepare(sessions, {"lynn": 2, "salem": 2})
    wave = ground.wave(4 if all_claimed else 2)
    if event is not None:
        ground.all_end(wave, event)
    number_change(ground, "lynn")
    if event is None:
        ground.all_end(wave, Event.NOT_SENT)
    ground.sql("UPDATE delivery SET state = 'queued' WHERE state = 'unknown'")
    ground.sql("UPDATE followup SET kind = 'retry'")
    ground.send_everything()
    retried = ground.retry() if all_claimed else None
    if retried:
        assert {i.n for i in retried.intents} == {2}
        ground.all_end(retried, Event.ACCEPTED)
    else:
        ground.sql("UPDATE followup SET due = clock_timestamp()")
        ground.claim_retries()
    assert ground.counts() == {"superseded": 2, "accepted": 2}
    by_town = ground.sql("SELECT community_id, state FROM delivery WHERE fanout_id = :f", f=ground.fanout)
    assert {state for town, state in by_town if town == ground.towns["lynn"]} == {"superseded"}


def test_those_still_to_hear_an_update_hear_the_new_number_only(sessions: Sessions) -> None:
    """An update's lane of those told before holds people of every town: the changed one's give way in it."""
    ground = prepare(sessions, {"lynn": 2, "salem": 2})
    ground.send_everything()
    update = ground.revise("update")
    ground.supersede(update)
    second = ground.fan_out(
        update, [LaneSpec(Source.TOLD, 0, None, ground.fanout), *ground.subscribers("lynn", "salem")]
    )
    change = number_change(ground, "lynn")
    ground.send_everything()
    assert ground.counts(second) == {"superseded": 2, "accepted": 2}
    assert ground.counts(change) == {"accepted": 2}
