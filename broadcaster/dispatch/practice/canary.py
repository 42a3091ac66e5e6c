"""The canary: a test for one phone of our own, through the same form of words, freezing, approval, claim and carrier.

Law: what is planned here goes to CANARY_PHONE and to nobody else, once over each carrier of texts. It makes
no document and no notice, it is over with its release, and so neither a page nor a feed nor IPAWS ever finds it. Its
lanes are the last and their senders their own.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from broadcaster.alert.alert import Area, ChannelName, Content, FailureKind, RevisionKind
from broadcaster.alert.lifecycle import LifecycleRefused, Tier
from broadcaster.dispatch.engine import CANARY, SECOND_CANARY
from broadcaster.dispatch.release import Releasing
from broadcaster.store import canaries
from broadcaster.store.alerting import texts
from broadcaster.store.fanout import fanouts, senders
from broadcaster.store.fanout.deliveries import Fanout, Source
from broadcaster.store.fanout.fanouts import LaneSpec
from broadcaster.store.places import directory_load

LIFE = timedelta(minutes=10)
"""A text that has not gone out by then is of no use: the next canary is on its way."""
PRIORITY = 99
"""Behind every alert, test and page."""


def check_free(session: Session) -> None:
    """LifecycleRefused while texts of an alert are going out: the canary gives way to them."""
    if canaries.an_alert_goes_out(session):
        raise LifecycleRefused("Texts of an alert are going out: the canary gives way to them.")


def content(session: Session, now: datetime) -> Content:
    """What a canary says: a test about the first community of the directory, by text and in English."""
    return Content(
        FailureKind.ALL_CALLS,
        Area(communities=tuple(sorted(directory_load.community_ids(session))[:1])),
        began=now,
        expires=now + LIFE,
        channels=(ChannelName.SMS,),
        languages=("en",),
    )


def release(releasing: Releasing) -> list[int]:
    """The fan-outs of a canary, one for each carrier of texts, over a list of one phone; returns their ids.
    LifecycleRefused for anything else."""
    session, revision, phone = releasing.session, releasing.revision, releasing.office.canary_phone
    if not (revision.alert.is_canary and phone and releasing.kind is RevisionKind.INITIAL):
        raise LifecycleRefused("This is no canary: it is released like every alert.")
    there = canaries.address(session, releasing.sealer, phone)
    ways = [CANARY, *([SECOND_CANARY] if senders.is_set_up(session, SECOND_CANARY) else [])]
    return [_over(releasing, way, there) for way in ways]


def _over(releasing: Releasing, way: str, there: int) -> int:
    session, revision = releasing.session, releasing.revision
    words = texts.of_revision(session, revision.id, ChannelName.SMS.value)[0]
    fanout = Fanout(
        revision_id=revision.id,
        tier=Tier.PUBLIC.value,
        channel=way,
        purpose=CANARY,
        expires_at=releasing.content.expires,
    )
    made = fanouts.make(session, fanout, "sms", PRIORITY, [LaneSpec(Source.TARGETS, 0)])
    fanouts.add_targets(session, made, [(there, None, words.body_id)])
    return made
