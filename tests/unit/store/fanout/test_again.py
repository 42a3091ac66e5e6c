"""Second attempts, and what gives way to a newer revision: the old words are never sent after the new ones."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from broadcaster.alert.delivery import Event
from broadcaster.store.database import Sessions
from broadcaster.store.fanout import endings, evidence, fanouts
from broadcaster.store.fanout.deliveries import Source
from broadcaster.store.fanout.fanouts import LaneSpec
from broadcaster.store.fanout.waves import GRANT_S, ClaimedWave
from tests.unit.store.ground import Ground, ended, phone, prepare


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
    with sessions.begin() as session:
        fanouts.hold(session, [ground.fanout])
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


def test_an_all_clear_goes_to_whoever_may_have_heard_an_attempt_that_was_given_up(sessions: Sessions) -> None:
    """Sent again blindly, then no attempt came of it: the first one may have arrived all the same."""
    ground = prepare(sessions, {"lynn": 4})
    wave = ground.wave()
    ground.all_end(wave, Event.AMBIGUOUS)
    blind, absent, stopped, unknown = (intent.address_id for intent in wave.intents)
    asks = {ask.address_id: ask for ask in ground.asks()}
    with sessions.begin() as session:
        assert evidence.blind(session, [asks[blind], asks[stopped]], 0.0) == 2
    ground.sql("UPDATE delivery SET state = 'queued' WHERE address_id = :a", a=absent)
    ground.sql("UPDATE followup SET kind = 'retry' WHERE address_id = :a", a=absent)
    ground.sql("UPDATE delivery SET state = 'suppressed' WHERE address_id = :a", a=stopped)
    over = ground.revise("all_clear")
    ground.supersede(over)
    with sessions.begin() as session:
        endings.end_queued(session)
    assert ground.counts() == {"superseded": 2, "suppressed": 1, "unknown": 1}
    told = ground.fan_out(over, [LaneSpec(Source.TOLD, 0, None, ground.fanout)])
    with sessions.begin() as session:
        assert fanouts.plan(session, told) == 2
    assert {intent.address_id for intent in ground.wave().intents} == {blind, unknown}


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


def test_second_attempts_never_stand_before_a_more_urgent_alert(sessions: Sessions) -> None:
    """A backlog whose rows miss their second again and again would otherwise keep the first texts of the next back."""
    ground = prepare(sessions, {"lynn": 2, "salem": 3})
    ground.all_end(ground.wave(2), Event.NOT_SENT)
    urgent = ground.fan_out(ground.revise("number_change"), ground.subscribers("salem"))
    ground.sql("UPDATE lane SET priority = 0 WHERE fanout_id = :f", f=urgent)
    ground.sql("UPDATE followup SET due = clock_timestamp()")
    assert ground.claim_retries() is None
    assert ground.wave().fanout_id == urgent
    assert ground.retry().fanout_id == ground.fanout
