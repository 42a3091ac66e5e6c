"""Passkeys of people, and the challenges that they sign: a challenge is good for one answer, to one question.

The public key is kept, and the private one never leaves the device (WebAuthn Level 3). Nothing here reads an answer.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import Boolean, ForeignKey, Index, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from broadcaster.store.database import Base, identity
from broadcaster.store.desk.people import User

LASTS = timedelta(minutes=5)
"""A challenge; WebAuthn Level 3, 15.1 recommends 300 to 600 seconds."""
MOST = 20
"""Passkeys of one person."""


class Passkey(Base):
    """A credential of a person. `sign_count` never goes back; it stays 0 where the device does not count."""

    __tablename__ = "passkey"
    __table_args__ = (Index("ix_passkey_user_id", "user_id"),)
    id: Mapped[int] = identity()
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    credential_id: Mapped[bytes] = mapped_column(unique=True)
    public_key: Mapped[bytes]
    sign_count: Mapped[int]
    name: Mapped[str]
    synced: Mapped[bool] = mapped_column(Boolean, default=False, server_default="false")
    made_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    user: Mapped[User] = relationship()


class PasskeyChallenge(Base):
    """What a device is asked to sign: by whom (nobody yet, at the sign-in), and for what."""

    __tablename__ = "passkey_challenge"
    __table_args__ = (Index("ix_passkey_challenge_made_at", "made_at"),)
    id: Mapped[int] = identity()
    challenge: Mapped[bytes] = mapped_column(unique=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    about: Mapped[str]
    made_at: Mapped[datetime]


def ask(session: Session, user: int | None, about: str, now: datetime) -> bytes:
    """A new challenge of 32 random bytes; those that have run out are forgotten."""
    session.execute(delete(PasskeyChallenge).where(PasskeyChallenge.made_at <= now - LASTS))
    challenge = secrets.token_bytes(32)
    session.add(PasskeyChallenge(challenge=challenge, user_id=user, about=about, made_at=now))
    session.flush()
    return challenge


def spend(session: Session, challenge: bytes, user: int | None, about: str, now: datetime) -> bool:
    """Whether this was asked of this person for this, and spend it: a second answer to it counts for nothing."""
    asked = (PasskeyChallenge.challenge == challenge, PasskeyChallenge.made_at > now - LASTS)
    query = delete(PasskeyChallenge).where(*asked, PasskeyChallenge.about == about)
    spent = query.where(PasskeyChallenge.user_id.is_not_distinct_from(user)).returning(PasskeyChallenge.id)
    return session.execute(spent).first() is not None


def of_person(session: Session, user: int) -> list[Passkey]:
    """The passkeys of a person, the oldest first."""
    return list(session.scalars(select(Passkey).where(Passkey.user_id == user).order_by(Passkey.id)))


def holders(session: Session) -> set[int]:
    """Whoever has a passkey."""
    return set(session.scalars(select(Passkey.user_id).distinct()))


def locked(session: Session, credential: bytes) -> Passkey | None:
    """The passkey of this credential id, locked until the transaction ends, so that its counter is judged once."""
    query = select(Passkey).where(Passkey.credential_id == credential).with_for_update()
    return session.scalar(query.execution_options(populate_existing=True))
