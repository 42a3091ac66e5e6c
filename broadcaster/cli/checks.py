"""Commands that look at the installation itself."""

from __future__ import annotations

import sys

import click

from broadcaster.local import doctor as examination
from broadcaster.local import home

MARKS = {True: "ok  ", False: "FAIL", None: "off "}


@click.command()
def doctor() -> None:
    """Check every dependency and say what to do; exits 1 when something that is needed does not work.

    Example: broadcaster doctor
    """
    findings = examination.examine(home.environment())
    for finding in findings:
        click.echo(f"{MARKS[finding.works]}  {finding.what}: {finding.sentence}")
    sys.exit(1 if any(finding.works is False for finding in findings) else 0)


COMMANDS = (doctor,)
