"""Commands about data: the schema and the directory."""

from __future__ import annotations

from pathlib import Path

import click

from broadcaster.dispatch import engine as engines
from broadcaster.dispatch.engine import sealer_of
from broadcaster.local import borders, home
from broadcaster.settings import Settings
from broadcaster.store import database, directory_files, directory_load
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
    database.upgrade(settings.database_url, revision)
    with sessions.begin() as session:
        database.stamp_mode(session, settings.mode.value)
        drawn = borders.install(session, settings.state_fips)
    click.echo("The schema is up to date.")
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
    database.downgrade(settings.database_url, revision)
    click.echo(f"The schema stands at {revision}.")


@click.group()
def directory() -> None:
    """Who answers 911 where, their numbers, and the agencies."""


@directory.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_directory(file: Path) -> None:
    """Replace the directory by a file that `export` wrote; a bad file changes nothing.

    Example: broadcaster directory import directory.json
    """
    settings, sessions = opened()
    try:
        value = directory_files.read(file.read_bytes())
    except directory_files.BadFile as error:
        raise click.ClickException(str(error)) from error
    try:
        with sessions.begin() as session:
            directory_load.save(session, value, sealer_of(settings))
    except directory_load.CommunityDropped as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{len(value.communities)} communities, {len(value.psaps)} PSAPs, {len(value.agencies)} agencies.")


@directory.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export_directory(file: Path) -> None:
    """Write the whole directory, contacts included, into a file of mode 0600.

    Example: broadcaster directory export directory.json
    """
    settings, sessions = opened()
    with sessions() as session:
        value = directory_load.load(session, sealer_of(settings))
    file.touch(mode=0o600)
    file.write_bytes(directory_files.write(value))
    click.echo(f"{len(value.communities)} communities written to {file}.")


COMMANDS = (db, directory)
