"""Commands that serve: the whole installation on one machine, or one process of it."""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

import click

from broadcaster import logs
from broadcaster import settings as knobs
from broadcaster.cli import duties
from broadcaster.dispatch import engine as engines
from broadcaster.dispatch.sweep import Sweep
from broadcaster.local import demo as demonstration
from broadcaster.local import home, installation, seat
from broadcaster.settings import Mode, Settings
from broadcaster.web import callbacks as webhooks
from broadcaster.web import pools
from broadcaster.worker import QUEUES


def _ready() -> Settings:
    """This process's settings, with its servers found; logging as set."""
    settings = home.adopt(home.connected(home.environment()))
    logs.configure(settings.log_level)
    return home.vetted(settings)


@click.command()
def up() -> None:
    """Run everything on this machine, in order; Ctrl-C stops it in order.

    Example: MODE=training broadcaster up
    """
    env = home.environment()
    chosen = knobs.load(env)
    installation.run(env, seat.beside(env, chosen.data_dir / "keys") if chosen.mode is Mode.DEMO else ())


@click.command()
@click.option("--exit", "leave", is_flag=True, help="End by itself; exit 0 only if nobody was missed.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one JSON object on standard output.")
@click.option("--residents", default=20_000, show_default=True, help="How many simulated residents.")
def demo(leave: bool, as_json: bool, residents: int) -> None:
    """Replay 18 June 2024 with real parts on this machine: a statewide 911 outage, told in time.

    Example: broadcaster demo --exit --json
    """
    sys.exit(demonstration.run(demonstration.Wish(leave, as_json, residents)))


@click.command()
def web() -> None:
    """Serve the desk and the public window on PORT.

    Example: PORT=8911 broadcaster web
    """
    settings = _ready()
    argv = [sys.executable, "-m", "gunicorn", "-k", f"{pools.__name__}.{pools.ClassWorker.__name__}", "--workers", "1"]
    argv += ["--worker-connections", str(pools.CONNECTIONS), "--backlog", str(pools.BACKLOG)]
    argv += [
        "--bind",
        f"{settings.bind}:{settings.port}",
        "--timeout",
        "60",
        "--no-control-socket",
        "broadcaster.web.wsgi:application()",
    ]
    os.execv(sys.executable, argv)  # noqa: S606 - our own server, with a list of arguments


@click.command()
@click.argument("queues", nargs=-1, type=click.Choice(QUEUES))
@click.option("--concurrency", default=1, show_default=True, help="Sending processes.")
def worker(queues: tuple[str, ...], concurrency: int) -> None:
    """Serve Celery's queues; without a name, all of them.

    Example: broadcaster worker urgent sms --concurrency 2
    """
    os.environ["CELERY_BROKER_URL"] = _ready().redis_url
    argv = [sys.executable, "-m", "celery", "-A", "broadcaster.tasks", "worker", "--pool", "prefork"]
    argv += ["--concurrency", str(concurrency), "--queues", ",".join(queues or QUEUES), "--loglevel", "WARNING"]
    argv += ["--without-gossip", "--without-mingle", "-n", f"{'-'.join(queues) or 'all'}@%h"]
    os.execv(sys.executable, argv)  # noqa: S606 - our own worker, with a list of arguments


@click.command()
def sweep() -> None:
    """Run the guarantee: whatever was released goes out and ends, without Celery and without Redis.

    Example: broadcaster sweep
    """
    settings = _ready()
    engine = engines.build(settings)
    engines.hold_after_restore(engine.sessions)
    engines.register_senders(engine.sessions, settings)
    engines.rest_the_collector()
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


@click.command()
def callbacks() -> None:
    """Serve the carriers' callbacks on CALLBACKS_PORT.

    Example: broadcaster callbacks
    """
    webhooks.serve(_ready())


@click.command()
@click.option("--port", type=int, help="Default: WINDOW_PORT.")
@click.option("--dir", "folder", type=click.Path(path_type=Path), help="Default: PUBLISH_DIR.")
def window(port: int | None, folder: Path | None) -> None:
    """Serve the published files alone: no database, no Redis, no desk.

    Example: PUBLISH_DIR=/srv/public broadcaster window
    """
    settings = home.adopt(home.environment())
    os.environ["PUBLISH_DIR"] = str(folder or settings.published)
    argv = [sys.executable, "-m", "gunicorn", "-k", "gthread", "--threads", "32", "--workers", "1"]
    argv += [
        "--bind",
        f"{settings.bind}:{port or settings.window_port}",
        "--no-control-socket",
        "broadcaster.window.wsgi:application()",
    ]
    os.execv(sys.executable, argv)  # noqa: S606 - our own server, with a list of arguments


COMMANDS = (demo, up, web, worker, sweep, callbacks, window)
