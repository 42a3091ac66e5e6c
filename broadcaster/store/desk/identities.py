"""Accounts at the agency's identity provider, and whose they are here: by issuer and subject, never by a mail address.

Nobody is made by signing in there. An account opens the desk when its person, signed in here, has connected it, or an
administrator has accepted it; a mail address that the provider has verified only says whose page it waits on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import CheckConstraint, ForeignKey, Index, Select, UniqueConstraint, delete, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from broadcaster.said import Said
from broadcaster.store.database import Base, identity
from broadcaster.store.desk import desk_sessions, people, tidings
from broadcaster.store.desk.people import User
from broadcaster.store.desk.tidings import News
from broadcaster.store.timeline import ledger

LASTS = timedelta(minutes=10)
"""From the question to the answer: so long an authorization code may live (RFC 6749 section 4.1.2)."""


class IdentityRefused(ValueError):
    """An account at the provider that cannot be connected; the message is one sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class Told:
    """Whom the provider has signed in. `email` is empty unless the provider has verified it; `two_factors` says that
    it has seen two of them."""

    issuer: str
    subject: str
    email: str = ""
    two_factors: bool = False


class ProviderIdentity(Base):
    """An account there: whose it is here, or, until it is `linked_at`, whose it might be."""

    __tablename__ = "provider_identity"
    __table_args__ = (
        UniqueConstraint("issuer", "subject"),
        CheckConstraint("linked_at IS NOT NULL OR linked_by IS NULL", name="linked"),
        Index(
            "ix_provider_identity_one_each",
            *("user_id", "issuer"),
            unique=True,
            postgresql_where=text("linked_at IS NOT NULL"),
        ),
    )
    id: Mapped[int] = identity()
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    issuer: Mapped[str]
    subject: Mapped[str]
    email: Mapped[str]
    asked_at: Mapped[datetime]
    linked_at: Mapped[datetime | None]
    linked_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    used_at: Mapped[datetime | None]
    user: Mapped[User] = relationship(foreign_keys=user_id)


class ProviderAnswer(Base):
    """An answer that was brought back already: its state counts once. Only the SHA-256 is kept."""

    __tablename__ = "provider_answer"
    __table_args__ = (Index("ix_provider_answer_at", "at"),)
    digest: Mapped[bytes] = mapped_column(primary_key=True)
    at: Mapped[datetime]


def spend(session: Session, state: str, now: datetime) -> bool:
    """Whether this is the first answer to this question; those that have run out are forgotten."""
    session.execute(delete(ProviderAnswer).where(ProviderAnswer.at <= now - LASTS))
    first = insert(ProviderAnswer).values(digest=sha256(state.encode()).digest(), at=now).on_conflict_do_nothing()
    return session.execute(first.returning(ProviderAnswer.at)).first() is not None


def owner(session: Session, told: Told, now: datetime) -> User | None:
    """Whose account this is here; None when nobody's yet, or somebody's whose account has ended."""
    row = _row(session, told)
    if row is None or row.linked_at is None or not row.user.active:
        return None
    row.used_at = now
    return row.user


def ask(session: Session, told: Told, now: datetime) -> None:
    """Keep an account that is nobody's for an administrator, beside whoever has its verified address; else nothing."""
    user = people.by_email(session, told.email) if told.email else None
    if user is None or not user.active or _row(session, told) is not None:
        return
    session.add(_new(user, told, now))
    session.flush()
    ledger.append(session, "web", "identity-asked-for", user.email, {"issuer": told.issuer})


def link(session: Session, told: Told, user: User, now: datetime) -> None:
    """Connect it with the person who sits at both ends. IdentityRefused."""
    if told.email != user.email.lower():
        raise IdentityRefused(
            Said("The provider does not say that your address here is yours: ask whoever runs it, or an administrator.")
        )
    row = _row(session, told)
    if row is not None and row.linked_at is not None and row.user_id != user.id:
        raise IdentityRefused(Said("That account at the provider is connected with somebody else here."))
    if row is None:
        row = _new(user, told, now)
        session.add(row)
    row.user_id, row.email = user.id, told.email
    _linked(session, row, user, user.id, now)


def accept(session: Session, key: int, user: User, by: User, now: datetime) -> None:
    """An administrator says that it is this person's. IdentityRefused."""
    row = session.scalar(_one(user.id, key).with_for_update())
    if row is None or row.linked_at is not None:
        raise IdentityRefused(Said("Somebody has decided this already."))
    if by.id == user.id:
        raise IdentityRefused(Said("Connect your own account under your name, or ask another administrator."))
    _linked(session, row, user, by.id, now)


def _linked(session: Session, row: ProviderIdentity, user: User, by: int, now: datetime) -> None:
    mine = (ProviderIdentity.user_id == user.id, ProviderIdentity.issuer == row.issuer)
    before = session.scalar(select(ProviderIdentity).where(*mine, ProviderIdentity.linked_at.is_not(None)))
    if before is not None and before is not row:
        raise IdentityRefused(Said("Another account at that provider is connected already: end that first."))
    row.linked_at, row.linked_by = row.linked_at or now, by
    session.flush()
    who = session.get_one(User, by).email
    ledger.append(session, who, "identity-linked", user.email, {"issuer": row.issuer, "subject": row.subject})
    tidings.note(session, user, News.IDENTITY)


def end(session: Session, user: User, key: int, by: str, keep: int = 0) -> bool:
    """Forget an account at the provider, and end every session of its person but the one that is kept; False when
    they have none of this number. The password and the second factors here stay."""
    row = session.scalar(_one(user.id, key))
    if row is None:
        return False
    session.delete(row)
    desk_sessions.end_all(session, user.id, but=keep)
    ledger.append(session, by, "identity-ended", user.email, {"issuer": row.issuer, "subject": row.subject})
    return True


def of_person(session: Session, user: int) -> list[ProviderIdentity]:
    """The accounts of a person at the provider, and those that might be; the oldest first."""
    query = select(ProviderIdentity).where(ProviderIdentity.user_id == user).order_by(ProviderIdentity.id)
    return list(session.scalars(query))


def _row(session: Session, told: Told) -> ProviderIdentity | None:
    there = (ProviderIdentity.issuer == told.issuer, ProviderIdentity.subject == told.subject)
    return session.scalar(select(ProviderIdentity).where(*there).with_for_update())


def _one(user: int, key: int) -> Select[ProviderIdentity]:
    return select(ProviderIdentity).where(ProviderIdentity.user_id == user, ProviderIdentity.id == key)


def _new(user: User, told: Told, now: datetime) -> ProviderIdentity:
    return ProviderIdentity(user_id=user.id, issuer=told.issuer, subject=told.subject, email=told.email, asked_at=now)
