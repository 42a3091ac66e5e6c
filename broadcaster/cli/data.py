"""Commands about data: the schema."""

from __future__ import annotations

import click

from broadcaster.dispatch import engine as engines
from broadcaster.dispatch.proofread import Proofreader
from broadcaster.local import borders, home, words_check
from broadcaster.settings import Settings
from broadcaster.store import database, schema
from broadcaster.store.database import Sessions


def opened() -> tuple[Settings, Sessions]:
    """The settings of this installation, and its database."""
    settings = home.adopt(home.connected(home.environment()))
    return settings, database.sessions(database.connect(settings.database_url))


@click.group()
def db() -> None:
    """The schema."""


@db.command("upgrade")
@click.option("--to", "revision", default="head", show_default=True)
def upgrade(revision: str) -> None:
    """Bring the schema up to date; the database takes on this installation's MODE.

    Example: broadcaster db upgrade
    """
    settings, sessions = opened()
    schema.upgrade(settings.database_url, revision)
    with sessions.begin() as session:
        database.stamp_mode(session, settings.mode.value)
        drawn = borders.install(session, settings.state_fips)
    click.echo("The schema is up to date.")
    Proofreader(sessions).read_all()
    works, sentence = words_check.look(sessions)
    if not works:
        click.echo(sentence)
    if not drawn:
        click.echo(f"No county outlines of state {settings.state_fips} are built: run `make assets`, then this again.")


@db.command("restored")
def restored() -> None:
    """Hold what runs and ask after what is open: for a copy of the server's files (a `pg_restore` is noticed).

    Example: broadcaster db restored
    """
    _, sessions = opened()
    engines.hold_after_restore(sessions, surely=True)
    click.echo("Everything that ran is on hold: see the boards, compare with the carrier's log, then resume or end.")


@db.command("downgrade")
@click.option("--to", "revision", required=True, help="A revision, or `base` for an empty database.")
@click.confirmation_option(prompt="Tables and their data will be dropped. Go on?")
def downgrade(revision: str) -> None:
    """Take the schema down.

    Example: broadcaster db downgrade --to base --yes
    """
    settings, _ = opened()
    schema.downgrade(settings.database_url, revision)
    click.echo(f"The schema stands at {revision}.")


COMMANDS = (db,)
