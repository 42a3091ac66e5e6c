"""Commands that serve: the whole installation on one machine, or one process of it."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from zoneinfo import ZoneInfo

import click

from broadcaster import logs
from broadcaster import settings as knobs
from broadcaster.channels import registry
from broadcaster.channels.ipaws import Ipaws
from broadcaster.dispatch import courtesies
from broadcaster.dispatch import engine as engines
from broadcaster.dispatch.announce import Announcer
from broadcaster.dispatch.call_again import call_again
from broadcaster.dispatch.courtesies import Courtesies
from broadcaster.dispatch.escalate import escalate
from broadcaster.dispatch.ipaws_watch import PING_EVERY_S, Watch
from broadcaster.dispatch.nightly import LOOK_EVERY_S, Nightly
from broadcaster.dispatch.office import Office
from broadcaster.dispatch.page_tests import LOOK_EVERY_S as TEST_EVERY_S
from broadcaster.dispatch.page_tests import PageTests
from broadcaster.dispatch.paging import LOOK_EVERY_S as PAGE_EVERY_S
from broadcaster.dispatch.paging import Pager
from broadcaster.dispatch.publish import Publisher
from broadcaster.dispatch.reminders import EVERY_S as REMIND_EVERY_S
from broadcaster.dispatch.reminders import Reminders
from broadcaster.dispatch.retention import EVERY_S as RETAIN_EVERY_S
from broadcaster.dispatch.retention import Retention
from broadcaster.dispatch.sweep import Sweep
from broadcaster.dispatch.upkeep import EVERY_S as UPKEEP_EVERY_S
from broadcaster.dispatch.upkeep import Round
from broadcaster.dispatch.watching import EVERY_S as WATCH_EVERY_S
from broadcaster.dispatch.watching import Watching
from broadcaster.dispatch.witness import Witness
from broadcaster.local import demo as demonstration
from broadcaster.local import home, installation, seat
from broadcaster.receipts import intake
from broadcaster.receipts.bounce_mailbox import BounceMailbox
from broadcaster.receipts.bounces import Desk
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
    publisher = Publisher(engine.sessions, Office.of(settings), settings.published, settings.publish_every)
    duties: dict[str, tuple[Callable[[], object], float]] = {
        "receipts": (lambda: intake.apply_waiting(engine.sessions), 1.0),
        "publish": (publisher.look, 0.25),
        "paging": (Pager.of(settings, engine).look, PAGE_EVERY_S),
        "page-tests": (PageTests.of(settings, engine).look, TEST_EVERY_S),
        "escalate": (lambda: escalate(engine.sessions, settings.chase_seconds), settings.sweep_every),
    }
    duties["call-again"] = (lambda: call_again(engine.sessions, settings.chase_seconds), settings.sweep_every)
    duties["witness"] = (Witness.of(settings, engine.sessions, engine.window).look, settings.sweep_every)
    duties["watching"] = (Watching(engine.sessions, engine.window, engine.carriers["webhook"]).look, WATCH_EVERY_S)
    duties["retention"] = (Retention(engine.sessions).look, RETAIN_EVERY_S)
    if settings.export_cert:
        folder = settings.export_dir or settings.data_dir / "exports"
        night = Nightly(engine.sessions, engine.sealer, settings.export_cert, folder, ZoneInfo(settings.timezone))
        duties["nightly"] = (night.look, LOOK_EVERY_S)
    courtesy = courtesies.channel(settings)
    waiter = Courtesies.of(settings, engine, courtesy) if courtesy else None
    if waiter:
        duties["reminders"] = (Reminders(engine.sessions, settings.reminder_texts_per_day).look, REMIND_EVERY_S)
        duties["courtesies"] = (waiter.look, max(1.0, 1.0 / settings.lookup_sms_per_second))
    if isinstance(way := engine.carriers.get("ipaws"), Ipaws):
        duties["ipaws"] = (Watch(engine, way, settings.ipaws_cert).look, PING_EVERY_S)
    if settings.upkeep_round and settings.smtp_url and settings.mail_from:
        names = engine.carriers_by_channel.get("sms", ())
        phones = engine.carriers[names[0]] if names else None
        asking = Round(engine, registry.checks(settings), settings.authority, settings.public_base_url, phones)
        duties["upkeep"] = (asking.look, UPKEEP_EVERY_S)
    if settings.bounce_mailbox:
        duties["bounces"] = (BounceMailbox(settings.bounce_mailbox, engine.sessions, Desk.of(settings)).look, 5.0)
    announcer = Announcer.of(settings, engine.window) if settings.websub_hub else None
    if announcer:
        duties["announce"] = (announcer.look, 1.0)
    running = Sweep(engine, settings.sweep_every, duties)
    running.start()
    _until_told()
    running.stop()
    if announcer:
        announcer.close()
    if waiter:
        waiter.close()
    engine.close()


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
