"""Logs of calls that were imported for an outage, and their calls, sealed: no number and no place stands open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, func, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from broadcaster.store.arrays import binaries
from broadcaster.store.database import Base, identity, public_id
from broadcaster.store.sealed import Sealer


class MissedLog(Base):
    """One file of one system. `columns` is how it was read, for the next one of the same system; `found` are its lines
    that were not taken as they stand, as (line, sentence, left out) without a number in it."""

    __tablename__ = "missed_log"
    __table_args__ = (Index("ix_missed_log_outage", "outage_id"), Index("ix_missed_log_system", "system", "id"))
    id: Mapped[int] = identity()
    public_id: Mapped[str] = mapped_column(unique=True, default=public_id)
    outage_id: Mapped[int] = mapped_column(ForeignKey("outage.id"))
    system: Mapped[str]
    name: Mapped[str]
    sha: Mapped[str]
    columns: Mapped[dict[str, object]] = mapped_column(JSONB)
    found: Mapped[list[list[object]]] = mapped_column(JSONB)
    imported_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    imported_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    lines: Mapped[int]
    missed: Mapped[int]
    connected: Mapped[int]
    left_out: Mapped[int]


class MissedCall(Base):
    """A line of a log, of a call that got through or not; `fingerprint` is the same for the line imported again."""

    __tablename__ = "missed_call"
    __table_args__ = (UniqueConstraint("outage_id", "fingerprint"), Index("ix_missed_call_log", "log_id"))
    id: Mapped[int] = identity()
    outage_id: Mapped[int] = mapped_column(ForeignKey("outage.id"))
    log_id: Mapped[int] = mapped_column(ForeignKey("missed_log.id"))
    fingerprint: Mapped[bytes]
    call_enc: Mapped[bytes]


@dataclass(frozen=True, slots=True)
class Sealed:
    """A call before it is sealed: what is the same when it is imported again, and all of it as text."""

    same: str
    call: str


_KEEP = text(
    "INSERT INTO missed_call (outage_id, log_id, fingerprint, call_enc)"
    " SELECT :outage, :log, x.print, x.enc FROM unnest(CAST(:print AS bytea[]), CAST(:enc AS bytea[])) AS x(print, enc)"
    " ON CONFLICT (outage_id, fingerprint) DO NOTHING RETURNING id"
)


def one_after_the_other(session: Session, outage: int) -> None:
    """Of two imports for one outage the second waits for the first one's end; nobody else waits for them."""
    session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": f"missed:{outage}"})


def keep(session: Session, sealer: Sealer, log: MissedLog, calls: Sequence[Sealed]) -> int:
    """Keep the calls of a log; returns how many were not there before."""
    prints = [sealer.index(f"missed-call:{log.outage_id}:{call.same}") for call in calls]
    values = {
        "outage": log.outage_id,
        "log": log.id,
        "print": binaries(prints),
        "enc": binaries(sealer.seal(call.call, key) for call, key in zip(calls, prints, strict=True)),
    }
    return len(session.execute(_KEEP, values).all())


def calls(session: Session, sealer: Sealer, outage: int) -> list[str]:
    """Every call of every log of an outage, opened, as `keep` was given it."""
    query = select(MissedCall.call_enc, MissedCall.fingerprint).where(MissedCall.outage_id == outage)
    return [sealer.open(bytes(row.call_enc), bytes(row.fingerprint)) for row in session.execute(query)]


def of(session: Session, outage: int) -> list[MissedLog]:
    """The logs of an outage, the newest first."""
    query = select(MissedLog).where(MissedLog.outage_id == outage)
    return list(session.scalars(query.order_by(MissedLog.id.desc())))


def last_columns(session: Session, system: str) -> Mapping[str, object]:
    """How the newest log of a system was read; nothing for one that was never seen."""
    query = select(MissedLog.columns).where(func.lower(MissedLog.system) == system.lower())
    return session.scalars(query.order_by(MissedLog.id.desc()).limit(1)).one_or_none() or {}


def known_as(session: Session, system: str) -> str:
    """The name under which a system is known, whatever the case in which it was typed."""
    query = select(MissedLog.system).where(func.lower(MissedLog.system) == system.lower())
    return session.scalars(query.order_by(MissedLog.id).limit(1)).one_or_none() or system


def systems(session: Session) -> list[str]:
    """The names of the systems of which we ever had a log."""
    return list(session.scalars(select(MissedLog.system).distinct().order_by(MissedLog.system)))
