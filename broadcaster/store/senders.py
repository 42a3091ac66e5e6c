"""The carriers' numbers and mailboxes we send from, and the pace each of them allows (GCRA)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import CheckConstraint, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from broadcaster.store.database import Base, identity


class Sender(Base):
    """A sender and its theoretical arrival time `tat`: the limiter is taken inside the claim."""

    __tablename__ = "sender"
    __table_args__ = (
        UniqueConstraint("channel", "address"),
        CheckConstraint("segments_per_s > 0", name="pace"),
        CheckConstraint("circuit IN ('closed', 'open', 'retired')", name="circuit"),
    )
    id: Mapped[int] = identity()
    channel: Mapped[str]
    carrier: Mapped[str]
    address: Mapped[str]
    segments_per_s: Mapped[float]
    tat: Mapped[datetime] = mapped_column(server_default=func.now())
    circuit: Mapped[str] = mapped_column(default="closed", server_default="closed")
    open_until: Mapped[datetime | None]


def register(session: Session, channel: str, carrier: str, address: str, segments_per_s: float) -> None:
    """Make a sender known, or change its pace."""
    session.execute(
        text(
            "INSERT INTO sender (channel, carrier, address, segments_per_s) VALUES (:ch, :ca, :ad, :pace)"
            " ON CONFLICT (channel, address) DO UPDATE SET segments_per_s = excluded.segments_per_s,"
            " carrier = excluded.carrier,"
            " circuit = CASE WHEN sender.circuit = 'retired' THEN 'closed' ELSE sender.circuit END"
        ),
        {"ch": channel, "ca": carrier, "ad": address, "pace": segments_per_s},
    )


def pace(session: Session, channel: str) -> float:
    """Segments (or messages) a second over all closed senders of a channel."""
    total = session.execute(
        text("SELECT coalesce(sum(segments_per_s), 0) FROM sender WHERE channel = :ch AND circuit = 'closed'"),
        {"ch": channel},
    )
    return float(total.scalar_one())


def retire_others(session: Session, kept: Sequence[tuple[str, str]]) -> None:
    """Senders that the settings no longer name are not claimed from; their rows stay for the waves that name them."""
    known = session.execute(text("SELECT id, channel, address FROM sender")).all()
    gone = [row.id for row in known if (row.channel, row.address) not in set(kept)]
    session.execute(text("UPDATE sender SET circuit = 'retired' WHERE id = ANY(:ids)"), {"ids": gone})
