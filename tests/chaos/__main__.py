"""`python -m tests.chaos`, which is `broadcaster chaos`: play the matrix, show the table, write the JSON file."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import click

from tests.chaos import board, matrix
from tests.chaos.play import FAILED, VOID
from tests.chaos.row import ROWS

FILE = Path("var/chaos/chaos.json")


@click.command()
@click.option("--seeds", envvar="SEEDS", default=1, show_default=True, help="How many seeds each row is played with.")
@click.option("--only", multiple=True, metavar="ROW", help="Only rows whose name begins so; may be given again.")
@click.option("--at-once", default=2, show_default=True, help="How many rows are played at the same time.")
@click.option("--list", "listing", is_flag=True, help="Name the rows and end.")
def main(seeds: int, only: tuple[str, ...], at_once: int, listing: bool) -> None:
    """Break everything that loopback can break, and judge each row by the carrier's own ledger.

    Exits 0 when every row that was run held, 1 when one did not.
    """
    names = matrix.chosen(only)
    if not names:
        raise click.UsageError(f"No row begins with {', '.join(only)}: `--list` names them.")
    if listing:
        click.echo("\n".join(f"{name:24}{ROWS[name].fault}: {ROWS[name].holds}" for name in names))
        return
    results = matrix.run(names, seeds, at_once, partial(click.echo, err=True))
    board.write(results, FILE)
    click.echo(f"\n{board.table(results)}\n{board.total(results)}\nThe same as JSON: {FILE}")
    sys.exit(1 if any(each.outcome in (FAILED, VOID) for each in results) else 0)


if __name__ == "__main__":
    main(prog_name="broadcaster chaos")
