"""An attempt that gave way, and that the carrier shows after all, has doubled somebody: it is counted, once."""

from __future__ import annotations

import pytest

from broadcaster.alert.delivery import Event
from broadcaster.store.database import Sessions
from broadcaster.store.fanout import hindsight
from broadcaster.store.fanout.namesakes import Listed
from tests.unit.store.ground import SETTLE, Ground, prepare


def gave_way(sessions: Sessions, outcome: str, state: str, minutes: float) -> Ground:
    """One person whose first attempt gave way so long ago, and whose second one is in this state."""
    ground = prepare(sessions, {"lynn": 1})
    wave = ground.wave()
    ground.all_end(wave, Event.AMBIGUOUS)
    row = {"f": wave.fanout_id, "a": wave.intents[0].address_id}
    ground.sql("DELETE FROM followup")
    ground.sql(
        "UPDATE delivery SET n = 2, state = :s, carrier_ref = 'SM2' WHERE fanout_id = :f AND address_id = :a",
        s=state,
        **row,
    )
    ground.sql(
        "INSERT INTO past_attempt (fanout_id, address_id, n, wave_id, outcome, at)"
        " VALUES (:f, :a, 1, :w, :o, clock_timestamp() - make_interval(secs => :ago))",
        w=wave.id,
        o=outcome,
        ago=60.0 * minutes,
        **row,
    )
    return ground


@pytest.mark.parametrize("outcome", ["absent", "blind"])
def test_what_shows_up_late_is_a_confirmed_double_and_asked_for_once(outcome: str, sessions: Sessions) -> None:
    ground = gave_way(sessions, outcome, "accepted", minutes=3.0)
    with sessions.begin() as session:
        (ask,) = hindsight.gave_way(session, SETTLE)
        assert (
            hindsight.looked(session, [ask], [Listed(ask, ref, ask.started_at) for ref in ("SM1", "SM2")], "twilio")
            == 1
        )
    assert ground.sql("SELECT carrier, ref, n FROM sighting") == [("twilio", "SM1", 1)]
    with sessions.begin() as session:
        assert hindsight.gave_way(session, SETTLE) == []


WAITS = {
    "the next attempt is still open": ("absent", "unknown", 3.0),
    "two SETTLEs are not over": ("absent", "accepted", 1.0),
    "it never left": ("not_sent", "accepted", 3.0),
    "nobody is told any more": ("absent", "accepted", 300.0),
}


@pytest.mark.parametrize("why", WAITS)
def test_nobody_looks_when(why: str, sessions: Sessions) -> None:
    outcome, state, minutes = WAITS[why]
    gave_way(sessions, outcome, state, minutes)
    with sessions.begin() as session:
        assert hindsight.gave_way(session, SETTLE) == []
