"""The command line: `broadcaster COMMAND`.

Law: every command has an example; an error is one sentence that says what to do; wrong use exits with 2.
"""

from __future__ import annotations

import sys

import click
from sqlalchemy.exc import OperationalError

from broadcaster import logs
from broadcaster.alert.lifecycle import LifecycleRefused
from broadcaster.cli import (
    alerts,
    audit,
    binder,
    calls,
    canary,
    checks,
    data,
    directory,
    documents,
    missed,
    people,
    practice,
    residents,
    serving,
)
from broadcaster.local.child import ServerError
from broadcaster.local.supervisor import SupervisorError
from broadcaster.settings import SettingsError
from broadcaster.store.agency_people import NoSuchAgency
from broadcaster.store.database import WrongInstallation
from broadcaster.store.lockout import LockedOut
from broadcaster.store.rights import RightsRefused
from broadcaster.web.accounts import AccountRefused

REFUSALS = (
    *(SettingsError, ServerError, SupervisorError, WrongInstallation),
    *(AccountRefused, LifecycleRefused, LockedOut, NoSuchAgency, RightsRefused),
)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="broadcaster")
def root() -> None:
    """When 911 fails: tell everyone, over every channel at once, which number to call instead.

    Example: broadcaster demo
    """


for group in (
    serving,
    people,
    data,
    directory,
    residents,
    alerts,
    missed,
    audit,
    practice,
    checks,
    documents,
    calls,
    canary,
    binder,
):
    for command in group.COMMANDS:
        root.add_command(command)


def main() -> None:
    """The console script."""
    logs.configure("INFO")
    try:
        root(standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except REFUSALS as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(2)
    except OperationalError as error:
        first = str(error.orig or error).strip().splitlines()[0]
        click.echo(f"Error: The database does not answer ({first}): `broadcaster doctor` says more.", err=True)
        sys.exit(1)
