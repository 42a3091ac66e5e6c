"""One wave, start to finish, as a list of named steps: claim, open, post, record.

`failpoint` names the places between the steps where the chaos tests kill us.
"""

from __future__ import annotations

import os
import signal
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from broadcaster import logs
from broadcaster.channels.contract import Key, Outgoing
from broadcaster.channels.proof import proof
from broadcaster.dispatch.engine import QUEUES, Engine
from broadcaster.dispatch.window import Finished, OpenedWave
from broadcaster.messages.message import Message
from broadcaster.store import outcomes
from broadcaster.store.waves import ClaimedWave, Intent, Wait, claim, claim_retries

log = logs.get(__name__)
LEAST_CLAIM = 16
"""Fewer free places than this are not worth a transaction."""
FULL_S = 0.02
DELIVERY = "delivery"
"""The purpose of the proofs in callbacks and acknowledgement links."""


def failpoint(name: str) -> None:
    """Die here as by `kill -9` when FAILPOINT says so; a fault injection of the chaos tests, off otherwise."""
    if os.environ.get("FAILPOINT") == name:
        os.kill(os.getpid(), signal.SIGKILL)


def claim_next(engine: Engine, queue: str, free: Callable[[str], int]) -> OpenedWave | Wait | None:
    """Claim the first wave that any channel of a queue grants: what is due again first, then the lanes by rank.

    `free` tells a channel's free places in flight. None when nothing is open; Wait with the shortest pause
    when work is there and no sender grants any.
    """
    waits = []
    for channel in QUEUES[queue]:
        if channel not in engine.channels:
            continue
        born, places = time.monotonic(), free(channel)
        if places < min(LEAST_CLAIM, engine.window.limit(channel)):
            waits.append(FULL_S)
            continue
        claimed = _claim(engine, channel, queue, places)
        failpoint("claimed")
        if isinstance(claimed, ClaimedWave):
            return _open(engine, claimed, born)
        if claimed is not None:
            waits.append(claimed.seconds)
    return Wait(min(waits)) if waits else None


def _claim(engine: Engine, channel: str, queue: str, most: int) -> ClaimedWave | Wait | None:
    with engine.sessions.begin() as session:
        again = claim_retries(session, channel, most, engine.scales.lease)
        if again is not None:
            return again
        return claim(session, channel, queue, most, engine.scales.lease)


def _open(engine: Engine, wave: ClaimedWave, born: float) -> OpenedWave:
    """Open the sealed addresses, look the bodies up, make the proofs (a few microseconds a row)."""
    with engine.sessions() as session:
        bodies = _bodies(session, {intent.body_id for intent in wave.intents})
    life = max(0, int((wave.expires_at - datetime.now(UTC)).total_seconds()))
    rows = [_outgoing(engine, wave, intent, bodies[intent.body_id], life) for intent in wave.intents]
    failpoint("opened")
    return OpenedWave(
        id=wave.id,
        fanout_id=wave.fanout_id,
        channel=wave.channel,
        born=born,
        starts_in=wave.starts_in,
        spread=wave.spread,
        rows=rows,
    )


def _bodies(session: Session, ids: set[int]) -> dict[int, Message]:
    rows = session.execute(text("SELECT id, subject, text, html FROM body WHERE id = ANY(:ids)"), {"ids": list(ids)})
    return {row.id: Message(row.subject, row.text, row.html) for row in rows}


def _outgoing(engine: Engine, wave: ClaimedWave, intent: Intent, message: Message, life: int) -> Outgoing:
    key = Key(wave.fanout_id, intent.address_id, intent.n)
    to = engine.sealer.open(intent.value_enc, intent.value_index)
    return Outgoing(key, to, message, proof(engine.secret, DELIVERY, str(key)), life)


def by_wave(finished: Sequence[Finished]) -> list[list[Finished]]:
    """Outcomes by the wave they belong to, each in the order of its addresses: equal orders do not deadlock."""
    parts: dict[int, list[Finished]] = defaultdict(list)
    for one in finished:
        parts[one.wave.id].append(one)
    return [sorted(part, key=lambda one: one.outcome.address_id) for part in parts.values()]


def record(engine: Engine, part: Sequence[Finished], *, again: bool = False) -> None:
    """Record outcomes of one wave in one transaction; recording again changes nothing.

    `again` says that an earlier try may have been committed without our hearing of it: then the rows are not
    counted towards the end of their wave, and its lease closes it.
    """
    failpoint("posted")
    wave = part[0].wave
    with engine.sessions.begin() as session:
        done = outcomes.record(
            session,
            wave.id,
            wave.fanout_id,
            [one.outcome for one in part],
            engine.carrier(wave.channel),
            engine.scales.settle,
        )
        opted_out = [one.outcome.address_id for one in part if one.opted_out]
        if opted_out:
            outcomes.suppress_at_carriers_word(session, opted_out)
        outcomes.close_when_complete(session, wave.id, 0 if again else len(part))
        failpoint("recording")
    failpoint("recorded")
    if done.doubles:
        log.warning("double_confirmed", fanout=wave.fanout_id, doubles=done.doubles)
