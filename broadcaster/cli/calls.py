"""Commands about call counts: the history that the detector learns from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from broadcaster.cli.data import opened
from broadcaster.outage.detector import counting
from broadcaster.outage.detector.counting import BadCount
from broadcaster.store.outage import call_counts
from broadcaster.store.outage.call_counts import NewCount
from broadcaster.store.timeline import ledger

SHOWN = 20
Hours = dict[tuple[int, datetime], tuple[int, int]]


@click.group("calls")
def calls_group() -> None:
    """Counts of 911 calls."""


@calls_group.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would happen, and change nothing.")
def import_calls(file: Path, dry_run: bool) -> None:
    """Import past counts (CSV: psap, minute, calls) for the detector to learn from; a bad row changes nothing.

    Example: broadcaster calls import last-eight-weeks.csv
    """
    settings, sessions = opened()
    with sessions() as session:
        ids = call_counts.psap_ids(session)
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            reading = counting.read(lines, ids, ZoneInfo(settings.timezone), None)
    except BadCount as bad:
        raise click.ClickException(f"Nothing was imported: {bad}") from bad
    for line, sentence in reading.refused[:SHOWN]:
        click.echo(f"line {line}: {sentence}", err=True)
    if reading.refused:
        raise click.ClickException(f"Nothing was imported: {len(reading.refused):,} rows are bad. Mend them first.")
    hours = by_hour(reading.rows)
    psaps = len({psap for psap, _ in hours})
    said = f"{len(reading.rows):,} minutes of {psaps:,} PSAPs in {len(hours):,} hours"
    if dry_run or not hours:
        click.echo(f"{said} can be imported; nothing was changed.")
        return
    with sessions.begin() as session:
        call_counts.remember(session, hours)
        ledger.append(session, "console", "calls_imported", "detector", {"hours": len(hours), "psaps": psaps})
    click.echo(f"{said} were imported. The sweep learns from them at its next look.")


def by_hour(rows: Iterable[NewCount]) -> Hours:
    """The minutes and calls of each hour of a PSAP; of a minute that stands twice the last word counts."""
    last = {(row.psap, row.minute): row.calls for row in rows}
    found: Hours = defaultdict(lambda: (0, 0))
    for (psap, minute), calls in last.items():
        key = psap, minute.replace(minute=0)
        minutes, before = found[key]
        found[key] = minutes + 1, before + calls
    return dict(found)


COMMANDS = (calls_group,)
