"""The schema goes up and down, and is what the models say, to the last constraint."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, text
from sqlalchemy.engine import make_url

from broadcaster.store import database, schema
from broadcaster.store.database import Sessions, WrongInstallation
from broadcaster.store.fanout import tally_triggers
from broadcaster.store.tables import Base
from tests.conftest import admin

SHAPE = {
    "columns": """SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity::text,
        pg_get_expr(d.adbin, d.adrelid) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped""",
    "constraints": """SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace""",
    "indexes": "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "options": """SELECT relname, reloptions::text FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND reloptions IS NOT NULL""",
}
TRIGGERS = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal ORDER BY tgname"
FUNCTIONS = "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY proname"
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """The migrated database."""
    made = database.connect(database_url)
    yield made
    made.dispose()


def rows(engine: Engine, statement: str) -> set[tuple[object, ...]]:
    with engine.connect() as connection:
        return {tuple(row) for row in connection.execute(text(statement)) if row[0] != "alembic_version"}


def names(engine: Engine, statement: str) -> list[object]:
    return sorted(row[0] for row in rows(engine, statement))


def test_down_to_nothing_and_up_again(engine: Engine, database_url: str) -> None:
    before = {name: rows(engine, statement) for name, statement in SHAPE.items()}
    engine.dispose()
    schema.downgrade(database_url, "base")
    assert (names(engine, TABLES), names(engine, TRIGGERS), names(engine, FUNCTIONS)) == ([], [], [])
    engine.dispose()
    schema.upgrade(database_url)
    assert {name: rows(engine, statement) for name, statement in SHAPE.items()} == before


PERSON = text(
    "INSERT INTO address (kind, value_enc, value_index, owner, no_voice) VALUES ('email', '', 'one', 'person', false)"
)
"""A row that the first schema cannot hold as it is: the demo leaves such rows behind."""


def test_the_way_down_keeps_what_an_older_schema_has_no_word_for(engine: Engine, database_url: str) -> None:
    with engine.begin() as connection:
        connection.execute(PERSON)
    engine.dispose()
    schema.downgrade(database_url, "0016")
    assert names(engine, "SELECT owner FROM address") == ["installation"]


def test_a_database_is_emptied_whatever_stands_in_it(engine: Engine, database_url: str) -> None:
    before = {name: rows(engine, statement) for name, statement in SHAPE.items()}
    with engine.begin() as connection:
        connection.execute(PERSON)
    engine.dispose()
    schema.empty(database_url)
    assert names(engine, TABLES) == []
    schema.upgrade(database_url)
    assert {name: rows(engine, statement) for name, statement in SHAPE.items()} == before
    assert names(engine, "SELECT owner FROM address") == []


def test_alembic_finds_nothing_to_do(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


@pytest.mark.parametrize("part", SHAPE)
def test_the_models_alone_would_make_the_same_schema(engine: Engine, database_url: str, part: str) -> None:
    """Alembic does not compare CHECK constraints, defaults and storage options: the catalogue does."""
    name = f"{make_url(database_url).database}_models"
    admin(database_url, f"CREATE DATABASE {name} TEMPLATE template0")
    plain = database.connect(make_url(database_url).set(database=name).render_as_string(hide_password=False))
    try:
        Base.metadata.create_all(plain)
        assert rows(plain, SHAPE[part]) == rows(engine, SHAPE[part])
    finally:
        plain.dispose()
        admin(database_url, f"DROP DATABASE {name} WITH (FORCE)")


def test_the_triggers_are_there(engine: Engine) -> None:
    wanted = [words.split()[2] for words in tally_triggers.UP if words.startswith("CREATE TRIGGER")]
    assert len(wanted) == 2
    assert set(wanted) <= set(names(engine, TRIGGERS))


def test_what_was_rejected_before_reasons_were_counted_is_counted(engine: Engine, database_url: str) -> None:
    engine.dispose()
    schema.downgrade(database_url, "0001")
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = 'replica'"))  # no trigger, no foreign key
        connection.execute(
            text(
                "INSERT INTO delivery (fanout_id, address_id, body_id, state, reason)"
                " VALUES (1, 1, 1, 'rejected', '30006'), (1, 2, 1, 'rejected', '30006'), (1, 3, 1, 'accepted', '')"
            )
        )
    engine.dispose()
    schema.upgrade(database_url)
    assert rows(engine, "SELECT what, delta FROM tally") == {("rejected:30006", 2)}


def test_a_database_keeps_the_mode_it_was_made_in(sessions: Sessions) -> None:
    for _ in range(2):
        with sessions.begin() as session:
            database.stamp_mode(session, "demo")
    with sessions.begin() as session, pytest.raises(WrongInstallation, match="belongs to a demo installation"):
        database.stamp_mode(session, "live")


def test_personal_columns_are_bytes(engine: Engine) -> None:
    kinds = {(row[0], row[1]): row[2] for row in rows(engine, SHAPE["columns"])}
    for column in [
        ("address", "value_enc"),
        ("address", "value_index"),
        ("receipt", "raw_enc"),
        ("user", "totp_secret"),
    ]:
        assert kinds[column] == "bytea"
    assert not [c for c in kinds if c[1] in {"phone", "mail", "msisdn", "street"}]
