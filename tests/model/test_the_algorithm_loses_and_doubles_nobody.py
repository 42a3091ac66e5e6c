"""Every reachable state of the delivery algorithm: nobody lost, nobody doubled uncounted, and the end in reach.

Two workers that may die anywhere, a sweep that may die too, a carrier that may accept, refuse, throttle, drop and
lose its answer; callbacks late, repeated or never; people who stop, hold and supersede. What the algorithm leans on
is taken away one thing at a time, and each time the search finds the shortest way into the fault.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from broadcaster.alert.delivery import MOVES, Event, State
from broadcaster.channels.http import TOTAL_S
from broadcaster.dispatch.engine import Scales
from broadcaster.dispatch.waves.window import START_WITHIN_S
from broadcaster.store.fanout.evidence import ABSENCE_GAP_S
from tests.model import laws
from tests.model.checker import STUCK
from tests.model.laws import EVERY, OF_THE_ROW, Law, check
from tests.model.world import CARRIERS_OWN_TIMEOUT_S, Rules, times_of

TIMES, COARSE = times_of(Scales()), times_of(Scales(), tick_s=30.0)
"""In ticks of 20 s, and in ticks of 30 s where there are many states."""
LATE = replace(COARSE, lag=COARSE.settle + 1)
"""Evidence that comes after SETTLE: assumption A2 does not hold."""
ALONE = Rules(people_act=False)
LISTING_DOWN = replace(ALONE, times=replace(COARSE, blind=COARSE.settle + 1), listing_fails=True)

WORLDS = {
    "two attempts, and people who act": Rules(times=COARSE),
    "commits whose answer is lost": replace(ALONE, commits_unheard=True),
    "three attempts": replace(ALONE, times=COARSE, attempts=3),
    "one phone in two lanes": replace(ALONE, times=COARSE, lanes=2),
    "a listing that misses what it holds for a moment": replace(ALONE, times=COARSE, listing_misses=True),
}


@pytest.mark.parametrize("world", WORLDS)
def test_nobody_is_lost_and_nobody_is_doubled(world: str) -> None:
    seen = check(WORLDS[world], *EVERY)
    assert seen.found is None, seen.found
    assert seen.states > 10_000
    assert seen.over > 1_000


def test_the_products_times_are_those_that_the_proof_needs() -> None:
    """The lease outlasts a POST; what a request may take and a listing may lag still leave room before SETTLE."""
    real = Scales()
    assert START_WITHIN_S + TOTAL_S < real.lease < real.settle < real.blind
    assert real.settle > START_WITHIN_S + CARRIERS_OWN_TIMEOUT_S + 2 * ABSENCE_GAP_S
    for times in (TIMES, COARSE):
        assert times.start == 0
        assert times.wire + times.lag < times.settle <= times.blind
        assert times.gap >= 1


# What it costs when the world is worse


def test_with_the_listing_down_what_is_sent_blindly_is_counted() -> None:
    seen = check(LISTING_DOWN, *OF_THE_ROW, laws.no_double_is_uncounted)
    assert seen.found is None, seen.found
    doubled = check(LISTING_DOWN, laws.no_double).found
    assert doubled is not None
    assert "attempt 1 is given up blindly" in doubled.steps


def test_whoever_waits_to_be_sent_it_blindly_when_the_alert_ends_does_not_hear_the_all_clear() -> None:
    """A known limit: the row ends with its fan-out although the carrier may have the text."""
    found = check(LISTING_DOWN, laws.nobody_who_has_it_is_written_off).found
    assert found is not None
    assert found.steps[-3:] == [
        "attempt 1 is given up blindly",
        "the alert expires",
        "what is queued ends with its fan-out",
    ]


WORSE = {
    "evidence later than SETTLE (A2)": (replace(ALONE, times=LATE), OF_THE_ROW),
    "a write that freezes after its deadline check (A1)": (
        replace(ALONE, times=replace(COARSE, lag=0), writes_freeze=True),
        tuple(law for law in OF_THE_ROW if law is not laws.nothing_wrong_was_done),
    ),
}


@pytest.mark.parametrize("name", WORSE)
def test_doubles_are_possible_but_counted_when_they_are_heard_of_and_nobody_is_lost(name: str) -> None:
    rules, kept = WORSE[name]
    seen = check(rules, *kept, laws.no_known_double_is_uncounted)
    assert seen.found is None, seen.found
    doubled = check(rules, laws.no_double).found
    assert doubled is not None
    assert "attempt 1 is proved absent" in doubled.steps


# What the algorithm leans on


def without(*moves: tuple[State, Event]) -> dict[tuple[State, Event], State]:
    """The table of moves with some taken out."""
    return {move: after for move, after in MOVES.items() if move not in moves}


WEAKENED: dict[str, tuple[Rules, Law, str]] = {
    "no settle wait": (
        replace(ALONE, settle_wait=False), laws.no_double_is_uncounted, "attempt 1 is proved absent",
    ),
    "no deadline check": (replace(ALONE, deadline_check=False), laws.no_double_is_uncounted, "attempt 1 is posted"),
    "no deadline check, and a STOP": (
        Rules(deadline_check=False), laws.nothing_wrong_was_done, "attempt 1 is posted",
    ),
    "no reconciliation": (
        replace(ALONE, reconcile=False), laws.no_double_is_uncounted, "the lease of attempt 1 is lost",
    ),
    "retry on any error": (
        replace(ALONE, retry_any_error=True), laws.no_double_is_uncounted, "attempt 1 is recorded as ambiguous",
    ),
    "marked sent before the POST": (
        replace(ALONE, mark_sent_first=True), laws.nobody_is_lost, "the fan-out is done",
    ),
    "no fence by n": (
        replace(ALONE, fence=False, commits_unheard=True, attempts=3),
        laws.no_double_is_uncounted, "attempt 1 is recorded as not_sent, unheard",
    ),
    "one listing": (
        replace(ALONE, listings=1, listing_misses=True), laws.no_double_is_uncounted, "the listing shows 0 texts",
    ),
    "two listings without a gap": (
        replace(ALONE, times=replace(TIMES, gap=0), listing_misses=True),
        laws.no_double_is_uncounted, "the listing does not hold it",
    ),
    "consent looked up once": (Rules(consent_again=False), laws.nothing_wrong_was_done, "STOP"),
    "retries outlive the alert": (
        replace(ALONE, retry_when_ended=True), laws.nothing_wrong_was_done, "the alert expires",
    ),
    "done with rows open": (replace(ALONE, finish_early=True), laws.the_sum_closes, "the fan-out is done"),
    "strange references forgotten": (
        replace(ALONE, times=LATE, keep_strange=False), laws.no_fact_is_dropped, "attempt 1 is proved absent",
    ),
    "only one text of a listing looked at": (
        replace(ALONE, times=LATE, note_all_seen=False),
        laws.no_fact_is_dropped, "attempt 2 is found as the text of attempt 1",
    ),
    "an old answer of the listing believed": (
        replace(ALONE, times=COARSE, attempts=3, note_whatever_is_seen=True),
        laws.no_double, "attempt 1 is found as the text of attempt 2",
    ),
    "blind attempts not counted": (
        replace(LISTING_DOWN, count_blind=False), laws.no_double_is_uncounted, "attempt 1 is given up blindly",
    ),
    "a late word does not settle what is queued blindly": (
        replace(LISTING_DOWN, moves=without((State.QUEUED, Event.ACCEPTED))),
        laws.nothing_wrong_was_done, "attempt 1 is recorded as accepted",
    ),
    "a late word does not settle what was proved absent": (
        replace(ALONE, times=LATE, moves=without((State.QUEUED, Event.ACCEPTED))),
        laws.nothing_wrong_was_done, "attempt 1 is proved absent",
    ),
    "a late answer is not taken": (
        replace(ALONE, moves=without((State.UNKNOWN, Event.ACCEPTED))),
        laws.no_double, "attempt 1 is recorded as accepted",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WEAKENED)
def test_each_thing_that_is_taken_away_is_missed(name: str) -> None:
    rules, law, step = WEAKENED[name]
    found = check(rules, law).found
    assert found is not None, "the fault is not found"
    assert found.law != STUCK, found
    assert step in found.steps, found
    assert len(found.steps) <= 26


@pytest.mark.parametrize("event", [Event.LEASE_LOST, Event.PROVED_ABSENT, Event.EXPIRED])
def test_without_a_way_on_somebody_waits_for_ever(event: Event) -> None:
    moves = without(*[move for move in MOVES if move[1] is event])
    found = check(replace(ALONE, moves=moves)).found
    assert found is not None
    assert found.law == STUCK
