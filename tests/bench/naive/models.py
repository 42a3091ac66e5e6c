"""The rows of the peer."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from functools import cache

from sqlalchemy import Engine, ForeignKey, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    """The base of the tables."""


def now() -> datetime:
    """The present, without a zone."""
    return datetime.now(UTC).replace(tzinfo=None)


class Alert(Base):
    """What is sent."""

    __tablename__ = "alert"
    id: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)


class Message(Base):
    """One text to one recipient."""

    __tablename__ = "message"
    id: Mapped[int] = mapped_column(primary_key=True)
    alert_id: Mapped[int] = mapped_column(ForeignKey("alert.id"), index=True)
    phone: Mapped[str]
    status: Mapped[str] = mapped_column(default="queued", index=True)
    sid: Mapped[str | None] = mapped_column(index=True)
    error: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)
    alert: Mapped[Alert] = relationship()


@cache
def engine() -> Engine:
    """This process's connections."""
    return create_engine(os.environ["NAIVE_DATABASE_URL"])
