"""The county outlines of the installation's state, kept in the database, so that every process draws the same."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Mapped, Session, mapped_column

from broadcaster.store.database import Base


class Outline(Base):
    """The borders of one state as JSON text (`feeds.shapes.read`)."""

    __tablename__ = "outline"
    state_fips: Mapped[str] = mapped_column(primary_key=True)
    text: Mapped[str]


def save(session: Session, state_fips: str, text: str) -> None:
    """Keep the borders of a state, instead of older ones."""
    session.merge(Outline(state_fips=state_fips, text=text))
    session.flush()


def load(session: Session, state_fips: str) -> str:
    """The borders of a state as they were kept; ``""`` when there are none."""
    return session.scalar(select(Outline.text).where(Outline.state_fips == state_fips)) or ""
