"""Whoever signs up while an alert is on air hears it; after newer words nobody hears the old ones."""

from __future__ import annotations

from datetime import timedelta

import pytest

from broadcaster.store.database import Sessions
from broadcaster.store.fanout import endings, fanouts
from broadcaster.store.fanout.deliveries import Source
from broadcaster.store.fanout.fanouts import LaneSpec
from tests.unit.store.ground import Ground, phone, prepare


def finish(ground: Ground) -> list[int]:
    with ground.sessions.begin() as session:
        return endings.finish(session)


def reopen(ground: Ground) -> list[int]:
    with ground.sessions.begin() as session:
        return endings.reopen_for_late(session)


def standing(ground: Ground, fanout: int | None = None) -> tuple[str, str | None, int | None]:
    (row,) = ground.sql("SELECT state, ended_as, planned FROM fanout WHERE id = :f", f=fanout or ground.fanout)
    return row


def missed(ground: Ground, fanout: int | None = None) -> int:
    with ground.sessions() as session:
        return fanouts.missed(session, fanout or ground.fanout)


def test_whoever_joins_while_it_is_on_air_is_told(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 2})
    ground.send_everything()
    finish(ground)
    assert reopen(ground) == []
    late = ground.resident(phone(1, 50), "lynn")
    assert missed(ground) == 1
    assert reopen(ground) == [ground.fanout]
    assert ground.send_everything() == 1
    assert ground.state(late) == "accepted"
    finish(ground)
    assert standing(ground) == ("done", "running", 3)
    assert missed(ground) == 0


def test_whoever_joins_between_the_last_claim_and_the_end_is_told(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 2})
    ground.send_everything()
    ground.resident(phone(1, 50), "lynn")
    assert finish(ground) == []
    assert ground.send_everything() == 1
    assert finish(ground) == [ground.fanout]


@pytest.mark.parametrize("twice", [False, True])
def test_a_slot_that_nobody_took_opens_nothing(sessions: Sessions, twice: bool) -> None:
    ground = prepare(sessions, {"lynn": 2})
    ground.send_everything()
    finish(ground)
    ground.sql("UPDATE community SET last_slot = last_slot + 1")
    assert reopen(ground) == []
    assert standing(ground)[0] == "done"
    if twice:
        ground.resident(phone(1, 50), "lynn")
        assert reopen(ground) == [ground.fanout]


def test_after_its_end_nobody_is_told_any_more(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 2}, lives=timedelta(hours=1))
    ground.send_everything()
    finish(ground)
    ground.sql("UPDATE fanout SET expires_at = clock_timestamp()")
    ground.resident(phone(1, 50), "lynn")
    assert reopen(ground) == []


@pytest.mark.parametrize("kind", ["update", "all_clear", "false_alarm"])
@pytest.mark.parametrize("before_the_end", [False, True])
def test_whoever_joins_after_newer_words_never_hears_the_old_ones(
    sessions: Sessions, kind: str, before_the_end: bool
) -> None:
    """911 works again, somebody signs up: they are not told that it is down."""
    ground = prepare(sessions, {"lynn": 2})
    ground.send_everything()
    if before_the_end:
        finish(ground)
    newer = ground.revise(kind)
    ground.supersede(newer)
    told = ground.fan_out(newer, [LaneSpec(Source.TOLD, 0, None, ground.fanout)])
    late = ground.resident(phone(1, 50), "lynn")
    finish(ground)
    assert reopen(ground) == []
    assert ground.send_everything() == 2
    assert ground.counts(told) == {"accepted": 2}
    assert ground.sql("SELECT 1 FROM delivery WHERE address_id = :a", a=late) == []


def test_whoever_joins_a_town_whose_line_changed_hears_the_new_one_only(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 1, "salem": 1})
    ground.send_everything()
    finish(ground)
    change = ground.revise("number_change")
    with sessions.begin() as session:
        fanouts.supersede_communities(session, [ground.fanout], [ground.towns["lynn"]])
    newer = ground.fan_out(change, ground.subscribers("lynn"))
    ground.send_everything()
    finish(ground)
    changed, unchanged = ground.resident(phone(1, 50), "lynn"), ground.resident(phone(2, 50), "salem")
    assert reopen(ground) == [ground.fanout, newer]
    assert ground.send_everything() == 2
    assert ground.state(changed, newer) == ground.state(unchanged) == "accepted"
    finish(ground)
    assert ground.counts(newer) == {"accepted": 2}
    assert ground.counts() == {"accepted": 3, "superseded": 1}
    assert {standing(ground, fanout)[0] for fanout in (ground.fanout, newer)} == {"done"}
