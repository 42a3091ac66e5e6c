"""Commands about data: the schema, the directory, the residents."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import click
from sqlalchemy.orm import Session

from broadcaster.alert.phone import PhoneRefused, parse
from broadcaster.dispatch import engine as engines
from broadcaster.dispatch.engine import sealer_of
from broadcaster.local import borders, home
from broadcaster.settings import Settings
from broadcaster.store import database, directory_files, directory_load, residents
from broadcaster.store.database import Sessions
from broadcaster.store.residents import NewResident

BATCH = 5_000


def _opened() -> tuple[Settings, Sessions]:
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
    settings, sessions = _opened()
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
    _, sessions = _opened()
    engines.hold_after_restore(sessions, surely=True)
    click.echo("Everything that ran is on hold: see the boards, compare with the carrier's log, then resume or end.")


@db.command("downgrade")
@click.option("--to", "revision", required=True, help="A revision, or `base` for an empty database.")
@click.confirmation_option(prompt="Tables and their data will be dropped. Go on?")
def downgrade(revision: str) -> None:
    """Take the schema down.

    Example: broadcaster db downgrade --to base --yes
    """
    settings, _ = _opened()
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
    settings, sessions = _opened()
    try:
        value = directory_files.read(file.read_bytes())
    except directory_files.BadFile as error:
        raise click.ClickException(str(error)) from error
    with sessions.begin() as session:
        directory_load.save(session, value, sealer_of(settings))
    click.echo(f"{len(value.communities)} communities, {len(value.psaps)} PSAPs, {len(value.agencies)} agencies.")


@directory.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export_directory(file: Path) -> None:
    """Write the whole directory, contacts included, into a file of mode 0600.

    Example: broadcaster directory export directory.json
    """
    settings, sessions = _opened()
    with sessions() as session:
        value = directory_load.load(session, sealer_of(settings))
    file.touch(mode=0o600)
    file.write_bytes(directory_files.write(value))
    click.echo(f"{len(value.communities)} communities written to {file}.")


@click.group("residents")
def residents_group() -> None:
    """Phones and where they live."""


@dataclass
class Reading:
    """The rows of a residents' file: what can be imported, and a sentence for each row that cannot."""

    good: list[NewResident] = field(default_factory=list)
    bad: list[str] = field(default_factory=list)


def read_residents(lines: Iterator[dict[str, str]], ids: dict[str, int]) -> Reading:
    """Rows of ``phone,lang,communities,opted_out``; communities are codes separated by ``;``."""
    reading = Reading()
    for no, row in enumerate(lines, start=2):
        codes = [code.strip() for code in (row.get("communities") or "").split(";") if code.strip()]
        unknown = [code for code in codes if code not in ids]
        try:
            phone = parse(row.get("phone") or "")
        except PhoneRefused as error:
            reading.bad.append(f"line {no}: {error}")
            continue
        if unknown or not codes:
            reading.bad.append(f"line {no}: {', '.join(unknown) or 'no community'} is not in the directory.")
            continue
        opted_out = (row.get("opted_out") or "").strip().lower() in ("1", "yes", "true")
        lang = (row.get("lang") or "en").strip() or "en"
        reading.good.append(NewResident(phone, lang, tuple(ids[code] for code in codes), opted_out))
    return reading


@residents_group.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--skip-bad", is_flag=True, help="Import the good rows and report the others.")
def import_phones(file: Path, skip_bad: bool) -> None:
    """Import phones from a CSV file with the columns phone, lang, communities, opted_out.

    Example: broadcaster residents import residents.csv
    """
    settings, sessions = _opened()
    with sessions() as session, file.open(encoding="utf-8-sig", newline="") as stream:
        reading = read_residents(iter(csv.DictReader(stream)), directory_load.community_ids(session))
    for sentence in reading.bad:
        click.echo(sentence, err=True)
    if reading.bad and not skip_bad:
        raise click.ClickException(
            f"Nothing was imported: {len(reading.bad)} rows are bad. Mend them, or use --skip-bad."
        )
    with sessions.begin() as session:
        write_residents(session, settings, reading.good)
    click.echo(f"{len(reading.good)} imported, {len(reading.bad)} left out.")


def write_residents(session: Session, settings: Settings, rows: list[NewResident]) -> None:
    """Write residents in batches, with progress on standard error."""
    sealer = sealer_of(settings)
    for start in range(0, len(rows), BATCH):
        residents.import_residents(session, sealer, rows[start : start + BATCH])
        click.echo(f"{min(start + BATCH, len(rows)):,} of {len(rows):,} residents", err=True)


@residents_group.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export_phones(file: Path) -> None:
    """Write every phone with its communities into a CSV file of mode 0600.

    Example: broadcaster residents export residents.csv
    """
    settings, sessions = _opened()
    file.touch(mode=0o600)
    with sessions() as session, file.open("w", encoding="utf-8", newline="") as stream:
        out = csv.writer(stream)
        out.writerow(["phone", "lang", "communities", "opted_out"])
        count = 0
        for row in residents.everyone(session, sealer_of(settings)):
            out.writerow(row)
            count += 1
    click.echo(f"{count} written to {file}.")


COMMANDS = (db, directory, residents_group)
