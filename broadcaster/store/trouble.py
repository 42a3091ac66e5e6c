"""What agencies report by their own link: 911 trouble, and that they ask for an alert. Each one counts once."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from broadcaster.store.database import Base, identity, one_of, public_id


class Trouble(StrEnum):
    """What an answering point sees of it."""

    NOTHING = "nothing"
    SOME = "some"
    NO_LOCATION = "no_location"
    OTHER = "other"


class TroubleReport(Base):
    """One report; `key` names the page that was sent, so that a second tap changes nothing."""

    __tablename__ = "trouble_report"
    __table_args__ = (
        CheckConstraint(f"what IN ({one_of(Trouble)})", name="what"),
        CheckConstraint("(settled_at IS NULL) = (settled_by IS NULL)", name="settled"),
        Index("ix_trouble_report_outage", "outage_id", "at"),
        Index("ix_trouble_report_agency", "agency_id", "at"),
    )
    id: Mapped[int] = identity()
    public_id: Mapped[str] = mapped_column(unique=True, default=public_id)
    key: Mapped[str] = mapped_column(unique=True)
    agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id"))
    outage_id: Mapped[int] = mapped_column(ForeignKey("outage.id"))
    what: Mapped[str]
    words: Mapped[str] = mapped_column(default="", server_default="")
    call_back_enc: Mapped[bytes | None]
    asks: Mapped[bool] = mapped_column(default=False, server_default="false")
    """Whether it asks for an alert; `draft` are its own words for it."""
    draft: Mapped[str] = mapped_column(default="", server_default="")
    at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    alert_id: Mapped[int | None] = mapped_column(ForeignKey("alert.id"))
    """The draft that somebody of the desk made from it."""


class TroubleLink(Base):
    """Which link of an agency is the one that works: a new one ends the one before."""

    __tablename__ = "trouble_link"
    agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id", ondelete="CASCADE"), primary_key=True)
    no: Mapped[int]
    made_at: Mapped[datetime] = mapped_column(server_default=func.now())
    made_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
