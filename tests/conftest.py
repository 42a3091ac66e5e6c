"""What every test may ask for."""

from __future__ import annotations

import gc
import itertools
import os
from collections.abc import Iterator
from functools import cache

import psycopg
import pytest
import structlog
from hypothesis import settings
from psycopg import Connection
from sqlalchemy.engine import URL, make_url
from structlog.dev import ConsoleRenderer, plain_traceback

from broadcaster.local.postgres import Postgres
from broadcaster.store import database, schema
from broadcaster.store.database import Sessions
from broadcaster.web.signin import security
from tests import dialect
from tests.servers import memory, postgres_server, valkey

__all__ = ["memory", "postgres_server", "valkey"]
_counter = itertools.count(1)
HASTY = (
    "ALTER SYSTEM SET fsync = off",
    "ALTER SYSTEM SET full_page_writes = off",
    "SELECT pg_reload_conf()",
    "SET scram_iterations = 1",
)
"""The tests' server survives `kill -9` of any process as before; only a power cut would hurt it. Its password is proved
by one round of hashing instead of 4,096, at each of a hundred thousand connections."""
security.COST.update(argon2__rounds=1, argon2__memory_cost=64, argon2__parallelism=1)
"""The same hash at the least cost: the tests sign in a thousand times, and each would take 64 MiB and a tenth of a
second. What the product uses is read by its processes, which the tests start as they are."""
settings.register_profile("house", deadline=None, derandomize=True, database=None)
settings.load_profile("house")
dialect.install()
structlog.configure(
    [*structlog.get_config()["processors"][:-1], ConsoleRenderer(colors=False, exception_formatter=plain_traceback)]
)
"""As it is by default, but for the tracebacks, which are otherwise drawn in frames: a hundred milliseconds each."""
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
"""The tests start two hundred processes: each would compile the whole program for itself."""


def pytest_collection_finish() -> None:
    """Ten thousand tests and all that they have imported stay to the end: whoever looks for garbage passes them by."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


def admin(url: str, statement: str) -> None:
    """Run one statement as the owner, outside any transaction."""
    owner(make_url(url).set(drivername="postgresql", database="postgres")).execute(statement)


@cache
def owner(server: URL) -> Connection:
    """The owner's own connection to a server, which stays open: two thousand tests ask for it twice."""
    return psycopg.connect(server.render_as_string(hide_password=False), autocommit=True)


@pytest.fixture(scope="session")
def migrated(postgres_server: Postgres) -> Iterator[str]:
    """The URL of a database with the schema and nothing in it: the pattern of every test's own, touched by none."""
    here = make_url(postgres_server.url)
    for statement in (*HASTY, f"ALTER USER {here.username} PASSWORD '{here.password}'"):
        admin(postgres_server.url, statement)
    admin(postgres_server.url, "CREATE DATABASE pattern")
    pattern = here.set(database="pattern").render_as_string(hide_password=False)
    schema.upgrade(pattern)
    yield pattern
    owner(here.set(drivername="postgresql", database="postgres")).close()


@pytest.fixture
def database_url(migrated: str) -> Iterator[str]:
    """A database of this test's own, with the schema."""
    name = f"t{os.getpid()}_{next(_counter)}"
    admin(migrated, f"CREATE DATABASE {name} TEMPLATE pattern STRATEGY file_copy")
    yield make_url(migrated).set(database=name).render_as_string(hide_password=False)
    admin(migrated, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture
def sessions(database_url: str) -> Iterator[Sessions]:
    """Sessions of this test's own database."""
    engine = database.connect(database_url, pool_size=10)
    yield database.sessions(engine)
    engine.dispose()
