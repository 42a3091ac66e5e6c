"""The command that works through Celery's queues."""

from __future__ import annotations

import os
import sys

import click

from broadcaster.cli.serving import ready
from broadcaster.worker import QUEUES


@click.command()
@click.argument("queues", nargs=-1, type=click.Choice(QUEUES))
@click.option("--concurrency", default=1, show_default=True, help="Sending processes.")
def worker(queues: tuple[str, ...], concurrency: int) -> None:
    """Serve Celery's queues; without a name, all of them.

    Example: broadcaster worker urgent sms --concurrency 2
    """
    os.environ["CELERY_BROKER_URL"] = ready().redis_url
    argv = [sys.executable, "-m", "celery", "-A", "broadcaster.tasks", "worker", "--pool", "prefork"]
    argv += ["--concurrency", str(concurrency), "--queues", ",".join(queues or QUEUES), "--loglevel", "WARNING"]
    argv += ["--without-gossip", "--without-mingle", "-n", f"{'-'.join(queues) or 'all'}@%h"]
    os.execv(sys.executable, argv)  # noqa: S606 - our own worker, with a list of arguments


COMMANDS = (worker,)
