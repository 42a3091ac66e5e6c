"""A draft that nobody was told of is thrown away: it leaves the desk, and what was done to it stays in the ledger."""

from __future__ import annotations

from sqlalchemy import delete, select

from broadcaster.alert.lifecycle import AlertState, LifecycleRefused, ReleaseState, Tier
from broadcaster.dispatch.actor import Actor
from broadcaster.said import Said
from broadcaster.store.alerting.alerts import Alert, Release, Revision, RevisionEditor


def discard(actor: Actor, draft: Revision) -> None:
    """Throw away an alert that never went out, or the draft of what an open one says next.

    LifecycleRefused when anybody was told of it, or when it waits for a second person.
    """
    actor.session.execute(select(Alert.id).where(Alert.id == draft.alert_id).with_for_update())
    actor.session.refresh(draft)
    actor.session.refresh(draft.alert)
    _check(actor, draft)
    actor.log("discarded", draft.alert, no=draft.no)
    if draft.alert.state == AlertState.DRAFT:
        draft.alert.state = AlertState.WITHDRAWN.value
        return
    actor.session.execute(delete(RevisionEditor).where(RevisionEditor.revision_id == draft.id))
    actor.session.execute(delete(Revision).where(Revision.id == draft.id))
    actor.session.expire(draft.alert)


def _check(actor: Actor, draft: Revision) -> None:
    releases = list(actor.session.scalars(select(Release).where(Release.revision_id == draft.id)))
    if {row.state for row in releases} & {ReleaseState.RELEASED, ReleaseState.HELD}:
        raise LifecycleRefused(Said("Somebody has been told of it: end it with an all-clear or take it back."))
    if any(row.tier == Tier.PUBLIC and row.state == ReleaseState.PENDING for row in releases):
        raise LifecycleRefused(Said("It waits for a second person: they return or reject it, or edit it first."))
    if draft.alert.state == AlertState.OPEN and draft.frozen_at is not None:
        raise LifecycleRefused(
            Said("This was submitted: it stays in the alert's history. Start another from the board.")
        )
    if draft.alert.state not in (AlertState.DRAFT, AlertState.OPEN):
        raise LifecycleRefused(Said("This alert is over: there is nothing left to throw away."))
