"""The links by which answering points see their own lists of missed callers: one for each list, and for a while."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from broadcaster.store.database import Base, identity


class MissedLink(Base):
    """The link of an answering point to its list in one outage: the one of this `no` works, until then or until it was
    taken back."""

    __tablename__ = "missed_link"
    __table_args__ = (UniqueConstraint("outage_id", "psap"), CheckConstraint("psap <> ''", name="psap"))
    id: Mapped[int] = identity()
    outage_id: Mapped[int] = mapped_column(ForeignKey("outage.id"))
    psap: Mapped[str]
    no: Mapped[int]
    made_at: Mapped[datetime]
    made_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    until: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    def works(self, now: datetime) -> bool:
        """Whether it opens anything at this moment."""
        return self.ended_at is None and now < self.until


def of(session: Session, outage: int) -> dict[str, MissedLink]:
    """The links of an outage by the codes of their answering points."""
    return {row.psap: row for row in session.scalars(select(MissedLink).where(MissedLink.outage_id == outage))}


def locked(session: Session, outage: int, psap: str) -> MissedLink | None:
    """The link of one list, for this transaction alone."""
    query = select(MissedLink).where(MissedLink.outage_id == outage, MissedLink.psap == psap)
    return session.scalars(query.with_for_update().execution_options(populate_existing=True)).one_or_none()


def by_number(session: Session, link: int, no: int) -> MissedLink | None:
    """The link of this number, if it is the newest one of its list."""
    return session.scalars(select(MissedLink).where(MissedLink.id == link, MissedLink.no == no)).one_or_none()
