"""From a request to somebody who acts on an alert, inside one transaction."""

from __future__ import annotations

from flask import abort
from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcaster.alert.lifecycle import Role
from broadcaster.dispatch.actor import Actor
from broadcaster.said import Said
from broadcaster.store.alerting import alerts
from broadcaster.store.alerting.alerts import Alert, Release, Revision
from broadcaster.web.house import house
from broadcaster.web.signin.guard import person, visitor


def actor(store: Session) -> Actor:
    """Who is signed in, acting in this transaction."""
    home = house()
    return Actor(store, home.office, home.sealer, person().id, home.clock())


def alert_of(store: Session, public_id: str) -> Alert:
    """The alert of this address, or 404; a canary is for the canary's machines, and they see nothing else.
    The board's stream asks too, in nobody's name."""
    found, who = alerts.by_public_id(store, public_id), visitor()
    if found is None or found.is_canary is not (who is not None and who.may(Role.CANARY)):
        abort(404, description=Said("There is no alert at this address: start from the desk."))
    return found


def revision_of(store: Session, public_id: str, no: int) -> Revision:
    """The revision of this address, or 404."""
    query = select(Revision).join(Alert).where(Alert.public_id == public_id, Revision.no == no)
    found = store.scalar(query)
    if found is None or found.alert.is_canary:
        abort(404, description=Said("There is no revision of this number: start from the desk."))
    return found


def newest(store: Session, public_id: str, *, locked: bool = False) -> Revision:
    """The newest revision of an alert, or 404; with the alert `locked` it stays the newest until this commits."""
    alert = alert_of(store, public_id)
    if locked:
        store.execute(select(Alert.id).where(Alert.id == alert.id).with_for_update())
    query = select(Revision).where(Revision.alert_id == alert.id).order_by(Revision.no.desc()).limit(1)
    return store.scalars(query).one()


def out(store: Session, alert: Alert, asked: str | None) -> list[tuple[Revision, Release]]:
    """The newest release of each tier, or of the one asked for, that went out; whether it goes on or is on hold."""
    query = select(Revision, Release).join(Release).where(Revision.alert_id == alert.id)
    query = query.where(Release.state.in_(["released", "held"])).order_by(Revision.no)
    by_tier = {release.tier: (row, release) for row, release in store.execute(query)}
    return [pair for tier, pair in by_tier.items() if not asked or asked == tier]


def releases_of(store: Session, revision: Revision) -> dict[str, Release]:
    """The releases of a revision by tier; empty before submit."""
    rows = store.scalars(select(Release).where(Release.revision_id == revision.id))
    return {row.tier: row for row in rows}
