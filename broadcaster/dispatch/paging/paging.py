"""Paging: at submit everybody on call who may approve is texted, called and mailed at once; then more people, until
somebody has decided.

A duty of the sweep in transactions of its own, so that no submit waits for it or fails by it. A step takes in further
people and rings the others again: those on call, all approvers, the administrators, who can find one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcaster import logs
from broadcaster.alert.alert import RevisionKind, content_from_json
from broadcaster.alert.lifecycle import Role
from broadcaster.channels import page_link
from broadcaster.dispatch.engine import Engine
from broadcaster.dispatch.office import Office
from broadcaster.dispatch.paging import page_letters
from broadcaster.dispatch.paging.page_letters import LIFE, Call
from broadcaster.dispatch.revision import second_person
from broadcaster.messages.page import PageWords
from broadcaster.settings import Settings
from broadcaster.store import database as clocks
from broadcaster.store.alerting import areas
from broadcaster.store.alerting.alerts import Revision
from broadcaster.store.database import Sessions, only_one
from broadcaster.store.desk import paging, roster
from broadcaster.store.desk.paging import PAGING, Waiting
from broadcaster.store.desk.people import User
from broadcaster.store.sealed import Sealer
from broadcaster.store.timeline import ledger

log = logs.get(__name__)
LINK_LIFE = timedelta(hours=2)
LOOK_EVERY_S = 1.0
NAMES = {
    RevisionKind.INITIAL: "911 outage",
    RevisionKind.UPDATE: "update",
    RevisionKind.NUMBER_CHANGE: "number change",
    RevisionKind.RESTORED_IN_PART: "restored in part",
    RevisionKind.ALL_CLEAR: "all-clear",
    RevisionKind.FALSE_ALARM: "false alarm",
}


@dataclass
class Pager:
    """Takes every step that is due; `after` are the seconds after the first page at which further ones follow."""

    sessions: Sessions
    sealer: Sealer
    office: Office
    secret: str
    after: Sequence[float] = (120.0, 240.0)

    @classmethod
    def of(cls, settings: Settings, engine: Engine) -> Pager:
        """For an installation, over the connections of a sending process."""
        return cls(engine.sessions, engine.sealer, Office.of(settings), engine.secret, settings.page_seconds)

    def look(self, moment: datetime | None = None) -> int:
        """Page whoever is due now; returns how many people were. One sweep at a time does."""
        with self.sessions.begin() as session, only_one(session, "paging") as alone:
            if not alone:
                return 0
            now = moment or clocks.now(session)
            due = [one for one in paging.waiting(session, now) if self._is_due(one, now)]
            return sum(self._step(session, one, now) for one in due)

    def _is_due(self, one: Waiting, now: datetime) -> bool:
        at = next_at(one.since, one.steps, self.after)
        return one.steps == 0 or (at is not None and at <= now)

    def _step(self, session: Session, one: Waiting, now: datetime) -> int:
        revision, step = session.get_one(Revision, one.revision), one.steps + 1
        called = people(session, revision, step, now)
        if not called:
            return 0
        paging.note(session, revision.id, step, [user.id for user in called], now)
        expires = min(content_from_json(revision.content).expires, clocks.now(session) + LIFE)
        call = Call(revision.id, PAGING, step, self._words(session, revision, now), expires)
        made = list(page_letters.sent(session, self.sealer, call, called))
        names = [user.email for user in called]
        said = {"no": revision.no, "step": step, "people": names, "fanouts": made}
        ledger.append(session, "machine:sweep", "paged", f"alert:{revision.alert.public_id}", said)
        log.info("paged", alert=revision.alert.public_id, step=step, people=len(called))
        return len(called)

    def _words(self, session: Session, revision: Revision, now: datetime) -> PageWords:
        until = int((now + LINK_LIFE).timestamp())
        author = session.get_one(User, revision.authored_by)
        voice = self.office.voice
        asked = (revision.frozen_at or now).astimezone(ZoneInfo(voice.timezone))
        return PageWords(
            office=voice.authority_short,
            what=NAMES[RevisionKind(revision.kind)],
            place=areas.place(session, content_from_json(revision.content).area),
            author=author.name or author.email,
            hour=asked.strftime("%I:%M %p").lstrip("0"),
            link=page_link.url(self.office.public_base_url, self.secret, revision.id, until),
            digest=revision.hash or "",
            practice=voice.training,
        )


def next_at(since: datetime | None, steps: int, after: Sequence[float]) -> datetime | None:
    """When the next step follows: after the first page, or never when all were taken."""
    if since is None or not 0 < steps <= len(after):
        return None
    return since + timedelta(seconds=after[steps - 1])


def people(session: Session, revision: Revision, step: int, now: datetime) -> list[User]:
    """Who is called in a step: approvers on call who may approve this; all who may; the administrators too.

    An empty group is never called: where nobody is on call all approvers are, where no approver is left administrators.
    """
    staff = list(session.scalars(select(User).where(User.active).order_by(User.name, User.id)))
    editors = second_person.editors_of(revision)
    approvers = [user for user in staff if Role.APPROVER in user.role_names and user.id not in editors]
    on_call = roster.on_call(session, now)
    here = [user for user in approvers if user.id in on_call]
    admins = [user for user in staff if Role.ADMIN in user.role_names and user not in approvers]
    groups = [here or approvers or admins, approvers or admins, [*approvers, *admins]]
    return groups[min(step, len(groups)) - 1]
