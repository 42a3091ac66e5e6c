"""Who has not acknowledged, and whom to try next: the directory's next contact after 5, 15 and 30 minutes.

A step is one transaction: the chases that are due are locked, a fan-out is made for each channel, their next hour is
set, and the ledger says so. Before its commit nothing has happened; after it the fan-out's own laws hold.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise

from sqlalchemy.orm import Session

from broadcaster import logs
from broadcaster.alert.lifecycle import Tier
from broadcaster.dispatch.failpoint import failpoint
from broadcaster.dispatch.revision import render
from broadcaster.store.agencies import chases
from broadcaster.store.agencies.chases import Due, Ended, Way
from broadcaster.store.alerting import texts
from broadcaster.store.database import Sessions, only_one
from broadcaster.store.fanout import fanouts, senders
from broadcaster.store.fanout.deliveries import Fanout, Source
from broadcaster.store.fanout.fanouts import LaneSpec
from broadcaster.store.timeline import ledger

log = logs.get(__name__)
USUAL_S = (300.0, 900.0, 1800.0)
"""Seconds after the release at which somebody else is tried."""
MOST = 5000
"""Chases in one transaction; a statewide alert has about as many agencies."""
FORMS = {"email": "mail", "sms": render.DESK_SMS, "voice": render.DESK_VOICE}
"""The words of each channel that a chase may use."""
PHONES = frozenset({"sms", "voice"})
"""Worth trying again: somebody else may pick up. A mailbox that has a mail gains nothing by another."""


def escalate(sessions: Sessions, after: Sequence[float] = USUAL_S) -> int:
    """Take every step that is due; returns how many contacts were tried. One sweep at a time takes them."""
    with sessions.begin() as session, only_one(session, "escalate") as alone:
        found = chases.due(session, MOST) if alone else []
        if not found:
            return 0
        failpoint("chase due")
        steps = _decided(session, found, after)
        for (revision, channel), some in _by_fanout(steps).items():
            _send(session, revision, channel, some)
        _note(session, found, steps)
        failpoint("chase stepped")
    failpoint("chase committed")
    log.info("escalated", steps=len(steps), looked_at=len(found))
    return len(steps)


def next_way(ways: Sequence[Way], tried: Mapping[int, int], on: Collection[str]) -> Way | None:
    """The first contact that nobody has tried, in the directory's order; then the phone that was tried least; then
    nobody. `tried` counts by address, `on` are the channels that are set up."""
    usable = [way for way in ways if way.channel in on]
    fresh = next((way for way in usable if not tried.get(way.address_id)), None)
    if fresh is not None:
        return fresh
    again = [way for way in usable if way.channel in PHONES]
    return min(again, key=lambda way: tried.get(way.address_id, 0), default=None)


def waits(after: Sequence[float]) -> list[float]:
    """Seconds from each step to the next, and as long again after the last as before it, until it counts as lost."""
    gaps = [later - earlier for earlier, later in pairwise(after)]
    return [*gaps, gaps[-1] if gaps else after[-1]]


def _decided(session: Session, found: Sequence[Due], after: Sequence[float]) -> list[tuple[Due, Way]]:
    """End what is over or has nobody left; advance the rest, and say to whom each goes."""
    on = [channel for channel in FORMS if senders.is_set_up(session, channel)]
    pauses, steps, ended = waits(after), [], []
    for one in found:
        way = None if one.over or one.step >= len(after) else next_way(one.ways, one.tried, on)
        if way is None:
            ended.append((one, Ended.OVER if one.over else Ended.EXHAUSTED))
        else:
            steps.append((one, way))
    chases.end(session, ended)
    chases.advance(session, [(one, pauses[one.step]) for one, _ in steps])
    return steps


def _by_fanout(steps: Sequence[tuple[Due, Way]]) -> dict[tuple[int, str], list[tuple[Due, Way]]]:
    found: dict[tuple[int, str], list[tuple[Due, Way]]] = defaultdict(list)
    for one, way in steps:
        found[one.revision_id, way.channel].append((one, way))
    return found


def _send(session: Session, revision: int, channel: str, steps: Sequence[tuple[Due, Way]]) -> None:
    """A fan-out to these contacts, with the words that were frozen and approved for each agency."""
    bodies = dict(texts.agency_bodies(session, revision, FORMS[channel]))
    fanout = Fanout(
        revision_id=revision,
        tier=Tier.AGENCY.value,
        channel=channel,
        purpose=chases.next_purpose(session, revision, channel),
        expires_at=steps[0][0].expires_at,
    )
    queue = "sms" if channel == "sms" else "urgent"
    made = fanouts.make(session, fanout, queue, 0, [LaneSpec(Source.TARGETS, 0)])
    fanouts.add_targets(session, made, [(way.address_id, one.agency_id, bodies[one.agency_id]) for one, way in steps])


def _note(session: Session, found: Sequence[Due], steps: Sequence[tuple[Due, Way]]) -> None:
    """What was done of each alert, into its ledger; no address stands there."""
    by_alert: dict[str, list[dict[str, object]]] = defaultdict(list)
    for one, way in steps:
        by_alert[one.alert].append({"agency": one.agency, "no": one.no, "step": one.step + 1, "by": way.channel})
    tried = {(one.revision_id, one.agency_id) for one, _ in steps}
    for one in found:
        if not one.over and (one.revision_id, one.agency_id) not in tried:
            by_alert[one.alert].append({"agency": one.agency, "no": one.no, "step": one.step, "by": "nobody left"})
    for alert, said in by_alert.items():
        ledger.append(session, "machine:sweep", "escalated", f"alert:{alert}", {"steps": said})
