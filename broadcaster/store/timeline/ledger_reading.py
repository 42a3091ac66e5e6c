"""Reading the ledger: by when, who, what and which alert, and the proof that an event stands in a checkpoint."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select, text
from sqlalchemy.orm import Session

from broadcaster.store.desk.people import User
from broadcaster.store.timeline import merkle
from broadcaster.store.timeline.checkpoints import AuditCheckpoint
from broadcaster.store.timeline.ledger import AuditEvent

MOST_PEOPLE = 50
KINDS = text(
    "WITH RECURSIVE kind AS ((SELECT action FROM audit_event ORDER BY action LIMIT 1)"
    " UNION ALL SELECT (SELECT a.action FROM audit_event a WHERE a.action > kind.action ORDER BY a.action LIMIT 1)"
    " FROM kind WHERE kind.action IS NOT NULL) SELECT action FROM kind WHERE action IS NOT NULL"
)
"""Each kind by one look into the index: DISTINCT would read a million rows to find thirty names."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events: from a moment on, before another, of a person or machine, of a kind, about something."""

    since: datetime | None = None
    until: datetime | None = None
    who: str = ""
    kind: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """One event as people read it; `who` is the name of a person, or the actor as the ledger has it."""

    seq: int
    at: datetime
    actor: str
    who: str
    action: str
    object: str
    data: dict[str, Any]
    canonical: str


@dataclass(frozen=True, slots=True)
class Proof:
    """The way from an event to the oldest checkpoint that holds it (RFC 6962 section 2.1.1), in hex."""

    leaf: str
    path: tuple[str, ...]
    size: int
    root: str
    note: str


def kinds(session: Session) -> list[str]:
    """Every kind of event that there is."""
    return list(session.scalars(KINDS))


def page(session: Session, wanted: Wanted, most: int, before: int | None = None) -> list[Event]:
    """The newest events that are wanted, and were written before the one of this number."""
    query = _query(session, wanted).order_by(AuditEvent.seq.desc()).limit(most)
    if before is not None:
        query = query.where(AuditEvent.seq < before)
    rows = list(session.scalars(query))
    names = _names(session, {row.actor for row in rows})
    return [_event(row, names) for row in rows]


def every(session: Session, wanted: Wanted) -> Iterator[Event]:
    """All events that are wanted, oldest first; read while they are used."""
    names = {f"user:{key}": email for key, email in session.execute(select(User.id, User.email)).all()}
    rows = session.scalars(_query(session, wanted).order_by(AuditEvent.seq).execution_options(yield_per=1000))
    return (_event(row, names) for row in rows)


def one(session: Session, seq: int) -> Event | None:
    """The event of this number."""
    row = session.get(AuditEvent, seq)
    return _event(row, _names(session, {row.actor})) if row else None


def proof(session: Session, seq: int) -> Proof | None:
    """Why this event stands in a signed checkpoint; None while there is none that holds it."""
    query = select(AuditCheckpoint).where(AuditCheckpoint.size >= seq).order_by(AuditCheckpoint.size).limit(1)
    sealed = session.scalar(query)
    if sealed is None:
        return None
    hashes = select(func.sha256(func.decode("00", "hex").op("||")(AuditEvent.canonical))).where(
        AuditEvent.seq <= sealed.size
    )
    leaves = [bytes(each) for each in session.scalars(hashes.order_by(AuditEvent.seq))]
    path = tuple(each.hex() for each in merkle.inclusion(leaves, seq - 1))
    return Proof(leaves[seq - 1].hex(), path, sealed.size, sealed.root.hex(), sealed.note)


def _query(session: Session, wanted: Wanted) -> Select[AuditEvent]:
    query = select(AuditEvent)
    if wanted.since:
        query = query.where(AuditEvent.at >= wanted.since)
    if wanted.until:
        query = query.where(AuditEvent.at < wanted.until)
    if wanted.who:
        query = query.where(AuditEvent.actor.in_(_actors(session, wanted.who)))
    if wanted.kind:
        query = query.where(AuditEvent.action == wanted.kind)
    if wanted.about:
        query = query.where(AuditEvent.object.in_([wanted.about, f"alert:{wanted.about}"]))
    return query


def _actors(session: Session, who: str) -> list[str]:
    """The actors that a name or a mail address may mean: people are numbers in the ledger."""
    like = func.lower(who)
    people = select(User.id).where(
        func.strpos(func.lower(User.email), like).op(">")(0) | func.strpos(func.lower(User.name), like).op(">")(0)
    )
    emails = select(User.email).where(func.strpos(func.lower(User.email), like).op(">")(0))
    found = [f"user:{key}" for key in session.scalars(people.limit(MOST_PEOPLE))]
    return [who, *found, *session.scalars(emails.limit(MOST_PEOPLE))]


def _names(session: Session, actors: set[str]) -> dict[str, str]:
    keys = [int(each[5:]) for each in actors if each.startswith("user:") and each[5:].isdecimal()]
    rows = session.execute(select(User.id, User.email).where(User.id.in_(keys))).all()
    return {f"user:{key}": email for key, email in rows}


def _event(row: AuditEvent, names: dict[str, str]) -> Event:
    canonical = bytes(row.canonical).decode()
    who = names.get(row.actor, row.actor)
    return Event(row.seq, row.at, row.actor, who, row.action, row.object, json.loads(canonical)["data"], canonical)
