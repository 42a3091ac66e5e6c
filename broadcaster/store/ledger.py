"""The timeline that can be proved: a hash chain, written in the transaction of each change.

An event is canonical JSON (RFC 8785); ``leaf = SHA-256(0x00 | bytes)``, ``chain = SHA-256(0x01 | previous | leaf)``.
A superuser can still rewrite all of it: only checkpoints kept outside prove the rest.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, cast

import rfc8785
from sqlalchemy import BigInteger, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from broadcaster.store.database import Base

START = bytes(32)


class AuditEvent(Base):
    """One thing that somebody, or the machine, did. `seq` has no gaps."""

    __tablename__ = "audit_event"
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    actor: Mapped[str]
    action: Mapped[str]
    object: Mapped[str]
    canonical: Mapped[bytes]
    chain: Mapped[bytes]


class AuditHead(Base):
    """The end of the chain; its row lock orders the writers."""

    __tablename__ = "audit_head"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(BigInteger)
    chain: Mapped[bytes]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What `verify` found: how many events, the end of the chain, and the first broken one or None."""

    events: int
    chain: str
    broken_at: int | None = None
    why: str = ""


def _link(previous: bytes, canonical: bytes) -> bytes:
    leaf = sha256(b"\x00" + canonical).digest()
    return sha256(b"\x01" + previous + leaf).digest()


def append(session: Session, actor: str, action: str, obj: str, data: Mapping[str, object] | None = None) -> None:
    """Write one event at the end of the chain, in the caller's transaction."""
    session.execute(
        text("INSERT INTO audit_head (id, seq, chain) VALUES (1, 0, :start) ON CONFLICT DO NOTHING"), {"start": START}
    )
    head = session.execute(select(AuditHead).where(AuditHead.id == 1).with_for_update()).scalar_one()
    session.refresh(head)
    moment = datetime.now(UTC)
    event = {
        "seq": head.seq + 1,
        "at": moment.isoformat(timespec="microseconds"),
        "actor": actor,
        "action": action,
        "object": obj,
        "data": dict(data or {}),
    }
    canonical = rfc8785.dumps(cast(Any, event))
    chain = _link(head.chain, canonical)
    session.add(
        AuditEvent(
            seq=head.seq + 1, at=moment, actor=actor, action=action, object=obj, canonical=canonical, chain=chain
        )
    )
    head.seq, head.chain = head.seq + 1, chain
    session.flush()


def verify(session: Session) -> Verdict:
    """Read the whole chain again; the first event that does not fit is named.

    Events may be written meanwhile: the chain must reach the end known before, and not beyond the end known after.
    """
    known_end, known_chain = _head(session)
    previous, expected = START, 1
    for event in session.execute(select(AuditEvent).order_by(AuditEvent.seq)).scalars().yield_per(1000):
        if event.seq != expected:
            return Verdict(expected - 1, previous.hex(), expected, f"event {expected} is missing")
        if (
            _link(previous, event.canonical) != event.chain
            or not _same_columns(event)
            or (event.seq == known_end and event.chain != known_chain)
        ):
            return Verdict(expected - 1, previous.hex(), expected, f"event {expected} was changed")
        previous, expected = event.chain, expected + 1
    if not known_end <= expected - 1 <= _head(session)[0]:
        return Verdict(expected - 1, previous.hex(), expected, "the end of the chain is missing")
    return Verdict(expected - 1, previous.hex())


def _head(session: Session) -> tuple[int, bytes]:
    """The end of the chain as its head has it: number and hash of the last event."""
    row = session.execute(select(AuditHead.seq, AuditHead.chain).where(AuditHead.id == 1)).one_or_none()
    return (row.seq, row.chain) if row else (0, START)


def _same_columns(event: AuditEvent) -> bool:
    told = json.loads(event.canonical)
    shown = {"seq": event.seq, "actor": event.actor, "action": event.action, "object": event.object}
    return all(told[name] == value for name, value in shown.items()) and told["at"] == event.at.astimezone(
        UTC
    ).isoformat(timespec="microseconds")


def timeline(session: Session, obj: str) -> list[AuditEvent]:
    """The events of one object, oldest first."""
    return list(session.execute(select(AuditEvent).where(AuditEvent.object == obj).order_by(AuditEvent.seq)).scalars())
