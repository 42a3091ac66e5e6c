"""The duty that wakes whoever has the watch when 911 trouble is reported from two places at once, or of the state.

Once for each proposal: what it was about stands in the reports themselves. One report alone waits at the desk.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from broadcaster import logs
from broadcaster.dispatch.engine import Engine
from broadcaster.dispatch.telling import outage_words
from broadcaster.dispatch.telling.outage_words import Word, Words
from broadcaster.messages.message import Message
from broadcaster.outage import trouble
from broadcaster.settings import Mode, Settings
from broadcaster.store import database
from broadcaster.store.agencies import trouble as reports
from broadcaster.store.agencies.trouble import Trouble, Waiting
from broadcaster.store.alerting import areas
from broadcaster.store.database import Sessions, only_one
from broadcaster.store.desk.people import User
from broadcaster.store.outage import outages
from broadcaster.store.outage.outages import Outage
from broadcaster.store.sealed import Sealer
from broadcaster.store.timeline import ledger

log = logs.get(__name__)
EVERY_S = 2.0
MOST_NAMES = 3


@dataclass
class TroubleWatch:
    """Looks at what agencies have reported; an installation for training wakes nobody."""

    sessions: Sessions
    sealer: Sealer
    office: str
    base: str
    zone: ZoneInfo
    practice: bool = False

    @classmethod
    def of(cls, settings: Settings, engine: Engine) -> TroubleWatch:
        """For an installation, over the connections of a sending process."""
        zone, practice = ZoneInfo(settings.timezone), settings.mode is Mode.TRAINING
        return cls(engine.sessions, engine.sealer, settings.authority_short, settings.public_base_url, zone, practice)

    def look(self, moment: datetime | None = None) -> int:
        """Page about what was not paged; returns about how many proposals. One sweep at a time does."""
        if self.practice:
            return 0
        with self.sessions.begin() as session, only_one(session, "trouble") as alone:
            if not alone:
                return 0
            now = moment or database.now(session)
            due = trouble.to_page(reports.waiting(session, self.sealer, now), now)
            for some in due:
                self._page(session, some, now)
            return len(due)

    def _page(self, session: Session, some: Sequence[Waiting], now: datetime) -> None:
        outage = outages.by_public_id(session, some[-1].outage)
        if outage is None:
            raise LookupError(some[-1].outage)
        reports.note_paged(session, [one.id for one in some], now)
        word = Word(outage.id, f"trouble-{some[0].id}")
        people = outage_words.page(session, self.sealer, word, _staff(session, outage, now), self._words(session, some))
        said = {"people": people, "reports": [one.key for one in some]}
        ledger.append(session, "machine:sweep", "trouble_paged", f"outage:{outage.public_id}", said)
        log.info("trouble_paged", outage=outage.public_id, reports=len(some), people=len(people))

    def _words(self, session: Session, some: Sequence[Waiting]) -> Words:
        names = list(dict.fromkeys(one.name for one in some))
        who = ", ".join(names[:MOST_NAMES]) + (f" and {len(names) - MOST_NAMES} more" if names[MOST_NAMES:] else "")
        what = trouble.WORDS[Trouble(some[-1].what)].lower()
        hour = some[0].at.astimezone(self.zone).strftime("%I:%M %p").lstrip("0")
        where = "It sounds statewide"
        if len(names) > 1:
            area = trouble.wider(reports.counties_of(session, {one.agency for one in some}))
            where = f"Proposed: {areas.place(session, area) or 'place not known'}"
        link = f"{self.base}/desk/trouble"
        short = f"{self.office}: 911 trouble, reported by {who} since {hour}: {what}. {where}. Decide: {link}"
        call = (
            f"This is {self.office}. 911 trouble is reported by {who}, since {hour}: {what}. {where}."
            " Please go to the desk and decide."
        )
        mail = (
            f"911 trouble is reported by {who}, since {hour}: {what}. {where}.\n\nNothing was sent to anybody."
            f" Call them back, then make a draft or put it aside:\n{link}\n\nYou are told this once.\n\n{self.office}"
        )
        return Words(Message("", short, ""), Message(f"911 trouble: {who}", mail, ""), Message("", call, ""))


def _staff(session: Session, outage: Outage, now: datetime) -> list[User]:
    """Who has the watch, and the officer in charge of this outage."""
    staff = outage_words.watch(session, now)
    officer = session.get(User, outage.officer_id) if outage.officer_id else None
    return [*staff, officer] if officer and officer.active and officer not in staff else staff
