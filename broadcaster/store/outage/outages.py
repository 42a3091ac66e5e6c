"""Outages: what is known of one, who is in charge of it, and its running log. Alerts hang on an outage.

An outage is no alert: it begins with the first word that something is wrong, and is there when nobody was warned yet.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from broadcaster.alert.alert import Area, FailureKind
from broadcaster.store.database import Base, identity, one_of, public_id
from broadcaster.store.timeline import ledger


class OutageState(StrEnum):
    """An outage is over when a person says so, and again when it came back and went."""

    OPEN = "open"
    CLOSED = "closed"


class Entry(StrEnum):
    """What a line of the log is about."""

    OPENED = "opened"
    CHANGED = "changed"
    NOTE = "note"
    OFFERED = "offered"
    RECEIVED = "received"
    ALERT = "alert"
    TROUBLE = "trouble"
    NOTICE = "notice"
    SIGNAL = "signal"
    MISSED = "missed"
    REPORT = "report"
    JOINED = "joined"
    PARTED = "parted"
    CLOSED = "closed"
    REOPENED = "reopened"


class Outage(Base):
    """What is known of one outage; `known_from` is who gave us the first word, in words, and `kind` what fails."""

    __tablename__ = "outage"
    __table_args__ = (
        CheckConstraint(f"kind IN ({one_of(FailureKind)})", name="kind"),
        CheckConstraint(f"state IN ({one_of(OutageState)})", name="state"),
        CheckConstraint(f"(state = '{OutageState.CLOSED}') = (closed_at IS NOT NULL)", name="closed"),
        CheckConstraint(f"joined_into IS NULL OR state = '{OutageState.CLOSED}'", name="joined"),
        Index("ix_outage_state", "state", "known_at"),
    )
    id: Mapped[int] = identity()
    public_id: Mapped[str] = mapped_column(unique=True, default=public_id)
    known_at: Mapped[datetime]
    known_from: Mapped[str] = mapped_column(default="", server_default="")
    kind: Mapped[str]
    statewide: Mapped[bool] = mapped_column(default=False, server_default="false")
    counties: Mapped[list[str]] = mapped_column(JSONB, default=list, server_default="[]")
    communities: Mapped[list[str]] = mapped_column(JSONB, default=list, server_default="[]")
    psaps: Mapped[list[str]] = mapped_column(JSONB, default=list, server_default="[]")
    carriers: Mapped[list[str]] = mapped_column(JSONB, default=list, server_default="[]")
    services: Mapped[list[str]] = mapped_column(JSONB, default=list, server_default="[]")
    officer_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    state: Mapped[str] = mapped_column(default=OutageState.OPEN.value, server_default=OutageState.OPEN.value)
    made_at: Mapped[datetime] = mapped_column(server_default=func.now())
    closed_at: Mapped[datetime | None]
    reopened_at: Mapped[datetime | None]
    joined_into: Mapped[int | None] = mapped_column(ForeignKey("outage.id"))
    """The record that took over everything of this one: two of the same outage."""

    @property
    def area(self) -> Area:
        """Where it is known to fail; empty while nobody knows."""
        return Area(self.statewide, tuple(self.counties), tuple(self.communities), tuple(self.psaps))

    @property
    def is_open(self) -> bool:
        """Whether it still fails, as far as we know."""
        return self.state == OutageState.OPEN


class OutageLog(Base):
    """One line of an outage: `at` is when it happened, `made_at` when it was written down; `by` is a name."""

    __tablename__ = "outage_log"
    __table_args__ = (
        CheckConstraint(f"what IN ({one_of(Entry)})", name="what"),
        Index("ix_outage_log_outage", "outage_id", "at"),
    )
    id: Mapped[int] = identity()
    outage_id: Mapped[int] = mapped_column(ForeignKey("outage.id"))
    at: Mapped[datetime]
    by: Mapped[str]
    what: Mapped[str]
    text: Mapped[str]
    made_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


def by_public_id(session: Session, outage: str) -> Outage | None:
    """The outage with this id of the outside."""
    return session.scalars(select(Outage).where(Outage.public_id == outage)).one_or_none()


def lock(session: Session, outage: Outage) -> Outage:
    """The outage as it is now; nobody else changes it meanwhile. An alert hangs itself on it without waiting.

    The ledger comes first: a new alert has written its event before it reopens an outage.
    """
    ledger.hold(session)
    session.refresh(outage, with_for_update={"key_share": True})
    return outage


def open_ones(session: Session) -> list[Outage]:
    """The outages that are not over, the newest known first."""
    query = select(Outage).where(Outage.state == OutageState.OPEN.value)
    return list(session.scalars(query.order_by(Outage.known_at.desc(), Outage.id.desc())))


def lately_closed(session: Session, now: datetime, within: timedelta) -> list[Outage]:
    """The outages that were closed within so long before `now`, the last one first; none that was joined to another."""
    over = (Outage.state == OutageState.CLOSED.value) & Outage.joined_into.is_(None)
    query = select(Outage).where(over, Outage.closed_at > now - within)
    return list(session.scalars(query.order_by(Outage.closed_at.desc(), Outage.id.desc())))


def remaining(session: Session, outage: Outage) -> Outage:
    """The record that holds everything of this one now: itself, or the one that it was joined to."""
    while outage.joined_into is not None:
        outage = session.get_one(Outage, outage.joined_into)
    return outage


def joined_to(session: Session, outage: int) -> list[Outage]:
    """The records that were joined to this one, the last one first."""
    query = select(Outage).where(Outage.joined_into == outage)
    return list(session.scalars(query.order_by(Outage.closed_at.desc(), Outage.id.desc())))


def last_word(session: Session, outage: int) -> datetime:
    """When something was last written on an outage, or it became known."""
    known = session.scalars(select(Outage.known_at).where(Outage.id == outage)).one()
    return session.scalar(select(func.max(OutageLog.at)).where(OutageLog.outage_id == outage)) or known


def log_of(session: Session, outage: int) -> list[OutageLog]:
    """The lines of an outage in the order in which things happened."""
    query = select(OutageLog).where(OutageLog.outage_id == outage)
    return list(session.scalars(query.order_by(OutageLog.at, OutageLog.id)))
