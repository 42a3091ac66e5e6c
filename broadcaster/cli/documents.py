"""Commands on CAP documents, of anybody: they need no installation."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from broadcaster.feeds import profile
from broadcaster.feeds.capvalues import Alert, CapRefused
from broadcaster.feeds.capxml import parse
from broadcaster.feeds.finding import Finding, error
from broadcaster.feeds.profile import Profile

AUTO = "auto"


@dataclass(frozen=True, slots=True)
class Checked:
    """One file: the rules it was held against, and what was found."""

    file: str
    profile: str
    findings: Sequence[Finding]

    @property
    def fails(self) -> bool:
        """Whether an error was found."""
        return any(finding.is_error for finding in self.findings)


@click.group()
def cap() -> None:
    """CAP documents.

    Example: broadcaster cap check alert.xml
    """


@cap.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option(
    "--profile",
    "asked",
    type=click.Choice([AUTO, *(one.value for one in Profile)]),
    default=AUTO,
    show_default=True,
    help="Whose rules: CAP's, those of feed readers too, or all of IPAWS; auto goes by the code IPAWSv1.0.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON array with a finding list for each file.")
def check(files: tuple[str, ...], asked: str, as_json: bool) -> None:
    """Check any CAP 1.2 files against CAP and the profile of IPAWS; exits 1 when an error is found.

    Example: broadcaster cap check --profile ipaws alert.xml
    """
    results = [_checked(name, asked) for name in files]
    if as_json:
        click.echo(json.dumps([asdict(result) for result in results], ensure_ascii=False, indent=1))
    else:
        for result in results:
            _show(result)
    sys.exit(1 if any(result.fails for result in results) else 0)


def _checked(name: str, asked: str) -> Checked:
    data = sys.stdin.buffer.read() if name == "-" else _read(name)
    try:
        alert = parse(data)
    except CapRefused as refused:
        return Checked(name, Profile.CAP, [error("schema", "/", str(refused), "CAP 1.2 schema")])
    chosen = _for(alert) if asked == AUTO else Profile(asked)
    return Checked(name, chosen, profile.check(alert, chosen))


def _read(name: str) -> bytes:
    try:
        return Path(name).read_bytes()
    except OSError as problem:
        raise click.FileError(name, problem.strerror or "cannot be read") from problem


def _for(alert: Alert) -> Profile:
    return Profile.IPAWS if "IPAWSv1.0" in alert.codes else Profile.CAP


def _show(result: Checked) -> None:
    errors = sum(finding.is_error for finding in result.findings)
    others = len(result.findings) - errors
    click.echo(f"{result.file}: {errors} errors, {others} warnings by the rules of {result.profile}")
    for finding in result.findings:
        where = f"[{finding.concern}] {finding.code} {finding.xpath}"
        click.echo(f"  {finding.level:7}  {where}\n           {finding.sentence} ({finding.source})")


COMMANDS = (cap,)
