"""Who is on call and from when to when; who is the officer in charge, and the hand-over to the next one.

The office has an officer in charge, and every open outage has one: the same hand-over, with a note and a receipt.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from broadcaster.store.database import Base, identity
from broadcaster.store.desk.people import User
from broadcaster.store.outage.outages import Outage


class Shift(Base):
    """Somebody is on call from a moment to another; shifts may overlap."""

    __tablename__ = "shift"
    __table_args__ = (CheckConstraint("ends > begins", name="length"), Index("ix_shift_ends", "ends"))
    id: Mapped[int] = identity()
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    begins: Mapped[datetime]
    ends: Mapped[datetime]
    made_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    made_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Handover(Base):
    """The office, or the one outage named, passes to the next officer, with a note; it has passed when they say so."""

    __tablename__ = "handover"
    id: Mapped[int] = identity()
    from_user: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    to_user: Mapped[int] = mapped_column(ForeignKey("user.id"))
    outage_id: Mapped[int | None] = mapped_column(ForeignKey(Outage.id))
    note: Mapped[str]
    made_at: Mapped[datetime]
    received_at: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class Watch:
    """Somebody's shift, by name."""

    id: int
    user_id: int
    name: str
    roles: frozenset[str]
    begins: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class Charge:
    """A hand-over by name: who gave it (empty for the first officer), who has it, and what was said."""

    id: int
    giver: str
    officer: str
    officer_id: int
    note: str
    at: datetime


def shifts(session: Session, now: datetime) -> list[Watch]:
    """The shifts that have not ended, the earliest first; people who are no longer active have none."""
    query = (
        select(Shift, User)
        .join(User, User.id == Shift.user_id)
        .where(Shift.ends > now, User.active)
        .order_by(Shift.begins, Shift.id)
    )
    return [
        Watch(shift.id, user.id, user.name, frozenset(user.role_names), shift.begins, shift.ends)
        for shift, user in session.execute(query)
    ]


def on_call(session: Session, now: datetime) -> set[int]:
    """The ids of everybody who is on call at this moment."""
    query = select(Shift.user_id).where(Shift.begins <= now, Shift.ends > now)
    return set(session.scalars(query))


def in_charge(session: Session) -> Charge | None:
    """The officer in charge: the last one who said that they have the office."""
    query = select(Handover).where(Handover.received_at.is_not(None), Handover.outage_id.is_(None))
    return _charge(session, session.scalars(query.order_by(Handover.received_at.desc(), Handover.id.desc())).first())


def offered(session: Session, outage: int | None = None) -> Charge | None:
    """The newest hand-over of the office, or of an outage, while nobody has received it."""
    query = select(Handover).where(Handover.outage_id == outage).order_by(Handover.id.desc())
    newest = session.scalars(query.limit(1)).first()
    return _charge(session, newest if newest is not None and newest.received_at is None else None)


def receive(session: Session, key: int, user: int, now: datetime) -> bool:
    """The next officer says that they have it; False when it was not offered to them, or is theirs already."""
    row = session.get(Handover, key, with_for_update=True)
    current = offered(session, row.outage_id) if row else None
    if row is None or current is None or current.id != key or row.to_user != user or row.received_at is not None:
        return False
    row.received_at = now
    session.flush()
    return True


def _charge(session: Session, row: Handover | None) -> Charge | None:
    if row is None:
        return None
    giver = session.get(User, row.from_user) if row.from_user else None
    officer = session.get_one(User, row.to_user)
    at = row.received_at or row.made_at
    return Charge(row.id, giver.name if giver else "", officer.name, officer.id, row.note, at)
