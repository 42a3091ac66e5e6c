"""Sessions of the desk, one row each, so that they can be listed and ended: the cookie carries a random id, and only
its SHA-256 is kept here.

A request reads one row by its index, and writes at most once a minute. No other store is asked: whoever alerts needs
the database anyway, and nothing else can be down.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from sqlalchemy import CheckConstraint, ForeignKey, Index, delete, exists, select, update
from sqlalchemy.orm import Mapped, Session, contains_eager, mapped_column, relationship

from broadcaster.store.database import Base, identity, one_of
from broadcaster.store.desk.passkeys import Passkey
from broadcaster.store.desk.people import User

IDLE = timedelta(hours=1)
"""Without a request for so long a session ends (FEMA IPAWS rules of behaviour: 60 minutes)."""
ABSOLUTE = timedelta(hours=12)
"""After so long a session ends in any case (NIST SP 800-63B-4, AAL2 asks for at most 24 h)."""
SEEN_EVERY = timedelta(minutes=1)


class Way(StrEnum):
    """What a session was begun with."""

    CODE = "code"
    RECOVERY = "recovery"
    PASSKEY = "passkey"
    PROVIDER = "provider"


class DeskSession(Base):
    """A session that has not been ended. `source` is a network and no address, `machine` a browser and a system."""

    __tablename__ = "desk_session"
    __table_args__ = (
        CheckConstraint(f"way IN ({one_of(Way)})", name="way"),
        Index("ix_desk_session_user_id", "user_id"),
        Index("ix_desk_session_ends_at", "ends_at"),
    )
    id: Mapped[int] = identity()
    digest: Mapped[bytes] = mapped_column(unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    way: Mapped[str]
    source: Mapped[str] = mapped_column(default="", server_default="")
    machine: Mapped[str] = mapped_column(default="", server_default="")
    made_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    user: Mapped[User] = relationship()


@dataclass(frozen=True, slots=True)
class Visit:
    """How somebody came in, and from where."""

    way: Way
    source: str = ""
    machine: str = ""


@dataclass(frozen=True, slots=True)
class Going:
    """A session that goes on, with whoever has it."""

    row: DeskSession
    user: User
    has_passkey: bool


def begin(session: Session, user: int, visit: Visit, now: datetime) -> str:
    """Begin a session; returns the id for its cookie. What has run out of time for good is forgotten."""
    session.execute(delete(DeskSession).where(DeskSession.ends_at <= now))
    key = secrets.token_urlsafe(32)
    times = {"made_at": now, "seen_at": now, "ends_at": now + ABSOLUTE}
    told = {"way": visit.way.value, "source": visit.source, "machine": visit.machine}
    session.add(DeskSession(digest=_digest(key), user_id=user, **told, **times))
    session.flush()
    return key


def going(session: Session, key: str, now: datetime) -> Going | None:
    """The session of a cookie; None when it was ended, ran out, or belongs to somebody who is not active."""
    query = (
        select(DeskSession, exists().where(Passkey.user_id == DeskSession.user_id))
        .join(DeskSession.user)
        .options(contains_eager(DeskSession.user))
        .where(DeskSession.digest == _digest(key), User.active)
        .where(DeskSession.ends_at > now, DeskSession.seen_at >= now - IDLE)
    )
    found = session.execute(query).one_or_none()
    return Going(found[0], found[0].user, found[1]) if found else None


def see(session: Session, row: DeskSession, now: datetime) -> None:
    """Somebody is at the desk: their hour begins anew, at most once a minute."""
    if now - row.seen_at < SEEN_EVERY:
        return
    seen = update(DeskSession).where(DeskSession.id == row.id).values(seen_at=now)
    session.execute(seen.execution_options(synchronize_session=False))


def of_person(session: Session, user: int, now: datetime) -> list[DeskSession]:
    """The sessions of a person that go on, the one that was seen last first."""
    goes_on = (DeskSession.ends_at > now, DeskSession.seen_at >= now - IDLE)
    query = select(DeskSession).where(DeskSession.user_id == user, *goes_on)
    return list(session.scalars(query.order_by(DeskSession.seen_at.desc(), DeskSession.id.desc())))


def end(session: Session, user: int, key: int) -> bool:
    """End one session of a person, by its number; False when they have none of it."""
    gone = delete(DeskSession).where(DeskSession.user_id == user, DeskSession.id == key).returning(DeskSession.id)
    return session.execute(gone).first() is not None


def end_all(session: Session, user: int, but: int = 0) -> int:
    """End every session of a person, but one if it is named; returns how many there were."""
    gone = delete(DeskSession).where(DeskSession.user_id == user, DeskSession.id != but).returning(DeskSession.id)
    return len(session.execute(gone).all())


def ended(session: Session, keys: Collection[str], now: datetime) -> set[str]:
    """Which of these cookies' ids open the desk to nobody any more; to sit still before a board ends no session."""
    digests = {_digest(key): key for key in keys}
    query = select(DeskSession.digest).join(DeskSession.user)
    known = query.where(DeskSession.digest.in_(digests), DeskSession.ends_at > now, User.active)
    return set(keys) - {digests[digest] for digest in session.scalars(known)}


def _digest(key: str) -> bytes:
    return sha256(key.encode()).digest()
