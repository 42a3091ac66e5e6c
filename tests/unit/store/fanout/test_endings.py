"""How a fan-out ends: expired, superseded, counted, done, and opened again for whoever joined while it was on air."""

from __future__ import annotations

import pytest

from broadcaster.alert.delivery import Event
from broadcaster.store.database import Sessions
from broadcaster.store.fanout import endings, fanouts
from broadcaster.store.fanout.deliveries import Source
from broadcaster.store.fanout.fanouts import LaneSpec
from tests.unit.store.ground import Ground, phone, prepare


def finish(ground: Ground) -> list[int]:
    with ground.sessions.begin() as session:
        return endings.finish(session)


def expire(ground: Ground) -> list[int]:
    ground.sql("UPDATE fanout SET expires_at = clock_timestamp() WHERE state <> 'done'")
    with ground.sessions.begin() as session:
        expired = endings.expire_overdue(session)
        endings.end_queued(session)
        return expired


def standing(ground: Ground, fanout: int | None = None) -> tuple[str, str | None, int | None]:
    (row,) = ground.sql("SELECT state, ended_as, planned FROM fanout WHERE id = :f", f=fanout or ground.fanout)
    return row


def missed(ground: Ground, fanout: int | None = None) -> int:
    with ground.sessions() as session:
        return fanouts.missed(session, fanout or ground.fanout)


# Done


def test_everybody_told_the_fanout_is_done(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 3, "salem": 2})
    ground.send_everything()
    assert finish(ground) == [ground.fanout]
    assert standing(ground) == ("done", "running", 5)
    assert ground.counts() == {"accepted": 5}
    assert missed(ground) == 0
    assert finish(ground) == []


def test_a_fanout_for_nobody_is_done(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 0})
    ground.send_everything()
    assert finish(ground) == [ground.fanout]
    assert standing(ground) == ("done", "running", 0)


NOT_YET = {
    "a lane is open": "UPDATE lane SET state = 'open'",
    "a lane is held": "UPDATE lane SET state = 'held'",
    "a wave is open": "UPDATE wave SET closed_at = NULL WHERE id = 1",
    "a row is unknown": "UPDATE delivery SET state = 'unknown' WHERE address_id = 1",
    "a row is queued": "UPDATE delivery SET state = 'queued' WHERE address_id = 1",
    "a row is sending": "UPDATE delivery SET state = 'sending' WHERE address_id = 1",
    "a question is open": (
        "INSERT INTO followup (fanout_id, address_id, kind, n, due, started_at, settle_at)"
        " SELECT id, 1, 'ask', 1, started_at, started_at, started_at FROM fanout"
    ),
    "it is held": "UPDATE fanout SET state = 'held'",
}


@pytest.mark.parametrize("name", NOT_YET)
def test_it_is_not_done_while(sessions: Sessions, name: str) -> None:
    ground = prepare(sessions, {"lynn": 2})
    ground.send_everything()
    ground.sql(NOT_YET[name])
    assert finish(ground) == []
    assert standing(ground)[0] != "done"


# Expired


def test_what_was_not_reached_before_the_end_is_counted_as_expired(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 5, "salem": 4})
    wave = ground.wave(3)
    ground.all_end(wave, Event.ACCEPTED)
    assert expire(ground) == [ground.fanout]
    assert expire(ground) == []
    assert ground.claim() is None
    assert finish(ground) == [ground.fanout]
    assert standing(ground) == ("done", "expired", 9)
    assert ground.counts() == {"accepted": 3, "expired": 6}
    assert finish(ground) == []
    assert ground.counts() == {"accepted": 3, "expired": 6}


def test_a_held_fanout_expires_too(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 2})
    with sessions.begin() as session:
        fanouts.hold(session, [ground.fanout])
    assert expire(ground) == [ground.fanout]
    finish(ground)
    assert ground.counts() == {"expired": 2}


def test_what_waits_to_go_again_ends_with_it_and_what_is_on_its_way_is_waited_for(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 3})
    wave = ground.wave()
    ground.all_end(wave, Event.NOT_SENT)
    again = ground.retry(1)
    expire(ground)
    assert finish(ground) == []
    assert ground.counts() == {"sending": 1, "expired": 2}
    ground.all_end(again, Event.ACCEPTED)
    assert finish(ground) == [ground.fanout]
    assert ground.counts() == {"accepted": 1, "expired": 2}


def test_one_person_of_two_towns_is_counted_once_in_the_rest(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 1, "salem": 1})
    ground.resident(phone(1, 50), "lynn", "salem")
    with sessions.begin() as session:
        assert fanouts.plan(session, ground.fanout) == 3
    expire(ground)
    finish(ground)
    assert standing(ground) == ("done", "expired", 3)
    assert ground.counts() == {"expired": 3}


def test_one_person_of_a_superseded_and_an_expired_town_is_counted_once(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 1, "salem": 1})
    ground.resident(phone(1, 50), "lynn", "salem")
    with sessions.begin() as session:
        fanouts.supersede_communities(session, [ground.fanout], [ground.towns["lynn"]])
    expire(ground)
    finish(ground)
    assert standing(ground) == ("done", "expired", 3)
    assert ground.counts() == {"superseded": 2, "expired": 1}


def test_whoever_was_told_by_another_lane_is_no_rest(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 0, "salem": 1})
    ground.resident(phone(1, 50), "lynn", "salem")
    ground.all_end(ground.wave(1), Event.ACCEPTED)
    expire(ground)
    finish(ground)
    assert ground.counts() == {"accepted": 1, "expired": 1}


def test_the_rest_of_a_list_and_of_those_told_before(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 4})
    ground.send_everything()
    finish(ground)
    over = ground.fan_out(ground.revise("all_clear"), [LaneSpec(Source.TOLD, 0, None, ground.fanout)])
    ground.all_end(ground.wave(1), Event.ACCEPTED)
    listed = ground.fan_out(ground.revise("update"), [LaneSpec(Source.TARGETS, 0)])
    with sessions.begin() as session:
        fanouts.add_targets(session, listed, [(no, None, ground.body) for no in (1, 2)])
    expire(ground)
    finish(ground)
    assert ground.counts(over) == {"accepted": 1, "expired": 3}
    assert ground.counts(listed) == {"expired": 2}
    assert standing(ground, listed) == ("done", "expired", 2)


# Superseded


def test_a_newer_revision_ends_the_older_one_where_it_stands(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 5})
    ground.all_end(ground.wave(2), Event.ACCEPTED)
    newer = ground.revise("update")
    assert ground.supersede(newer) == [ground.fanout]
    assert ground.claim() is None
    finish(ground)
    assert standing(ground) == ("done", "superseded", 5)
    assert ground.counts() == {"accepted": 2, "superseded": 3}


def test_only_earlier_alert_fanouts_of_this_tier_and_alert_give_way(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 1})
    newer = ground.revise("update")
    own = ground.fan_out(newer, ground.subscribers("lynn"))
    paging = ground.fan_out(ground.revisions[ground.fanout], ground.subscribers("lynn"), purpose="paging")
    other = ground.fan_out(ground.revise("update"), ground.subscribers("lynn"))
    ground.sql("UPDATE fanout SET tier = 'agency' WHERE id = :f", f=other)
    assert ground.supersede(newer) == [ground.fanout]
    assert {standing(ground, fanout)[0] for fanout in (own, paging, other)} == {"running"}


def test_a_held_fanout_gives_way_too_and_a_done_one_stays_done(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 1})
    with sessions.begin() as session:
        fanouts.hold(session, [ground.fanout])
    ground.supersede(ground.revise("update"))
    assert standing(ground)[0] == "superseded"
    finish(ground)
    assert ground.supersede(ground.revise("update")) == [ground.fanout]
    assert standing(ground) == ("done", "superseded", 1)


def test_some_towns_give_way_and_the_rest_goes_on(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 3, "salem": 2})
    ground.all_end(ground.wave(2), Event.ACCEPTED)
    with sessions.begin() as session:
        fanouts.supersede_communities(session, [ground.fanout], [ground.towns["lynn"]])
    assert ground.send_everything() == 2
    finish(ground)
    assert standing(ground) == ("done", "running", 5)
    assert ground.counts() == {"accepted": 4, "superseded": 1}
