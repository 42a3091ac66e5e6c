"""Commands about callers whom 911 did not connect: their logs in bulk. No message of theirs repeats a number."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click
from sqlalchemy.orm import Session

from broadcaster.cli.data import opened
from broadcaster.dispatch.engine import sealer_of
from broadcaster.outage.missed_calls import call_log
from broadcaster.outage.missed_calls import intake as missed_import
from broadcaster.outage.missed_calls.call_columns import Columns, Field, styled
from broadcaster.outage.missed_calls.call_log import BadLog, Reading, Table
from broadcaster.outage.missed_calls.call_times import TimeStyle
from broadcaster.outage.missed_calls.intake import Source
from broadcaster.outage.record import Writer
from broadcaster.store.outage import missed_figures, missed_logs, outages
from broadcaster.store.outage.outages import Outage
from broadcaster.store.places import directory_load
from broadcaster.web.missed import columns as missed_columns

SHOWN = 20
"""Remarks that are told on the terminal; a report holds all of them."""


@click.group("missed")
def missed() -> None:
    """Callers whom 911 did not connect."""


@missed.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--outage", required=True, help="The number of the outage, as in the address of its page.")
@click.option("--system", required=True, help="Which system the log is of; the same name each time.")
@click.option("--map", "pairs", multiple=True, metavar="FIELD=COLUMN", help="A column; the others are guessed.")
@click.option("--zone", help="The zone of times that name none, like America/New_York.")
@click.option("--style", type=click.Choice(list(TimeStyle)), help="How times are written; guessed when left out.")
@click.option("--skip-bad", is_flag=True, help="Import the good lines and report the others.")
@click.option("--dry-run", is_flag=True, help="Say how it is read, and change nothing.")
@click.option("--report", type=click.Path(dir_okay=False, path_type=Path), help="A CSV file for all remarks.")
def import_log(file: Path, outage: str, system: str, **asked: object) -> None:
    """Import a log of calls (CSV) into an outage; fields are at, date, hour, callback, phone, status, psap and more.

    Example: broadcaster missed import cdr.csv --outage 7k2m9q4x8h3n5p6r --system "Router North" --dry-run
    """
    settings, sessions = opened()
    sealer, now, data = sealer_of(settings), datetime.now(UTC).replace(microsecond=0), file.read_bytes()
    with sessions.begin() as session:
        row = _outage(session, outage)
        table, system = _table(data), missed_logs.known_as(session, system)
        columns = _columns(session, system, table, asked, settings.timezone)
        known = call_log.desks(directory_load.load(session, agencies=False))
        reading = call_log.read(table.rows, columns, system, known, now)
        _tell(columns, reading, asked.get("report"))
        if asked["dry_run"]:
            click.echo("Nothing was changed.")
            return
        if reading.left_out and not asked["skip_bad"]:
            many = f"{len(reading.left_out):,} lines are" if len(reading.left_out) > 1 else "1 line is"
            raise click.ClickException(f"Nothing was imported: {many} bad. Mend them, or use --skip-bad.")
        source = Source(system, file.name, sha256(data).hexdigest(), missed_columns.to_json(columns))
        taken = missed_import.take(Writer(session, "operator", "operator", now), sealer, row, source, reading)
        left = missed_figures.without_outcome(session, row.id)
    click.echo(f"{taken.sentence} {left:,} callers are without an outcome.")


def _outage(session: Session, key: str) -> Outage:
    row = outages.by_public_id(session, key)
    row = outages.remaining(session, row) if row else None
    if row is None:
        raise click.ClickException("There is no outage of this number: copy it from the address of its page.")
    return row


def _table(data: bytes) -> Table:
    try:
        return call_log.table(data)
    except BadLog as error:
        raise click.ClickException(str(error)) from error


def _columns(session: Session, system: str, table: Table, asked: dict[str, object], zone: str) -> Columns:
    """As guessed or remembered, and as asked."""
    columns = missed_columns.guessed(table, missed_logs.last_columns(session, system), str(asked["zone"] or zone))
    names, pairs = dict(columns.names), asked["pairs"]
    for pair in pairs if isinstance(pairs, tuple) else ():
        wanted, _, name = str(pair).partition("=")
        if wanted not in set(Field) or name not in table.header:
            fields = ", ".join(Field)
            raise click.BadParameter(f"“{pair}” names no column: write FIELD=COLUMN with one of {fields}.")
        names[Field(wanted)] = name
    try:
        chosen = replace(columns, names=names, zone=ZoneInfo(str(asked["zone"] or columns.zone)).key)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise click.BadParameter("The zone is unknown: write one like America/New_York.") from error
    if missing := chosen.missing():
        raise click.ClickException(f"{missing} Name it with --map.")
    return replace(chosen, style=TimeStyle(str(asked["style"]))) if asked["style"] else styled(chosen, table.first)


def _tell(columns: Columns, reading: Reading, report: object) -> None:
    for wanted, name in columns.names.items():
        click.echo(f"{wanted.value} = {name}", err=True)
    for one in reading.found[:SHOWN]:
        click.echo(f"line {one.line}: {one.sentence}{' Left out.' if one.left_out else ''}", err=True)
    if len(reading.found) > SHOWN:
        click.echo(f"... and {len(reading.found) - SHOWN:,} more: --report FILE writes all of them.", err=True)
    if isinstance(report, Path):
        with report.open("w", encoding="utf-8", newline="") as stream:
            rows = ((one.line, one.sentence, "yes" if one.left_out else "") for one in reading.found)
            csv.writer(stream).writerows([("line", "why", "left_out"), *rows])
    click.echo(
        f"{reading.lines:,} lines: {reading.missed:,} missed calls, {len(reading.calls) - reading.missed:,} that got"
        f" through, {reading.outgoing:,} outgoing, {len(reading.left_out):,} that cannot be read."
    )


COMMANDS = (missed,)
