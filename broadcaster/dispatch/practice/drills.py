"""Drills, a duty of the sweep: whoever is due is asked, whoever is late is let go; nobody practises while 911 fails.

Law: nobody outside hears of a drill. Its alert has a kind of its own, whose release makes no fan-out and no document.
Whoever may not issue is asked to be the second person of an alert that the machine has written (`drill_author`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcaster import logs
from broadcaster.alert.alert import Content
from broadcaster.alert.lifecycle import AlertKind, AlertState, LifecycleRefused, Move, ReleaseState, Role, moved
from broadcaster.dispatch import actions
from broadcaster.dispatch.actor import Actor
from broadcaster.said import Said
from broadcaster.store import database
from broadcaster.store.alerting.alerts import Alert, Release, Revision
from broadcaster.store.database import Sessions, only_one
from broadcaster.store.desk import drills, roster
from broadcaster.store.desk.drills import Drill, DrillOutcome, DrillPart, DrillRun
from broadcaster.store.desk.people import User
from broadcaster.store.timeline import ledger

log = logs.get(__name__)
EVERY_S = 2.0
START_WITHIN = timedelta(minutes=30)
"""Whoever has not begun by then has missed it."""
END_WITHIN = timedelta(minutes=60)
"""A run that was begun ends by then, where it stands."""
MACHINE = "machine:sweep"


@dataclass
class Drills:
    """The duty."""

    sessions: Sessions

    def look(self, moment: datetime | None = None) -> int:
        """Ask whoever is due, and end what is late; returns how many were asked. One sweep at a time does."""
        with self.sessions.begin() as session, only_one(session, "drills") as alone:
            if not alone:
                return 0
            now, real = moment or database.now(session), drills.is_real(session)
            for run in drills.running(session):
                outcome = DrillOutcome.OVERTAKEN if real else _late(session, run, now)
                if outcome is not None:
                    end(session, run, outcome, now, MACHINE)
            return 0 if real else sum(_begin(session, drill, now) for drill in drills.due(session, now))


def _begin(session: Session, drill: Drill, now: datetime) -> int:
    drill.begun_at = now
    asked = [user for user in _whom(session, drill, now) if drills.of_person(session, user.id) is None]
    for user in asked:
        drills.ask(session, drill, user.id, now, _part(user))
    said = {"people": [user.email for user in asked]}
    ledger.append(session, MACHINE, "drill-begun", f"drill:{drill.public_id}", said)
    log.info("drill_begun", drill=drill.public_id, people=len(asked))
    return len(asked)


def _whom(session: Session, drill: Drill, now: datetime) -> list[User]:
    """The person of the plan, or the issuers who are on call; where none of them is, the approvers. Whoever planned it
    writes what an approver is asked about, and so is not asked to approve."""
    wanted = {drill.user_id} if drill.user_id else roster.on_call(session, now)
    people = list(session.scalars(select(User).where(User.id.in_(wanted), User.active).order_by(User.name, User.id)))
    able = [user for user in people if Role.APPROVER in user.role_names and user.id != drill.planned_by]
    return [user for user in people if Role.ISSUER in user.role_names] or able


def _part(user: User) -> DrillPart:
    return DrillPart.ISSUE if Role.ISSUER in user.role_names else DrillPart.APPROVE


def _late(session: Session, run: DrillRun, now: datetime) -> DrillOutcome | None:
    """How a run ends that was released, or has taken too long; None while it has time."""
    alert = session.get(Alert, run.alert_id) if run.alert_id else None
    if alert is not None and alert.state == AlertState.CLOSED:
        return DrillOutcome.COMPLETE
    if run.outcome == DrillOutcome.ASKED:
        return DrillOutcome.MISSED if now - run.asked_at > START_WITHIN else None
    if now - run.asked_at <= END_WITHIN:
        return None
    return DrillOutcome.COMPLETE if _is_submitted(session, run) else DrillOutcome.UNFINISHED


def _is_submitted(session: Session, run: DrillRun) -> bool:
    frozen = select(Revision.id).where(Revision.alert_id == run.alert_id, Revision.frozen_at.is_not(None))
    return session.scalars(frozen.limit(1)).first() is not None


def start(session: Session, run: DrillRun, now: datetime) -> None:
    """Its person begins. LifecycleRefused when it is over, or 911 really fails."""
    if drills.is_real(session):
        raise LifecycleRefused(Said("911 really fails somewhere: this is no time for a drill."))
    if run.outcome != DrillOutcome.ASKED or run.part != DrillPart.ISSUE:
        raise LifecycleRefused(Said("This drill was begun already, or it is over."))
    run.outcome, run.started_at = DrillOutcome.RUNNING.value, now
    ledger.append(session, f"user:{run.user_id}", "drill-started", f"drill-run:{run.public_id}")


def draft(actor: Actor, key: str, content: Content, opened: datetime) -> Revision:
    """The alert of a drill from the form, as of any other; one whose run is over by now is a drill all the same."""
    run = drills.by_key(actor.session, key, actor.user_id)
    fits = run is not None and run.outcome == DrillOutcome.RUNNING and run.alert_id is None
    since = run.started_at if run is not None and fits else None  # whoever opens the form twice wins no time
    revision = actions.new_alert(actor, AlertKind.DRILL, content, since or opened)
    if run is not None and fits:
        run.alert_id = revision.alert_id
    return revision


def released(session: Session, alert: Alert, by: int, now: datetime) -> None:
    """A second person has released it: its run is complete. One that was for another second person is over."""
    run = drills.of_alert(session, alert.id)
    if run is not None and run.outcome in drills.OPEN:
        theirs = run.part == DrillPart.ISSUE or run.user_id == by
        end(session, run, DrillOutcome.COMPLETE if theirs else DrillOutcome.UNFINISHED, now, MACHINE)


def turned_down(session: Session, alert: Alert, by: int, now: datetime) -> None:
    """A second person has returned or rejected it: theirs is complete, for they have read it and decided."""
    run = drills.of_alert(session, alert.id)
    if run is not None and run.part == DrillPart.APPROVE:
        released(session, alert, by, now)


def finish(session: Session, run: DrillRun, now: datetime) -> DrillOutcome:
    """Its person ends it: complete once it was submitted. LifecycleRefused when it is over."""
    if run.outcome not in drills.OPEN:
        raise LifecycleRefused(Said("This drill is over already."))
    outcome = DrillOutcome.COMPLETE if _is_submitted(session, run) else DrillOutcome.UNFINISHED
    end(session, run, outcome, now, f"user:{run.user_id}")
    return outcome


def end(session: Session, run: DrillRun, outcome: DrillOutcome, now: datetime, by: str) -> None:
    """The run is over, and its alert with it: whatever still waited for a second person does so no longer."""
    run.outcome, run.ended_at = outcome.value, now
    alert = session.get(Alert, run.alert_id, with_for_update=True) if run.alert_id else None
    if alert is not None and alert.state == AlertState.DRAFT:
        alert.state, alert.closed_at = AlertState.WITHDRAWN.value, now
        pending = select(Release).join(Revision).where(Revision.alert_id == alert.id)
        for row in session.scalars(pending.where(Release.state == ReleaseState.PENDING.value)):
            row.state = moved(ReleaseState.PENDING, Move.WITHDRAW).value
            row.reason = "drill complete" if outcome is DrillOutcome.COMPLETE else "drill ended"
    ledger.append(session, by, "drill-finished", f"drill-run:{run.public_id}", {"outcome": outcome.value})
    session.flush()
