"""Commands that look at the installation itself, or at what this program can do on a machine."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from broadcaster.local import doctor as examination
from broadcaster.local import home

MARKS = {True: "ok  ", False: "FAIL", None: "off "}
CHECKOUT = Path(__file__).resolve().parents[2]


class NeedsCheckout(click.ClickException):
    """The benchmarks belong to the tests, which an installed package does not hold."""

    exit_code = 2


@click.command()
def doctor() -> None:
    """Check every dependency and say what to do; exits 1 when something that is needed does not work.

    Example: broadcaster doctor
    """
    findings = examination.examine(home.environment())
    for finding in findings:
        click.echo(f"{MARKS[finding.works]}  {finding.what}: {finding.sentence}")
    sys.exit(1 if any(finding.works is False for finding in findings) else 0)


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


COMMANDS = (doctor, bench)
