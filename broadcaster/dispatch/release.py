"""The releasing transaction: documents, fan-outs and lanes. Its commit is the promise; nothing in it calls out.

Nothing here is proportional to the audience: a lane is one row, however many people stand in it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcaster import audience
from broadcaster.alert import alert as heart
from broadcaster.alert.alert import ENDINGS, ChannelName, Content, RevisionKind
from broadcaster.alert.lifecycle import AlertKind, Tier
from broadcaster.directory import Directory
from broadcaster.dispatch.documents import cap_document, stamp
from broadcaster.dispatch.office import Office
from broadcaster.dispatch.revision import beside, plan, where
from broadcaster.dispatch.revision.render import CALL, Work
from broadcaster.feeds import cap
from broadcaster.feeds.cap import InfoTexts
from broadcaster.feeds.finding import Concern
from broadcaster.messages.edition import Edition
from broadcaster.store.alerting import alerts, texts
from broadcaster.store.alerting.alerts import Document, Revision
from broadcaster.store.fanout import fanouts, senders
from broadcaster.store.fanout.deliveries import Fanout, Source
from broadcaster.store.fanout.fanouts import LaneSpec
from broadcaster.store.places import directory_load
from broadcaster.store.public import residents
from broadcaster.store.sealed import Sealer

PRIORITIES = {
    RevisionKind.INITIAL: 1,
    RevisionKind.NUMBER_CHANGE: 1,
    RevisionKind.FALSE_ALARM: 1,
    RevisionKind.ALL_CLEAR: 2,
    RevisionKind.UPDATE: 3,
    RevisionKind.RESTORED_IN_PART: 3,
}
"""Which lanes are served first when several fan-outs run; a test comes after everything."""
TEST_PRIORITY = 9
CHANGES = frozenset({RevisionKind.NUMBER_CHANGE, RevisionKind.RESTORED_IN_PART})
"""Kinds that speak only where the line changed; everybody else's older words go on."""
TO_PEOPLE = (ChannelName.SMS.value, CALL)
"""The ways to residents: their phones are texted, their landlines called."""
PUBLISHED_PLACE = "public window"
IDENTIFIER_PREFIX = "broadcaster"
CLOCK_STEP = timedelta(minutes=5)
"""How far back a clock is believed to have been set; what is further from now, IPAWS takes for stale."""


@dataclass(frozen=True)
class Releasing:
    """What a release works with: the revision, its frozen content, and who issues."""

    session: Session
    office: Office
    sealer: Sealer
    revision: Revision
    now: datetime

    @cached_property
    def directory(self) -> Directory:
        """The directory without agencies, read when it is first needed."""
        return directory_load.load(self.session, agencies=False)

    @cached_property
    def content(self) -> Content:
        """The frozen content."""
        return heart.content_from_json(self.revision.content)

    @property
    def kind(self) -> RevisionKind:
        """The kind of the revision."""
        return RevisionKind(self.revision.kind)

    @property
    def priority(self) -> int:
        """How early its lanes are served."""
        return TEST_PRIORITY if AlertKind(self.revision.alert.kind).is_test else PRIORITIES[self.kind]


def to_the_public(releasing: Releasing) -> list[int]:
    """The public tier: the CAP document and its feed, and lanes of texts and calls. Returns the fan-outs."""
    made = _tell_people(releasing)
    if _goes_to_the_feed(releasing):
        made.append(_publish(releasing))
    return made


def _tell_people(releasing: Releasing) -> list[int]:
    """A lane per community for the phones, and one for the landlines if this installation calls; what was said before
    ends also where nothing is said now."""
    beside.hush(releasing.session, releasing.revision, releasing.content)
    wanted = ChannelName.SMS in releasing.content.channels
    on = [channel for channel in TO_PEOPLE if wanted and is_on(releasing, channel)]
    changes = releasing.kind in CHANGES or not (on or releasing.kind in ENDINGS)
    if not changes:
        supersede(releasing, Tier.PUBLIC)
    lanes_of, made = _lanes_of_changed if changes else _lanes_of_all, []
    for channel in TO_PEOPLE:
        lanes = lanes_of(releasing, channel, _earlier(releasing, channel))
        if channel in on and lanes:
            fanout = _fanout(releasing, Tier.PUBLIC, channel)
            made.append(fanouts.make(releasing.session, fanout, _queue(channel), releasing.priority, lanes))
    return made


def _queue(channel: str) -> str:
    return "sms" if channel == ChannelName.SMS else "urgent"


def _goes_to_the_feed(releasing: Releasing) -> bool:
    return ChannelName.FEED in releasing.content.channels and not plan.blocked(releasing.revision, Concern.FEED)


def is_on(releasing: Releasing, channel: str) -> bool:
    """Whether this installation has a sender for a channel; one that is off never keeps the others back."""
    return senders.is_set_up(releasing.session, channel)


def supersede(releasing: Releasing, tier: Tier) -> list[int]:
    """The tier's earlier fan-outs of this alert give way; returns them all."""
    return fanouts.supersede_older(releasing.session, releasing.revision.alert_id, tier.value, releasing.revision.id)


def _fanout(
    releasing: Releasing, tier: Tier, channel: str, purpose: str = "alert", expires: datetime | None = None
) -> Fanout:
    return Fanout(
        revision_id=releasing.revision.id,
        tier=tier.value,
        channel=str(channel),
        purpose=purpose,
        expires_at=expires or releasing.content.expires,
    )


def listed(
    releasing: Releasing,
    tier: Tier,
    channel: str,
    targets: Sequence[tuple[int, int | None, int]],
    purpose: str = "alert",
    expires: datetime | None = None,
) -> int:
    """Make a fan-out over a short list, fixed now; returns its id. Its texts go before everybody else's."""
    fanout = fanouts.make(
        releasing.session,
        _fanout(releasing, tier, channel, purpose, expires),
        _queue(channel),
        0,
        [LaneSpec(Source.TARGETS, 0)],
    )
    fanouts.add_targets(releasing.session, fanout, targets)
    return fanout


def _earlier(releasing: Releasing, channel: str) -> list[int]:
    query = (
        select(Fanout.id)
        .join(Revision, Revision.id == Fanout.revision_id)
        .where(
            Revision.alert_id == releasing.revision.alert_id,
            Fanout.channel == channel,
            Fanout.tier == Tier.PUBLIC.value,
            Fanout.revision_id != releasing.revision.id,
        )
    )
    return list(releasing.session.scalars(query.order_by(Fanout.id)))


def _lanes_of_all(releasing: Releasing, channel: str, earlier: Sequence[int]) -> list[LaneSpec]:
    """Those told before first, then every subscriber of the area; an ending goes only to those told."""
    lanes = [LaneSpec(Source.TOLD, 0, None, fanout) for fanout in earlier]
    if releasing.kind not in ENDINGS:
        return lanes + _subscriber_lanes(releasing, _worded(releasing, channel, _frozen_area(releasing)))
    return lanes + beside.lanes(releasing.session, releasing.revision, channel)


def _worded(releasing: Releasing, channel: str, codes: Sequence[str]) -> Sequence[str]:
    """Every community has a text; words of a call are frozen only if calls were set up then, and a lane needs them."""
    if channel == ChannelName.SMS:
        return codes
    held = texts.communities_of(releasing.session, releasing.revision.id, channel)
    return [code for code in codes if code in held]


def _frozen_area(releasing: Releasing) -> list[str]:
    """The communities of the area as they were at submit; one that was told before, only if the area still holds it.

    Never one without a text: its lane would not end."""
    session, revision = releasing.session, releasing.revision
    told = set(texts.told_communities(session, revision.alert_id, but=revision.id))
    now = set(audience.affected(releasing.content.area, releasing.directory))
    frozen = (answer.community for answer in releasing.content.answers)
    return [code for code in frozen if code in now or code not in told]


def _lanes_of_changed(releasing: Releasing, channel: str, earlier: Sequence[int]) -> list[LaneSpec]:
    """Only communities whose line changed: their older lanes end, the others' go on."""
    changed, ids = _end_changed(releasing, earlier), directory_load.community_ids(releasing.session)
    changed = _worded(releasing, channel, changed)
    lanes = [LaneSpec(Source.TOLD, 0, ids[code], fanout) for fanout in earlier for code in changed]
    failing = [code for code in changed if code not in releasing.content.restored]
    lanes += beside.lanes(releasing.session, releasing.revision, channel, set(changed) - set(failing))
    return lanes + _subscriber_lanes(releasing, failing)


def _end_changed(releasing: Releasing, earlier: Sequence[int]) -> Sequence[str]:
    """End the older lanes where the line changed, and return where; a revision without texts stops no other text."""
    changed, ids = _changed(releasing), directory_load.community_ids(releasing.session)
    fanouts.supersede_communities(releasing.session, earlier, [ids[code] for code in changed])
    return changed


def _changed(releasing: Releasing) -> Sequence[str]:
    previous = _previous(releasing)
    if previous is None:
        return _frozen_area(releasing)
    return audience.changed(heart.content_from_json(previous.content), releasing.content)


def _previous(releasing: Releasing) -> Revision | None:
    query = (
        select(Revision)
        .join(Fanout, Fanout.revision_id == Revision.id)
        .where(Revision.alert_id == releasing.revision.alert_id, Revision.id != releasing.revision.id)
        .where(Fanout.tier == Tier.PUBLIC.value)
        .order_by(Revision.no.desc())
        .limit(1)
    )
    return releasing.session.scalars(query).first()


def _subscriber_lanes(releasing: Releasing, codes: Sequence[str]) -> list[LaneSpec]:
    ids = directory_load.community_ids(releasing.session)
    places = sorted((releasing.directory.community(code) for code in codes), key=lambda c: (-c.population, c.code))
    return [LaneSpec(Source.SUBSCRIBERS, rank, ids[c.code]) for rank, c in enumerate(places, start=1)]


def _publish(releasing: Releasing) -> int:
    document = make_document(releasing)
    session = releasing.session
    body = texts.one_body(session, document.sha, document.identifier, document.bytes.decode())
    place = residents.address(session, releasing.sealer, "feed", PUBLISHED_PLACE, owner="installation")
    return listed(releasing, Tier.PUBLIC, ChannelName.FEED, [(place, None, body)])


def make_document(releasing: Releasing) -> Document:
    """The CAP document, once: identifier, `sent` and signature are made here and never again."""
    session, revision, office = releasing.session, releasing.revision, releasing.office
    sent = _sent(releasing)
    alert = _cap_alert(releasing, sent)
    document = cap_document.cap_bytes(office, alert)
    row = Document(
        revision_id=revision.id,
        kind="cap" if _goes_to_the_feed(releasing) else "cap-ipaws",
        bytes=document,
        sha=sha256(document).hexdigest(),
        identifier=alert.identifier,
        sender=alert.sender,
        sent=sent,
        sent_text=cap.format_time(alert.sent),
        expires=alert.expires or releasing.content.expires,
    )
    session.add(row)
    session.flush()
    return row


def _sent(releasing: Releasing) -> datetime:
    """Now, and never before the message that it goes on with: a clock that was set back a little must not lie."""
    now = releasing.now.replace(microsecond=0)
    last = alerts.last_sent(releasing.session, releasing.revision.alert_id)
    return last if last and now < last < now + CLOCK_STEP else now


def _cap_alert(releasing: Releasing, sent: datetime) -> cap.Alert:
    session, revision = releasing.session, releasing.revision
    edition = Edition(
        releasing.kind, releasing.content, releasing.office.voice, sent, reference=revision.alert.public_id
    )
    told = tuple(answer.community for answer in releasing.content.answers)
    shape = where.frozen(session, revision.id)
    work = Work(releasing.office, releasing.directory, edition, told, frozen=shape)
    infos = [InfoTexts(**json.loads(row.text)) for row in texts.of_revision(session, revision.id, "cap")]
    identifier = cap.identifier(IDENTIFIER_PREFIX, revision.alert.public_id, revision.no)
    alert, _ = cap_document.judged(work, infos, stamp.of(session, work, sent, identifier, revision.no))
    return alert
