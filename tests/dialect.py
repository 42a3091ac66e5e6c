"""One dialect for all the engines of a test process, and one place where their statements are kept compiled.

Each of two thousand tests has an engine of its own, since it has a database of its own; a new engine asks the server
for its version again and compiles each statement again, which was a tenth of the suite.
"""

from __future__ import annotations

from typing import Any, ClassVar, Self

from sqlalchemy import Connection, Engine
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg


class OneDialect(PGDialect_psycopg):
    """SQLAlchemy's own for psycopg; there is only one, and only its first connection asks what the server is."""

    supports_statement_cache = True
    only: ClassVar[Self | None] = None
    made_with: ClassVar[dict[str, Any]] = {}
    asked: ClassVar[bool] = False
    compiled: ClassVar[dict[Any, Any]] = {}

    def __new__(cls, **given: Any) -> Self:
        assert cls.only is None or cls.made_with == given, "this engine wants a dialect of its own"
        return cls.only or super().__new__(cls)

    def __init__(self, **given: Any) -> None:
        if OneDialect.only is None:
            super().__init__(**given)
            OneDialect.only, OneDialect.made_with = self, given

    def initialize(self, connection: Connection) -> None:
        if not OneDialect.asked:
            super().initialize(connection)
            OneDialect.asked = True

    @classmethod
    def engine_created(cls, engine: Engine) -> None:
        engine.update_execution_options(compiled_cache=cls.compiled)


def install() -> None:
    """From now on every engine of this process has it."""
    registry.register("postgresql.psycopg", __name__, OneDialect.__name__)
