"""Drills: what is planned, who was asked to practise, and how it went, by the clocks that a real alert has.

A run holds no times of its own but when it was asked, begun and ended: the rest is what its alert, its revision and its
release say, as of any other.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, func, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from broadcaster.alert.alert import FailureKind
from broadcaster.store.database import Base, identity, one_of, public_id
from broadcaster.store.desk.roster import Shift


class DrillOutcome(StrEnum):
    """How far a run came. `complete`: submitted, and perhaps released; `overtaken`: 911 really failed."""

    ASKED = "asked"
    RUNNING = "running"
    COMPLETE = "complete"
    MISSED = "missed"
    UNFINISHED = "unfinished"
    OVERTAKEN = "overtaken"


class DrillPart(StrEnum):
    """What is practised: to issue, or to be the second person of an alert that the machine has written."""

    ISSUE = "issue"
    APPROVE = "approve"


OPEN = (DrillOutcome.ASKED, DrillOutcome.RUNNING)


class Drill(Base):
    """A plan: from `begins` on, somebody (or whoever of the issuers is on call then) is asked to issue this alert. An
    announced one is on everybody's page before; `county` is a FIPS code, or empty for the whole state; `pages` is
    whether whoever is asked is texted and mailed too."""

    __tablename__ = "drill"
    __table_args__ = (CheckConstraint(f"failure IN ({one_of(FailureKind)})", name="failure"),)
    id: Mapped[int] = identity()
    public_id: Mapped[str] = mapped_column(unique=True, default=public_id)
    failure: Mapped[str]
    county: Mapped[str] = mapped_column(default="", server_default="")
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    announced: Mapped[bool] = mapped_column(default=False, server_default="false")
    pages: Mapped[bool] = mapped_column(default=False, server_default="false")
    begins: Mapped[datetime]
    planned_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    planned_at: Mapped[datetime] = mapped_column(server_default=func.now())
    begun_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]


class DrillRun(Base):
    """One person was asked once; `shift_id` is the shift that they stood in."""

    __tablename__ = "drill_run"
    __table_args__ = (
        CheckConstraint(f"outcome IN ({one_of(DrillOutcome)})", name="outcome"),
        CheckConstraint(f"part IN ({one_of(DrillPart)})", name="part"),
        Index("ix_drill_run_open", "user_id", postgresql_where=f"outcome IN ({one_of(OPEN)})"),
    )
    id: Mapped[int] = identity()
    public_id: Mapped[str] = mapped_column(unique=True, default=public_id)
    drill_id: Mapped[int] = mapped_column(ForeignKey("drill.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    part: Mapped[str] = mapped_column(default=DrillPart.ISSUE.value, server_default=DrillPart.ISSUE.value)
    shift_id: Mapped[int | None] = mapped_column(ForeignKey("shift.id", ondelete="SET NULL"))
    asked_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    alert_id: Mapped[int | None] = mapped_column(ForeignKey("alert.id"), unique=True)
    outcome: Mapped[str] = mapped_column(default=DrillOutcome.ASKED.value, server_default=DrillOutcome.ASKED.value)
    ended_at: Mapped[datetime | None]


_REAL = text("SELECT EXISTS (SELECT 1 FROM alert WHERE state = 'open' AND kind = 'outage')")


def is_real(session: Session) -> bool:
    """Whether 911 fails somewhere: then nobody practises."""
    return bool(session.execute(_REAL).scalar_one())


def due(session: Session, now: datetime) -> list[Drill]:
    """The plans that begin now, locked."""
    query = select(Drill).where(Drill.begins <= now, Drill.begun_at.is_(None), Drill.cancelled_at.is_(None))
    return list(session.scalars(query.order_by(Drill.id).with_for_update(skip_locked=True)))


def ahead(session: Session, *, everything: bool) -> list[Drill]:
    """The plans that have not begun, the next one first; without `everything` the announced ones."""
    query = select(Drill).where(Drill.begun_at.is_(None), Drill.cancelled_at.is_(None))
    query = query if everything else query.where(Drill.announced)
    return list(session.scalars(query.order_by(Drill.begins, Drill.id)))


def ask(
    session: Session, drill: Drill, user: int, now: datetime, part: DrillPart = DrillPart.ISSUE
) -> DrillRun:  # fmt: skip
    """Ask somebody to practise now."""
    stands = select(Shift.id).where(Shift.user_id == user, Shift.begins <= now, Shift.ends > now).limit(1)
    run = DrillRun(drill_id=drill.id, user_id=user, shift_id=session.scalar(stands), asked_at=now)
    run.part = part.value
    session.add(run)
    session.flush()
    return run


def running(session: Session) -> list[DrillRun]:
    """Every run that is asked or under way, locked."""
    query = select(DrillRun).where(DrillRun.outcome.in_(OPEN)).order_by(DrillRun.id)
    return list(session.scalars(query.with_for_update(skip_locked=True)))


def of_person(session: Session, user: int) -> tuple[DrillRun, Drill] | None:
    """What this person is asked to practise, the oldest first."""
    query = select(DrillRun, Drill).join(Drill, Drill.id == DrillRun.drill_id)
    row = session.execute(
        query.where(DrillRun.user_id == user, DrillRun.outcome.in_(OPEN)).order_by(DrillRun.id).limit(1)
    ).first()
    return (row[0], row[1]) if row else None


def unwritten(session: Session) -> list[tuple[DrillRun, Drill]]:
    """The runs of second persons for whom no alert is written yet, locked."""
    query = select(DrillRun, Drill).join(Drill, Drill.id == DrillRun.drill_id)
    waits = (DrillRun.part == DrillPart.APPROVE.value) & (DrillRun.outcome == DrillOutcome.ASKED.value)
    query = query.where(waits, DrillRun.alert_id.is_(None)).order_by(DrillRun.id)
    rows = session.execute(query.with_for_update(of=DrillRun, skip_locked=True))
    return [(row[0], row[1]) for row in rows]


def by_key(session: Session, key: str, user: int) -> DrillRun | None:
    """A run of this person by its key, locked."""
    query = select(DrillRun).where(DrillRun.public_id == key, DrillRun.user_id == user)
    return session.scalar(query.with_for_update())


def of_alert(session: Session, alert: int) -> DrillRun | None:
    """The run that an alert was made in."""
    return session.scalar(select(DrillRun).where(DrillRun.alert_id == alert).with_for_update())
