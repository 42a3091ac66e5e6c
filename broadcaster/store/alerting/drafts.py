"""What people have typed into the form and not sent yet, each person's own: a closed tab loses nothing.

It is no draft of an alert: nobody else sees it, and nothing in it was judged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, delete, select
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from broadcaster.store.database import Base

MOST = 20
"""Forms that are kept of one person; the one that was left longest gives way."""
KEPT = timedelta(days=30)
Fields = Mapping[str, list[str]]
"""A form as it was sent: every value of every field."""


class TypedDraft(Base):
    """One form as it stands in somebody's browser; `key` names it, and is no secret."""

    __tablename__ = "typed_draft"
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    fields: Mapped[dict[str, list[str]]] = mapped_column(JSONB)
    saved_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Kept:
    """A form that can be gone on with."""

    key: str
    fields: Fields
    saved_at: datetime


def keep(session: Session, user: int, key: str, fields: Fields, now: datetime) -> None:
    """Put a form in the place of what was kept under its key; what was left for a month is forgotten."""
    given = {"fields": fields, "saved_at": now}
    made = insert(TypedDraft).values(user_id=user, key=key, **given)
    session.execute(made.on_conflict_do_update(index_elements=["user_id", "key"], set_=given))
    newest = (
        select(TypedDraft.key).where(TypedDraft.user_id == user).order_by(TypedDraft.saved_at.desc(), TypedDraft.key)
    )
    beyond = newest.offset(MOST).subquery()
    session.execute(delete(TypedDraft).where(TypedDraft.user_id == user, TypedDraft.key.in_(select(beyond.c.key))))
    session.execute(delete(TypedDraft).where(TypedDraft.saved_at < now - KEPT))


def kept(session: Session, user: int, key: str) -> Kept | None:
    """What a person has typed under a key."""
    row = session.get(TypedDraft, (user, key), populate_existing=True)
    return Kept(row.key, row.fields, row.saved_at) if row else None


def of_person(session: Session, user: int) -> list[Kept]:
    """Everything that a person has begun, the newest first."""
    query = select(TypedDraft).where(TypedDraft.user_id == user).order_by(TypedDraft.saved_at.desc(), TypedDraft.key)
    return [Kept(row.key, row.fields, row.saved_at) for row in session.scalars(query)]


def drop(session: Session, user: int, key: str) -> bool:
    """Forget a form that was sent or thrown away; whether there was one."""
    gone = delete(TypedDraft).where(TypedDraft.user_id == user, TypedDraft.key == key).returning(TypedDraft.key)
    return session.execute(gone).first() is not None
