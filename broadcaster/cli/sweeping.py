"""The command of the guarantee: what keeps its promise while Celery, Redis and the desk are away."""

from __future__ import annotations

import signal
import threading
from contextlib import ExitStack
from types import FrameType

import click

from broadcaster import collector
from broadcaster.cli import duties
from broadcaster.cli.serving import ready
from broadcaster.dispatch import engine as engines
from broadcaster.dispatch.sweep import Sweep


@click.command()
def sweep() -> None:
    """Run the guarantee: whatever was released goes out and ends, without Celery and without Redis.

    Example: broadcaster sweep
    """
    settings = ready()
    engine = engines.build(settings)
    engines.hold_after_restore(engine.sessions)
    engines.register_senders(engine.sessions, settings)
    collector.rest_the_collector()
    with ExitStack() as closing:
        closing.callback(engine.close)
        running = Sweep(engine, settings.sweep_every, duties.of(settings, engine, closing))
        running.start()
        _until_told()
        running.stop()


def _until_told() -> None:
    told = threading.Event()

    def leave(_: int, __: FrameType | None) -> None:
        told.set()

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, leave)
    while not told.wait(1.0):
        continue


COMMANDS = (sweep,)
