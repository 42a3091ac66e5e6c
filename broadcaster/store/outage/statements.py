"""What the authority says about an outage afterwards: drafted from the report, edited and saved by an officer.

Every version is kept. Nothing here is published: somebody copies it out.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlalchemy import ForeignKey, Index, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from broadcaster.store.database import Base, identity
from broadcaster.store.timeline import ledger


class PublicStatement(Base):
    """One saved version; `about` is the ledger's name of the alert or outage."""

    __tablename__ = "public_statement"
    __table_args__ = (Index("ix_public_statement_about", "about", "id"),)
    id: Mapped[int] = identity()
    about: Mapped[str]
    text: Mapped[str]
    saved_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    saved_at: Mapped[datetime]


def newest(session: Session, about: str) -> PublicStatement | None:
    """The version that was saved last, if any was."""
    query = select(PublicStatement).where(PublicStatement.about == about)
    return session.scalar(query.order_by(PublicStatement.id.desc()).limit(1))


def save(session: Session, about: str, text: str, by: int, now: datetime) -> None:
    """Keep a version, and its hash in the ledger."""
    session.add(PublicStatement(about=about, text=text, saved_by=by, saved_at=now))
    sha = hashlib.sha256(text.encode()).hexdigest()
    ledger.append(session, f"user:{by}", "statement-saved", about, {"sha256": sha})
