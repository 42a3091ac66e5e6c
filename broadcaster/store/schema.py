"""The schema's way up and down; apart from `store.database`, because no process that serves needs Alembic."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text


def _alembic(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


def upgrade(url: str, revision: str = "head") -> None:
    """Bring the schema up to a revision."""
    command.upgrade(_alembic(url), revision)


def downgrade(url: str, revision: str) -> None:
    """Bring the schema down to a revision; ``base`` is empty."""
    command.downgrade(_alembic(url), revision)


def empty(url: str) -> None:
    """Throw away everything that stands in a database, tables and rows. The way down, step by step, is for a database
    that is kept: it may refuse rows that an older schema cannot hold."""
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
