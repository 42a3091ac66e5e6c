"""Landlines that rang in vain or could not be put through are called again, after the pauses of the agencies' chase.

The first call of everybody comes before the second of anybody. No round is opened beside a release, a hold or the end
of its alert: each of them locks the alert first, and so does this.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from sqlalchemy.orm import Session

from broadcaster import logs
from broadcaster.alert.lifecycle import Tier
from broadcaster.dispatch.failpoint import failpoint
from broadcaster.dispatch.revision import render
from broadcaster.dispatch.telling.escalate import USUAL_S
from broadcaster.store.database import Sessions, only_one
from broadcaster.store.fanout import fanouts, rounds, senders
from broadcaster.store.fanout.deliveries import Fanout, Source
from broadcaster.store.fanout.fanouts import LaneSpec
from broadcaster.store.fanout.rounds import Calls

log = logs.get(__name__)
MOST = 5000
LAST = 1_000_000
"""The rank of a round: behind every community's lane of first calls."""


def call_again(sessions: Sessions, after: Sequence[float] = USUAL_S) -> int:
    """Open the rounds that are due; returns how many landlines are in them. `after` is in seconds, as for the chase:
    the gaps are the pauses after each call, and as many further calls are made as it has steps."""
    with sessions.begin() as session, only_one(session, "call again") as alone:
        if not alone or not senders.is_set_up(session, render.CALL):
            return 0
        called = sum(_open(session, calls, pauses(after)) for calls in rounds.alive(session))
    failpoint("round committed")
    return called


def pauses(after: Sequence[float]) -> list[float]:
    """Seconds from each call's end to the next: of 5, 15 and 30 minutes after the release 5, 10 and 15."""
    return [later - earlier for earlier, later in pairwise([0.0, *after])]


def _open(session: Session, seen: Calls, waits: Sequence[float]) -> int:
    if not rounds.due(session, seen, waits, 1):
        return 0
    calls = rounds.still(session, seen)
    found = rounds.due(session, calls, waits, MOST) if calls else []
    if calls is None or not found:
        return 0
    fanout = Fanout(
        revision_id=calls.revision,
        tier=Tier.PUBLIC.value,
        channel=render.CALL,
        purpose=f"{fanouts.AGAIN}{calls.rounds + 1}",
        expires_at=calls.expires_at,
    )
    made = fanouts.make(session, fanout, "urgent", calls.priority, [LaneSpec(Source.TARGETS, LAST)])
    fanouts.add_targets(session, made, [(address, None, body) for address, body in found])
    failpoint("round made")
    log.info("called_again", fanout=made, round=calls.rounds + 1, landlines=len(found))
    return len(found)
