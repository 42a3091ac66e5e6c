"""Commands that run the whole installation on one machine."""

from __future__ import annotations

import sys

import click

from broadcaster import settings as knobs
from broadcaster.local import demo as demonstration
from broadcaster.local import home, installation, seat
from broadcaster.settings import Mode


@click.command()
def up() -> None:
    """Run everything on this machine, in order; Ctrl-C stops it in order.

    Example: MODE=training broadcaster up
    """
    env = home.environment()
    chosen = knobs.load(env)
    installation.run(env, seat.beside(env, chosen.data_dir / "keys") if chosen.mode is Mode.DEMO else ())


@click.command()
@click.option("--exit", "leave", is_flag=True, help="End by itself; exit 0 only if nobody was missed.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one JSON object on standard output.")
@click.option("--residents", default=20_000, show_default=True, help="How many simulated residents.")
def demo(leave: bool, as_json: bool, residents: int) -> None:
    """Replay 18 June 2024 with real parts on this machine: a statewide 911 outage, told in time.

    Example: broadcaster demo --exit --json
    """
    sys.exit(demonstration.run(demonstration.Wish(leave, as_json, residents)))


COMMANDS = (demo, up)
