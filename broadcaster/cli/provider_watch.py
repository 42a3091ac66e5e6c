"""The duty that chases providers: a clock that has run out is said to whoever has the watch, once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from broadcaster import logs
from broadcaster.dispatch.engine import Engine
from broadcaster.dispatch.telling import outage_words
from broadcaster.dispatch.telling.outage_words import Word
from broadcaster.messages.message import Message
from broadcaster.outage.notice import clocks as notice_clocks
from broadcaster.outage.notice.rule import Clock
from broadcaster.settings import Mode, Settings
from broadcaster.store import database
from broadcaster.store.agencies import provider_notices
from broadcaster.store.agencies.provider_notices import ClockName
from broadcaster.store.alerting import areas
from broadcaster.store.database import Sessions, only_one
from broadcaster.store.outage import outages
from broadcaster.store.outage.outages import Outage
from broadcaster.store.sealed import Sealer
from broadcaster.store.timeline import ledger

log = logs.get(__name__)
EVERY_S = 15.0
OWED = {
    ClockName.NOTICE: "has not told us of its outage within 30 minutes (47 CFR 4.9(h)(4))",
    ClockName.FOLLOW_UP: "has not followed up on its notice within 2 hours (47 CFR 4.9(h)(5))",
}


@dataclass
class ProviderWatch:
    """Looks at the clocks of every open outage; what it has said stands in a row, so that nobody is told twice."""

    sessions: Sessions
    sealer: Sealer
    office: str
    base: str
    zone: ZoneInfo
    practice: bool = False

    @classmethod
    def of(cls, settings: Settings, engine: Engine) -> ProviderWatch:
        """For an installation, over the connections of a sending process."""
        zone = ZoneInfo(settings.timezone)
        practice = settings.mode is Mode.TRAINING
        return cls(engine.sessions, engine.sealer, settings.authority_short, settings.public_base_url, zone, practice)

    def look(self, moment: datetime | None = None) -> int:
        """Say what is overdue and was not said; returns how many clocks. One sweep at a time does."""
        with self.sessions.begin() as session, only_one(session, "providers") as alone:
            if not alone:
                return 0
            now = moment or database.now(session)
            return sum(self._chase(session, outage, now) for outage in outages.open_ones(session))

    def _chase(self, session: Session, outage: Outage, now: datetime) -> int:
        said = provider_notices.chased(session, outage.id)
        due = [one for one in notice_clocks.overdue(session, outage, now) if (one.name, one.about) not in said]
        for clock in due:
            provider_notices.note_chased(session, outage.id, [(clock.name.value, clock.about)], now)
            word = Word(outage.id, f"overdue-{clock.name}-{clock.about}"[:200])
            text, mail = self._words(session, outage, clock)
            people = outage_words.to_the_watch(session, self.sealer, word, now, text, mail)
            told = {"clock": clock.name.value, "about": clock.about, "due": clock.due.isoformat(), "people": people}
            ledger.append(session, "machine:sweep", "provider_overdue", f"outage:{outage.public_id}", told)
            log.info("provider_overdue", outage=outage.public_id, clock=clock.name.value, people=len(people))
        return len(due)

    def _words(self, session: Session, outage: Outage, clock: Clock) -> tuple[Message, Message]:
        mark, who = ("TEST. " if self.practice else ""), clock.provider or "A provider"
        place = areas.place(session, outage.area) or "place not known"
        hour = clock.due.astimezone(self.zone).strftime("%I:%M %p").lstrip("0")
        link = f"{self.base}/desk/outages/{outage.public_id}/notices"
        short = f"{mark}{self.office}: {who} owes us a word since {hour} ({place}). Call them: {link}"
        words = (
            f"{who} {OWED[clock.name]}: it was due at {hour}.\n\nThe outage: {place}.\n\n"
            f"Call the provider, and write down what it says:\n{link}\n\nYou are told this once."
        )
        return Message("", short, ""), Message(f"{mark}{who} owes us a word about the outage in {place}", words, "")
