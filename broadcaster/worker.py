"""Celery itself: queues, limits, and the reason for each number. Celery is the bell; the database is the truth.

Nothing is lost with a lost task: `drain` carries no id, and the sweep does the same work without Celery.
"""

from __future__ import annotations

from typing import Any

from celery import Celery
from kombu import Queue
from kombu.transport import redis

from broadcaster import logs

log = logs.get(__name__)

QUEUES = ("urgent", "sms", "receipts", "housekeeping")

SOFT_LIMIT_S = 40
"""A drain claims for 10 s and a POST lasts at most 10 s: 40 s is past any honest task."""


class _Channel(redis.Channel):  # type: ignore[misc]
    """Drops what is no task at all. The library's own ends the worker, one process for each broken entry."""

    def _brpop_read(self, **options: Any) -> Any:
        try:
            return super()._brpop_read(**options)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            log.warning("broken_task_dropped", error=repr(error)[:200])
            return True


class Transport(redis.Transport):  # type: ignore[misc]
    """Redis, read as if it were hostile."""

    Channel = _Channel


def make() -> Celery:
    """The Celery application; the tasks are in `broadcaster.tasks`.

    A worker finds its broker in CELERY_BROKER_URL, which `broadcaster worker` sets; the bell names it when it rings.
    """
    app = Celery("broadcaster", include=["broadcaster.tasks"])
    app.conf.update(
        broker_transport=f"{__name__}:{Transport.__name__}",
        task_queues=[Queue(name) for name in QUEUES],
        task_default_queue="housekeeping",
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_soft_time_limit=SOFT_LIMIT_S,
        task_time_limit=SOFT_LIMIT_S + 20,
        task_publish_retry=False,
        worker_prefetch_multiplier=1,
        # measured: it kills a sending child the moment Redis goes away
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_soft_shutdown_timeout=15,
        worker_enable_remote_control=False,
        worker_hijack_root_logger=False,
        worker_send_task_events=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        # more than twice the hard limit, so that a running task is never handed to a second worker
        broker_transport_options={
            "visibility_timeout": 150,
            "unacked_restore_interval": 5,
            "unacked_restore_throttle": 1,
            "socket_timeout": 5,
            "socket_connect_timeout": 3,
            "socket_keepalive": True,
            "health_check_interval": 5,
        },
    )
    return app
