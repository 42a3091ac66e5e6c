"""Drain a queue: claim and hand in for a bounded time, with the window kept full. No barrier between waves.

What comes of the rows is written down by the recorder, beside the claiming.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.exc import OperationalError

from broadcaster import logs
from broadcaster.dispatch.engine import Engine
from broadcaster.dispatch.waves import wave
from broadcaster.dispatch.waves.window import OpenedWave
from broadcaster.store.fanout.senders import Wait

log = logs.get(__name__)
LONGEST_S = 10.0
"""A drain claims for at most 10 s and then lets the bell ring again."""
AWAY_S = 0.2
LOOK_AGAIN_S = 0.05


def forever() -> bool:
    """A reason to go on that never ends."""
    return True


@dataclass
class Drained:
    """What one drain handed in, and whether work was left."""

    sent: int = 0
    waves: int = 0
    more: bool = False


def nobody() -> None:
    """Nobody else is called to help."""


def drain(
    engine: Engine,
    queue: str,
    seconds: float = LONGEST_S,
    *,
    go_on: Callable[[], bool] = forever,
    call: Callable[[], object] = nobody,
) -> Drained:
    """Serve a queue until nothing is open, `seconds` have passed or `go_on` says no; `call` somebody to help with the
    first wave that was found.

    Every outcome is recorded, the last ones after it returns (`engine.recorder.wait`).
    """
    done, until = Drained(), time.monotonic() + seconds
    carriers = engine.carriers_of(queue)
    while time.monotonic() < until and go_on():
        claimed = _claim(engine, queue)
        if isinstance(claimed, OpenedWave):
            engine.recorder.send(claimed)
            if not done.waves:
                call()
            done.waves += 1
            done.sent += len(claimed.rows)
        elif isinstance(claimed, Wait):
            engine.recorder.pause(min(claimed.seconds, LOOK_AGAIN_S))
        elif engine.recorder.pending(carriers):
            engine.recorder.pause(LOOK_AGAIN_S)
        else:
            return done
    done.more = True
    return done


def _claim(engine: Engine, queue: str) -> OpenedWave | Wait | None:
    """The next wave; when the database is away or busy, a pause."""
    try:
        return wave.claim_next(engine, queue)
    except OperationalError as error:
        log.warning("claim_failed", queue=queue, error=str(error.orig)[:200])
        time.sleep(AWAY_S)
        return Wait(AWAY_S)
