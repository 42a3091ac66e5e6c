"""Redis goes, freezes, forgets, lies and is flooded: the bell may do anything at all (rows 5 to 10)."""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import redis

from tests.chaos.desk import approvers
from tests.chaos.row import Setting, row
from tests.chaos.stage import Stage
from tests.flow import installation

POLL_S = 3.0
"""What Redis may cost: the wait until the sweep looks by itself (reliability.md, rows 5, 7 and 8)."""
HEARD_AGAIN_S = 15.0
HOSTILE = 1000
PICKLE = b"\x80\x04cposix\nsystem\n."
PROXIED = Setting(proxied=("redis",))


def _first_text(stage: Stage) -> None:
    """How long after the release the carrier heard the first POST."""
    stage.until(lambda: stage.accepted() > 0, 20, "a first text")
    first = min(each["at"] for each in stage.carrier.ledger()["attempts"])
    stage.measure("first text", first - stage.alerts[0].at, POLL_S)


@contextmanager
def _broker(stage: Stage) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(stage.valkey.url) as client:
        yield client


@row("05 Redis never there", "no Redis from the start: worker and sweep run without", "3 s later", Setting(redis=False))
def never_there(stage: Stage) -> None:
    stage.worker()
    stage.sweep()
    stage.release()
    _first_text(stage)
    stage.in_flight()
    stage.hits["bells unheard"] += 1
    stage.operate()


@row("05 Redis stopped", "Redis stops in mid-send, then the workers' children die", "nobody notices", Setting(500))
def stopped(stage: Stage) -> None:
    worker = stage.usual()
    stage.release()
    _first_text(stage)
    stage.in_flight()
    stage.valkey.stop()
    for child in worker.children():
        installation.kill(child)
    stage.operate()
    stage.until(lambda: stage.accepted() > 400, 20, "texts without Redis")
    stage.valkey.start()


@row("06 Redis frozen", "SIGSTOP of Redis; twenty alerts are approved at the desk", "approve p99 0.5 s", Setting())
def frozen(stage: Stage) -> None:
    stage.usual()
    people = approvers(stage, 20)
    os.kill(stage.valkey.pid or 0, signal.SIGSTOP)
    try:
        stage.hits["approvals"] = len(people)
        took = sorted(person.approve() for person in people)
        stage.measure("approve p50", took[len(took) // 2])
        stage.measure("approve p99", took[-1], 0.5)
        stage.measure("hold", people[0].hold(), 0.5)
        stage.release()
        _first_text(stage)
        stage.in_flight()
        stage.operate()
    finally:
        os.kill(stage.valkey.pid or 0, signal.SIGCONT)


def _mid_send(stage: Stage, act: Callable[[], object]) -> None:
    stage.usual()
    stage.release()
    stage.in_flight()
    act()
    stage.hits["blows"] += 1
    stage.operate()


@row("07 Redis flushed", "FLUSHALL in mid-send", "nobody doubled, nothing late", Setting(crash=True))
def flushed(stage: Stage) -> None:
    with _broker(stage) as client:
        _mid_send(stage, client.flushall)


@row("07 Redis forgets", "kill -9 of Redis in mid-send, its file thrown away", "nobody doubled", Setting(crash=True))
def forgets(stage: Stage) -> None:
    def lose() -> None:
        os.kill(stage.valkey.pid or 0, signal.SIGKILL)
        time.sleep(0.2)
        shutil.rmtree(stage.valkey.home / "appendonlydir", ignore_errors=True)
        stage.valkey.start()

    _mid_send(stage, lose)


@row("08 Redis half-open", "every connection to Redis stays up and carries nothing", "heard again in 15 s", PROXIED)
def half_open(stage: Stage) -> None:
    with _broker(stage) as client:
        bell = _genuine(stage, client)
    stage.usual()
    stage.hits["connections gone dark"] = stage.proxies["redis"].go_dark()
    stage.release()
    _first_text(stage)
    stage.in_flight()
    stage.operate()
    with _broker(stage) as client:
        client.lpush("sms", json.dumps(bell))
        seconds = stage.until(lambda: client.llen("sms") == 0, 30, "a bell heard")
    stage.measure("heard again", seconds, HEARD_AGAIN_S)


@row("09 bells doubled", "each bell five times, again every 0.3 s, and a hundred an hour late", "nobody doubled")
def doubled(stage: Stage) -> None:
    stage.usual()
    stage.release()
    stage.in_flight()
    while not stage.done(stage.alerts[0]):
        for _ in range(5):
            stage.ring()
            stage.hits["bells"] += 1
        stage.operate()
        time.sleep(0.3)
    before = stage.accepted()
    for _ in range(100):
        stage.ring()
        stage.hits["bells"] += 1
    time.sleep(1.0)
    stage.must(stage.accepted() == before, "a late bell sent something")


@row("10 hostile tasks", f"{HOSTILE} forged and broken tasks are pushed into the queue", "0 sends, 0 crashes")
def hostile(stage: Stage) -> None:
    with _broker(stage) as client:
        forged = hostile_tasks(_genuine(stage, client))
        worker = stage.worker()
        worker.ready(2)
        for number in range(HOSTILE):
            client.lpush("sms", forged[number % len(forged)])
            stage.hits["hostile tasks"] += 1
        stage.until(lambda: client.llen("sms") == 0 or not worker.alive, 30, "the queue emptied")
    time.sleep(0.5)
    stage.must(worker.alive, "the worker died of a hostile task")
    stage.must(stage.carrier.summary()["attempts"] == 0, "a hostile task sent something")
    stage.release()
    stage.until(lambda: stage.accepted() > 0, 5, "the worker still serves")
    stage.start("sweep")
    stage.operate()


def _genuine(stage: Stage, client: redis.Redis) -> dict[str, Any]:
    """A bell as it stands in the queue, caught before anybody served it."""
    stage.ring()
    stage.until(lambda: client.llen("sms") > 0, 10, "a bell in the queue")
    message: dict[str, Any] = json.loads(client.rpop("sms"))
    return message


def hostile_tasks(genuine: dict[str, Any]) -> list[bytes]:
    """What somebody who has taken Redis over might push: broken bytes, and forgeries of a genuine bell."""
    headers, properties = genuine["headers"], genuine["properties"]
    forged = [
        *({"headers": {**headers, "task": name}} for name in ("os.system", "celery.chord_unlock", "", None)),
        *({"body": _arguments(*args)} for args in ((), ("evil",), (1, 2, 3), ({"id": 7},), ("x" * 100_000,))),
        {"body": "!!! no base64"},
        {
            "body": base64.b64encode(b"\x80\x04cos\nsystem\n.").decode(),
            "content-type": "application/x-python-serialize",
        },
        {"headers": {**headers, "eta": "not a time"}},
        {"headers": {**headers, "eta": "2999-01-01T00:00:00+00:00"}},
        {"headers": {**headers, "expires": "2001-01-01T00:00:00+00:00"}},
        {"headers": {}},
        {"properties": {**properties, "delivery_tag": "the same one"}},
    ]
    broken = [b"garbage", b"", b"\xff\xfe\x00", b"null", b"[]", b"{}", b'{"body": 1}', b"[" * 5000]
    return broken + [json.dumps({**genuine, **changes}).encode() for changes in forged]


def _arguments(*args: object) -> str:
    return base64.b64encode(json.dumps([args, {}, {}]).encode()).decode()
