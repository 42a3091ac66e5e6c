"""What people are told of their own account by mail: written in the transaction of the act, sent by the sweep.

Whoever did not do it learns of it so. Nothing waits for the mail.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, func, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from broadcaster.store.database import Base, identity, one_of
from broadcaster.store.desk.people import User


class News(StrEnum):
    """What has happened."""

    RECOVERY_USED = "recovery-used"
    RECOVERY_MADE = "recovery-made"
    AUTHENTICATOR = "authenticator"
    PASSKEY = "passkey"
    PASSWORD = "password"  # noqa: S105 - a kind of news
    IDENTITY = "identity"


class Tiding(Base):
    """One mail to one person; the row is taken before it is sent, so that two sweeps send it once."""

    __tablename__ = "tiding"
    __table_args__ = (
        CheckConstraint(f"what IN ({one_of(News)})", name="what"),
        Index("ix_tiding_waits", "id", postgresql_where=text("taken_at IS NULL")),
    )
    id: Mapped[int] = identity()
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    what: Mapped[str]
    made_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    taken_at: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class Mail:
    """A tiding that was taken to be sent: to whom, of what, and when it happened."""

    id: int
    to: str
    what: News
    at: datetime


def note(session: Session, user: User, what: News) -> None:
    """Have a person told."""
    session.add(Tiding(user_id=user.id, what=what.value))
    session.flush()


def take(session: Session, now: datetime) -> Mail | None:
    """The oldest that was not sent, taken: when the process dies now, it is not sent at all, and never twice."""
    query = select(Tiding).where(Tiding.taken_at.is_(None)).order_by(Tiding.id).limit(1)
    row = session.scalar(query.with_for_update(skip_locked=True))
    if row is None:
        return None
    row.taken_at = now
    session.flush()
    return Mail(row.id, session.get_one(User, row.user_id).email, News(row.what), row.made_at)


def put_back(session: Session, key: int) -> None:
    """It was surely not sent: it is due again."""
    session.get_one(Tiding, key).taken_at = None
