"""The command line: `broadcaster COMMAND`.

Law: every command has an example; an error is one sentence that says what to do; wrong use exits with 2.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import import_module

import click
from sqlalchemy.exc import OperationalError

from broadcaster import logs
from broadcaster.refusal import Refusal

MODULES: Mapping[str, tuple[str, ...]] = {
    "alerts": ("release",),
    "audit": ("audit",),
    "binder": ("binder",),
    "calls": ("calls",),
    "canary": ("canary",),
    "checks": ("doctor", "bench", "chaos"),
    "data": ("db",),
    "directory": ("directory",),
    "documents": ("cap",),
    "installing": ("demo", "up"),
    "listening": ("callbacks",),
    "missed": ("missed",),
    "people": ("users", "tokens"),
    "practice": ("practice",),
    "residents": ("residents",),
    "serving": ("web", "window"),
    "sweeping": ("sweep",),
    "working": ("worker",),
}
"""The commands of each module."""
WHERE = {command: module for module, commands in MODULES.items() for command in commands}


class OneByOne(click.Group):
    """Imports a command when it is asked for: a worker that starts, perhaps in the middle of a night, does not wait for
    the desk's pages, nor a page for the demo."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All of them, in the order of the alphabet."""
        return sorted(WHERE)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name; None where there is none."""
        if cmd_name in WHERE and cmd_name not in self.commands:
            for command in import_module(f"{__name__}.{WHERE[cmd_name]}").COMMANDS:
                self.add_command(command)
        return super().get_command(ctx, cmd_name)


@click.group(cls=OneByOne, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="broadcaster")
def root() -> None:
    """When 911 fails: tell everyone, over every channel at once, which number to call instead.

    Example: broadcaster demo
    """


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
    except Refusal as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(2)
    except OperationalError as error:
        first = str(error.orig or error).strip().splitlines()[0]
        click.echo(f"Error: The database does not answer ({first}): `broadcaster doctor` says more.", err=True)
        sys.exit(1)
