"""A review of what one person released alone that is overdue calls people: when it is due, and every 15 minutes after.

First whoever is on call and may review, then all approvers, then the administrators too, until somebody has reviewed.
A duty of the sweep, as the pages to approvers are; its pages are taken back like theirs.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from broadcaster import logs
from broadcaster.alert.alert import RevisionKind, content_from_json
from broadcaster.alert.policy import REVIEW_WITHIN
from broadcaster.channels import page_link
from broadcaster.dispatch.engine import Engine
from broadcaster.dispatch.office import Office
from broadcaster.dispatch.paging import page_letters, paging
from broadcaster.dispatch.paging.page_letters import LIFE, Call
from broadcaster.dispatch.paging.paging import LINK_LIFE, NAMES
from broadcaster.messages.page import ReviewWords
from broadcaster.settings import Settings
from broadcaster.store import database as clocks
from broadcaster.store.alerting import areas, reviews
from broadcaster.store.alerting.alerts import Revision
from broadcaster.store.alerting.reviews import GlassReview
from broadcaster.store.database import Sessions, only_one
from broadcaster.store.desk.paging import REVIEW
from broadcaster.store.desk.people import User
from broadcaster.store.sealed import Sealer
from broadcaster.store.timeline import ledger

log = logs.get(__name__)
LOOK_EVERY_S = 5.0


@dataclass
class ReviewPages:
    """Calls whoever may review, again and again."""

    sessions: Sessions
    sealer: Sealer
    office: Office
    secret: str

    @classmethod
    def of(cls, settings: Settings, engine: Engine) -> ReviewPages:
        """For an installation, over the connections of a sending process."""
        return cls(engine.sessions, engine.sealer, Office.of(settings), engine.secret)

    def look(self, moment: datetime | None = None) -> int:
        """Page about whatever is overdue; returns how many people were called. One sweep at a time does."""
        with self.sessions.begin() as session, only_one(session, "review-pages") as alone:
            now = moment or clocks.now(session)
            due = reviews.overdue(session, now, REVIEW_WITHIN) if alone else []
            return sum(self._page(session, review, revision, now) for review, revision in due)

    def _page(self, session: Session, review: GlassReview, revision: Revision, now: datetime) -> int:
        review.pages, review.paged_at = review.pages + 1, now
        found = paging.people(session, revision, review.pages, now)
        called = [user for user in found if user.id != review.broken_by]
        words = self._words(session, review, revision, now)
        call = Call(revision.id, REVIEW, review.pages, words, clocks.now(session) + LIFE)
        made = list(page_letters.sent(session, self.sealer, call, called)) if called else []
        names = [user.email for user in called]
        said = {"no": revision.no, "step": review.pages, "people": names, "fanouts": made}
        ledger.append(session, "machine:sweep", "review_paged", f"alert:{revision.alert.public_id}", said)
        log.warning("review_paged", alert=revision.alert.public_id, step=review.pages, people=len(called))
        return len(called)

    def _words(self, session: Session, review: GlassReview, revision: Revision, now: datetime) -> ReviewWords:
        voice, who = self.office.voice, session.get_one(User, review.broken_by)
        until = int((now + LINK_LIFE).timestamp())
        return ReviewWords(
            office=voice.authority_short,
            what=NAMES[RevisionKind(revision.kind)],
            place=areas.place(session, content_from_json(revision.content).area),
            author=who.name or who.email,
            hour=review.broken_at.astimezone(ZoneInfo(voice.timezone)).strftime("%I:%M %p").lstrip("0"),
            link=page_link.url(self.office.public_base_url, self.secret, revision.id, until),
            digest=revision.hash or "",
            practice=voice.training,
        )
