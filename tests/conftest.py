"""What every test may ask for."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher
from hypothesis import settings
from sqlalchemy import text
from sqlalchemy.engine import make_url

from broadcaster.local.postgres import Postgres
from broadcaster.store import database, schema
from broadcaster.store.database import Sessions
from broadcaster.web import accounts
from tests.servers import memory, postgres_server, valkey

__all__ = ["memory", "postgres_server", "valkey"]
_counter = itertools.count(1)
HASTY = ("ALTER SYSTEM SET fsync = off", "ALTER SYSTEM SET full_page_writes = off", "SELECT pg_reload_conf()")
"""The tests' server survives `kill -9` of any process as before; only a power cut would hurt it."""
accounts.PASSWORDS = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
"""The same hash at the least cost: the tests sign in a thousand times, and each would take 64 MiB and a tenth of a
second. What the product uses is read by its processes, which the tests start as they are."""
settings.register_profile("house", deadline=None, derandomize=True, database=None)
settings.load_profile("house")
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
"""The tests start two hundred processes: each would compile the whole program for itself."""


def admin(url: str, statement: str) -> None:
    """Run one statement as the owner, outside any transaction."""
    engine = database.connect(make_url(url).set(database="postgres").render_as_string(hide_password=False))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(statement))
    engine.dispose()


@pytest.fixture(scope="session")
def migrated(postgres_server: Postgres) -> str:
    """The URL of a database with the schema and nothing in it: the pattern of every test's own, touched by none."""
    for statement in HASTY:
        admin(postgres_server.url, statement)
    admin(postgres_server.url, "CREATE DATABASE pattern")
    pattern = make_url(postgres_server.url).set(database="pattern").render_as_string(hide_password=False)
    schema.upgrade(pattern)
    return pattern


@pytest.fixture
def database_url(migrated: str) -> Iterator[str]:
    """A database of this test's own, with the schema."""
    name = f"t{os.getpid()}_{next(_counter)}"
    admin(migrated, f"CREATE DATABASE {name} TEMPLATE pattern")
    yield make_url(migrated).set(database=name).render_as_string(hide_password=False)
    admin(migrated, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture
def sessions(database_url: str) -> Iterator[Sessions]:
    """Sessions of this test's own database."""
    engine = database.connect(database_url, pool_size=10)
    yield database.sessions(engine)
    engine.dispose()
