"""A standing clock for a database of the tests: the store's own `clock_timestamp()` reads what it was turned to.

A function of that name in a schema that is searched before `pg_catalog` takes the real one's place.
"""

from __future__ import annotations

from sqlalchemy import text

from broadcaster.store.database import Sessions

STANDING = (
    "CREATE SCHEMA standing",
    "CREATE TABLE standing.clock (at timestamptz)",
    "INSERT INTO standing.clock VALUES (now())",
    "CREATE FUNCTION standing.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS 'SELECT at FROM standing.clock'",
    "ALTER TABLE wave ALTER started_at SET DEFAULT standing.clock_timestamp()",
    "ALTER TABLE fanout ALTER started_at SET DEFAULT standing.clock_timestamp()",
    "DO $$ BEGIN EXECUTE format("
    "  'ALTER DATABASE %I SET search_path = standing, pg_catalog, public', current_database()); END $$",
)


def stand_still(sessions: Sessions) -> None:
    """Give a database its standing clock; its connections begin anew."""
    with sessions.begin() as session:
        for statement in STANDING:
            session.execute(text(statement))
    sessions.kw["bind"].dispose()


def set_right(sessions: Sessions) -> None:
    """The clock shows the real time, and stands."""
    with sessions.begin() as session:
        session.execute(text("UPDATE standing.clock SET at = now()"))


def turn(sessions: Sessions, seconds: float) -> None:
    """So many seconds later."""
    with sessions.begin() as session:
        session.execute(text("UPDATE standing.clock SET at = at + make_interval(secs => :s)"), {"s": seconds})
