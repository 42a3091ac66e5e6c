"""A database that was put back from a backup: everything is held and asked after, once, and nothing else ever is."""

from __future__ import annotations

import pytest

from broadcaster.alert.delivery import Event
from broadcaster.store import database
from broadcaster.store.database import Sessions
from broadcaster.store.fanout import restored
from broadcaster.store.fanout.restored import Held
from broadcaster.store.timeline import ledger
from tests.unit.store.ground import Ground, prepare


def on_air(sessions: Sessions) -> Ground:
    """An installation in use, with one wave in flight and people left."""
    ground = prepare(sessions, {"lynn": 4})
    with sessions.begin() as session:
        database.stamp_mode(session, "demo")
    assert look(ground) is None, "the first look only stamps it"
    ground.wave(2)
    return ground


def look(ground: Ground, *, surely: bool = False) -> Held | None:
    with ground.sessions.begin() as session:
        return restored.hold_what_was_restored(session, surely=surely)


def put_back(ground: Ground) -> None:
    """What pg_restore does: every row is written anew, with the values that it had."""
    with ground.sessions.begin() as session:
        rows = session.connection().exec_driver_sql("DELETE FROM installation RETURNING id, mode, made_at, stamp").all()
        for row in rows:
            session.connection().exec_driver_sql("INSERT INTO installation VALUES (%s, %s, %s, %s)", tuple(row))


def test_after_a_restore_nothing_is_sent_and_every_open_row_is_asked_after(sessions: Sessions) -> None:
    ground = on_air(sessions)
    put_back(ground)
    assert look(ground) == Held(fanouts=1, waves=1)
    assert ground.sql("SELECT state FROM fanout") == ["held"]
    assert ground.sql("SELECT state FROM release") == ["held"]
    assert ground.claim() is None
    assert len(ground.asks()) == 0, "the sweep loses the leases"
    assert ground.lose_leases() == 2
    assert len(ground.asks()) == 2
    with sessions() as session:
        assert ledger.verify(session).events == 1
    assert look(ground) is None, "once"


def test_an_installation_in_use_is_left_alone(sessions: Sessions) -> None:
    ground = on_air(sessions)
    for _ in range(3):
        assert look(ground) is None
    assert ground.states() == {"sending": 2}
    assert len(ground.wave().intents) == 2


def test_a_copy_of_the_files_is_held_at_the_operators_word(sessions: Sessions) -> None:
    ground = on_air(sessions)
    assert look(ground, surely=True) == Held(fanouts=1, waves=1)


def test_an_empty_database_holds_nothing(sessions: Sessions) -> None:
    with sessions.begin() as session:
        assert restored.hold_what_was_restored(session) is None
        assert restored.hold_what_was_restored(session, surely=True) == Held(fanouts=0, waves=0)


@pytest.mark.parametrize("ended", ["done", "superseded", "expired"])
def test_what_is_over_stays_over(ended: str, sessions: Sessions) -> None:
    ground = on_air(sessions)
    ground.all_end(ground.wave(), Event.ACCEPTED)
    ground.sql("UPDATE fanout SET state = :s", s=ended)
    put_back(ground)
    held = look(ground)
    assert held is not None
    assert held.fanouts == 0
    assert ground.sql("SELECT state FROM release") == ["released"]


def test_whoever_resumes_the_newest_lets_the_earlier_ones_go_on(sessions: Sessions) -> None:
    """A number change runs beside the first alert: one hold for both, or the desk could not resume the older one."""
    ground = on_air(sessions)
    ground.fan_out(ground.revise("number_change"), ground.subscribers("lynn"))
    put_back(ground)
    held = look(ground)
    assert held is not None
    assert held.fanouts == 2
    assert ground.sql("SELECT r.no, x.state FROM release x JOIN revision r ON r.id = x.revision_id ORDER BY 1") == [
        (1, "released"), (2, "held"),
    ]  # fmt: skip
