"""`python -m tests.bench`: measure, print the table, write it down. Exit code 1 when a figure is void."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import click

from broadcaster import logs
from broadcaster.settings import SettingsError
from tests.bench import bulk, detector, directory, documents, email, engine, latency, pages, peer, receipts, stage
from tests.bench.plan import PARTS, QUICK, Plan
from tests.bench.stage import Stage
from tests.bench.table import Table, at_least

FOLDER = Path("var/bench")
LARGEST_PEER = 20_000
BUSY = 0.5
"""A machine with a higher load average than this before the run has other work."""


MEASURES: Mapping[str, Callable[[Stage, Table, Plan], None]] = {
    "sink": engine.sink,
    "peer": peer.measure,
    "engine": engine.measure,
    "latency": latency.measure,
    "receipts": receipts.measure,
    "email": email.measure,
    "bulk": bulk.measure,
    "documents": documents.measure,
    "directory": directory.measure,
    "pages": pages.measure,
    "detector": detector.measure,
}


def run(plan: Plan, folder: Path, file: Path) -> Table:
    """Measure all parts of a plan on servers of their own."""
    began, load = time.monotonic(), os.getloadavg()[0]

    def say(line: str) -> None:
        click.echo(f"{time.monotonic() - began:6.0f} s  {line}", err=True)

    if load > BUSY:
        say(f"The machine is busy (load average {load:.1f}): the ratios may hold, the figures do not.")
    table = Table(say, judging=not plan.quick)
    with stage.standing(folder, say) as standing:
        for part in plan.parts:
            MEASURES[part](standing, table, plan)
    beside_the_peer(table, plan)
    seconds = round(time.monotonic() - began)
    table.write(file, quick=plan.quick, rounds=plan.rounds, seconds=seconds, load_before=load)
    return table


def beside_the_peer(table: Table, plan: Plan) -> None:
    """The ratios to the naive peer: every size beside the largest peer of its scheme."""
    for scheme, peers in (("http", max(plan.peers, default=0)), ("https", min(plan.peers, default=0))):
        name = f"the naive peer at {peers:,}"
        for size in plan.sizes:
            table.compare(f"ours/{size}/{scheme}", f"peer/{peers}/{scheme}", name, at_least(60.0))
            table.compare(f"first/{size}/{scheme}", f"peer/first/{peers}/{scheme}", name)
            table.compare(f"memory/{size}/{scheme}", f"peer/memory/{peers}/{scheme}", name)
    for size in plan.sizes:
        table.compare(f"slow/{size}", "peer/slow", "the naive peer")


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--only", "parts", multiple=True, type=click.Choice(PARTS), help="Only this part; may be repeated.")
@click.option("--size", "sizes", multiple=True, type=int, help="Recipients; may be repeated. Default: all that count.")
@click.option("--rounds", type=click.IntRange(1), help="Rounds of which the median counts. Default: 3.")
@click.option("--quick", is_flag=True, help="Tiny sizes: proves that the harness works, measures nothing.")
@click.option("--json", "file", type=click.Path(path_type=Path), help="Default: bench.json in DIR.")
@click.option("--dir", "folder", type=click.Path(path_type=Path), default=FOLDER, show_default=True)
def main(
    parts: tuple[str, ...], sizes: tuple[int, ...], rounds: int | None, quick: bool, file: Path | None, folder: Path
) -> None:
    """Every figure beside its naive peer and its ceiling, in the same run.

    Example: python -m tests.bench --only engine --size 20000
    """
    logs.configure("ERROR")
    plan = QUICK if quick else Plan()
    plan = replace(plan, parts=tuple(part for part in PARTS if part in (parts or PARTS)))
    if sizes:
        plan = replace(plan, sizes=sizes, latencies=sizes, peers=(min(min(sizes), LARGEST_PEER),))
    if rounds:
        plan = replace(plan, rounds=rounds)
    file = file or folder / "bench.json"
    try:
        table = run(plan, folder, file)
    except SettingsError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(2)
    click.echo(str(table))
    click.echo(f"\nWritten to {file}. docs/handbook/measuring.md says how to read it.")
    for row in table.voids:
        click.echo(f"VOID: {row.what}: {row.void}", err=True)
    sys.exit(1 if table.voids else 0)


if __name__ == "__main__":
    main()
