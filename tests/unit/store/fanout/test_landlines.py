"""A landline is a subscriber like any other, and no text ever goes to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from broadcaster.store.alerting.alerts import RevisionText
from broadcaster.store.database import Sessions
from broadcaster.store.fanout import endings, fanouts, senders, waves
from broadcaster.store.fanout.deliveries import Fanout
from broadcaster.store.fanout.senders import NewSender
from broadcaster.store.fanout.waves import ClaimedWave, Room
from broadcaster.store.public import residents
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


def test_calls_pass_over_any_number_of_phones_in_one_claim(sessions: Sessions) -> None:
    """At one call a second a claim is for one landline, wherever it stands among the phones of its town."""
    ground = prepare(sessions, {"lynn": 120, "otis": 60, "hull": 30}, pace=1.0)
    first = voice_fan_out(ground)
    lines = [called(ground, "lynn", 1), called(ground, "lynn", 2), called(ground, "hull", 3)]
    found = []
    while wave := call(ground):
        found.append([intent.address_id for intent in wave.intents])
    assert found == [[lines[0]], [lines[1]], [lines[2]]]
    assert ground.sql("SELECT state, next_key FROM lane WHERE fanout_id = :f ORDER BY rank", f=first) == [
        ("done", 122),
        ("done", 60),
        ("done", 31),
    ]


def test_calls_where_no_landline_is_end_in_one_claim(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 120, "otis": 60}, pace=1.0)
    voice_fan_out(ground)
    wave = call(ground)
    assert wave is not None and wave.intents == ()
    assert call(ground) is None


def voice_fan_out(ground: Ground) -> int:
    """The calls of the first revision, in every town."""
    revision = ground.revisions[ground.fanout]
    with ground.sessions.begin() as session:
        senders.register(session, NewSender("voice", "voice", "+15005550006", 1.0))
        for town in ground.towns.values():
            words = RevisionText(revision_id=revision, community_id=town, lang="en", form="voice", body_id=ground.body)
            session.add(words)
        ends = datetime.now(UTC) + timedelta(hours=1)
        made = Fanout(revision_id=revision, tier="public", channel="voice", purpose="alert", expires_at=ends)
        return fanouts.make(session, made, "urgent", 1, ground.subscribers(*ground.towns))


def called(ground: Ground, town: str, no: int) -> int:
    """A landline joins a town, behind everybody who is there."""
    with ground.sessions.begin() as session:
        there = residents.address(session, SEALER, "voice", phone(9, no))
        residents.subscribe(session, there, ground.towns[town])
        return there


def call(ground: Ground) -> ClaimedWave | None:
    """The next wave of calls, however fast we dial."""
    with ground.sessions.begin() as session:
        session.execute(text("UPDATE sender SET tat = clock_timestamp() - interval '1 minute'"))
        wave = waves.claim(session, "voice", "urgent", Room({"voice": 20}), 30.0)
    assert wave is None or isinstance(wave, ClaimedWave)
    return wave


def test_the_preview_counts_phones(ground: Ground) -> None:
    with ground.sessions() as session:
        assert residents.active_in(session, [ground.towns["lynn"]]) == MANY
        assert residents.active_in(session, [ground.towns["lynn"]], "voice") == MANY
