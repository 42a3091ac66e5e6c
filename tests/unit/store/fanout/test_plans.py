"""How PostgreSQL reads a fan-out that came after its statistics: row by row, never all of it for each outcome."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import pytest
from sqlalchemy import TextClause, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from broadcaster.store import database
from broadcaster.store.arrays import binaries, numbers, texts
from broadcaster.store.database import Sessions
from broadcaster.store.fanout import followups, outcomes, recalls
from broadcaster.store.public import residents
from tests.conftest import admin

NAME = "plans"
EARLIER, NEW = 1, 2
BY_THE_WHOLE_KEY = r"pk_delivery on delivery d .*\n *Index Cond: \(\(fanout_id = o\w*\.\w+\) AND \(address_id = o"
SOME = range(50_000, 50_500)
OUTCOMES: Mapping[str, object] = {
    "fanout": NEW,
    "settle": 60.0,
    "carrier": "twilio",
    "address": numbers(SOME),
    "n": numbers(1 for _ in SOME),
    "event": texts("accepted" for _ in SOME),
    "reason": texts("" for _ in SOME),
    "ref": texts(f"SM{no}" for no in SOME),
    "wait": numbers(0 for _ in SOME),
    "wave": numbers(100_000 + no // 500 for no in SOME),
}


@pytest.fixture(scope="module")
def two_fanouts(migrated: str) -> Iterator[Sessions]:
    """One fan-out that the statistics know, and one of the same size that they do not. No test keeps what it writes."""
    admin(migrated, f"CREATE DATABASE {NAME} TEMPLATE pattern STRATEGY file_copy")
    engine = database.connect(make_url(migrated).set(database=NAME).render_as_string(hide_password=False))
    _fill(database.sessions(engine))
    yield database.sessions(engine)
    engine.dispose()
    admin(migrated, f"DROP DATABASE {NAME} WITH (FORCE)")


def _fill(sessions: Sessions) -> None:
    made = (
        "INSERT INTO delivery (fanout_id, address_id, community_id, wave_id, body_id, n, state)"
        " SELECT :f, g, 1, :f * 50000 + g / 500, 1, 1, :state FROM generate_series(1, 100000) g"
    )
    with sessions.begin() as session:
        session.execute(text("ALTER TABLE delivery SET (autovacuum_enabled = off)"))  # it would know both
        session.execute(text("SET LOCAL session_replication_role = replica"))  # neither fan-outs nor addresses
        session.execute(text(made), {"f": EARLIER, "state": "accepted"})
        session.execute(text("ANALYZE delivery"))
        session.execute(text(made), {"f": NEW, "state": "sending"})


def plan(session: Session, statement: TextClause, values: Mapping[str, object]) -> str:
    asked = {name: values[name] for name in statement.compile().params}
    return "\n".join(session.execute(text(f"EXPLAIN {statement.text}"), asked).scalars())


@pytest.mark.parametrize(
    ("statement", "values"),
    [
        (outcomes._RECORD, OUTCOMES),
        (outcomes._STRANGE, OUTCOMES),
        (recalls._MARK, {"f": NEW, "a": numbers(SOME), "why": "taken back"}),
    ],
    ids=["outcomes", "strange references", "recalled"],
)
def test_outcomes_find_their_rows_by_the_whole_key(
    two_fanouts: Sessions, statement: TextClause, values: Mapping[str, object]
) -> None:
    with two_fanouts.begin() as session:
        session.execute(outcomes._BY_KEY)
        found = plan(session, statement, values)
    assert re.search(BY_THE_WHOLE_KEY, found), found


def test_a_new_fan_out_is_never_thought_to_be_one_row(two_fanouts: Sessions) -> None:
    with two_fanouts.begin() as session:
        (first, *_) = session.execute(text("EXPLAIN SELECT * FROM delivery WHERE fanout_id = 2")).scalars()
        kept = session.execute(text("SELECT attname FROM pg_stats WHERE tablename = 'delivery'")).scalars().all()
    assert int(first.partition("rows=")[2].split()[0]) >= 100, first
    assert "fanout_id" not in kept and "state" in kept


def test_lost_waves_are_looked_for_in_one_reading_of_their_fan_out(two_fanouts: Sessions) -> None:
    with two_fanouts() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        session.execute(
            text(
                "INSERT INTO wave (id, fanout_id, sender_id, purpose, rows, lease_until) OVERRIDING SYSTEM VALUE"
                " SELECT 100000 + g, 2, 1, 'first', 500, clock_timestamp() - interval '1 s'"
                " FROM generate_series(1, 40) g"
            )
        )
        rows = session.execute(
            text(f"EXPLAIN (ANALYZE, TIMING off, BUFFERS off) {followups._LEASES}"), {"settle": 60.0}
        ).scalars()
        found = "\n".join(rows)
        left = session.execute(text("SELECT count(*) FROM delivery WHERE state = 'unknown'")).scalar_one()
    read = [line for line in found.splitlines() if "delivery v" in line]
    assert left == 40 * 500 and len(read) == 1 and "loops=1)" in read[0], found


def test_an_import_asks_for_the_consent_of_each_phone_by_its_number(sessions: Sessions) -> None:
    """Also where the plan is made before anybody was imported, and kept."""
    with sessions.begin() as session:
        session.execute(residents._BY_KEY)
        values = {"idx": binaries(bytes([no]) * 8 for no in range(200)), "file": "0" * 64}
        found = plan(session, residents._IMPORT_CONSENTS, values)
    assert "Index Cond: (value_index = x.x)" in found and "Seq Scan" not in found, found
