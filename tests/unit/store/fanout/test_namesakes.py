"""Two alerts with the same words to the same phone, and nobody knows of either: which one a listed message is of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from broadcaster.alert.delivery import Event
from broadcaster.store.database import Sessions
from broadcaster.store.fanout import namesakes
from broadcaster.store.fanout.followups import DueAsk
from broadcaster.store.fanout.namesakes import Listed
from tests.unit.store.ground import Ground, prepare

APART_S = 4.0


def twice(sessions: Sessions, second: Event | None) -> tuple[Ground, int]:
    """One person; a first attempt that nobody knows of, and 4 s later the same words by another fan-out, which ended
    so, or is still on its way. Returns the other fan-out, too."""
    ground = prepare(sessions, {"lynn": 1})
    ground.all_end(ground.wave(), Event.AMBIGUOUS)
    other = ground.fan_out(ground.revisions[ground.fanout], ground.subscribers("lynn"), purpose="again")
    wave = ground.wave()
    assert wave.fanout_id == other
    if second is not None:
        ground.all_end(wave, second)
    ground.sql(
        "UPDATE wave SET started_at = (SELECT started_at FROM wave WHERE fanout_id = :f) + make_interval(secs => :s)"
        " WHERE fanout_id = :o",
        f=ground.fanout,
        o=other,
        s=APART_S,
    )
    ground.sql("UPDATE followup u SET started_at = w.started_at FROM wave w WHERE w.fanout_id = u.fanout_id")
    return ground, other


def belongs(ground: Ground, asks: Sequence[DueAsk], made_s: float) -> set[int]:
    """The fan-outs that may take a message which was made so many seconds after the first attempt began."""
    first = min(ask.started_at for ask in asks)
    listed = [Listed(ask, "SM1", first + timedelta(seconds=made_s)) for ask in asks]
    with ground.sessions.begin() as session:
        return {ask.fanout_id for ask, _ in namesakes.without_others(session, listed)}


MADE = {
    "with the first": (0.1, {"first"}),
    "a bit before it, by the carrier's clock": (-0.9, {"first"}),
    "long before both, by a clock that is wrong": (-50.0, {"first", "second"}),
    "before the second": (2.0, {"first"}),
    "with the second": (4.1, {"second"}),
    "with the second, in whole seconds": (3.1, {"second"}),
    "long after both": (30.0, {"second"}),
}


@pytest.mark.parametrize("made", MADE)
def test_a_message_is_of_the_last_attempt_that_had_begun(made: str, sessions: Sessions) -> None:
    ground, other = twice(sessions, Event.AMBIGUOUS)
    seconds, whose = MADE[made]
    names = {ground.fanout: "first", other: "second"}
    assert {names[fanout] for fanout in belongs(ground, ground.asks(), seconds)} == whose


@pytest.mark.parametrize("second", [Event.ACCEPTED, Event.REJECTED, Event.NOT_SENT])
def test_what_a_settled_attempt_left_is_free_for_the_other(second: Event, sessions: Sessions) -> None:
    ground, _ = twice(sessions, second)
    assert belongs(ground, ground.asks(), 4.1) == {ground.fanout}


def test_it_waits_for_one_that_is_on_its_way(sessions: Sessions) -> None:
    ground, _ = twice(sessions, None)
    assert belongs(ground, ground.asks(), 4.1) == set()


def test_other_words_and_alerts_long_over_are_no_rivals(sessions: Sessions) -> None:
    ground, other = twice(sessions, Event.AMBIGUOUS)
    asks = [ask for ask in ground.asks() if ask.fanout_id == ground.fanout]
    ground.sql("UPDATE fanout SET state = 'done' WHERE id = :o", o=other)
    assert belongs(ground, asks, 4.1) == {ground.fanout}
    ground.sql("UPDATE fanout SET state = 'running' WHERE id = :o", o=other)
    assert belongs(ground, asks, 4.1) == set()
    ground.revise("update")
    ground.sql("UPDATE delivery SET body_id = :b WHERE fanout_id = :o", b=ground.body, o=other)
    assert belongs(ground, asks, 4.1) == {ground.fanout}


def test_nothing_listed_is_nothing_to_choose(sessions: Sessions) -> None:
    ground, _ = twice(sessions, Event.AMBIGUOUS)
    with ground.sessions.begin() as session:
        assert namesakes.without_others(session, []) == []
