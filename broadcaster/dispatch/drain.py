"""Drain a queue: claim, send and record for a bounded time, with the window kept full. No barrier between waves."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy.exc import OperationalError

from broadcaster import logs
from broadcaster.dispatch import wave
from broadcaster.dispatch.engine import Engine
from broadcaster.dispatch.window import Finished, Flight, OpenedWave
from broadcaster.store.waves import Wait

log = logs.get(__name__)
LONGEST_S = 10.0
"""A drain claims for at most 10 s and then lets the bell ring again."""
FLUSH_S = 0.05
AWAY_S = 0.2


def forever() -> bool:
    """A reason to go on that never ends."""
    return True


@dataclass
class Drained:
    """What one drain did, and whether work was left; `uncertain` waves may have been recorded without our hearing."""

    flight: Flight
    sent: int = 0
    waves: int = 0
    more: bool = False
    outcomes: list[Finished] = field(default_factory=list)
    uncertain: set[int] = field(default_factory=set)


def drain(engine: Engine, queue: str, seconds: float = LONGEST_S, go_on: Callable[[], bool] = forever) -> Drained:
    """Serve a queue until nothing is open, `seconds` have passed or `go_on` says no. Every outcome is recorded, the
    last ones in the background (`engine.stragglers`)."""
    done = Drained(Flight(engine.window))
    try:
        done.more = _serve(engine, queue, done, time.monotonic() + seconds, go_on)
    finally:  # the database may go in the middle of a claim: what is in flight is recorded all the same
        if done.flight.pending or done.outcomes:
            engine.stragglers.follow(lambda: _finish(engine, done))
    return done


def _serve(engine: Engine, queue: str, done: Drained, until: float, go_on: Callable[[], bool]) -> bool:
    """Claim and start waves until nothing is open (False), or the time is over (True)."""
    more = False
    while time.monotonic() < until and go_on():
        _collect(engine, done, 0.0)
        claimed = _claim(engine, queue, done)
        if claimed is None:
            if not done.flight.pending:
                return more
            _collect(engine, done, FLUSH_S)
        elif isinstance(claimed, Wait):
            more = True
            _collect(engine, done, min(claimed.seconds, FLUSH_S))
            if not done.flight.pending:
                time.sleep(min(claimed.seconds, FLUSH_S))
        else:
            done.waves += 1
            done.flight.start(claimed)
    return True


def _claim(engine: Engine, queue: str, done: Drained) -> OpenedWave | Wait | None:
    """The next wave; when the database is away or busy, a pause, so that what is in flight is still recorded."""
    try:
        return wave.claim_next(engine, queue, done.flight.free)
    except OperationalError as error:
        log.warning("claim_failed", queue=queue, error=str(error.orig)[:200])
        return Wait(AWAY_S)


def _finish(engine: Engine, done: Drained) -> None:
    """Record the last outcomes of a drain as they come: a text that hangs never keeps the next ones back."""
    while done.flight.pending or done.outcomes:
        _collect(engine, done, FLUSH_S)


def _collect(engine: Engine, done: Drained, wait: float) -> None:
    """Record what has finished, a transaction a wave; when the database is away the rest is kept and tried again."""
    done.outcomes += done.flight.finished(wait)
    for part in wave.by_wave(done.outcomes):
        number = part[0].wave.id
        try:
            wave.record(engine, part, again=number in done.uncertain)
        except OperationalError as error:
            log.warning("outcomes_not_recorded_yet", wave=number, error=str(error.orig)[:200])
            if error.connection_invalidated:
                done.uncertain.add(number)
            time.sleep(AWAY_S)
            return
        done.sent += len(part)
        done.outcomes = [one for one in done.outcomes if one.wave.id != number]
