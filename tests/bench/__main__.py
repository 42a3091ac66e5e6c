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
from tests.bench import email, engine, latency, peer, receipts, stage
from tests.bench.plan import PARTS, QUICK, Plan
from tests.bench.stage import Stage
from tests.bench.table import Table

FOLDER = Path("var/bench")
MEASURES: Mapping[str, Callable[[Stage, Table, Plan], None]] = {
    "sink": engine.sink,
    "peer": peer.measure,
    "engine": engine.measure,
    "latency": latency.measure,
    "receipts": receipts.measure,
    "email": email.measure,
}


def run(plan: Plan, folder: Path, file: Path) -> Table:
    """Measure all parts of a plan on servers of their own."""
    began = time.monotonic()

    def say(line: str) -> None:
        click.echo(f"{time.monotonic() - began:6.0f} s  {line}", err=True)

    table = Table(say)
    with stage.standing(folder, say) as standing:
        for part in plan.parts:
            MEASURES[part](standing, table, plan)
    table.write(file, quick=plan.quick, rounds=plan.rounds, seconds=round(time.monotonic() - began))
    return table


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--only", "parts", multiple=True, type=click.Choice(PARTS), help="Only this part; may be repeated.")
@click.option("--size", "sizes", multiple=True, type=int, help="Recipients; may be repeated. Default: all that count.")
@click.option("--rounds", type=click.IntRange(1), help="Rounds of which the median counts. Default: 3.")
@click.option("--quick", is_flag=True, help="Tiny sizes: proves that the harness works, measures nothing.")
@click.option("--json", "file", type=click.Path(path_type=Path), default=FOLDER / "bench.json", show_default=True)
def main(parts: tuple[str, ...], sizes: tuple[int, ...], rounds: int | None, quick: bool, file: Path) -> None:
    """Every figure beside its naive peer and its ceiling, in the same run.

    Example: python -m tests.bench --only engine --size 20000
    """
    logs.configure("ERROR")
    plan = QUICK if quick else Plan()
    plan = replace(plan, parts=tuple(part for part in PARTS if part in (parts or MEASURES)))
    if sizes:
        plan = replace(plan, sizes=sizes, latencies=sizes, peers=tuple(size for size in sizes if size <= 20_000))
    if rounds:
        plan = replace(plan, rounds=rounds)
    table = run(plan, Path(os.environ.get("BENCH_DIR", FOLDER)), file)
    click.echo(str(table))
    click.echo(f"\nWritten to {file}. docs/handbook/measuring.md says how to read it.")
    sys.exit(1 if table.voids else 0)


if __name__ == "__main__":
    main()
