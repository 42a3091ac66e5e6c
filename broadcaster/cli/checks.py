"""Commands that look at the installation itself, or at what this program can do on a machine."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from broadcaster.local import doctor as examination
from broadcaster.local import home

CHECKOUT = Path(__file__).resolve().parents[2]
MARKS = {True: "ok  ", False: "FAIL", None: "off "}
WARNS = "warn"


class NeedsCheckout(click.ClickException):
    """Benchmarks and chaos belong to the tests, which an installed package does not hold."""

    exit_code = 2


@click.command()
def doctor() -> None:
    """Check every dependency and say what to do; exits 1 when something that is needed does not work.

    Example: broadcaster doctor
    """
    findings = examination.examine(home.environment())
    for finding in findings:
        mark = WARNS if finding.works is False and finding.spare else MARKS[finding.works]
        click.echo(f"{mark}  {finding.what}: {finding.sentence}")
    sys.exit(1 if any(finding.works is False and not finding.spare for finding in findings) else 0)


@click.command()
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def bench(options: tuple[str, ...]) -> None:
    """Measure this program beside its naive peer and its ceiling; after -- come the options of `python -m tests.bench`.

    Example: broadcaster bench
    """
    if not (CHECKOUT / "tests" / "bench" / "__main__.py").exists():
        raise NeedsCheckout("The benchmarks need a checkout: clone the repository and run `make bench` in it.")
    os.chdir(CHECKOUT)
    os.execv(sys.executable, [sys.executable, "-m", "tests.bench", *options])  # noqa: S606 - a list, no shell


@click.command()
@click.option("--seeds", envvar="SEEDS", default=1, show_default=True, help="How many seeds each row is played with.")
@click.option("--only", multiple=True, metavar="ROW", help="Only rows whose name begins so; may be given again.")
@click.option("--at-once", default=2, show_default=True, help="How many rows are played at the same time.")
@click.option("--list", "listing", is_flag=True, help="Name the rows and end.")
def chaos(seeds: int, only: tuple[str, ...], at_once: int, listing: bool) -> None:
    """Break everything that can be broken on this machine, on an installation of its own; needs a checkout.

    Exits 0 when every row that was run held, 1 when one did not.

    Example: broadcaster chaos --only 11 --seeds 3
    """
    if not (CHECKOUT / "tests" / "chaos" / "__main__.py").exists():
        raise NeedsCheckout("The chaos matrix needs a checkout: clone the repository and run `make chaos` in it.")
    words = ["--seeds", str(seeds), "--at-once", str(at_once), *(word for name in only for word in ("--only", name))]
    os.chdir(CHECKOUT)
    argv = [sys.executable, "-m", "tests.chaos", *words, *(["--list"] if listing else [])]
    os.execv(sys.executable, argv)  # noqa: S606 - our own tests, with a list of arguments


COMMANDS = (doctor, bench, chaos)
