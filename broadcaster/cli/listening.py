"""The command that listens to the carriers."""

from __future__ import annotations

import click

from broadcaster.cli.serving import ready
from broadcaster.web.carriers import callbacks as webhooks


@click.command()
def callbacks() -> None:
    """Serve the carriers' callbacks on CALLBACKS_PORT.

    Example: broadcaster callbacks
    """
    webhooks.serve(ready())


COMMANDS = (callbacks,)
