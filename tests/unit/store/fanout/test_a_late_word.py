"""The carrier's word about an attempt that waits to go again: it is settled, and nobody is sent it twice."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.exc import OperationalError

from broadcaster.alert.delivery import Event
from broadcaster.store.database import Sessions
from broadcaster.store.fanout import endings, evidence, fanouts, tallies
from broadcaster.store.fanout.followups import DueAsk
from broadcaster.store.fanout.waves import ClaimedWave
from tests.unit.store.ground import SETTLE, Ground, ended, prepare

REF = "SM-1-1"


def absent(ground: Ground, ask: DueAsk) -> None:
    """Two listings long after settling do not hold it."""
    for hours in (1, 2):
        with ground.sessions.begin() as session:
            evidence.absent(session, [replace(ask, asked_at=ask.asked_at + timedelta(hours=hours))], SETTLE)


def blind(ground: Ground, ask: DueAsk) -> None:
    """The listing is down for too long."""
    with ground.sessions.begin() as session:
        evidence.blind(session, [ask], 0.0)


def answer(ground: Ground, wave: ClaimedWave, ask: DueAsk) -> None:
    """The worker's answer comes after all."""
    assert ground.record(wave, [ended(wave.intents[0], Event.ACCEPTED)]).doubles == int(is_late(ground))


def callback(ground: Ground, wave: ClaimedWave, ask: DueAsk) -> None:
    """The carrier calls back."""
    ground.hear((wave.intents[0].address_id, 1, REF, "delivered"))


def listing(ground: Ground, wave: ClaimedWave, ask: DueAsk) -> None:
    """Another sweep asked at the same time, and its listing holds the text."""
    with ground.sessions.begin() as session:
        evidence.adopt(session, [(ask, REF)])


def is_late(ground: Ground) -> bool:
    """Whether the next attempt has begun."""
    return ground.sql("SELECT max(n) FROM delivery") == [2]


GIVEN_UP = {"proved absent": absent, "blind": blind}
WORDS = {"answer": answer, "callback": callback, "listing": listing}
Word = Callable[[Ground, ClaimedWave, DueAsk], None]


def given_up(sessions: Sessions, how: str) -> tuple[Ground, ClaimedWave, DueAsk]:
    """One text that nobody knows the fate of, queued to go again."""
    ground = prepare(sessions, {"lynn": 1})
    wave = ground.wave()
    ground.all_end(wave, Event.AMBIGUOUS)
    (ask,) = ground.asks()
    GIVEN_UP[how](ground, ask)
    assert ground.counts() == {"queued": 1}
    return ground, wave, ask


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("how", GIVEN_UP)
def test_the_word_of_the_carrier_settles_what_waits_to_go_again(sessions: Sessions, how: str, word: str) -> None:
    ground, wave, ask = given_up(sessions, how)
    for _ in range(2):
        WORDS[word](ground, wave, ask)
    assert ground.counts() == {"accepted": 1}
    reason = {"listing": "found_at_carrier"}.get(word, "")
    assert ground.sql("SELECT n, carrier_ref, reason FROM delivery") == [(1, REF, reason)]
    assert ground.sql("SELECT count(*) FROM followup") == [0]
    assert ground.claim_retries() is None
    with sessions.begin() as session:
        assert tallies.doubles(session, ground.fanout) == (0, 0)
        assert endings.finish(session) == [ground.fanout]


@pytest.mark.parametrize(("how", "possible"), [("proved absent", 0), ("blind", 1)])
@pytest.mark.parametrize("word", ["answer", "callback"])
def test_after_the_next_attempt_began_it_is_a_confirmed_double(
    sessions: Sessions, how: str, possible: int, word: str
) -> None:
    ground, wave, ask = given_up(sessions, how)
    ground.retry()
    WORDS[word](ground, wave, ask)
    assert ground.counts() == {"sending": 1}
    assert ground.sql("SELECT n, carrier_ref FROM delivery") == [(2, None)]
    with sessions() as session:
        assert tallies.doubles(session, ground.fanout) == (possible, 1)


def test_what_was_only_queued_blindly_and_ended_is_no_possible_double(sessions: Sessions) -> None:
    ground, _, _ = given_up(sessions, "blind")
    with sessions.begin() as session:
        fanouts.supersede_communities(session, [ground.fanout], [ground.towns["lynn"]])
    assert ground.counts() == {"superseded": 1}
    with sessions() as session:
        assert tallies.doubles(session, ground.fanout) == (0, 0)


def test_a_refusal_that_comes_late_leaves_it_queued(sessions: Sessions) -> None:
    """It is refused once more, and then it is over; the table has no other way."""
    ground, wave, _ = given_up(sessions, "proved absent")
    assert ground.all_end(wave, Event.REJECTED).moved == 0
    assert ground.counts() == {"queued": 1}


def test_another_attempts_retry_is_left_alone(sessions: Sessions) -> None:
    ground, wave, _ = given_up(sessions, "proved absent")
    ground.all_end(ground.retry(), Event.NOT_SENT)
    ground.hear((wave.intents[0].address_id, 1, REF, "delivered"))
    assert ground.counts() == {"queued": 1}
    assert ground.sql("SELECT kind, n FROM followup") == [("retry", 2)]
    assert ground.sql("SELECT ref, n FROM sighting") == [(REF, 1)]


def test_the_word_and_the_retry_at_once_never_both_win(sessions: Sessions) -> None:
    """Whichever commits first decides for each person; a deadlock is tried again, as the product does."""
    ground = prepare(sessions, {"lynn": 40}, pace=100_000.0)
    ground.all_end(ground.wave(), Event.NOT_SENT)
    ground.sql("UPDATE followup SET due = clock_timestamp()")
    people = ground.sql("SELECT address_id FROM delivery ORDER BY 1")

    def until_done(step: Callable[[], object]) -> None:
        while True:
            try:
                step()
            except OperationalError:
                continue
            return

    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(until_done, lambda: ground.claim_retries(5)) for _ in range(8)]
        jobs += [
            pool.submit(until_done, lambda one=one: ground.hear((one, 1, f"SM-{one}-1", "sent")))  # type: ignore[misc]
            for one in people
        ]
        for job in jobs:
            job.result(30)
    known = set(ground.sql("SELECT address_id FROM sighting"))
    rows = ground.sql("SELECT address_id, state, n FROM delivery")
    assert {(state, n, address in known) for address, state, n in rows} <= {
        ("accepted", 1, False),
        ("sending", 2, True),
    }
    assert ground.sql("SELECT count(*) FROM followup") == [0]
