"""Commands about residents: their phones in bulk, in and out. No message of theirs repeats a number."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import click
from sqlalchemy.exc import SQLAlchemyError

from broadcaster.alert.phone import PhoneRefused, parse
from broadcaster.cli.data import opened
from broadcaster.dispatch.engine import sealer_of
from broadcaster.store.database import Sessions
from broadcaster.store.places import directory_load
from broadcaster.store.public import residents
from broadcaster.store.public.residents import NewResident
from broadcaster.store.sealed import Sealer
from broadcaster.store.timeline import ledger

BATCH = 10_000
"""Rows of one transaction, about half a second: so long the sign-ups of the same towns wait."""
SHOWN = 20
"""Refused rows that are told on the terminal; a report holds all of them."""
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z]{2,8})?")
NEEDED = ("phone", "communities")
YES, NO = frozenset({"1", "yes", "true"}), frozenset({"", "0", "no", "false"})


class BadRow(ValueError):
    """A row that cannot be imported; the message is a sentence without the number."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The line of a refused row, counted as an editor does, and why."""

    line: int
    sentence: str


@dataclass
class Reading:
    """The rows of a residents' file: a resident for each phone, how many rows were merged into another, the refused."""

    good: dict[str, NewResident] = field(default_factory=dict)
    merged: int = 0
    refused: list[Refusal] = field(default_factory=list)

    def take(self, row: NewResident) -> None:
        """Add a row; of a phone that stands twice the places add up, the last language counts, and STOP stays."""
        before = self.good.get(row.phone)
        if before:
            self.merged += 1
            places = tuple(dict.fromkeys((*before.communities, *row.communities)))
            row = NewResident(row.phone, row.lang, places, before.opted_out or row.opted_out)
        self.good[row.phone] = row


@click.group("residents")
def residents_group() -> None:
    """Phones and where they live."""


def read(lines: Iterable[str], ids: dict[str, int]) -> Reading:
    """Rows of ``phone,lang,communities,opted_out`` and other columns, which are not kept.

    ClickException when the file is no such table at all.
    """
    table = csv.DictReader(lines, strict=True)
    reading = Reading()
    try:
        missing = [name for name in NEEDED if name not in (table.fieldnames or ())]
        if missing:
            raise click.ClickException(f"The file has no column {' and no column '.join(missing)}: name it in line 1.")
        for row in table:
            try:
                reading.take(_resident(row, ids))
            except BadRow as error:
                reading.refused.append(Refusal(table.line_num, str(error)))
    except (csv.Error, UnicodeDecodeError) as error:
        where = f"near line {table.line_num + 1}"
        why = "save it as UTF-8" if isinstance(error, UnicodeDecodeError) else "look for an open quote"
        raise click.ClickException(f"Nothing was imported: the file cannot be read {where}: {why}.") from error
    return reading


def _resident(row: dict[str | None, str | None], ids: dict[str, int]) -> NewResident:
    if None in row:
        raise BadRow("it has more fields than line 1 has names: put quotes around a field with a comma.")
    try:
        phone = parse(row["phone"] or "")
    except PhoneRefused as error:
        raise BadRow("the phone is none that can be texted: give ten digits with the area code.") from error
    if not phone.startswith("+1"):
        raise BadRow("the phone is outside North America (+1): no text is sent there.")
    return NewResident(phone, _language(row.get("lang")), _places(row["communities"], ids), _stopped(row))


def _language(text: str | None) -> str:
    lang = (text or "").strip() or "en"
    if not LANGUAGE.fullmatch(lang):
        raise BadRow("the language is no code like en, es or zh-Hant.")
    return lang


def _places(text: str | None, ids: dict[str, int]) -> tuple[int, ...]:
    codes = [code.strip() for code in (text or "").split(";") if code.strip()]
    unknown = [code[:60] for code in codes if code not in ids]
    if unknown or not codes:
        raise BadRow(f"{', '.join(unknown[:5]) or 'no community'} is not in the directory.")
    return tuple(dict.fromkeys(ids[code] for code in codes))


def _stopped(row: dict[str | None, str | None]) -> bool:
    said = (row.get("opted_out") or "").strip().lower()
    if said not in YES | NO:
        raise BadRow("opted_out is neither yes nor no.")
    return said in YES


@residents_group.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--skip-bad", is_flag=True, help="Import the good rows and report the others.")
@click.option("--dry-run", is_flag=True, help="Say what would happen, and change nothing.")
@click.option("--report", type=click.Path(dir_okay=False, path_type=Path), help="A CSV file for all refused rows.")
def import_phones(file: Path, skip_bad: bool, dry_run: bool, report: Path | None) -> None:
    """Import phones from a CSV file with the columns phone, lang, communities, opted_out.

    Example: broadcaster residents import residents.csv --dry-run
    """
    settings, sessions = opened()
    sealer = sealer_of(settings)
    with sessions() as session:
        ids = directory_load.listed_ids(session)
    with file.open(encoding="utf-8-sig", newline="") as stream:
        reading = read(_counted(stream), ids)
    _tell(reading.refused, report)
    if reading.refused and not skip_bad and not dry_run:
        many = len(reading.refused)
        raise click.ClickException(f"Nothing was imported: {many:,} rows are bad. Mend them, or use --skip-bad.")
    rows = list(reading.good.values())
    if dry_run:
        there = sum(_known(sessions, sealer, batch) for batch in _batches(rows))
        done = f"Nothing was changed: {len(rows) - there:,} phones would be new, {there:,} are there already"
    else:
        write(sessions, sealer, rows, sha256(file.read_bytes()).hexdigest())
        done = f"{len(rows):,} imported"
    click.echo(f"{done}, {reading.merged:,} merged, {len(reading.refused):,} left out.")


def _counted(stream: Iterable[str]) -> Iterator[str]:
    for no, line in enumerate(stream, start=1):
        if no % 100_000 == 0:
            click.echo(f"{no:,} lines read", err=True)
        yield line


def _tell(refused: list[Refusal], report: Path | None) -> None:
    for each in refused[:SHOWN]:
        click.echo(f"line {each.line}: {each.sentence}", err=True)
    if len(refused) > SHOWN:
        click.echo(f"... and {len(refused) - SHOWN:,} more rows: --report FILE writes all of them.", err=True)
    if report:
        with report.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([("line", "why"), *((each.line, each.sentence) for each in refused)])


def _batches(rows: Sequence[NewResident]) -> Iterator[Sequence[NewResident]]:
    return (rows[start : start + BATCH] for start in range(0, len(rows), BATCH))


def _known(sessions: Sessions, sealer: Sealer, rows: Sequence[NewResident]) -> int:
    with sessions() as session:
        return residents.known(session, sealer, rows)


def write(sessions: Sessions, sealer: Sealer, rows: Sequence[NewResident], file: str = "") -> None:
    """Write residents in batches, each a transaction, with progress on standard error; repeating it changes nothing.

    ClickException when the database goes away; how far it came is told, and in the ledger only what was finished.
    """
    done = 0
    try:
        for batch in _batches(rows):
            with sessions.begin() as session:
                done += residents.import_residents(session, sealer, batch, file)
            click.echo(f"{done:,} of {len(rows):,} residents", err=True)
        with sessions.begin() as session:
            ledger.append(session, "operator", "imported", "residents", {"rows": len(rows), "file": file})
    except SQLAlchemyError as error:
        sentence = (
            f"The database stopped after {done:,} of {len(rows):,}: run the same import again, nobody is doubled."
        )
        raise click.ClickException(sentence) from error


@residents_group.command("count")
def count_phones() -> None:
    """Print how many phones are signed up in each community.

    Example: broadcaster residents count
    """
    _, sessions = opened()
    with sessions() as session:
        counts = residents.by_community(session)
    for code, many in counts.items():
        click.echo(f"{code},{many}")


@residents_group.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export_phones(file: Path) -> None:
    """Write every phone with its communities into a CSV file of mode 0600.

    Example: broadcaster residents export residents.csv
    """
    settings, sessions = opened()
    file.touch(mode=0o600)
    file.chmod(0o600)
    count = 0
    with sessions.begin() as session, file.open("w", encoding="utf-8", newline="") as stream:
        out = csv.writer(stream)
        out.writerow(residents.COLUMNS)
        for count, row in enumerate(residents.everyone(session, sealer_of(settings)), start=1):
            out.writerow(row)
            if count % 100_000 == 0:
                click.echo(f"{count:,} residents", err=True)
        ledger.append(session, "operator", "exported", "residents", {"rows": count})
    click.echo(f"{count:,} written to {file}.")


COMMANDS = (residents_group,)
