"""What one person released alone, and what another one said of it afterwards: open until somebody has looked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from broadcaster.store.alerting.alerts import Alert, Release, Revision
from broadcaster.store.database import Base, one_of
from broadcaster.store.desk.people import User


class Verdict(StrEnum):
    """What the second person says, too late to stop it and in time to correct it."""

    RIGHT = "right"
    WRONG = "wrong"


class GlassReview(Base):
    """The review of one release; the database itself refuses one by the person who released it."""

    __tablename__ = "glass_review"
    __table_args__ = (
        CheckConstraint(f"verdict IN ({one_of(Verdict)})", name="verdict"),
        CheckConstraint("reviewed_by <> broken_by", name="another_person"),
        CheckConstraint("(verdict IS NULL) = (reviewed_by IS NULL)", name="reviewed"),
    )
    release_id: Mapped[int] = mapped_column(ForeignKey("release.id"), primary_key=True)
    broken_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    broken_at: Mapped[datetime]
    due: Mapped[datetime]
    verdict: Mapped[str | None]
    note: Mapped[str] = mapped_column(default="", server_default="")
    reviewed_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    reviewed_at: Mapped[datetime | None]
    pages: Mapped[int] = mapped_column(default=0, server_default="0")
    paged_at: Mapped[datetime | None]
    """How often people were called because it is overdue, and when last."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A release by one person, as every page of the desk marks it."""

    alert: str
    no: int
    who: str
    at: datetime
    reason: str
    due: datetime
    verdict: str
    reviewer: str

    @property
    def waits(self) -> bool:
        """Whether nobody has looked at it yet."""
        return not self.verdict


_ALL = (
    select(GlassReview, Release, Revision, Alert, User)
    .join(Release, Release.id == GlassReview.release_id)
    .join(Revision, Revision.id == Release.revision_id)
    .join(Alert, Alert.id == Revision.alert_id)
    .join(User, User.id == GlassReview.broken_by)
    .order_by(GlassReview.broken_at)
)


def waiting(session: Session) -> list[Broken]:
    """Those that nobody has reviewed, the oldest first."""
    return [_broken(session, *row) for row in session.execute(_ALL.where(GlassReview.verdict.is_(None)))]


def overdue(session: Session, now: datetime, every: timedelta) -> list[tuple[GlassReview, Revision]]:
    """Those that are overdue and were not paged about within `every`, locked; one that somebody writes is left out."""
    query = (
        select(GlassReview, Revision)
        .join(Release, Release.id == GlassReview.release_id)
        .join(Revision, Revision.id == Release.revision_id)
        .where(GlassReview.verdict.is_(None), GlassReview.due <= now)
        .where(GlassReview.paged_at.is_(None) | (GlassReview.paged_at <= now - every))
        .order_by(GlassReview.due)
        .with_for_update(of=GlassReview, skip_locked=True)
    )
    return [(review, revision) for review, revision in session.execute(query)]


def of_alert(session: Session, alert: int) -> list[Broken]:
    """Every release of an alert by one person alone, reviewed or not."""
    return [_broken(session, *row) for row in session.execute(_ALL.where(Alert.id == alert))]


def of_revision(session: Session, revision: int) -> GlassReview | None:
    """The review of a revision, where one person released it."""
    return session.scalar(select(GlassReview).join(Release).where(Release.revision_id == revision))


def locked(session: Session, revision: int) -> GlassReview | None:
    """The same, locked until the transaction ends."""
    query = select(GlassReview).join(Release).where(Release.revision_id == revision).with_for_update(of=GlassReview)
    return session.scalar(query.execution_options(populate_existing=True))


def unseen(session: Session, revision: int) -> bool:
    """Whether no second person stands behind a released revision yet."""
    found = of_revision(session, revision)
    return found is not None and found.verdict != Verdict.RIGHT


def _broken(
    session: Session, review: GlassReview, release: Release, revision: Revision, alert: Alert, who: User
) -> Broken:
    reviewer = session.get(User, review.reviewed_by) if review.reviewed_by else None
    return Broken(
        alert=alert.public_id,
        no=revision.no,
        who=who.name,
        at=review.broken_at,
        reason=release.reason,
        due=review.due,
        verdict=review.verdict or "",
        reviewer=reviewer.name if reviewer else "",
    )
