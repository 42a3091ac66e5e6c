"""A landline is a subscriber like any other, and no text ever goes to it."""

from __future__ import annotations

import pytest

from broadcaster.store import endings, fanouts, residents
from broadcaster.store.database import Sessions
from tests.unit.store.ground import SEALER, Ground, phone, prepare

MANY = 5


@pytest.fixture
def ground(sessions: Sessions) -> Ground:
    """A town with some phones, and as many landlines between them."""
    made = prepare(sessions, {"lynn": 0})
    with sessions.begin() as session:
        for no in range(2 * MANY):
            kind = "voice" if no % 2 else "sms"
            there = residents.address(session, SEALER, kind, phone(1, no))
            residents.subscribe(session, there, made.towns["lynn"])
    return made


def texted(ground: Ground) -> list[str]:
    return ground.sql("SELECT DISTINCT a.kind FROM delivery d JOIN address a ON a.id = d.address_id")


def test_a_landline_is_claimed_for_no_text(ground: Ground) -> None:
    assert ground.send_everything() == MANY
    assert texted(ground) == ["sms"]


def test_a_landline_is_in_no_plan_of_texts_and_nobody_misses_it(ground: Ground) -> None:
    ground.send_everything()
    with ground.sessions.begin() as session:
        assert fanouts.plan(session, ground.fanout) == MANY
        assert fanouts.missed(session, ground.fanout) == 0
        assert endings.finish(session) == [ground.fanout]
    assert sum(ground.counts().values()) == MANY


def test_landlines_that_join_late_keep_no_fan_out_open(ground: Ground) -> None:
    ground.send_everything()
    with ground.sessions.begin() as session:
        late = residents.address(session, SEALER, "voice", phone(1, 99))
        residents.subscribe(session, late, ground.towns["lynn"])
        endings.finish(session)
    assert ground.send_everything() == 0
    with ground.sessions.begin() as session:
        endings.finish(session)
    assert ground.sql("SELECT state FROM fanout") == ["done"]


def test_those_left_when_an_alert_is_superseded_are_phones(ground: Ground) -> None:
    ground.wave(2)
    ground.supersede(ground.revise("update"))
    with ground.sessions.begin() as session:
        rest = endings.count_rest(session, ground.fanout)
    assert rest + len(ground.sql("SELECT 1 FROM delivery")) == MANY


def test_the_preview_counts_phones(ground: Ground) -> None:
    with ground.sessions() as session:
        assert residents.active_in(session, [ground.towns["lynn"]]) == MANY
        assert residents.active_in(session, [ground.towns["lynn"]], "voice") == MANY
