"""One database for the stories of the store, emptied before each: many small tests, little waiting."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.engine import make_url

from broadcaster.store import database
from broadcaster.store.database import Base, Sessions
from tests.conftest import admin

NAME = "store"


@pytest.fixture(scope="package")
def store_engine(migrated: str) -> Iterator[Engine]:
    """The engine of the store's own database."""
    admin(migrated, f"CREATE DATABASE {NAME} TEMPLATE pattern")
    engine = database.connect(make_url(migrated).set(database=NAME).render_as_string(hide_password=False), pool_size=10)
    yield engine
    engine.dispose()
    admin(migrated, f"DROP DATABASE {NAME} WITH (FORCE)")


@pytest.fixture
def sessions(store_engine: Engine) -> Sessions:
    """Sessions of the store's database, without a row in it."""
    tables = ", ".join(f'"{table.name}"' for table in Base.metadata.sorted_tables)
    with store_engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))
    return database.sessions(store_engine)
