"""What all rows stand on: one Postgres with the schema as a pattern, and a fresh database of it for each row."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text
from sqlalchemy.engine import make_url

from broadcaster.store import database, schema

PATTERN = "chaos_pattern"


class Ground:
    """Databases on the running server of `url`."""

    def __init__(self, url: str) -> None:
        self._server = url
        self._numbers = itertools.count(1)
        if not self._run("SELECT 1 FROM pg_database WHERE datname = :name", name=PATTERN):
            self._run(f"CREATE DATABASE {PATTERN}")
            schema.upgrade(self._url(PATTERN))

    @contextmanager
    def database(self) -> Iterator[str]:
        """The URL of a database of one row's own."""
        name = f"chaos_{os.getpid()}_{next(self._numbers)}"
        self._run(f"CREATE DATABASE {name} TEMPLATE {PATTERN} STRATEGY file_copy")
        try:
            yield self._url(name)
        finally:
            self._run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _url(self, name: str) -> str:
        return make_url(self._server).set(database=name).render_as_string(hide_password=False)

    def _run(self, statement: str, **values: str) -> list[object]:
        """One statement as the owner, outside any transaction."""
        engine = database.connect(self._url("postgres"))
        try:
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                found = connection.execute(text(statement), values)
                return list(found) if found.returns_rows else []
        finally:
            engine.dispose()
