"""The end of an alert that only agencies heard of: its public text was turned down, so no all-clear can follow it.

The rule of an all-clear holds: somebody else than its authors gives it, and says who confirmed that 911 works.
"""

from __future__ import annotations

from sqlalchemy import select

from broadcaster.alert.lifecycle import AlertState, LifecycleRefused, ReleaseState, Tier
from broadcaster.dispatch import actions
from broadcaster.dispatch.actor import Actor
from broadcaster.dispatch.release import listed
from broadcaster.dispatch.revision import second_person
from broadcaster.dispatch.telling import agencies, notices
from broadcaster.said import Said
from broadcaster.store.agencies import chases
from broadcaster.store.agencies.chases import Ended
from broadcaster.store.alerting import texts
from broadcaster.store.alerting.alerts import Alert, Release, Revision
from broadcaster.store.fanout import fanouts

LONGEST = 500
"""Characters of who confirmed it."""
EVERY = 0
"""No revision's id: none of the alert's revisions is left out."""


def can_end(actor: Actor, alert: Alert) -> bool:
    """Whether an alert is open for agencies alone, and nothing waits for a second person."""
    if alert.state != AlertState.OPEN or actions.released_kinds(actor.session, alert):
        return False
    query = select(Release.state).join(Revision).where(Revision.alert_id == alert.id)
    return ReleaseState.PENDING not in actor.session.scalars(query.where(Release.tier == Tier.PUBLIC.value)).all()


def end(actor: Actor, revision: Revision, confirmed: str) -> list[int]:
    """Close it, and tell every agency that was told; returns the fan-outs made.

    LifecycleRefused when the public heard of it, when something waits, or when this person wrote it.
    """
    alert = revision.alert
    actor.session.execute(select(Alert.id).where(Alert.id == alert.id).with_for_update())
    actor.session.refresh(alert)
    if not can_end(actor, alert):
        raise LifecycleRefused(Said("Only an alert that the public never heard of ends like this: give an all-clear."))
    second_person.check(actor.session, actor.user_id, revision)
    said = " ".join(confirmed.split())[:LONGEST]
    if not said:
        raise LifecycleRefused(Said("Say who confirmed that 911 works again, and how."))
    alert.state, alert.closed_at = AlertState.CLOSED.value, actor.now
    actor.session.flush()
    made = _tell(actor, revision, said)
    actor.log("ended_for_agencies", alert, no=revision.no, confirmed=said, fanouts=made)
    return made


def _tell(actor: Actor, revision: Revision, said: str) -> list[int]:
    session, alert, releasing = actor.session, revision.alert, actor.releasing(revision)
    fanouts.supersede_older(session, alert.id, Tier.AGENCY.value, EVERY)
    chases.end_of_alert(session, alert.id, EVERY, Ended.OVER)
    body = texts.notice_body(session, notices.over(alert.public_id, said))
    made, until = [], actor.now + actions.DEFAULT_LIFE
    for channel in agencies.FORMS:
        told = {
            **dict(fanouts.chased_of_alert(session, alert.id, channel)),
            **dict(fanouts.listed_of_alert(session, alert.id, channel, body)),
        }
        targets = [(address, agency, body) for address, agency in sorted(told.items())]
        if targets:
            made.append(listed(releasing, Tier.AGENCY, channel, targets, "over", until))
    return made
