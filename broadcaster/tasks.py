"""Celery's door: tasks of three lines, and the bell that rings them.

A task carries no id: it can be lost, doubled, delayed or forged without harm.
"""

from __future__ import annotations

import threading
from functools import cache
from typing import Any

import redis
from celery.signals import worker_process_init, worker_process_shutdown

from broadcaster import collector, logs, settings, worker
from broadcaster.dispatch import engine as engines
from broadcaster.dispatch import sweep
from broadcaster.dispatch.documents import publish as publishing
from broadcaster.dispatch.engine import Engine
from broadcaster.dispatch.office import Office
from broadcaster.dispatch.waves import drain as draining
from broadcaster.receipts import intake
from broadcaster.store.database import now

log = logs.get(__name__)
RING_WITHIN_S = 0.3
app = worker.make()


@cache
def engine() -> Engine:
    """This process's engine, made after the fork and kept with its loop and connections."""
    return engines.build(settings.current())


@worker_process_init.connect  # type: ignore[untyped-decorator]
def warm_up(**_: Any) -> None:
    """Make the loop and the first database connection before the first alert needs them; nothing of a restored
    database is sent before somebody says so."""
    logs.configure(settings.current().log_level)
    engines.hold_after_restore(engine().sessions)
    collector.rest_the_collector()


@worker_process_shutdown.connect  # type: ignore[untyped-decorator]
def let_the_last_ones_land(**_: Any) -> None:
    """What is in flight is recorded before the process ends."""
    engine().close()


@app.task(name="drain")  # type: ignore[untyped-decorator]
def drain(queue: str) -> None:
    """Serve a sending queue for a while. Whoever finds work rings once more: so every idle worker hears of it, one
    bell waits for whoever ends first, and bells die out with the work."""
    if queue in engines.QUEUES:
        done = draining.drain(engine(), queue, call=lambda: ring(queue))
        if done.more and not done.waves:
            ring(queue)


@app.task(name="receipts")  # type: ignore[untyped-decorator]
def receipts() -> None:
    """Apply the receipts that wait."""
    intake.apply_waiting(engine().sessions)


@app.task(name="housekeeping")  # type: ignore[untyped-decorator]
def housekeeping() -> None:
    """One round of what the sweep does."""
    sweep.keep(engine())


@app.task(name="publish")  # type: ignore[untyped-decorator]
def publish() -> None:
    """Write the public files as they should be now."""
    chosen = settings.current()
    with engine().sessions() as session:
        moment = now(session)
    publishing.publish(engine().sessions, Office.of(chosen), chosen.published, moment)


def ring(*queues: str) -> None:
    """Ring the bell for some queues after a commit; returns at once, and its failure is only logged."""
    threading.Thread(target=_ring, args=(queues,), name="bell", daemon=True).start()


def _ring(queues: tuple[str, ...]) -> None:
    url = settings.current().redis_url
    try:
        bell = redis.Redis.from_url(
            url, socket_timeout=RING_WITHIN_S, socket_connect_timeout=RING_WITHIN_S, retry_on_timeout=False
        )
        bell.ping()
        bell.close()
        app.conf.broker_url = url
        for queue in queues:
            _send(queue)
    except Exception as error:
        log.warning("bell_not_heard", queues=queues, error=str(error)[:200])


def _send(queue: str) -> None:
    if queue in ("receipts", "housekeeping"):
        app.send_task(queue, queue=queue)
        return
    app.send_task("drain", args=[queue], queue=queue)
    if queue == "urgent":
        app.send_task("publish", queue="housekeeping")
