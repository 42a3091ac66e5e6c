"""The second person of a drill: which drills wait for one, and who is asked to be it, on every page of theirs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcaster.alert.lifecycle import AlertKind, AlertState, ReleaseState, Role
from broadcaster.store.alerting.alerts import Alert, Release, Revision
from broadcaster.store.desk import roster
from broadcaster.store.desk.drills import DrillPart, DrillRun
from broadcaster.store.desk.people import User
from broadcaster.web.signin.guard import Person


@dataclass(frozen=True, slots=True)
class Waits:
    """A drill that was submitted, and that somebody else may approve to practise too."""

    alert: str
    no: int
    author: str
    mine: bool
    asked: int | None = None
    """Of one that the machine has written for a second person: for whom."""


def waiting(store: Session, who: Person) -> list[Waits]:
    """Every drill that waits for a second person, the oldest first; of those that wait for one person this one's."""
    query = (
        select(Alert.public_id, Revision.no, User.name, Revision.authored_by, DrillRun.part, DrillRun.user_id)
        .join(Revision, Revision.alert_id == Alert.id)
        .join(Release, Release.revision_id == Revision.id)
        .join(User, User.id == Revision.authored_by)
        .outerjoin(DrillRun, DrillRun.alert_id == Alert.id)
        .where(Alert.kind == AlertKind.DRILL.value, Alert.state == AlertState.DRAFT.value)
        .where(Release.tier == "public", Release.state == ReleaseState.PENDING.value)
        .order_by(Revision.id)
    )
    found = [(row, row[5] if row[4] == DrillPart.APPROVE else None) for row in store.execute(query)]
    return [Waits(row[0], row[1], row[2], row[3] == who.id, one) for row, one in found if one in (None, who.id)]


def asked(store: Session, who: Person, now: datetime) -> list[Waits]:
    """The drills that this person is asked to approve: an approver who is on call, or any where none of them is; and
    those that are for them alone."""
    found = [one for one in waiting(store, who) if not one.mine] if who.may(Role.APPROVER) else []
    here = bool(found) and who.id in _called(store, now)
    return [one for one in found if here or one.asked is not None]


def _called(store: Session, now: datetime) -> set[int]:
    staff = store.scalars(select(User).where(User.active))
    able = {user.id for user in staff if Role.APPROVER in user.role_names}
    return able & roster.on_call(store, now) or able
