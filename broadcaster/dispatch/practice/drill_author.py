"""The alert of a drill for a second person, a duty of the sweep: the machine writes and submits what nobody issued.

It is written for whoever planned the drill, who therefore cannot approve it; a drill is for somebody else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from broadcaster import logs
from broadcaster.alert.alert import Area, Content, FailureKind
from broadcaster.alert.lifecycle import AlertKind
from broadcaster.dispatch import actions
from broadcaster.dispatch.actions import DEFAULT_LIFE, DEFAULT_NEXT_UPDATE
from broadcaster.dispatch.actor import Actor, AlertRefused
from broadcaster.dispatch.engine import Engine
from broadcaster.dispatch.office import Office
from broadcaster.dispatch.practice import drills
from broadcaster.settings import Settings
from broadcaster.store import database
from broadcaster.store.database import Sessions, only_one
from broadcaster.store.desk import drills as kept
from broadcaster.store.desk.drills import Drill, DrillOutcome, DrillRun
from broadcaster.store.desk.people import User
from broadcaster.store.sealed import Sealer
from broadcaster.store.timeline import ledger

log = logs.get(__name__)


@dataclass
class DrillAuthor:
    """The duty."""

    sessions: Sessions
    sealer: Sealer
    office: Office

    @classmethod
    def of(cls, settings: Settings, engine: Engine) -> DrillAuthor:
        """For an installation, over the connections of a sending process."""
        return cls(engine.sessions, engine.sealer, Office.of(settings))

    def look(self, moment: datetime | None = None) -> int:
        """Write what is missing; returns how many alerts were written. One sweep at a time does."""
        with self.sessions.begin() as session, only_one(session, "drill-author") as alone:
            now = moment or database.now(session)
            due = kept.unwritten(session) if alone and not kept.is_real(session) else []
            return sum(self._write(session, run, drill, now) for run, drill in due)

    def _write(self, session: Session, run: DrillRun, drill: Drill, now: datetime) -> bool:
        """The draft, frozen; a run whose alert cannot be written is over, and the log says why."""
        actor = Actor(session, self.office, self.sealer, drill.planned_by, now)
        try:
            with session.begin_nested():
                revision = actions.new_alert(actor, AlertKind.DRILL, _content(drill, now), now)
                run.alert_id = revision.alert_id
                actions.submit(actor, revision)
        except AlertRefused as refused:
            log.warning("drill_not_written", drill=drill.public_id, why=str(refused))
            drills.end(session, run, DrillOutcome.UNFINISHED, now, drills.MACHINE)
            return False
        said = {"alert": revision.alert.public_id, "for": session.get_one(User, drill.planned_by).email}
        ledger.append(session, drills.MACHINE, "drill-written", f"drill-run:{run.public_id}", said)
        return True


def _content(drill: Drill, now: datetime) -> Content:
    """What the form says when an officer fills in what failed and where, and leaves the rest as it stands."""
    whole = now.replace(second=0, microsecond=0)
    area = Area(counties=(drill.county,)) if drill.county else Area(statewide=True)
    fails, ends = FailureKind(drill.failure), whole + DEFAULT_LIFE
    provider = "Example Wireless" if fails is FailureKind.ONE_CARRIER else ""
    return Content(fails, area, whole, ends, provider=provider, next_update=whole + DEFAULT_NEXT_UPDATE)
