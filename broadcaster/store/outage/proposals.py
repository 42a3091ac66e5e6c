"""What the detector proposes, until a person has decided; and planned work, during which it says nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, func, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from broadcaster.alert.alert import Area
from broadcaster.store.database import Base, identity, one_of, public_id

LATELY = timedelta(days=30)


class ProposalState(StrEnum):
    """What a person has made of it: nothing yet, a draft of an alert, or nothing for good."""

    OPEN = "open"
    DRAFTED = "drafted"
    DISMISSED = "dismissed"


class ProposalSign(StrEnum):
    """What was found in the counts; `outage.detector.Sign`."""

    SILENCE = "silence"
    FALL = "fall"
    FLOOD = "flood"
    RETRIES = "retries"


class ProposalKind(StrEnum):
    """How much was judged together; `outage.pools.Kind`."""

    STATE = "state"
    POOL = "pool"
    PSAP = "psap"


class Proposal(Base):
    """Calls have stopped, fallen or flooded somewhere since `began`, which was sure enough at `decided_at`.

    `nats` reached `threshold`; `evidence` has the series of the chart and what spoke for it beside the counts.
    """

    __tablename__ = "proposal"
    __table_args__ = (
        CheckConstraint(f"kind IN ({one_of(ProposalKind)})", name="kind"),
        CheckConstraint(f"sign IN ({one_of(ProposalSign)})", name="sign"),
        CheckConstraint(f"state IN ({one_of(ProposalState)})", name="state"),
        CheckConstraint(f"(state = '{ProposalState.OPEN}') = (settled_at IS NULL)", name="settled"),
        CheckConstraint(f"state <> '{ProposalState.DISMISSED}' OR reason <> ''", name="reason"),
        Index("ix_proposal_decided", "decided_at"),
    )
    id: Mapped[int] = identity()
    public_id: Mapped[str] = mapped_column(unique=True, default=public_id)
    unit: Mapped[str]
    kind: Mapped[str]
    sign: Mapped[str]
    psaps: Mapped[list[str]] = mapped_column(JSONB)
    began: Mapped[datetime]
    decided_at: Mapped[datetime]
    nats: Mapped[float]
    threshold: Mapped[float]
    evidence: Mapped[dict[str, Any]] = mapped_column(JSONB)
    state: Mapped[str] = mapped_column(default=ProposalState.OPEN.value, server_default=ProposalState.OPEN.value)
    reason: Mapped[str] = mapped_column(default="", server_default="")
    settled_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    settled_at: Mapped[datetime | None]
    alert_id: Mapped[int | None] = mapped_column(ForeignKey("alert.id"))
    paged_at: Mapped[datetime | None]

    @property
    def area(self) -> Area:
        """Where it is; a pool is its counties."""
        if self.kind == ProposalKind.STATE:
            return Area(statewide=True)
        if self.kind == ProposalKind.POOL:
            return Area(counties=tuple(self.unit.partition(":")[2].split("+")))
        return Area(psaps=tuple(self.psaps))


class PlannedWork(Base):
    """Work on the equipment of these PSAPs (codes; none: of all) for which the detector is muted, and why."""

    __tablename__ = "planned_work"
    __table_args__ = (CheckConstraint("ends > begins", name="length"), Index("ix_planned_work_ends", "ends"))
    id: Mapped[int] = identity()
    psaps: Mapped[list[str]] = mapped_column(JSONB, default=list, server_default="[]")
    words: Mapped[str]
    begins: Mapped[datetime]
    ends: Mapped[datetime]
    made_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    made_at: Mapped[datetime] = mapped_column(server_default=func.now())


@dataclass(frozen=True, slots=True)
class Span:
    """Planned work as the detector reads it."""

    psaps: frozenset[str]
    begins: datetime
    ends: datetime

    def mutes(self, moment: datetime) -> bool:
        """Whether it is under way."""
        return self.begins <= moment < self.ends


def open_ones(session: Session) -> list[Proposal]:
    """What nobody has decided about, the newest first."""
    query = select(Proposal).where(Proposal.state == ProposalState.OPEN.value)
    return list(session.scalars(query.order_by(Proposal.decided_at.desc(), Proposal.id.desc())))


def unpaged(session: Session, since: datetime) -> list[Proposal]:
    """What is open, about more than one PSAP, and was told to nobody yet, oldest first, locked; since a moment."""
    query = select(Proposal).where(
        Proposal.state == ProposalState.OPEN.value,
        Proposal.kind != ProposalKind.PSAP.value,
        Proposal.paged_at.is_(None),
        Proposal.decided_at >= since,
    )
    return list(session.scalars(query.order_by(Proposal.id).with_for_update()))


def lately(session: Session, now: datetime, most: int = 20) -> list[Proposal]:
    """What somebody has decided about, the newest first."""
    query = select(Proposal).where(Proposal.state != ProposalState.OPEN.value, Proposal.decided_at > now - LATELY)
    return list(session.scalars(query.order_by(Proposal.settled_at.desc()).limit(most)))


def since(session: Session, moment: datetime) -> list[Proposal]:
    """Whatever is open, or was proposed after a moment."""
    query = select(Proposal).where((Proposal.state == ProposalState.OPEN.value) | (Proposal.decided_at >= moment))
    return list(session.scalars(query.order_by(Proposal.id)))


def by_public_id(session: Session, key: str, *, lock: bool = False) -> Proposal | None:
    """One proposal; locked for whoever decides about it."""
    query = select(Proposal).where(Proposal.public_id == key)
    query = query.with_for_update() if lock else query
    return session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def settle(row: Proposal, state: ProposalState, by: int, now: datetime, reason: str = "") -> None:
    """Somebody has decided."""
    row.state, row.settled_by, row.settled_at, row.reason = state.value, by, now, reason


def work(session: Session, now: datetime) -> list[PlannedWork]:
    """Planned work that is not over, the earliest first."""
    query = select(PlannedWork).where(PlannedWork.ends > now)
    return list(session.scalars(query.order_by(PlannedWork.begins, PlannedWork.id)))


def spans(session: Session, start: datetime) -> list[Span]:
    """Planned work that was not over at a moment."""
    rows = session.scalars(select(PlannedWork).where(PlannedWork.ends > start))
    return [Span(frozenset(row.psaps), row.begins, row.ends) for row in rows]


def muted(given: Iterable[Span], moment: datetime, everybody: frozenset[str]) -> frozenset[str]:
    """The PSAPs that are muted at a moment."""
    found: frozenset[str] = frozenset()
    for span in given:
        if span.mutes(moment):
            found |= span.psaps or everybody
    return found


_REPORTED = text(
    "SELECT p.code, r.at FROM trouble_report r JOIN agency g ON g.id = r.agency_id JOIN psap p ON p.code = g.code"
    " WHERE r.at >= CAST(:since AS timestamptz) AND r.what IN ('nothing', 'some')"
    " AND (r.settled_at IS NULL OR r.alert_id IS NOT NULL)"
)


def reported(session: Session, start: datetime) -> list[tuple[str, datetime]]:
    """Which PSAPs have reported since a moment that calls fail, and when; what was put aside is left out."""
    return [(row.code, row.at) for row in session.execute(_REPORTED, {"since": start})]
