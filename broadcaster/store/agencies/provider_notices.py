"""Providers' notices of an outage (47 CFR 4.9(h)): one for each ticket of a provider, with every version that came.

What a version says in confidence is sealed: no table, dump or index holds it in clear.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func, select
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from broadcaster.store.database import Base, identity, one_of, public_id
from broadcaster.store.timeline import ledger


class NoticeKind(StrEnum):
    """Whether the provider calls it a first, a further or a last word; 47 CFR 4.9(h)(2)."""

    INITIAL = "initial"
    UPDATE = "update"
    FINAL = "final"


class Source(StrEnum):
    """How a notice came to us."""

    FORM = "form"
    MAIL = "mail"
    API = "api"


class Proof(StrEnum):
    """What our own mail relay says of a mail's sender (RFC 8601); all but the first mean that it is not proved."""

    PROVED = "proved"
    NOT_SET_UP = "not_set_up"
    NOT_SAID = "not_said"
    FAILED = "failed"
    STRANGER = "stranger"
    OTHER = "other"


class ClockName(StrEnum):
    """Which clock of a provider: for the first word to us, and for the first one after it."""

    NOTICE = "notice"
    FOLLOW_UP = "follow_up"


class ProviderNotice(Base):
    """One ticket of one provider. Without an outage it waits for a person, until it is put aside."""

    __tablename__ = "provider_notice"
    __table_args__ = (
        UniqueConstraint("provider_key", "ticket_key"),
        CheckConstraint("(dismissed_at IS NULL) = (dismissed_by IS NULL)", name="dismissed"),
        Index("ix_provider_notice_outage", "outage_id"),
    )
    id: Mapped[int] = identity()
    public_id: Mapped[str] = mapped_column(unique=True, default=public_id)
    provider_key: Mapped[str]
    ticket_key: Mapped[str]
    provider: Mapped[str]
    ticket: Mapped[str]
    outage_id: Mapped[int | None] = mapped_column(ForeignKey("outage.id"))
    made_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    dismissed_at: Mapped[datetime | None]
    dismissed_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))


class NoticeVersion(Base):
    """What a provider said at one time; `at` is when we were told. A version is never changed.

    `proof` is of a mail; `joined` says why it stands here and is not a notice of its own, where a machine found that.
    """

    __tablename__ = "provider_notice_version"
    __table_args__ = (
        UniqueConstraint("notice_id", "no"),
        UniqueConstraint("notice_id", "digest"),
        CheckConstraint(f"kind IN ({one_of(NoticeKind)})", name="kind"),
        CheckConstraint(f"source IN ({one_of(Source)})", name="source"),
        CheckConstraint(f"proof IN ({one_of(Proof)})", name="proof"),
        CheckConstraint(f"(source = '{Source.MAIL}') = (proof IS NOT NULL)", name="mailed"),
    )
    id: Mapped[int] = identity()
    notice_id: Mapped[int] = mapped_column(ForeignKey("provider_notice.id"))
    no: Mapped[int]
    kind: Mapped[str | None]
    source: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime]
    made_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    provider: Mapped[str]
    discovered_at: Mapped[datetime | None]
    began: Mapped[datetime | None]
    expected: Mapped[datetime | None]
    services: Mapped[list[str]] = mapped_column(JSONB, default=list, server_default="[]")
    area: Mapped[str]
    effect: Mapped[str]
    confidential_enc: Mapped[bytes]
    digest: Mapped[bytes]
    proof: Mapped[str | None]
    joined: Mapped[str] = mapped_column(default="", server_default="")

    @property
    def is_sure(self) -> bool:
        """Whether it came from the provider itself: no mail, or one that is proved."""
        return self.proof is None or self.proof == Proof.PROVED


class ProviderChase(Base):
    """The watch was paged about one clock of one outage that had run out; `about` is a provider or a notice."""

    __tablename__ = "provider_chase"
    __table_args__ = (CheckConstraint(f"clock IN ({one_of(ClockName)})", name="clock"),)
    outage_id: Mapped[int] = mapped_column(ForeignKey("outage.id"), primary_key=True)
    clock: Mapped[str] = mapped_column(primary_key=True)
    about: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]


def locked(session: Session, keys: tuple[str, str], provider: str, ticket: str) -> ProviderNotice:
    """The notice of a provider and a ticket, made when it is new; nobody else writes on it in this transaction.

    The ledger comes first, as with an outage: several notices are taken in one transaction.
    """
    ledger.hold(session)
    made = insert(ProviderNotice).values(
        public_id=public_id(), provider_key=keys[0], ticket_key=keys[1], provider=provider, ticket=ticket
    )
    session.execute(made.on_conflict_do_nothing(index_elements=["provider_key", "ticket_key"]))
    query = select(ProviderNotice).where(ProviderNotice.provider_key == keys[0], ProviderNotice.ticket_key == keys[1])
    return session.scalars(query.with_for_update().execution_options(populate_existing=True)).one()


def by_public_id(session: Session, notice: str) -> ProviderNotice | None:
    """The notice with this id of the outside."""
    return session.scalars(select(ProviderNotice).where(ProviderNotice.public_id == notice)).one_or_none()


def lock(session: Session, row: ProviderNotice) -> ProviderNotice:
    """The notice as it is now; nobody else writes on it in this transaction."""
    ledger.hold(session)
    session.refresh(row, with_for_update=True)
    return row


def versions(session: Session, notice: int) -> list[NoticeVersion]:
    """Every version of a notice, the first one first."""
    query = select(NoticeVersion).where(NoticeVersion.notice_id == notice).order_by(NoticeVersion.no)
    return list(session.scalars(query))


def next_no(session: Session, notice: int) -> int:
    """The number of the next version of a notice: one that was taken out leaves a gap."""
    last = session.scalar(select(func.max(NoticeVersion.no)).where(NoticeVersion.notice_id == notice))
    return (last or 0) + 1


def of_provider(session: Session, provider_key: str, since: datetime, until: datetime) -> list[ProviderNotice]:
    """The notices of a provider, not put aside, of which we were told something between two moments; oldest first."""
    told = select(NoticeVersion.notice_id).where(NoticeVersion.at.between(since, until))
    query = select(ProviderNotice).where(ProviderNotice.provider_key == provider_key, ProviderNotice.id.in_(told))
    return list(session.scalars(query.where(ProviderNotice.dismissed_at.is_(None)).order_by(ProviderNotice.id)))


def of_outage(session: Session, outage: int) -> list[ProviderNotice]:
    """The notices about an outage, the oldest first."""
    query = select(ProviderNotice).where(ProviderNotice.outage_id == outage).order_by(ProviderNotice.id)
    return list(session.scalars(query))


def waiting(session: Session) -> list[ProviderNotice]:
    """The notices that nobody could tie to an outage yet, the oldest first."""
    query = select(ProviderNotice).where(ProviderNotice.outage_id.is_(None), ProviderNotice.dismissed_at.is_(None))
    return list(session.scalars(query.order_by(ProviderNotice.id)))


def chased(session: Session, outage: int) -> set[tuple[str, str]]:
    """The clocks of an outage (clock, about) of which the watch was paged."""
    query = select(ProviderChase.clock, ProviderChase.about).where(ProviderChase.outage_id == outage)
    return {(row.clock, row.about) for row in session.execute(query)}


def note_chased(session: Session, outage: int, clocks: Sequence[tuple[str, str]], at: datetime) -> None:
    """The watch is paged about these clocks (clock, about)."""
    session.add_all([ProviderChase(outage_id=outage, clock=clock, about=about, at=at) for clock, about in clocks])
    session.flush()
