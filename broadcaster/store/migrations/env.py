"""Alembic's door to the schema: one connection, one transaction per migration."""

from __future__ import annotations

from alembic import context
from sqlalchemy import create_engine

from broadcaster.store.tables import Base

target_metadata = Base.metadata


def run() -> None:
    """Run the migrations against the URL of the configuration."""
    engine = create_engine(context.config.get_main_option("sqlalchemy.url") or "")
    with engine.connect() as connection:
        context.configure(
            connection=connection, target_metadata=target_metadata, transaction_per_migration=True, compare_type=True
        )
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
