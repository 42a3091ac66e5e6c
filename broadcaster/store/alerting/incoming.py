"""Other agencies' alerts: kept byte for byte, once each, until a person has decided about them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint, func, select
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from broadcaster.store.database import Base, identity, one_of, public_id


class IncomingState(StrEnum):
    """What a person has made of it: nothing yet, an alert of ours, or nothing for good."""

    WAITING = "waiting"
    TAKEN = "taken"
    DISMISSED = "dismissed"


class Incoming(Base):
    """A message that a partner has signed. CAP's own key makes it unique: sender, identifier and sent."""

    __tablename__ = "incoming"
    __table_args__ = (
        UniqueConstraint("sender", "identifier", "sent"),
        CheckConstraint(f"state IN ({one_of(IncomingState)})", name="state"),
        CheckConstraint(f"(state = '{IncomingState.WAITING}') = (decided_at IS NULL)", name="decided"),
    )
    id: Mapped[int] = identity()
    public_id: Mapped[str] = mapped_column(unique=True, default=public_id)
    sender: Mapped[str]
    identifier: Mapped[str]
    sent: Mapped[datetime]
    expires: Mapped[datetime | None]
    title: Mapped[str]
    bytes: Mapped[bytes]
    sha: Mapped[str]
    findings: Mapped[list[dict[str, object]]] = mapped_column(JSONB, default=list, server_default="[]")
    received_at: Mapped[datetime] = mapped_column(server_default=func.now())
    state: Mapped[str] = mapped_column(default=IncomingState.WAITING.value, server_default="waiting")
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    decided_at: Mapped[datetime | None]
    alert_id: Mapped[int | None] = mapped_column(ForeignKey("alert.id"))


def keep(session: Session, **values: object) -> tuple[Incoming, bool]:
    """Keep a message, and whether it is new; of two at once one waits for the other and finds it there."""
    made = insert(Incoming).values(public_id=public_id(), **values).on_conflict_do_nothing().returning(Incoming.id)
    new = session.execute(made).scalar_one_or_none() is not None
    query = select(Incoming).where(
        Incoming.sender == values["sender"],
        Incoming.identifier == values["identifier"],
        Incoming.sent == values["sent"],
    )
    return session.scalars(query).one(), new


def waiting(session: Session, most: int = 50) -> list[Incoming]:
    """What nobody has decided about yet, the newest first."""
    query = select(Incoming).where(Incoming.state == IncomingState.WAITING.value)
    return list(session.scalars(query.order_by(Incoming.id.desc()).limit(most)))


def locked(session: Session, public: str) -> Incoming | None:
    """One message, which nobody else decides about meanwhile."""
    query = select(Incoming).where(Incoming.public_id == public).with_for_update()
    return session.scalars(query.execution_options(populate_existing=True)).one_or_none()
