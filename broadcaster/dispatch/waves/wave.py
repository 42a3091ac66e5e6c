"""One wave, start to finish, as a list of named steps: claim and open here, post in the window, record in `record`."""

from __future__ import annotations

import time
from collections.abc import Mapping

from sqlalchemy import text

from broadcaster.channels.contract import Key, Outgoing
from broadcaster.channels.proof import proof
from broadcaster.dispatch.engine import QUEUES, Engine
from broadcaster.dispatch.failpoint import failpoint
from broadcaster.dispatch.waves.window import OpenedWave
from broadcaster.messages.message import Message
from broadcaster.store.database import Sessions
from broadcaster.store.fanout.retries import claim_retries
from broadcaster.store.fanout.senders import Wait
from broadcaster.store.fanout.waves import ClaimedWave, Intent, Room, claim

FULL_S = 0.02
AHEAD_S = 0.25
"""So much of what a carrier has lately taken is claimed ahead: the window never empties, and a more urgent alert waits
for no more than this."""
MOST_BEHIND = 8000
"""Outcomes that wait to be written down; beyond them nothing is claimed. A database that writes more slowly than it
hands out would otherwise fill the memory, and a crash would leave all of them to be asked after."""
DELIVERY = "delivery"
"""The purpose of the proofs in callbacks."""
REMEMBERED = 20_000
WITH_LINK = frozenset({"sms", "webhook"})
"""Whose texts may hold the place of a link; a mail is patched where it is printed."""


def room(engine: Engine, channel: str) -> Room:
    """How many more rows are worth claiming for each carrier of a channel; none where half of them is still there.

    Twice as many rows in a wave are half as many transactions, and half of what is claimed ahead keeps the window full.
    """
    found: dict[str, int] = {}
    for carrier in engine.carriers_by_channel.get(channel, ()):
        worth = round(engine.window.places(carrier) * 1.1 + engine.window.rate(carrier) * AHEAD_S)
        free = worth - engine.recorder.flying(carrier)
        if free >= worth / 2 and engine.recorder.behind(carrier) < MOST_BEHIND:
            found[carrier] = free
    bulk = engine.bulk if engine.window.bulk_is_on else None
    if bulk is None or channel != "sms" or not found.get(bulk.carrier):
        return Room(found)
    return Room(found, {bulk.carrier: bulk.most_rows}, bulk.least_life_s)


def claim_next(engine: Engine, queue: str) -> OpenedWave | Wait | None:
    """Claim the first wave that any channel of a queue grants: what is due again first, then the lanes by rank.

    None when nothing is open; Wait with the shortest pause when work is there and no sender grants any.
    """
    waits = []
    for channel in QUEUES[queue]:
        if channel not in engine.carriers_by_channel:
            continue
        born, free = time.monotonic(), room(engine, channel)
        if not free.carriers:
            waits.append(FULL_S)
            continue
        claimed = _claim(engine, channel, queue, free)
        failpoint("claimed")
        if isinstance(claimed, ClaimedWave):
            return _open(engine, claimed, born)
        if claimed is not None:
            waits.append(claimed.seconds)
    return Wait(min(waits)) if waits else None


def _claim(engine: Engine, channel: str, queue: str, free: Room) -> ClaimedWave | Wait | None:
    with engine.sessions.begin() as session:
        again = claim_retries(session, channel, free, engine.scales.lease)
        if again is not None:
            return again
        return claim(session, channel, queue, free, engine.scales.lease)


def _open(engine: Engine, wave: ClaimedWave, born: float) -> OpenedWave:
    """Open the sealed addresses, look the bodies up, make the proofs (a few microseconds a row)."""
    bodies = _bodies(engine, {intent.body_id for intent in wave.intents})
    life = max(0, int((wave.expires_at - wave.started_at).total_seconds()))
    rows = [_outgoing(engine, intent, wave, bodies[intent.body_id], life) for intent in wave.intents]
    failpoint("opened")
    return OpenedWave(
        id=wave.id,
        fanout_id=wave.fanout_id,
        carrier=wave.carrier,
        sender_id=wave.sender_id,
        born=born,
        starts_in=wave.starts_in,
        spread=wave.spread,
        rows=rows,
        probe=wave.probe,
        bulk=wave.bulk,
    )


def _bodies(engine: Engine, ids: set[int]) -> Mapping[int, Message]:
    """The frozen texts, each read once: a body never changes."""
    known = engine.bodies
    if unknown := ids - known.keys():
        if len(known) > REMEMBERED:
            known.clear()
            unknown = ids
        known.update(_read_bodies(engine.sessions, unknown))
    return known


def _read_bodies(sessions: Sessions, ids: set[int]) -> dict[int, Message]:
    with sessions() as session:
        rows = session.execute(
            text("SELECT id, subject, text, html FROM body WHERE id = ANY(:ids)"), {"ids": list(ids)}
        )
        return {row.id: Message(row.subject, row.text, row.html) for row in rows}


def _outgoing(engine: Engine, intent: Intent, wave: ClaimedWave, message: Message, life: int) -> Outgoing:
    key = Key(wave.fanout_id, intent.address_id, intent.n)
    if wave.channel in WITH_LINK:
        words = engine.patched(message.text, key.fanout, key.address)
        message = message if words is message.text else Message("", words, "")
    to = engine.sealer.open(intent.value_enc, intent.value_index)
    return Outgoing(key, to, message, proof(engine.secret, DELIVERY, str(key)), life)
