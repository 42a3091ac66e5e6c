"""A provider's notice is passed on, and answering points that do not acknowledge it are chased: their next contact is
tried after the same minutes as for an alert's, once each, by mail, call or text, and never after the answer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from broadcaster import logs
from broadcaster.alert.lifecycle import Tier
from broadcaster.dispatch.telling import outage_words
from broadcaster.dispatch.telling.escalate import FORMS, MOST, USUAL_S, next_way, waits
from broadcaster.dispatch.telling.outage_words import LIFE, PRIORITY, Word
from broadcaster.messages.message import Message
from broadcaster.store import database
from broadcaster.store.agencies import chases, notice_chases, passed_on
from broadcaster.store.agencies.chases import Ended, Way
from broadcaster.store.agencies.notice_chases import Due, Passing
from broadcaster.store.alerting import texts
from broadcaster.store.database import Sessions, only_one
from broadcaster.store.fanout import fanouts, senders
from broadcaster.store.fanout.deliveries import Fanout, Source
from broadcaster.store.fanout.fanouts import LaneSpec
from broadcaster.store.timeline import ledger

log = logs.get(__name__)
Step = tuple[Due, Way]


@dataclass(frozen=True, slots=True)
class Said:
    """A notice in the words of each way: a mail and a call at once, a text to whoever has answered neither."""

    mail: Message
    call: Message
    text: Message


def pass_on(
    session: Session, outage: int, version: int, agencies: Collection[int], said: Said, after: Sequence[float]
) -> bool:  # fmt: skip
    """Mail and call these agencies, and chase them from `after[0]` seconds on; whoever has neither mailbox nor
    telephone is tried another way at once. False, and nothing is done, when none of them can be reached."""
    contacts = chases.ways_of(session, sorted(agencies))
    if not any(contacts.values()):
        return False
    word = Word(outage, passed_on.purpose(version))
    told = {agency for way in outage_words.ways(session, agencies).values() for agency in way}
    outage_words.to_agencies(session, word, agencies, said.mail, said.call)
    mail, call, words = (texts.notice_body(session, one) for one in (said.mail, said.call, said.text))
    passing = Passing(version, database.now(session) + LIFE, mail, call, words)
    notice_chases.begin(session, passing, {agency: agency in told for agency in sorted(agencies)}, after[0])
    return True


def chase(sessions: Sessions, after: Sequence[float] = USUAL_S) -> int:
    """Take every step that is due; returns how many contacts were tried. `after` is in seconds, as for the agencies'
    chase; one sweep at a time takes them."""
    with sessions.begin() as session, only_one(session, "notice-chase") as alone:
        if not alone or not notice_chases.is_due(session):
            return 0
        ledger.hold(session)  # whoever passes on or acknowledges has it before the chases too
        found = notice_chases.due(session, MOST)
        steps = _decided(session, found, after)
        sent: dict[tuple[int, int, str], list[Step]] = defaultdict(list)
        for one, way in steps:
            sent[one.outage_id, one.version, way.channel].append((one, way))
        for (outage, version, channel), some in sent.items():
            _send(session, Fanout(outage_id=outage, channel=channel), version, some)
        _note(session, found, steps)
    log.info("notice_chased", steps=len(steps), looked_at=len(found))
    return len(steps)


def _decided(session: Session, found: Sequence[Due], after: Sequence[float]) -> list[Step]:
    """End what is over or has nobody left; advance the rest, and say to whom each goes."""
    on = [channel for channel in FORMS if senders.is_set_up(session, channel)]
    pauses, steps = waits(after), []
    for one in found:
        way = None if one.over or one.step >= len(after) else next_way(one.ways, one.tried, on)
        if way is None:
            notice_chases.end(session, one, Ended.OVER if one.over else Ended.EXHAUSTED)
        else:
            notice_chases.advance(session, one, pauses[one.step])
            steps.append((one, way))
    return steps


def _send(session: Session, fanout: Fanout, version: int, steps: Sequence[Step]) -> None:
    """A fan-out to these contacts; one that two agencies share is used once."""
    fanout.tier, fanout.expires_at = Tier.AGENCY.value, steps[0][0].expires_at
    fanout.purpose = notice_chases.next_purpose(session, version, fanout.channel)
    queue = "sms" if fanout.channel == "sms" else "urgent"
    rows = {way.address_id: (way.address_id, one.agency_id, one.bodies[way.channel]) for one, way in reversed(steps)}
    made = fanouts.make(session, fanout, queue, PRIORITY, [LaneSpec(Source.TARGETS, 0)])
    fanouts.add_targets(session, made, sorted(rows.values()))


def _note(session: Session, found: Sequence[Due], steps: Sequence[Step]) -> None:
    """What was done of each outage, into the ledger; no address stands there."""
    said: dict[str, list[dict[str, object]]] = defaultdict(list)
    for one, way in steps:
        said[one.outage].append({"agency": one.agency, "step": one.step + 1, "by": way.channel})
    stepped = {(one.version, one.agency_id) for one, _ in steps}
    for one in found:
        if not one.over and (one.version, one.agency_id) not in stepped:
            said[one.outage].append({"agency": one.agency, "step": one.step, "by": "nobody left"})
    for outage, chased in said.items():
        ledger.append(session, "machine:sweep", "notice_chased", f"outage:{outage}", {"steps": chased})
