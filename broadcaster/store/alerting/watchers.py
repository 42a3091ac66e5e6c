"""Other people's dashboards: who is told of each step of an alert, and how far each of them has got.

The ledger is the queue: a watcher is a cursor into it. One that does not answer stays behind, alone.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, func, select
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.orm import Mapped, Session, mapped_column

from broadcaster.store.alerting import webhook_events
from broadcaster.store.database import Base, identity, public_id
from broadcaster.store.timeline import ledger
from broadcaster.store.timeline.ledger import AuditEvent, AuditHead

LEASE = timedelta(seconds=60)
"""How long a notice may be on its way before another sweep takes it up."""
LONGEST_WAIT = timedelta(minutes=10)


class Watcher(Base):
    """An address that is told; `kinds` empty: of everything about alerts. `cursor` is the newest event it has."""

    __tablename__ = "watcher"
    id: Mapped[int] = identity()
    public_id: Mapped[str] = mapped_column(unique=True, default=public_id)
    url: Mapped[str]
    kinds: Mapped[list[str]] = mapped_column(ARRAY(TEXT), server_default="{}")
    cursor: Mapped[int] = mapped_column(BigInteger)
    made_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    made_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    ended_at: Mapped[datetime | None]
    due: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    tries: Mapped[int] = mapped_column(BigInteger, server_default="0")
    failure: Mapped[str] = mapped_column(server_default="")


@dataclass(frozen=True, slots=True)
class Notice:
    """The next event of a watcher: of which type, and what it is about (``alert``) by its public id; nobody's name is
    in it."""

    watcher: int
    url: str
    seq: int
    at: datetime
    type: str
    about: str
    key: str
    data: dict[str, Any]


def add(session: Session, user: int, url: str, kinds: list[str]) -> Watcher:
    """A new watcher: it is told of what happens from now on."""
    head = session.scalar(select(AuditHead.seq).where(AuditHead.id == 1)) or 0
    made = Watcher(url=url, kinds=kinds, cursor=head, made_by=user)
    session.add(made)
    session.flush()
    ledger.append(session, f"user:{user}", "webhook-added", f"webhook:{made.public_id}", {"url": url, "kinds": kinds})
    return made


def active(session: Session) -> list[Watcher]:
    """Who is told, the oldest first."""
    return list(session.scalars(select(Watcher).where(Watcher.ended_at.is_(None)).order_by(Watcher.id)))


def end(session: Session, by: str, key: str, now: datetime) -> Watcher | None:
    """Tell this one nothing more; None when there is no such active one."""
    query = select(Watcher).where(Watcher.public_id == key, Watcher.ended_at.is_(None)).with_for_update()
    row = session.scalar(query)
    if row is not None:
        row.ended_at = now
        ledger.append(session, by, "webhook-ended", f"webhook:{row.public_id}")
    return row


def claim(session: Session, now: datetime) -> Notice | None:
    """The next notice that is due, which nobody else sends for a minute; watchers who have everything wait here."""
    free = select(Watcher).where(Watcher.ended_at.is_(None), Watcher.due <= now).order_by(Watcher.due)
    for row in session.scalars(free.with_for_update(skip_locked=True)):
        found = _next(session, row)
        about, _, key = found.object.partition(":") if found else ("", "", "")
        event = webhook_events.of(about, found.action) if found else None
        if found is not None and event is not None:
            row.due = now + LEASE
            data = event.data(json.loads(found.canonical)["data"])
            return Notice(row.id, row.url, found.seq, found.at, event.type, about, key, data)
    return None


def _next(session: Session, row: Watcher) -> AuditEvent | None:
    query = select(AuditEvent).where(AuditEvent.seq > row.cursor, webhook_events.wanted(row.kinds))
    return session.scalar(query.order_by(AuditEvent.seq).limit(1))


def settle(session: Session, notice: Notice, now: datetime, failure: str = "") -> None:
    """It was taken, or it was not: then it is due again after 2, 4, 8 ... seconds, at most ten minutes."""
    row = session.get_one(Watcher, notice.watcher, with_for_update=True)
    if not failure:
        row.cursor, row.tries, row.failure, row.due = max(row.cursor, notice.seq), 0, "", now
        return
    row.tries, row.failure = row.tries + 1, failure
    row.due = now + min(timedelta(seconds=2 ** min(row.tries, 12)), LONGEST_WAIT)
