"""The clocks that stand on every page: which outages are open, how long we have known, what is overdue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcaster.alert.alert import Content, RevisionKind, content_from_json
from broadcaster.alert.lifecycle import HEARD, AlertState, ReleaseState, Tier
from broadcaster.said import Said
from broadcaster.store.alerting import alerts, areas
from broadcaster.store.alerting.alerts import Alert, Release, Revision


@dataclass(frozen=True, slots=True)
class Watched:
    """An alert and its newest revision, as the desk lists it. `loud` is why somebody must act now, or empty."""

    alert: str
    place: str
    since: datetime
    minutes: int
    no: int
    kind: RevisionKind
    state: AlertState
    content: Content
    public: str
    agency: str
    frozen: bool
    author: int
    loud: str = ""
    public_heard: bool = False
    expired: bool = False

    @property
    def waits(self) -> bool:
        """Whether a second person has to decide."""
        return self.frozen and self.public == ReleaseState.PENDING


def watched(session: Session, now: datetime, *states: AlertState) -> list[Watched]:
    """The alerts in these states, the longest known first."""
    query = select(Alert).where(Alert.state.in_(states), Alert.kind.in_(HEARD))
    query = query.order_by(Alert.known_since, Alert.id)
    return [_watched(session, alert, now) for alert in session.scalars(query)]


def of_outage(session: Session, outage: int, now: datetime) -> list[Watched]:
    """The alerts that hang on an outage, the oldest first."""
    return [_watched(session, alert, now) for alert in alerts.on_outage(session, outage)]


@dataclass(frozen=True, slots=True)
class Ended:
    """An alert that is over: how it ended, and when."""

    alert: str
    place: str
    state: AlertState
    at: datetime | None


def lately_ended(session: Session, most: int = 5) -> list[Ended]:
    """The alerts that ended last, the newest first: their boards stay for questions."""
    query = select(Alert).where(Alert.closed_at.is_not(None), Alert.kind.in_(HEARD))
    query = query.order_by(Alert.closed_at.desc()).limit(most)
    found = []
    for alert in session.scalars(query):
        newest = session.scalars(
            select(Revision).where(Revision.alert_id == alert.id).order_by(Revision.no.desc()).limit(1)
        ).one()
        area = content_from_json(newest.content).area
        found.append(Ended(alert.public_id, areas.place(session, area), AlertState(alert.state), alert.closed_at))
    return found


def _watched(session: Session, alert: Alert, now: datetime) -> Watched:
    revisions = list(session.scalars(select(Revision).where(Revision.alert_id == alert.id).order_by(Revision.no)))
    newest, releases = revisions[-1], _releases(session, alert)
    out = [row for row in revisions if any(_is_out(releases.get((row.id, tier))) for tier in Tier)]
    on_air = content_from_json(out[-1].content) if out else None
    content = content_from_json(newest.content)
    is_open = alert.state == AlertState.OPEN and on_air is not None
    return Watched(
        alert=alert.public_id,
        place=areas.place(session, (on_air or content).area),
        since=alert.known_since,
        minutes=max(0, int((now - alert.known_since).total_seconds() // 60)),
        no=newest.no,
        kind=RevisionKind(newest.kind),
        state=AlertState(alert.state),
        content=content,
        public=releases.get((newest.id, "public"), ""),
        agency=releases.get((newest.id, "agency"), ""),
        frozen=newest.frozen_at is not None,
        author=newest.authored_by,
        loud=_loud(on_air, now) if is_open and on_air else "",
        public_heard=any(_is_out(releases.get((row.id, Tier.PUBLIC))) for row in revisions),
        expired=is_open and on_air is not None and on_air.expires <= now,
    )


def _releases(session: Session, alert: Alert) -> dict[tuple[int, str], str]:
    rows = session.scalars(select(Release).join(Revision).where(Revision.alert_id == alert.id))
    return {(row.revision_id, row.tier): row.state for row in rows}


def _is_out(state: str | None) -> bool:
    return state in (ReleaseState.RELEASED, ReleaseState.HELD)


def _loud(content: Content, now: datetime) -> str:
    """Why an open alert must not be left alone; an expired one has not ended (design law 10)."""
    if content.expires <= now:
        return Said("It expired without an all-clear: renew it with an update, or end it with an all-clear.")
    if content.next_update and content.next_update <= now:
        return Said("The promised update is overdue: send one.")
    return ""
