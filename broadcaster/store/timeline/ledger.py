"""The timeline that can be proved: a hash chain, written in the transaction of each change.

An event is canonical JSON (RFC 8785); ``leaf = SHA-256(0x00 | bytes)``, ``chain = SHA-256(0x01 | previous | leaf)``.
The leaves make a Merkle tree too (`merkle`), whose roots are signed and sent out (`checkpoints`). A trigger refuses to
change or delete an event. A superuser can still rewrite all of it: only checkpoints kept outside prove the rest.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

import rfc8785
from sqlalchemy import BigInteger, Index, Row, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from broadcaster.store.database import Base, now
from broadcaster.store.timeline import merkle

START = bytes(32)


class AuditEvent(Base):
    """One thing that somebody, or the machine, did. `seq` has no gaps."""

    __tablename__ = "audit_event"
    __table_args__ = (Index("ix_audit_event_object", "object", "seq"), Index("ix_audit_event_action", "action", "seq"))
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    actor: Mapped[str]
    action: Mapped[str]
    object: Mapped[str]
    canonical: Mapped[bytes]
    chain: Mapped[bytes]


class AuditHead(Base):
    """The end of the chain and the frontier of the tree; its row lock orders the writers."""

    __tablename__ = "audit_head"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(BigInteger)
    chain: Mapped[bytes]
    frontier: Mapped[bytes] = mapped_column(server_default="")


@dataclass(frozen=True, slots=True)
class Seal:
    """What somebody has signed or kept: the root that the tree of the first `size` events had; `where` it stands."""

    size: int
    root: bytes
    where: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What `verify` found: how many events, the end of the chain, the root, and the first broken event or None."""

    events: int
    chain: str
    broken_at: int | None = None
    why: str = ""
    root: str = ""


FORBIDDEN = """
CREATE FUNCTION ledger_is_only_added_to() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'The ledger is only added to: nothing in % is changed or deleted.', TG_TABLE_NAME;
END $$
"""
KEPT = ("audit_event", "audit_checkpoint")
"""The tables that are only added to, once the migration 0016 has run."""


def append(session: Session, actor: str, action: str, obj: str, data: Mapping[str, object] | None = None) -> None:
    """Write one event at the end of the chain, in the caller's transaction, at the moment of the database's clock: a
    report holds it against what else is stamped there, and the hosts of a desk need not agree about the time."""
    head, moment = hold(session), now(session)
    event = {
        "seq": head.seq + 1,
        "at": moment.isoformat(timespec="microseconds"),
        "actor": actor,
        "action": action,
        "object": obj,
        "data": dict(data or {}),
    }
    canonical = rfc8785.dumps(cast(Any, event))
    chain = merkle.node(head.chain, merkle.leaf(canonical))
    session.add(
        AuditEvent(
            seq=head.seq + 1, at=moment, actor=actor, action=action, object=obj, canonical=canonical, chain=chain
        )
    )
    head.frontier = merkle.grown(head.frontier, head.seq, merkle.leaf(canonical))
    head.seq, head.chain = head.seq + 1, chain
    session.flush()


def hold(session: Session) -> AuditHead:
    """Lock the end of the chain now: whoever locks rows of its own besides does it after this, and nobody before, so
    that no two wait for each other."""
    session.execute(
        text("INSERT INTO audit_head (id, seq, chain, frontier) VALUES (1, 0, :start, '') ON CONFLICT DO NOTHING"),
        {"start": START},
    )
    head = session.execute(select(AuditHead).where(AuditHead.id == 1).with_for_update()).scalar_one()
    session.refresh(head)
    return head


EVENTS = select(
    *(AuditEvent.seq, AuditEvent.at, AuditEvent.actor, AuditEvent.action, AuditEvent.object),
    *(AuditEvent.canonical, AuditEvent.chain),
).order_by(AuditEvent.seq)
"""Rows and not objects: a million of them are read again in half a minute."""


Told = Row[int, datetime, str, str, str, bytes, bytes]


class _Reader:
    """Reads the chain again, event by event, and holds it against the head and against every seal."""

    def __init__(self, head: tuple[int, bytes, bytes], seals: Sequence[Seal]) -> None:
        self.count, self.chain, self.frontier = 0, START, b""
        self.head = head
        self.seals: dict[int, list[Seal]] = {}
        for each in seals:
            self.seals.setdefault(each.size, []).append(each)

    def wrong(self, event: Told) -> str:
        """Why this event does not come next, or ``""``."""
        expected = self.count + 1
        if event.seq != expected:
            return f"event {expected} is missing"
        leaf = merkle.leaf(event.canonical)
        if merkle.node(self.chain, leaf) != event.chain or not _same_columns(event):
            return f"event {expected} was changed"
        frontier = merkle.grown(self.frontier, self.count, leaf)
        if event.seq == self.head[0] and (event.chain, frontier) != self.head[1:]:
            return f"event {expected} was changed"
        root = merkle.root(frontier) if expected in self.seals else b""
        for seal in self.seals.pop(expected, ()):
            if seal.root != root:
                return f"the events up to {expected} are not those of {seal.where}"
        self.count, self.chain, self.frontier = expected, event.chain, frontier
        return ""

    def verdict(self, why: str) -> Verdict:
        """What was found, up to here; broken at the next event if there is a reason."""
        root = merkle.root(self.frontier).hex()
        return Verdict(self.count, self.chain.hex(), self.count + 1 if why else None, why, root)


def verify(session: Session, seals: Sequence[Seal] = ()) -> Verdict:
    """Read the whole chain again, and its tree against every seal; the first event that does not fit is named.

    Events may be written meanwhile: the chain must reach the end known before, and not beyond the end known after.
    """
    known = _head(session)
    reader = _Reader(known, seals)
    with session.execute(EVENTS.execution_options(yield_per=2000)) as events:
        for event in events:
            if why := reader.wrong(event):
                return reader.verdict(why)
    if not known[0] <= reader.count <= _head(session)[0]:
        return reader.verdict("the end of the chain is missing")
    if reader.seals:
        lost = reader.seals[min(reader.seals)][0]
        return reader.verdict(f"the end of the chain is missing: {lost.where} knows {lost.size} events")
    return reader.verdict("")


def _head(session: Session) -> tuple[int, bytes, bytes]:
    """The end of the chain as its head has it: the number and hash of the last event, and the tree's frontier."""
    columns = AuditHead.seq, AuditHead.chain, AuditHead.frontier
    row = session.execute(select(*columns).where(AuditHead.id == 1)).one_or_none()
    return (row.seq, row.chain, row.frontier) if row else (0, START, b"")


def _same_columns(event: Told) -> bool:
    """Whether the columns say what the canonical bytes say."""
    told = json.loads(event.canonical)
    shown = {"seq": event.seq, "actor": event.actor, "action": event.action, "object": event.object}
    return all(told[name] == value for name, value in shown.items()) and told["at"] == event.at.astimezone(
        UTC
    ).isoformat(timespec="microseconds")


def timeline(session: Session, obj: str) -> list[AuditEvent]:
    """The events of one object, oldest first."""
    return list(session.execute(select(AuditEvent).where(AuditEvent.object == obj).order_by(AuditEvent.seq)).scalars())
