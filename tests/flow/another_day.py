"""A database that lives on another day: its clock, by which everything is stamped and judged, is set, and goes on.

Our two functions stand before those of the catalogue for every connection that is made from then on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine, text
from sqlalchemy.engine import make_url

from broadcaster.store import database
from tests.conftest import admin

CLOCK = (
    "CREATE SCHEMA another_day",
    "CREATE TABLE another_day.hands (ahead interval NOT NULL)",
    "INSERT INTO another_day.hands VALUES ('0')",
    "CREATE FUNCTION another_day.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS"
    " 'SELECT pg_catalog.clock_timestamp() + ahead FROM another_day.hands'",
    "CREATE FUNCTION another_day.now() RETURNS timestamptz LANGUAGE sql STABLE AS"
    " 'SELECT pg_catalog.now() + ahead FROM another_day.hands'",
)
DEFAULTS = (
    "SELECT format('ALTER TABLE %s ALTER COLUMN %I SET DEFAULT another_day.%s', d.adrelid::regclass, a.attname, said)"
    " FROM pg_attrdef d JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum,"
    " pg_get_expr(d.adbin, d.adrelid) AS said WHERE said IN ('now()', 'clock_timestamp()')"
)
"""The defaults of columns know the functions of the catalogue by their number, and are said anew."""
SET = "UPDATE another_day.hands SET ahead = CAST(:moment AS timestamptz) - pg_catalog.clock_timestamp()"


@dataclass(frozen=True)
class Clock:
    """The clock of one database."""

    engine: Engine

    def set(self, moment: datetime) -> timedelta:
        """From now on it is this moment, and later; returns how far that is ahead of our own clock, about."""
        with self.engine.begin() as connection:
            connection.execute(text(SET), {"moment": moment})
            ahead: timedelta = connection.execute(text("SELECT ahead FROM another_day.hands")).scalar_one()
        return ahead


def begun(url: str) -> Clock:
    """Give a database of the tests such a clock, before anybody connects to it; whoever asked closes its engine."""
    engine = database.connect(url, pool_size=1)
    with engine.begin() as connection:
        for statement in CLOCK:
            connection.execute(text(statement))
        for statement in connection.execute(text(DEFAULTS)).scalars().all():
            connection.execute(text(statement))
    engine.dispose()
    admin(url, f"ALTER DATABASE {make_url(url).database} SET search_path = another_day, pg_catalog, public")
    return Clock(engine)
