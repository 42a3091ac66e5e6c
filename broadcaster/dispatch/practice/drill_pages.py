"""Whoever a planned drill asks is texted and mailed once, a duty of the sweep; so are its second persons on call.

Every word of it says DRILL first, and the carriers are those of this installation: at the training desk none of them
leaves the machine. The committed row is the claim: nobody is paged twice, and nobody while 911 fails.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcaster import logs
from broadcaster.alert.alert import Area, FailureKind
from broadcaster.alert.lifecycle import Role
from broadcaster.channels import page_link
from broadcaster.dispatch.engine import Engine
from broadcaster.dispatch.paging.paging import LINK_LIFE
from broadcaster.dispatch.paging.proposal_pages import Letter, hand_over
from broadcaster.messages.drill_page import DrillWords
from broadcaster.messages.message import Message
from broadcaster.settings import Mode, Settings
from broadcaster.store import database
from broadcaster.store.alerting import areas
from broadcaster.store.database import only_one
from broadcaster.store.desk import contacts, drill_pages, drills, roster
from broadcaster.store.desk.contacts import What
from broadcaster.store.desk.drill_pages import Due
from broadcaster.store.desk.drills import DrillPart
from broadcaster.store.desk.people import User
from broadcaster.store.timeline import ledger

log = logs.get(__name__)
FRESH = timedelta(minutes=15)
"""What was asked before the sweep came back is found at the desk."""
NUMBERED_FROM = 3 * 10**12
"""Their numbers in references, beyond those of proposals; a thousand to each run."""


@dataclass
class DrillPages:
    """The duty."""

    engine: Engine
    office: str
    base: str
    practice: bool = False

    @classmethod
    def of(cls, settings: Settings, engine: Engine) -> DrillPages:
        """For an installation."""
        return cls(engine, settings.authority_short, settings.public_base_url, settings.mode is Mode.TRAINING)

    def look(self, moment: datetime | None = None) -> int:
        """Page whoever was not paged yet; returns how many pages were accepted. One sweep at a time does."""
        with self.engine.sessions.begin() as session, only_one(session, "drill-pages") as alone:
            now = moment or database.now(session)
            due = drill_pages.due(session, now, FRESH) if alone and not drills.is_real(session) else []
            letters = [(one.run, list(self._letters(session, one, now))) for one in due]
        return hand_over(self.engine, NUMBERED_FROM, letters)

    def _letters(self, session: Session, one: Due, now: datetime) -> Iterator[Letter]:
        called = _called(session, one, now)
        drill_pages.note(session, one.run, [user.id for user in called], one.part, now)
        said = {"part": one.part.value, "people": [user.email for user in called]}
        ledger.append(session, "machine:sweep", "drill-paged", f"drill-run:{one.key}", said)
        text, mail = self._words(session, one, now)
        for user in called:
            ways = contacts.of(session, self.engine.sealer, user.id)
            for what in (What.PHONE, What.SECOND_PHONE):
                if what in ways:
                    yield Letter("sms", ways[what].value, text)
            box = ways[What.MAIL].value if What.MAIL in ways else user.email
            yield Letter("email", box, mail)

    def _words(self, session: Session, one: Due, now: datetime) -> tuple[Message, Message]:
        area = Area(counties=(one.county,)) if one.county else Area(statewide=True)
        link = f"{self.base}/desk/drills/"
        if one.revision is not None:
            until = int((now + LINK_LIFE).timestamp())
            link = page_link.url(self.base, self.engine.secret, one.revision, until)
        place = areas.place(session, area)
        words = DrillWords(self.office, FailureKind(one.failure), place, link, self.practice)
        return words.to_issue() if one.part is DrillPart.ISSUE else words.to_approve()


def _called(session: Session, one: Due, now: datetime) -> list[User]:
    """The person of the run; of a second person whoever of the approvers is on call, and where none is, all."""
    staff = list(session.scalars(select(User).where(User.active).order_by(User.name, User.id)))
    if one.user is not None:
        return [user for user in staff if user.id == one.user]
    able = [user for user in staff if Role.APPROVER in user.role_names and user.id != one.author]
    on_call = roster.on_call(session, now)
    return [user for user in able if user.id in on_call] or able
