"""Our own processes die, freeze, restart, and believe that they lead (rows 1 to 4, 24 and 29)."""

from __future__ import annotations

import signal
import time
from itertools import pairwise

from tests.chaos.row import LEASE_S, SETTLE_S, Setting, row
from tests.chaos.stage import Stage
from tests.flow import installation

CRASH = Setting(crash=True)


@row("00 no fault", "nothing", "the same judge finds everything in order", CRASH)
def nothing(stage: Stage) -> None:
    stage.usual()
    stage.release()
    stage.in_flight()
    stage.operate()


@row("01 random kill", "kill -9 of a random sending process every 0.35 s", "nobody doubled", Setting(500))
def random_kill(stage: Stage) -> None:
    worker = stage.usual(3)
    stage.release()
    while stage.posts() < 0.75 * stage.setting.people:
        stage.until(worker.children, 10, "a dead child replaced")
        stage.in_flight()
        installation.kill(stage.dice.choice(worker.children()))
        stage.hits["kills"] += 1
        stage.operate()
        time.sleep(0.35)


@row("01 whole worker", "kill -9 of a worker with its children; another starts", "nobody doubled", CRASH)
def whole_worker(stage: Stage) -> None:
    worker = stage.usual()
    stage.release()
    stage.in_flight()
    worker.kill()
    stage.operate()
    stage.worker()


@row("01 no Celery", "every Celery process dead before the release", "the sweep alone finishes", Setting(crash=True))
def no_celery(stage: Stage) -> None:
    stage.usual().kill()
    stage.release()
    stage.in_flight()
    stage.operate()


FREEZES = {"1 s": 1.0, "4.5 s": LEASE_S + 1.5, "9 s": LEASE_S + SETTLE_S}


def _freeze(stage: Stage, seconds: float) -> None:
    worker = stage.usual()
    stage.release()
    stage.in_flight()
    worker.freeze()
    stage.operate()
    time.sleep(seconds)
    worker.thaw()


for _name, _seconds in FREEZES.items():
    row(f"03 frozen {_name}", f"SIGSTOP of a whole worker for {_name}, then SIGCONT", "nobody doubled uncounted")(
        lambda stage, seconds=_seconds: _freeze(stage, seconds)
    )


@row("04 warm restarts", "TERM to a worker each time another one is ready", "no gap above 2 s",
     Setting(1200, mps=60))  # fmt: skip
def warm_restarts(stage: Stage) -> None:
    lives = [stage.usual()]
    stage.release()
    while stage.posts() < 0.6 * stage.setting.people:
        fresh = stage.worker()
        fresh.ready(2)
        if stage.posts() > 0.8 * stage.setting.people:
            break
        stage.in_flight()
        lives[-1].tell(signal.SIGTERM)
        lives.append(fresh)
        stage.hits["restarts"] += 1
        stage.ring()
        stage.operate()
    stage.must(not any(life.status() for life in lives[:-1]), "a worker did not end in order")
    times = sorted(each["at"] for each in stage.carrier.ledger()["attempts"])
    stage.measure("longest gap", max(after - before for before, after in pairwise(times)), 2.0)


@row("24 two leaders", "three sweeps at once, one of them frozen for 4.5 s, and no worker", "nobody doubled")
def two_leaders(stage: Stage) -> None:
    sweeps = [stage.sweep() for _ in range(3)]
    stage.release()
    stage.in_flight()
    sweeps[0].freeze()
    stage.operate()
    time.sleep(LEASE_S + 1.5)
    sweeps[0].thaw()


@row("29 any process", "kill -9 of worker, sweep and callbacks in turn, each started again", "as row 01", Setting(500))
def any_process(stage: Stage) -> None:
    cast = {"sweep": ("sweep",), "callbacks": ("callbacks",), "worker": ("worker", "sms", "--concurrency", "2")}
    running = {name: stage.start(*words) for name, words in cast.items()}
    running["worker"].ready(2)
    stage.release()
    for name, words in cast.items():
        stage.in_flight()
        running[name].kill()
        stage.operate()
        stage.start(*words)
        time.sleep(0.5)
