"""The command of the canary: a process that stands outside the others and wakes people by ways of its own."""

from __future__ import annotations

import asyncio
import signal
import sys

import click

from broadcaster import logs
from broadcaster.canary.watch import Watch
from broadcaster.channels.smtp_pool import BadRelay
from broadcaster.local import home
from broadcaster.settings import Settings, SettingsError
from broadcaster.store.canaries import Outcome, Run

log = logs.get(__name__)


@click.command()
@click.option("--once", is_flag=True, help="One run; exit 0 only if it went all the way.")
def canary(once: bool) -> None:
    """Send a test alert the whole way every CANARY_EVERY seconds, and page the operators after two misses.

    Example: broadcaster canary --once
    """
    settings = home.adopt(home.connected(home.environment()))
    logs.configure(settings.log_level)
    if once:
        run = asyncio.run(_one(settings))
        click.echo(f"{run.outcome.value} at {run.step.value} in {run.whole:.1f} s. {run.why}".strip())
        sys.exit(0 if run.outcome is Outcome.GOOD else 1)
    asyncio.run(_fly(settings))


async def _one(settings: Settings) -> Run:
    watch = _watch(settings)
    try:
        return await watch.look()
    finally:
        await watch.close()


async def _fly(settings: Settings) -> None:
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    if not settings.canary_phone:
        log.warning("canary_off", why="CANARY_PHONE is not set")
        await told.wait()
        return
    watch = _watch(settings)
    await watch.forever(settings.canary_every, told)
    await watch.close()


def _watch(settings: Settings) -> Watch:
    if not settings.canary_phone:
        raise SettingsError("CANARY_PHONE is not set: set it to a phone of your own that the canary may text.")
    try:
        return Watch.of(settings)
    except BadRelay as error:
        raise SettingsError(str(error).replace("SMTP_URL", "CANARY_SMTP_URL")) from error


COMMANDS = (canary,)
