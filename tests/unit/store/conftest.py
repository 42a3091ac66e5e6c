"""One database for the stories of the store, emptied before each: many small tests, little waiting."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.engine import make_url

from broadcaster.store import database
from broadcaster.store.database import Sessions
from tests.conftest import admin

NAME = "store"
EMPTIED = """
DO $$
DECLARE each record;
BEGIN
  SET LOCAL session_replication_role = 'replica';
  FOR each IN
    SELECT oid::regclass AS name, pg_relation_size(oid) > 100000 AS large FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'
      AND pg_relation_size(oid) > 0
  LOOP
    EXECUTE format(CASE WHEN each.large THEN 'TRUNCATE %s CASCADE' ELSE 'DELETE FROM %s' END, each.name);
  END LOOP;
  PERFORM setval(oid, 1, false) FROM pg_class WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace;
END $$
"""
"""Where somebody has written, row by row: TRUNCATE makes new files for each of a hundred tables, and takes 50 ms."""


@pytest.fixture(scope="package")
def store_engine(migrated: str) -> Iterator[Engine]:
    """The engine of the store's own database."""
    admin(migrated, f"CREATE DATABASE {NAME} TEMPLATE pattern STRATEGY file_copy")
    engine = database.connect(make_url(migrated).set(database=NAME).render_as_string(hide_password=False), pool_size=10)
    yield engine
    engine.dispose()
    admin(migrated, f"DROP DATABASE {NAME} WITH (FORCE)")


@pytest.fixture
def sessions(store_engine: Engine) -> Sessions:
    """Sessions of the store's database, without a row in it."""
    with store_engine.begin() as connection:
        connection.execute(text(EMPTIED))
    return database.sessions(store_engine)
